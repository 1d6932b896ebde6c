"""What README.md says is so, and the examples of the pages print what the pages say. What holds of
every page is in test_docs.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Clin, environment
from test_docs import code, examples

README = (ROOT / "README.md").read_text()


def test_it_has_at_most_800_words() -> None:
    assert len(README.split()) <= 800


def test_its_first_screen_has_a_picture_and_says_where_the_gain_comes_from() -> None:
    screen = "\n".join(README.splitlines()[:24])
    assert "](docs/tui/" in screen
    assert "Go-Explore" in screen


def test_the_two_commands_are_there_and_ci_runs_the_tests() -> None:
    shown = code(ROOT / "README.md")
    assert "pip install -e '.[test]' && .venv/bin/clin run" in shown
    assert "bash .ci/run" in shown
    assert "pytest" in (ROOT / ".ci/run").read_text()


def printed(page: str, folder: Path) -> list[str]:
    """What each example of a page prints; they run one after the other in ``folder``."""
    found = []
    for example in examples(ROOT / page):
        done = subprocess.run(
            [sys.executable, "-c", example],
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment(),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    return found


@pytest.mark.slow
def test_the_library_page_plays_a_run_and_a_trial_by_hand(tmp_path: Path) -> None:
    run, by_hand, loop, release = printed("docs/library.md", tmp_path)
    assert "Memory(links=(Link(cause=" in run
    assert by_hand.startswith("['") and by_hand.count(", ") == 4
    told = loop.splitlines()
    assert told[:2] == ["20 steps, 0 points"] * 2 and told[4] == "3 steps, 100 points"
    assert "mkdir src SHOULD BE NECESSARY to make progress" in told
    assert release.splitlines() == [
        "build AND sign SHOULD BE NECESSARY to complete the task",
        "sign",
    ]


@pytest.mark.slow
def test_the_memory_page_corrects_and_follows_a_file(tmp_path: Path) -> None:
    corrected, followed, _ = printed("docs/memory.md", tmp_path)
    assert "The key SHOULD BE NECESSARY to opening the door" in corrected
    assert "r1 0 0 open door" in followed


def test_the_worlds_page_plays_a_world(tmp_path: Path) -> None:
    [told] = printed("docs/worlds.md", tmp_path)
    assert told.startswith("Your task is to repair the")


SHOWN = """pick up spanner
pick up iron key
go to studio
unlock yellow door with iron key
go to vault
use spanner on lathe
"""
TOLD = (
    "unlock yellow door with iron key SHOULD BE NECESSARY to make progress",
    "use spanner on lathe SHOULD BE NECESSARY to complete the task",
)
PLACE = "--world causal --task repair --variation 202 --model smollm2 --strategy clin --trials 1"


def test_the_demos_are_those_that_are_tried_here() -> None:
    for line in (*SHOWN.splitlines(), *TOLD, PLACE, "causal repair --variation 202"):
        assert line in README


@pytest.mark.slow
def test_an_untrained_model_does_what_it_was_shown_once(clin: Clin) -> None:
    shown = clin("play", *["causal", "repair", "--variation", "202"], input=SHOWN)
    assert "won: score 100 after 6 steps, stored as r1" in shown.stdout, shown.stderr
    done = clin("run", *PLACE.split(), "--budget", "30", "--from", "r1", "--writer", "rules")
    assert "r2 trial 0: score 100, " in done.stderr + done.stdout


@pytest.mark.slow
def test_an_untrained_model_does_what_it_is_told_in_two_sentences(
    clin: Clin, tmp_path: Path
) -> None:
    (tmp_path / "told.md").write_text("".join(f"- {line}\n" for line in TOLD))
    run = (*PLACE.split(), "--budget", "30", "--from", "told.md", "--read-only-memory")
    done = clin("run", *run)
    assert "r1 trial 0: score 100, " in done.stderr + done.stdout
    assert f"Memory: {TOLD[1]} (its turn has come)" in clin("show", "r1", "--trial", "0").stdout
