"""Every screen but that of a trial (tests/test_tui_one_screen.py): at 140x40, and in the light at
three sizes. One session takes all pictures of a screen. After a wanted change of looks:
``--snapshot-update`` on a machine that does nothing else, and look at the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import watched
from syrupy.extensions.image import SVGImageSnapshotExtension
from test_tui_keys import piloted, until
from textual.pilot import Pilot
from textual.widgets import Input

from memory.store import Store
from memory.store.requests import offer
from tui.app import Watch
from tui.start import StartScreen

SCREENS = {
    "runs": (),
    "memory": ("down", "down", "m"),
    "evidence": ("down", "down", "m", "down", "enter"),
    "graph": ("down", "down", "m", "home", "v", "end", "g"),
    "search": ("down", "m", "slash", *"hedgehog", "enter"),
    "curves": ("space", "down", "down", "space", "c"),
    "side by side": ("space", "down", "down", "space", "c", "b"),
    "prompt": ("down", "enter", "up", "p"),
    "form": ("n",),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "actions": ("enter", "i"),
}
MIDDLE = (140, 40)


def file(screen: str) -> Path:
    """``clin.db``, by that name in every picture; for ``actions`` with a trial that waits."""
    if screen != "actions":
        return watched.finished(Path("clin.db"))
    path = watched.live(Path("clin.db"))
    with Store(path) as store:
        offered = ["look around", "pick up egg turtle", "wait"]
        offer(store, store.trials("r4")[0].id, 9, offered, [-0.2, -1.8, -9.0], "look around")
    return path


async def picture(pilot: Pilot, size: tuple[int, int]) -> str:
    """The screen at ``size`` as SVG, once it stays as it is."""
    await pilot.resize_terminal(*size)
    seen: list[str] = []

    def still() -> bool:
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        seen.append(pilot.app.export_screenshot())
        return len(seen) > 3 and seen[-3] == seen[-2] == seen[-1]

    await until(pilot, still)
    return seen[-1]


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS)
def test_sizes(screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot) -> None:
    monkeypatch.chdir(tmp_path)
    pictures = {}

    async def take(pilot: Pilot) -> None:
        await pilot.press(*SCREENS[screen])
        shown = pilot.app.screen
        if isinstance(shown, StartScreen):
            await until(pilot, lambda: {"world", "task"} <= shown.known.keys())
        pictures["140x40"] = await picture(pilot, MIDDLE)
        if screen == "palette":  # it keeps the colours in which it was opened
            await pilot.press("escape", "ctrl+t", *SCREENS[screen])
        else:
            pilot.app.action_other_theme()
        for size in (MIDDLE, (80, 24), (200, 60)):
            pictures[f"{size[0]}x{size[1]} light"] = await picture(pilot, size)

    piloted(Watch(file(screen)), take, MIDDLE)
    for name, drawn in pictures.items():
        assert drawn == snapshot(name=name, extension_class=SVGImageSnapshotExtension)
