"""What changed: between two memories, and in one link over the versions of a run's memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memory.links import Link, Relation
from memory.store import Store
from memory.trials import Step


@dataclass(frozen=True)
class Change:
    """Links of the new memory against the old one. Links are the same when cause and effect are, up
    to case and articles; then a change of certainty strengthens or weakens, and a change of sign
    (helps, does not help) reverses."""

    kept: tuple[Link, ...] = ()
    added: tuple[Link, ...] = ()
    strengthened: tuple[tuple[Link, Link], ...] = ()
    weakened: tuple[tuple[Link, Link], ...] = ()
    reversed: tuple[tuple[Link, Link], ...] = ()
    dropped: tuple[Link, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        kinds = ("kept", "added", "strengthened", "weakened", "reversed", "dropped")
        return {kind: len(getattr(self, kind)) for kind in kinds}


def change(old: Sequence[Link], new: Sequence[Link]) -> Change:
    """The difference from ``old`` to ``new``: every new link is kept, added, strengthened, weakened
    or reversed; every old one is that or dropped."""
    left = list(dict.fromkeys(old))
    kept: list[Link] = []
    added: list[Link] = []
    turned: dict[str, list[tuple[Link, Link]]] = {
        "strengthened": [],
        "weakened": [],
        "reversed": [],
    }
    for link in dict.fromkeys(new):
        before = _counterpart(link, left)
        if before is None:
            added.append(link)
            continue
        left.remove(before)
        kind = _kind(before, link)
        if kind == "kept":
            kept.append(link)
        else:
            turned[kind].append((before, link))
    pairs = {kind: tuple(links) for kind, links in turned.items()}
    return Change(kept=tuple(kept), added=tuple(added), dropped=tuple(left), **pairs)


def _counterpart(link: Link, old: list[Link]) -> Link | None:
    same = [each for each in old if each.claim == link.claim]
    return min(same, key=lambda each: (each != link, each.relation != link.relation), default=None)


def _kind(old: Link, new: Link) -> str:
    if (old.relation is Relation.NOT_CONTRIBUTE) != (new.relation is Relation.NOT_CONTRIBUTE):
        return "reversed"
    before, after = old.strength, new.strength
    if before == after:
        return "kept"
    return "strengthened" if after > before else "weakened"


@dataclass(frozen=True)
class Stage:
    """One version in a link's life: after which trial (None: before the first), by whom, in which
    form (None: not held), and the steps of that trial that mention its cause or effect, by
    position."""

    version: int
    trial: int | None
    writer: str
    form: Link | None
    steps: tuple[tuple[int, Step], ...]


def history(store: Store, run: str, link: Link) -> list[Stage]:
    """Every version of ``run`` in which the link appears, changes or is missing after having been
    there."""
    numbers = {row.id: row.number for row in store.trials(run)}
    stages: list[Stage] = []
    for version in store.versions(run):
        form = next((each for each in version.memory.links if each.claim == link.claim), None)
        was_held = bool(stages) and stages[-1].form is not None
        if form is None and not was_held:
            continue
        number = numbers.get(version.trial) if version.trial else None
        steps = store.steps(version.trial) if version.trial else ()
        told = tuple((at, step) for at, step in enumerate(steps) if _speaks_of(step, link))
        stages.append(Stage(version.id, number, version.writer, form, told))
    return stages


def _speaks_of(step: Step, link: Link) -> bool:
    return any(mentions(step, each) for each in (*link.conjuncts, link.effect))


def mentions(step: Step, phrase: str) -> bool:
    """Whether all words of ``phrase`` that carry meaning stand in the step's action or
    observation."""
    words = _words(phrase) - _SMALL
    return bool(words) and (words <= _words(step.action) or words <= _words(step.observation))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


_SMALL = _words("a an the to of in on at and or is are be it its that this with for from by")
"""Words that carry no meaning of their own."""
