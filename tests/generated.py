"""Worlds that are played from generated games or need a package of an extra: with which options
tests open them, and why they may be skipped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import tiny_alfworld

from worlds.textworld import cache
from worlds.textworld.tasks import FAMILIES, settings

NEEDS = {
    "agentodyssey": "agentodyssey",
    "alfworld": "alfworld",
    "jericho": "textworld",
    "textworld": "textworld",
}
"""The package that tests of a world need, by the world's name. Jericho's play a story that
TextWorld makes, since no story may be shipped; ALFWorld's a kitchen of our own."""


def marks(world: str) -> list[Any]:
    """A mark that skips what plays ``world`` where its package is not installed."""
    package = NEEDS.get(world)
    if package is None or find_spec(package) is not None:
        return []
    reason = f"{package} is not installed (docs/worlds.md says how)"
    return [pytest.mark.skip(reason=reason)]


def options(world: str) -> dict[str, Any]:
    """What ``world`` has to be told in a test to be opened."""
    if world == "alfworld":
        return {"data": str(tiny_alfworld.download())}
    return {"game": str(story("coin-collector", level=3))} if world == "jericho" else {}


def story(task: str, **options: object) -> Path:
    """A small Z-machine story, as TextWorld makes it."""
    made = settings(task, 2003, options)
    return cache.generated(FAMILIES[task].challenge, made, 2003)
