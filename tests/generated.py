"""Worlds that are played from generated games or need a package of an extra: with which options
tests open them, and why they may be skipped."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

NEEDS = {"textworld": "textworld"}
"""The package that a world needs, by the world's name; the extra has the name of the world."""


def marks(world: str) -> list[Any]:
    """A mark that skips what plays ``world`` where its package is not installed."""
    package = NEEDS.get(world)
    if package is None or find_spec(package) is not None:
        return []
    reason = f"{package} is not installed (extra [{world}])"
    return [pytest.mark.skip(reason=reason)]


def options(world: str) -> dict[str, Any]:
    """What ``world`` has to be told in a test to be opened."""
    return {}
