"""What is wrong with a download of ALFWorld, or with what is asked of it, is one line."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import tiny_alfworld
from conftest import Clin
from generated import marks, options

from worlds import WorldError, alfworld, open_world

pytestmark = marks("alfworld")
PLACE = "pick_and_place_simple"
FIRST = alfworld.FIRST_PLACE[1]

DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    "no problem": ({"pddl_problem": None}, "is no game of ALFWorld: it has no pddl_problem"),
    "problem": ({"pddl_problem": "rubbish"}, "cannot be played: the simulator failed: Parse"),
    "grammar": ({"grammar": "}}}"}, "cannot be played: the simulator failed: FailedToken"),
    "no task": ({"grammar": "Your task is to"}, "names no task"),
    "not solvable": ({"solvable": False}, "has 0 there"),
}
WRITTEN = {"cut": b'{"pddl_domain": "', "no text": b"\xff\xfe\x00", "empty": b"", "list": b"[1]"}


def refusal(data: Path | str, **more: object) -> str:
    with pytest.raises(WorldError) as refused:
        open_world("alfworld", PLACE, FIRST, data=str(data), **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_game_is_one_line(case: str, tmp_path: Path) -> None:
    parts, says = DAMAGED[case]
    if "Your task" in str(parts.get("grammar")):
        parts = {
            "grammar": str(tiny_alfworld.game(PLACE)["grammar"]).replace("Your task", "A task")
        }
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", **parts)
    assert says in refusal(tmp_path)


@pytest.mark.parametrize("case", [*WRITTEN, "deep"])
def test_a_file_that_is_no_game_is_one_line(case: str, tmp_path: Path) -> None:
    path = tiny_alfworld.add(tmp_path, PLACE, "valid_unseen")
    path.write_bytes(WRITTEN.get(case, b"[" * 100_000))
    assert "is no game of ALFWorld: it is no JSON object" in refusal(tmp_path)
    assert "`alfworld-download -f` fetches it again" in refusal(tmp_path)


def test_where_the_download_is_absent_one_line_says_what_to_do(
    clin: Clin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absent, empty, and of a part only; named by the option, the variable, and by neither."""
    (tmp_path / "empty").mkdir()
    for data in (tmp_path / "nowhere", tmp_path / "empty"):
        told = refusal(data)
        assert f"no ALFWorld games in '{data}'" in told
        assert "`alfworld-download` fetches them (archives of 143 MB" in told
    (tmp_path / "part" / "json_2.1.1").mkdir(parents=True)
    assert "is game 1 of 24 in valid_unseen, and" in refusal(tmp_path / "part")
    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path / "empty"))
    played = clin("run", "--world", "alfworld")
    assert played.returncode == 2 and f"in '{tmp_path / 'empty'}'" in played.stderr
    monkeypatch.delenv("ALFWORLD_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    played = clin("run", "--world", "alfworld")
    assert played.returncode == 2 and f"'{tmp_path}/.cache/alfworld'" in played.stderr
    assert "Traceback" not in played.stderr and not (tmp_path / ".cache").exists()


def test_the_tasks_are_listed_without_a_download(
    clin: Clin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path))
    told = json.loads(clin("worlds", "alfworld", "--json").stdout)
    assert len(json.dumps(told)) > 1000 and PLACE in json.dumps(told)
    assert clin("worlds").returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--task", "pick_and_place"), "did you mean 'pick_and_place_simple'"),
        (("--task", PLACE, "--variation", "849"), "variations 0 to 848, not 849"),
        (("--world-option", "split=train"), "no option 'split' (its option: data)"),
    ],
)
def test_what_does_not_exist_is_named(clin: Clin, words: tuple[str, ...], says: str) -> None:
    data = options("alfworld")["data"]
    told = clin("run", "--world", "alfworld", "--world-option", f"data={data}", *words)
    assert told.returncode == 2 and says in told.stderr and "Traceback" not in told.stderr


def test_where_a_package_is_absent_one_line_says_how_to_get_it(monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "fast_downward" else found(name)
    )
    assert "fast-downward-textworld is not installed: `pip install 'clin[alf" in refusal("/nowhere")


def test_a_python_that_is_too_new_is_one_line(monkeypatch) -> None:
    monkeypatch.setattr("worlds.alfworld.world._NEWEST", (3, 10))
    assert refusal("/nowhere").startswith("ALFWorld's games need Python 3.10 or older: TextWorld")
