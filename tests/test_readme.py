"""What README.md says is so, and the examples of the pages print what the pages say. What holds of
every page is in test_docs.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, environment
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
    run, by_hand = printed("docs/library.md", tmp_path)
    assert "Memory(links=(Link(cause=" in run
    assert by_hand.startswith("['") and by_hand.count(", ") == 4


@pytest.mark.slow
def test_the_memory_page_corrects_and_follows_a_file(tmp_path: Path) -> None:
    corrected, followed, _ = printed("docs/memory.md", tmp_path)
    assert "The key SHOULD BE NECESSARY to opening the door" in corrected
    assert "r1 0 0 open door" in followed


def test_the_worlds_page_plays_a_world(tmp_path: Path) -> None:
    [told] = printed("docs/worlds.md", tmp_path)
    assert told.startswith("Your task is to repair the")
