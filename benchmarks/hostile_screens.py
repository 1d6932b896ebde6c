"""Every screen over a file of hostile names, for ``hostile.py``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hostile_strings import drawn, raw
from textual.pilot import Pilot

from memory.links import Hedge, Link, LinkError, Relation
from memory.store import NewTrial, NewVersion, Store
from memory.trials import Call, Ending, Memory, Step
from tui.app import Watch

RUNS = 6
WALKS: Sequence[Sequence[str]] = (
    ("s", "slash", *"bold", "enter"),
    ("down", "enter", "home", "enter", "d", "d", "down", "p", "y"),
    ("down", "enter", "r", "r", "left_square_bracket"),
    ("down", "m", "left", "down", "enter"),
    ("down", "m", "g", "down", "enter", "f", "f"),
    ("down", "m", "p", "b"),
    ("space", "down", "space", "c", "y"),
    ("space", "down", "space", "c", "b"),
    ("ctrl+p", *"trial"),
    ("n", *"bold", "down", "down"),
    ("question_mark",),
)
SIZES = ((160, 48), (70, 20))


def walked(path: Path, sample: Path, draw: random.Random) -> tuple[int, list[str]]:
    """Make a file of hostile names like those of ``sample`` and walk all screens over it; how many
    strings it holds, and what was wrong."""
    texts = _written(path, sample, draw)
    wrong = [line for keys in WALKS for line in _walk(path, keys, draw.choice(SIZES))]
    return texts, wrong


def _walk(path: Path, keys: Sequence[str], size: tuple[int, int]) -> list[str]:
    app, wrong, done = Watch(path), list[str](), list[str]()

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await _pressed(pilot)

    async def _pressed(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            done.append(key)
            if odd := raw(_shown(app)):
                wrong.append(f"raw {odd[:5]!r} on {app.screen} after {done}")

    try:
        asyncio.run(play())
        if app.clipboard and raw(app.clipboard):
            wrong.append(f"raw in the clipboard after {done}")
    except Exception as error:
        wrong.append(f"{path} after {done}: {type(error).__name__}: {ascii(str(error))[:500]}")
    return wrong


def _shown(app: Watch) -> str:
    """The whole screen as text, as it goes to the terminal."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def _written(path: Path, sample: Path, draw: random.Random) -> int:
    """Runs in which every name and text is drawn; how many were drawn."""
    texts = 0

    def text() -> str:
        nonlocal texts
        texts += 1
        return drawn(draw)

    def name() -> str:
        """Names are stored as text, which has no half of a character."""
        return text().encode("utf-8", "replace").decode()

    with Store(sample, read_only=True) as store:
        config = dict(store.run("r1").config)
    with Store(path) as store:
        for _ in range(RUNS):
            model = {**config["model"], "name": name(), "reference": name()}
            run = store.begin_run({**config, "task": name(), "strategy": name(), "model": model})
            new = NewTrial(0, name(), name(), 0, text(), text())
            trial = store.begin_trial(run, new)
            for score in (0.0, 10.0, 10.0):
                call = Call("act", (text(), text()), text())
                store.append_step(trial, Step(text(), text(), score, text()), [call])
            links = tuple(link for _ in range(4) if (link := _link(text)) is not None)
            memory = Memory(links, (text(),))
            store.finish_trial(trial, Ending.BUDGET, NewVersion(memory, text()), reason=text())
            store.finish_run(run, "finished")
    return texts


def _link(text: Callable[[], str]) -> Link | None:
    """A link of drawn words; None where they can be none."""
    try:
        words = [" ".join(text().split())[:300] for _ in range(2)]
        return Link(words[0], Hedge.MAY, Relation.NECESSARY, words[1])
    except LinkError:
        return None
