"""Which games a download of ALFWorld has. What is wrong with one, or with what is asked of it, is
one line."""

from __future__ import annotations

import importlib.util
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tiny_alfworld
from conftest import Clin
from generated import marks, options

from worlds import WorldError, alfworld, find_task, open_world

PLACE = "pick_and_place_simple"
HEAT = "pick_heat_then_place_in_recep"
FIRST = find_task("alfworld", PLACE).splits["test"][0]


def needs(test):
    """Skip ``test`` where the package is not installed."""
    for mark in marks("alfworld"):
        test = mark(test)
    return test


DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    "no problem": ({"pddl_problem": None}, "is no game of ALFWorld: it has no pddl_problem"),
    "problem": ({"pddl_problem": "rubbish"}, "cannot be played: the simulator failed: Parse"),
    "grammar": ({"grammar": "}}}"}, "cannot be played: the simulator failed: FailedToken"),
    "not solvable": ({"solvable": False}, "has 0 there"),
}
REWORDED = {
    "no task": ("grammar", "Your task is to", "Do", "names no task"),
    "no look": ("pddl_domain", "(:action look", "(:action gaze", "cannot be played: "),
    "no hands": (
        "grammar",
        '"inventory.feedback"',
        '"hands"',
        "Can't find symbol '#inventory.feed",
    ),
}
"""Part of a game, words in it and what stands in their place, and what is said of it then."""
WRITTEN = {"cut": b'{"pddl_domain": "', "no text": b"\xff\xfe\x00", "empty": b"", "list": b"[1]"}


def refusal(data: Path | str, **more: object) -> str:
    with pytest.raises(WorldError) as refused:
        open_world("alfworld", PLACE, FIRST, data=str(data), **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@needs
@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_game_is_one_line(case: str, tmp_path: Path) -> None:
    parts, says = DAMAGED[case]
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", **parts)
    assert says in refusal(tmp_path)


@needs
@pytest.mark.parametrize("case", REWORDED)
def test_a_game_of_which_something_is_missing_is_one_line(case: str, tmp_path: Path) -> None:
    part, words, others, says = REWORDED[case]
    whole = str(tiny_alfworld.game(PLACE)[part])
    assert words in whole
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", **{part: whole.replace(words, others)})
    assert says in refusal(tmp_path)


@needs
@pytest.mark.parametrize("case", [*WRITTEN, "deep"])
def test_a_file_that_is_no_game_is_one_line(case: str, tmp_path: Path) -> None:
    path = tiny_alfworld.add(tmp_path, PLACE, "valid_unseen")
    path.write_bytes(WRITTEN.get(case, b"[" * 100_000))
    assert "is no game of ALFWorld: it is no JSON object" in refusal(tmp_path)
    assert "`alfworld-download -f` fetches it again" in refusal(tmp_path)


@needs
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


@needs
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
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    told = refusal("/nowhere")
    assert "the package alfworld is not installed: `pip install 'clin[alfworld]'`" in told


def test_a_python_that_is_too_new_is_one_line(monkeypatch) -> None:
    monkeypatch.setattr("worlds.alfworld.world._NEWEST", (3, 10))
    assert refusal("/nowhere").startswith("ALFWorld's games need Python 3.10 or older: TextWorld")


@needs
def test_the_games_of_a_type_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Those that the package does not play are left out. A damaged one keeps its place, so that the
    others keep their numbers."""
    for name in ("trial_T3", "trial_T1", "trial_T2_Sliced", "trial_T4"):
        path = tiny_alfworld.add(tmp_path, PLACE, "valid_seen", name=name)
        if name == "trial_T1":
            path.write_text("{")
    tiny_alfworld.add(tmp_path, PLACE, "valid_seen", name="trial_T0", solvable=False)
    tiny_alfworld.add(tmp_path, HEAT, "valid_seen", name="trial_T0")
    dev = find_task("alfworld", PLACE).splits["dev"]
    found = [alfworld.found_game(tmp_path, PLACE, dev[number]) for number in range(3)]
    assert [path.parent.name for path in found] == ["trial_T1", "trial_T3", "trial_T4"]
    found[1].unlink()  # a download that changes is read again
    assert alfworld.found_game(tmp_path, PLACE, dev[1]) == found[2]
    with pytest.raises(WorldError, match=r"is game 4 of 35 in valid_seen, and '.*' has 2 there"):
        alfworld.found_game(tmp_path, PLACE, dev[3])


def test_the_splits_are_the_papers_without_any_download() -> None:
    tasks = alfworld.tasks()
    assert [task.name for task in tasks] == list(tiny_alfworld.GOALS)
    count = {name: sum(len(task.splits[name]) for task in tasks) for name in alfworld.SPLITS}
    assert count == {"train": 3553, "dev": 140, "test": 134}
    for number, task in enumerate(tasks, 1):
        ends = [0, *(task.splits[name].stop for name in alfworld.SPLITS)]
        assert [task.splits[name].start for name in alfworld.SPLITS] == ends[:-1]
        assert all(start < end for start, end in pairwise(ends)) and ends[-1] == task.variations
        assert find_task("alfworld", str(number)) == task
    assert (PLACE, FIRST) == alfworld.FIRST_PLACE
