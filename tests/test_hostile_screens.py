"""No screen shows what a terminal would obey, and none falls over a name that looks like markup."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hostile import HOSTILE, MARKUP, NAME, database, raw
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from memory.store import Store
from tui.app import Watch
from tui.beside import BesideScreen
from tui.curves import CurvesScreen
from tui.door import unmarked
from tui.graph import GraphScreen
from tui.memory import MemoryScreen
from tui.runs import RunsScreen
from tui.start import StartScreen
from tui.stepin import StepIn
from tui.trial import TrialScreen
from tui.watching import Explained, Watching

WALKS: dict[str, tuple[type, list[str]]] = {
    "runs": (RunsScreen, ["s", "slash", *"pwned", "enter"]),
    "trial": (TrialScreen, ["down", "enter", "home", "enter", "d", "d", "down", "p", "y"]),
    "trial, searched": (TrialScreen, ["down", "enter", "slash", *"pwned", "enter"]),
    "trial, one screen": (TrialScreen, ["down", "enter", "tab", "z", "z", "l", "d", "p", "tab"]),
    "trial, replayed": (TrialScreen, ["down", "enter", "r", "r", "left_square_bracket"]),
    "memory": (MemoryScreen, ["down", "down", "m", "left", "left", "down"]),
    "memory, evidence": (MemoryScreen, ["down", "down", "down", "m", "down", "enter"]),
    "memory, search": (MemoryScreen, ["down", "m", "slash", *"pwned", "enter"]),
    "memory, graph": (GraphScreen, ["down", "down", "m", "g", "down", "down", "enter", "f", "f"]),
    "memory, compared": (GraphScreen, ["down", "down", "m", "home", "v", "end", "g", "down"]),
    "memory, ruled": (MemoryScreen, ["down", "down", "m", "p", "b"]),
    "curves": (CurvesScreen, ["space", "down", "space", "c", "y"]),
    "side by side": (BesideScreen, ["space", "down", "down", "space", "c", "b"]),
    "stepping in": (StepIn, ["enter", "i", "down", "w", *"[/bold] is x"]),
    "form": (StartScreen, ["n", *"[/bold]", "down", "down"]),
    "help": (Explained, ["question_mark"]),
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return database(tmp_path / "clin.db")


def shown(app: Watch) -> str:
    """The whole screen as text, as it goes to the terminal."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def piloted(
    app: Watch, what: Callable[[Pilot], Awaitable[None]], size: tuple[int, int] = (160, 48)
) -> None:
    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await what(pilot)

    asyncio.run(play())


def _screens(kind: type) -> set[type]:
    """The classes that others do not build on."""
    below = kind.__subclasses__()
    return set().union(*map(_screens, below)) if below else {kind}


def test_every_screen_is_walked() -> None:
    screens = {*_screens(Watching), Explained}
    assert screens <= {kind for kind, _ in WALKS.values()}


@pytest.mark.parametrize("size", [(160, 48), (70, 20)], ids=str)
@pytest.mark.parametrize("name", WALKS)
def test_no_screen_shows_what_a_terminal_would_obey(
    file: Path, name: str, size: tuple[int, int]
) -> None:
    kind, keys = WALKS[name]
    app, copied, seen = Watch(file), "", set[type]()

    async def walk(pilot: Pilot) -> None:
        nonlocal copied
        for key in keys:
            await pilot.press(*([key] if len(key) > 1 or key.isalnum() else [_key(key)]))
            await pilot.pause()
            assert not raw(shown(app)), (name, key)
            seen.add(type(app.screen))
        copied = app.clipboard

    piloted(app, walk, size)
    assert kind in seen
    assert not raw(copied)


def _key(char: str) -> str:
    names = {"[": "left_square_bracket", "]": "right_square_bracket", "/": "slash", " ": "space"}
    return names[char]


@pytest.mark.parametrize("query", ["", "trial of", "bold", "[/bold]"])
def test_the_palette_shows_a_name_that_looks_like_markup(file: Path, query: str) -> None:
    app = Watch(file)

    async def look(pilot: Pilot) -> None:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*[each if each.isalnum() else _key(each) for each in query])
        for _ in range(200):
            await pilot.pause(0.05)
            if f"{MARKUP}␛" in shown(app):
                break
        assert MARKUP in shown(app)
        assert not raw(shown(app))

    piloted(app, look)


def test_what_a_pane_forgets_the_door_keeps(file: Path) -> None:
    app = Watch(file)

    async def look(pilot: Pilot) -> None:
        await app.mount(Static(f"before {HOSTILE} after", markup=False))
        await app.screen.mount(Static(f"before {HOSTILE} after", markup=False))
        await pilot.pause()
        assert "pwned" in shown(app)
        assert not raw(shown(app))

    piloted(app, look)


def test_what_went_wrong_is_told_without_controls(file: Path) -> None:
    """The last words of a process that the app started."""
    app = Watch(file)

    async def start(pilot: Pilot) -> None:
        child = app.processes.start(["show", NAME.replace("\x00", "")])
        child.process.wait(timeout=60)
        app.poll()
        await pilot.pause()
        assert "no run" in child.farewell
        assert not raw(child.farewell)
        assert not raw(shown(app))

    piloted(app, start)


def test_a_picture_is_its_owners(file: Path, tmp_path: Path) -> None:
    app = Watch(file)

    async def take(pilot: Pilot) -> None:
        await pilot.press("ctrl+s")
        await pilot.pause()

    piloted(app, take)
    [picture] = tmp_path.glob("clin_*.svg")
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert not raw(picture.read_text(encoding="utf-8"))


@given(st.text(st.sampled_from("\\[]/ab@$#=\"'( )!.bold")))
def test_what_is_no_markup_is_shown_as_it_stands(text: str) -> None:
    assert Content.from_markup(unmarked(text)).plain == " ".join(text.split())


def test_a_database_of_hostile_names_is_sound(file: Path) -> None:
    with Store(file, read_only=True) as store:
        assert store.check() == []
