"""What is drawn anew when a step arrives: only what shows something new, and without laying the
screen out anew."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_tui_keys import piloted
from test_tui_one_screen import DOOR, EGG, WIDE, learned
from textual._compositor import Compositor
from textual._styles_cache import StylesCache
from textual.pilot import Pilot
from textual.screen import Screen
from textual.scrollbar import ScrollBarRender

from memory.store import Store
from memory.trials import Step
from tui.app import Watch
from tui.bar import changed, thumb
from tui.held import HeldPane
from tui.runs import RunsScreen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return learned(tmp_path / "clin.db", [DOOR, EGG])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each thing was done since the counter was cleared, and how many rows of each
    widget were drawn anew."""
    counts: Counter[str] = Counter()

    def count(cls: type, name: str, what: str) -> None:
        does = getattr(cls, name)

        def counted(self, *args, **kwargs):
            counts[what] += 1
            return does(self, *args, **kwargs)

        monkeypatch.setattr(cls, name, counted)

    def drawing(self, widget, crop):
        rows = [y for y in crop.line_range if self.is_dirty(y) or y not in self._cache]
        if rows:
            counts[type(widget).__name__] += len(rows)
        return draws(self, widget, crop)

    draws = StylesCache.render_widget
    monkeypatch.setattr(StylesCache, "render_widget", drawing)
    count(Screen, "_refresh_layout", "layouts")
    count(Compositor, "render_full_update", "whole screens")
    count(RunsScreen, "fill", "fills of the table of runs")
    return counts


def another_step(file: Path, action: str = "wait", score: float = 10.0, run: str = "r1") -> None:
    with Store(file) as store:
        trial = store.trials(run)[-1].id
        store.append_step(trial, Step(action, "Nothing happens.", score))


async def polled(pilot: Pilot) -> None:
    """The app has read the file, and what came of it is drawn."""
    pilot.app.poll()
    await pilot.pause()
    await pilot.pause()


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
            await polled(pilot)
        assert len(pilot.app.screen.steps) == 5
        assert not drawn["whole screens"] and not drawn["fills of the table of runs"]
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is runs
        assert "20 at 5" in {str(cell) for cell in runs.query_one("RunTable").get_row("r1")}

    piloted(Watch(file), play, WIDE)


def test_a_step_draws_its_own_rows_and_lays_nothing_out(file: Path, drawn: Counter[str]) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        for _ in range(60):  # until the pane of the steps scrolls, and its bar is nearly still
            another_step(file)
        await polled(pilot)
        another_step(file)
        await polled(pilot)
        drawn.clear()
        another_step(file)
        await polled(pilot)
        screen = pilot.app.screen
        assert len(screen.steps) == 65 and screen.steps.cursor == 64
        step, side = drawn.pop("Trajectory"), drawn.pop("Static")
        assert step <= 1 + 2 + 2  # its title, the new step, and the one that the cursor left
        assert side <= screen.query_one("Side").content_size.height
        assert drawn.pop("Told") == 1  # the headline
        assert drawn.pop("ScrollBar", 0) <= 4
        assert drawn == {}  # no layout, and nothing of the memory, the curve and the engine

    piloted(Watch(file), play, WIDE)


def test_what_another_run_does_draws_no_pane(file: Path, drawn: Counter[str]) -> None:
    learned(file, [DOOR])

    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter")
        await polled(pilot)
        assert pilot.app.screen.run == "r1"
        drawn.clear()
        another_step(file, run="r2")
        await polled(pilot)
        assert drawn == {}

    piloted(Watch(file), play, WIDE)


def test_the_memory_takes_the_colours_of_another_theme(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await pilot.pause()
        pane = pilot.app.screen.query_one(HeldPane)
        dark = pane.row(0)
        await pilot.press("ctrl+t")
        await pilot.pause()
        light = pane.row(0)
        assert [text for text, _ in dark] == [text for text, _ in light]
        assert [style.color for _, style in dark] != [style.color for _, style in light]

    piloted(Watch(file), play, WIDE)


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=2))
def test_a_bar_is_drawn_anew_where_its_thumb_changed(
    size: int, moves: list[tuple[int, float]]
) -> None:
    """Textual's own drawing of the bar differs in no other row. A bar is as high as its pane."""
    places = [(size + more, int(share * more * 8) / 8) for more, share in moves]
    for (rows, position), (later, there) in itertools.pairwise(places):
        drawn = [
            ScrollBarRender.render_bar(size, place[0], size, place[1]).segments
            for place in ((rows, position), (later, there))
        ]
        differ = {y for y in range(size) if drawn[0][y] != drawn[1][y]}
        spans = changed(thumb(size, rows, size, position), thumb(size, later, size, there))
        assert differ <= {y for first, last in spans for y in range(first, last + 1)}
