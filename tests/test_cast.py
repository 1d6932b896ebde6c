"""``clin show RUN --trial K --cast FILE``: a trial as an asciinema cast."""

from __future__ import annotations

import json
import re
import stat
from itertools import pairwise
from pathlib import Path

import pytest
import watched
from conftest import Clin
from hostile import COLOUR, SEEN, database, raw


def played(path: Path) -> tuple[dict[str, object], list[list[object]]]:
    head, *events = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return head, events


def bare(text: str) -> str:
    """Without colours and line ends, which a cast has where its terminal's lines end."""
    return re.sub(r"\s", "", COLOUR.sub("", text))


def test_a_cast_shows_what_the_command_prints(clin: Clin, tmp_path: Path) -> None:
    watched.finished(tmp_path / "clin.db")
    printed = clin("show", "r1", "--trial", "1").stdout
    done = clin("show", "r1", "--trial", "1", "--cast", "trial.cast")
    assert done.stdout == "Trial 1 of r1 to trial.cast; `asciinema play trial.cast` shows it\n"
    head, events = played(tmp_path / "trial.cast")
    assert head == {"version": 2, "width": 100, "height": 30, "title": "clin show r1 --trial 1"}
    assert bare("".join(str(event[2]) for event in events)) == bare(printed)
    assert len(events) == printed.count("] score ") + 3  # a beginning, an end, time to read it
    times = [float(str(event[0])) for event in events]
    assert times[0] == 0 and all(1 <= b - a <= 4.01 for a, b in pairwise(times))
    assert {event[1] for event in events} == {"o"}
    said = "".join(str(event[2]) for event in events)
    assert said.count("\n") == said.count("\r\n") and "\x1b[1m" in said
    assert stat.S_IMODE((tmp_path / "trial.cast").stat().st_mode) == 0o600


def test_no_line_is_wider_than_the_terminal_of_the_cast(clin: Clin, tmp_path: Path) -> None:
    watched.live(tmp_path / "clin.db")
    clin("show", "r4", "--trial", "0", "--cast", "trial.cast")
    _, events = played(tmp_path / "trial.cast")
    lines = "".join(COLOUR.sub("", str(event[2])) for event in events).split("\r\n")
    assert max(map(len, lines)) <= 100
    assert "Under way: 9 steps so far." in lines


@pytest.mark.parametrize("colours", ["FORCE_COLOR", "NO_COLOR"])
def test_a_cast_is_the_same_wherever_it_is_made(
    clin: Clin, tmp_path: Path, monkeypatch, colours: str
) -> None:
    watched.finished(tmp_path / "clin.db")
    clin("show", "r1", "--trial", "0", "--cast", "one.cast")
    monkeypatch.setenv(colours, "1")
    monkeypatch.setenv("TERM", "dumb")
    clin("show", "r1", "--trial", "0", "--cast", "other.cast")
    assert (tmp_path / "one.cast").read_bytes() == (tmp_path / "other.cast").read_bytes()


def test_nothing_in_a_cast_is_obeyed_but_our_own_colours(clin: Clin, tmp_path: Path) -> None:
    database(tmp_path / "clin.db")
    for run in ("r2", "r4"):
        assert clin("show", run, "--trial", "0", "--cast", f"{run}.cast").returncode == 0
        text = (tmp_path / f"{run}.cast").read_text(encoding="utf-8")
        head, events = played(tmp_path / f"{run}.cast")
        said = "".join(str(event[2]) for event in events)
        assert "pwned" in said and SEEN.removeprefix("task ") in said
        assert not raw(said.replace("\r\n", "")) and not raw(str(head))
        assert not raw(text.replace("\n", ""))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["r1", "--cast", "x.cast"], "--cast writes one trial: it needs --trial K"),
        (["r1", "--trial", "0", "--cast", "x.cast", "--json"], "--cast writes one trial"),
        (["r1", "--trial", "9", "--cast", "x.cast"], "no trial 9 in r1: it has trials 0 to 4"),
        (["r1", "--trial", "0", "--cast", "no/x.cast"], "'no/x.cast' cannot be written: No such"),
    ],
)
def test_bad_input_is_one_line(clin: Clin, tmp_path: Path, words: list[str], error: str) -> None:
    watched.finished(tmp_path / "clin.db")
    done = clin("show", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {error}") and done.stderr.count("\n") == 1
    assert not (tmp_path / "x.cast").exists()
