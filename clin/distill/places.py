"""Places, and which of them a model may be trained on."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass

from worlds import find_task, world_module


@dataclass(frozen=True)
class Place:
    """A task in one variation of a world; ``options`` are the world's, as sorted pairs."""

    world: str
    task: str
    variation: int
    options: tuple[tuple[str, int | str], ...] = ()

    @classmethod
    def of(cls, world: str, task: str, variation: int, options: Mapping[str, int | str]) -> Place:
        return cls(world, task, variation, tuple(sorted(options.items())))

    @property
    def key(self) -> str:
        """One line that names the place."""
        return json.dumps(
            [self.world, self.task, self.variation, dict(self.options)], separators=(",", ":")
        )


def split(place: Place) -> str:
    """``train``, ``dev`` or ``test``; ``other`` for a world that has no such splits.

    A place is held out when its variation or its rule seed is. WorldError for a task that does not
    exist.
    """
    within = {_within(find_task(place.world, place.task).splits, place.variation)}
    rules = getattr(world_module(place.world), "RULE_SPLITS", None)
    if rules is not None:
        within.add(_within(rules, int(dict(place.options).get("rules", 0))))
    return next((name for name in ("test", "dev", "other") if name in within), "train")


def _within(splits: Mapping[str, Container[int]], number: int) -> str:
    return next((name for name, numbers in splits.items() if number in numbers), "other")
