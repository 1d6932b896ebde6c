"""Every screen as it looks, in both sizes, on a database that real runs made. After a wanted change
of looks: ``pytest tests/test_tui_screens.py --snapshot-update``, and look at the pictures before
they are committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import watched
from textual.pilot import Pilot
from textual.widgets import Input

from memory.store import Store
from memory.store.requests import offer
from memory.trials import Step
from tui.app import Watch

SIZES = {"80x24": (80, 24), "200x60": (200, 60)}
HOSTILE = "\x1b[31mred [bold]not markup[/bold] \u202eabc \x07 [@click=app.quit]x[/]"

Before = Callable[[Pilot], Awaitable[None]]


@pytest.fixture(params=["80x24", pytest.param("200x60", marks=pytest.mark.slow)], autouse=True)
def size(request) -> tuple[int, int]:
    return SIZES[request.param]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files have the same name in every picture."""
    monkeypatch.chdir(tmp_path)
    return Path("clin.db")


def still(*more: Before) -> Before:
    """Stop what moves by itself before the picture is taken."""

    async def before(pilot: Pilot) -> None:
        for each in more:
            await each(pilot)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()

    return before


def pressed(*keys: str) -> Before:
    async def press(pilot: Pilot) -> None:
        await pilot.press(*keys)
        await pilot.pause()

    return press


FINISHED = {
    "runs": (),
    "runs filtered and sorted": ("s", "slash", *"shortest", "enter"),
    "trial": ("down", "enter"),
    "trial unfolded": ("down", "enter", "home", "enter", "down"),
    "trial fully unfolded": ("f", "down", "enter", "f"),
    "trial with its prompt": ("down", "enter", "up", "p"),
    "trial searched": ("down", "enter", "slash", *"orange box"),
    "memory": ("down", "down", "m"),
    "memory: an earlier version": ("down", "down", "m", "left", "left"),
    "memory: against a marked version": ("down", "down", "m", "home", "v", "end"),
    "memory: evidence": ("down", "down", "m", "down", "enter"),
    "memory: search": ("down", "m", "slash", *"hedgehog", "enter"),
    "memory: graph": ("down", "down", "m", "g", "down", "down"),
    "memory: graph against a marked version": ("down", "down", "m", "home", "v", "end", "g"),
    "memory: pinned": ("down", "m"),
    "curves": ("space", "down", "down", "space", "c"),
    "curves: steps": ("c", "y"),
    "side by side": ("space", "down", "down", "space", "c", "b"),
    "help": ("question_mark",),
    "help of a trial": ("enter", "question_mark"),
    "light": ("ctrl+t", "down", "down", "m"),
}


@pytest.mark.parametrize("keys", FINISHED.values(), ids=FINISHED)
def test_a_finished_file(
    keys: tuple[str, ...], place: Path, size: tuple[int, int], snap_compare
) -> None:
    app = Watch(watched.finished(place))
    assert snap_compare(
        app, terminal_size=size, run_before=still(pressed(*keys) if keys else pressed("_"))
    )


def test_an_empty_file(place: Path, size: tuple[int, int], snap_compare) -> None:
    with Store(place):
        pass
    assert snap_compare(Watch(place), terminal_size=size, run_before=still())


@pytest.mark.parametrize("keys", [(), ("enter",), ("m",)], ids=["runs", "trial", "memory"])
def test_a_live_run(
    keys: tuple[str, ...], place: Path, size: tuple[int, int], snap_compare
) -> None:
    app = Watch(watched.live(place))

    async def another_step(pilot: Pilot) -> None:
        await pilot.press(*keys)
        with Store(place) as store:
            trial = store.trials("r4")[0].id
            store.append_step(
                trial,
                Step(
                    "open door to kitchen",
                    "The door is now open.",
                    25.0,
                    "A door may lead on [1].",
                    (1,),
                ),
            )
        pilot.app.poll()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=still(another_step))


@pytest.mark.parametrize(
    "said", ["", "the fountain is dry, use the sink"], ids=["actions", "words"]
)
def test_stepping_in(said: str, place: Path, size: tuple[int, int], snap_compare) -> None:
    watched.live(place)
    with Store(place) as store:
        offer(
            store,
            store.trials("r4")[0].id,
            9,
            ["look around", "pick up egg turtle", HOSTILE],
            [-0.2, -1.8, -9.0],
            "look around",
        )
    keys = ("enter", "i", *(("w", *said) if said else ()))
    assert snap_compare(Watch(place), terminal_size=size, run_before=still(pressed(*keys)))


def test_a_deleted_file(place: Path, size: tuple[int, int], snap_compare) -> None:
    app = Watch(watched.finished(place))

    async def delete(pilot: Pilot) -> None:
        place.unlink()
        pilot.app.poll()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=still(delete))


def test_hostile_text(place: Path, size: tuple[int, int], snap_compare) -> None:
    watched.live(place, steps=2)
    with Store(place) as store:
        store.append_step(
            store.trials("r4")[0].id, Step(HOSTILE, HOSTILE * 3, -5.0, HOSTILE, (1, 99))
        )
    assert snap_compare(
        Watch(place), terminal_size=size, run_before=still(pressed("enter", "enter"))
    )


def test_the_form(place: Path, size: tuple[int, int], snap_compare) -> None:
    app = Watch(watched.finished(place))

    async def fill_in(pilot: Pilot) -> None:
        await pilot.press("n")
        while not {"world", "task"} <= set(pilot.app.screen.known):
            await pilot.pause(0.05)
        await pilot.press(*["backspace"] * 30, *"grow")

    assert snap_compare(app, terminal_size=size, run_before=still(fill_in))


def test_a_small_terminal(place: Path, size: tuple[int, int], snap_compare) -> None:
    app = Watch(watched.finished(place))
    assert snap_compare(app, terminal_size=(size[0] // 2, size[1] // 3), run_before=still())
