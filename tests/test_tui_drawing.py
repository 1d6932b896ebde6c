"""What is drawn anew when a step arrives: only what shows something new, and without laying the
screen out anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from test_tui_keys import piloted
from test_tui_one_screen import DOOR, EGG, WIDE, learned
from textual._compositor import Compositor
from textual.pilot import Pilot

from memory.store import Store
from memory.trials import Step
from tui.app import Watch
from tui.runs import RunsScreen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return learned(tmp_path / "clin.db", [DOOR, EGG])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each thing was done since the counter was cleared."""
    counts: Counter[str] = Counter()

    def count(cls: type, name: str, what: str) -> None:
        does = getattr(cls, name)

        def counted(self, *args, **kwargs):
            counts[what] += 1
            return does(self, *args, **kwargs)

        monkeypatch.setattr(cls, name, counted)

    count(Compositor, "render_full_update", "whole screens")
    count(RunsScreen, "fill", "fills of the table of runs")
    return counts


def another_step(file: Path, action: str = "wait", score: float = 10.0) -> None:
    with Store(file) as store:
        trial = store.trials("r1")[-1].id
        store.append_step(trial, Step(action, "Nothing happens.", score))


def test_a_covered_screen_draws_nothing_and_has_caught_up_when_it_is_back(
    file: Path, drawn: Counter[str]
) -> None:
    async def play(pilot: Pilot) -> None:
        runs = pilot.app.screen
        await pilot.press("enter")
        await pilot.pause()
        for _ in range(2):
            drawn.clear()
            another_step(file, score=20.0)
            pilot.app.poll()
            await pilot.pause()
            await pilot.pause()
        assert len(pilot.app.screen.steps) == 5
        assert drawn == {}
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is runs
        assert "20 at 5" in {str(cell) for cell in runs.query_one("RunTable").get_row("r1")}

    piloted(Watch(file), play, WIDE)
