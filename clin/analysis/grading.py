"""A memory held against the truth of its world, where the world knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clin.errors import UserError
from memory.evidence.events import is_complete, is_progress
from memory.links import Link, Relation, parse
from memory.store import Store
from worlds import open_world


@dataclass(frozen=True)
class Grade:
    """What of a memory is right: by what a link says (helps or does not help), whatever the
    hedge."""

    right: tuple[Link, ...]
    wrong: tuple[Link, ...]
    found: tuple[str, ...]
    """The core causes (the actions that reach a necessary sub-goal) that a right link names."""
    missing: tuple[str, ...]

    @property
    def precision(self) -> float | None:
        """The share of the links that hold; None for an empty memory."""
        said = len(self.right) + len(self.wrong)
        return len(self.right) / said if said else None

    @property
    def recall(self) -> float | None:
        """The share of the core causes that a right link names; None where there are none."""
        core = len(self.found) + len(self.missing)
        return len(self.found) / core if core else None

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 for an empty memory."""
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def grade(links: Sequence[Link], truth: Any) -> Grade:
    """``truth`` has ``necessary``, ``contributing`` and ``not_contributing`` links as text, and
    ``core`` causes."""
    helps = _truths(truth.necessary | truth.contributing)
    idle = _truths(truth.not_contributing)
    right: list[Link] = []
    wrong: list[Link] = []
    for link in links:
        true = idle if link.relation is Relation.NOT_CONTRIBUTE else helps
        (right if _claims(link) <= true else wrong).append(link)
    helping = [link for link in right if link.relation is not Relation.NOT_CONTRIBUTE]
    named = {cause for link in helping for cause in link.conjuncts}
    core = set(truth.core)
    found, missing = sorted(core & named), sorted(core - named)
    return Grade(tuple(right), tuple(wrong), tuple(found), tuple(missing))


def _truths(texts: Iterable[str]) -> set[tuple[str, str]]:
    return {claim for text in texts for claim in _claims(parse(text))}


def _claims(link: Link) -> set[tuple[str, str]]:
    """Cause and effect, for each part of a conjunction; the task and any progress in it are one
    effect."""
    effect = link.claim[1]
    told = "task" if is_progress(effect) or is_complete(effect) else effect
    return {(cause, told) for cause in link.conjuncts}


def grade_run(store: Store, run: str, trial: int) -> Grade:
    """The memory of ``run`` after ``trial`` against its world; UserError where that world does not
    know its truth."""
    config = store.run(run).config
    world = open_world(
        config["world"],
        config["task"],
        config["variation"],
        seed=config["seed"],
        **config["world_options"],
    )
    try:
        if not hasattr(world, "truth"):
            raise UserError(
                f"the world {config['world']} does not know its causes, so a memory cannot be "
                "graded there (docs/worlds.md names one that does)"
            )
        return grade(store.version_after(run, trial).memory.links, world.truth())
    finally:
        world.close()
