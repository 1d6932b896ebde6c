"""The memory as it stands beside a trial: each link with what the latest revision made of it, and
which links a step has to do with. Knows no Textual."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from memory.changes import change
from memory.links import Hedge, Link, Relation, folded
from memory.store import Store, Version
from memory.trials import Memory, Step

MARKS = {"+": "new", "^": "surer", "v": "less sure", "!": "turned", "-": "gone"}
"""What a revision does to a link."""


@dataclass(frozen=True)
class Holding:
    """A link: ``number`` is its place among those that the trial read (from 1, 0 where it did not),
    ``mark`` one of :data:`MARKS`, or empty for one that the latest revision left as it was."""

    link: Link
    number: int = 0
    mark: str = ""


@dataclass(frozen=True)
class Held:
    """The memory of a run at one of its trials; ``since`` names the revision that the marks are
    about, in words."""

    holdings: tuple[Holding, ...] = ()
    notes: tuple[str, ...] = ()
    since: str = ""

    @property
    def changes(self) -> str:
        """How many links were changed, by mark; empty where none was."""
        marks = [each.mark for each in self.holdings]
        counts = ((mark, marks.count(mark), word) for mark, word in MARKS.items())
        return "  ".join(f"{mark}{count} {word}" for mark, count, word in counts if count)


def held_at(store: Store, run: str, number: int, recalled: Memory, *, ended: bool) -> Held:
    """The memory that trial ``number`` left, or the one that stands while it is under way, against
    the one before the latest revision. StoreError where a row cannot be read."""
    last = number if ended else number - 1
    now = store.latest_version(run, last)
    before = store.latest_version(run, last - 1) if last >= 0 else now
    since = "" if last < 0 else f"after trial {last}"
    links = now.memory.links if now else ()
    marks = _marks(before, links)
    read = {link: place for place, link in enumerate(recalled.links, 1)}
    gone = [link for link, mark in marks.items() if mark == "-"]
    shown = dict.fromkeys([*links, *(link for link in read if link not in links), *gone])
    return Held(
        tuple(Holding(link, read.get(link, 0), marks.get(link, "")) for link in shown),
        now.memory.notes if now else (),
        since,
    )


def _marks(before: Version | None, links: Sequence[Link]) -> dict[Link, str]:
    """What became of each link that is not as it was."""
    changed = change(before.memory.links if before else (), links)
    marks = dict.fromkeys(changed.added, "+") | dict.fromkeys(changed.dropped, "-")
    marks |= {after: "^" for _, after in changed.strengthened}
    marks |= {after: "v" for _, after in changed.weakened}
    return marks | {after: "!" for _, after in changed.reversed}


def lights(
    holdings: Sequence[Holding], step: Step, told: str, possible: Collection[str]
) -> dict[Link, str]:
    """Which links ``step`` has to do with, and how. ``told`` is what memory said at it;
    ``possible`` is what the world admitted before it (nothing where that is not stored).

    "cited": the model named it; "recalled": memory said it right before the choice; "done": its
    cause is what was done; "warns": it is sure that something possible there does not help. Such
    actions the memory mask leaves out.
    """
    did, lit = folded(step.action), dict[Link, str]()
    for each in holdings:
        link = each.link
        words = ["cited"] if each.number in step.cited and each.number else []
        words += ["recalled"] if str(link) in told else []
        words += ["done"] if did in link.conjuncts else []
        sure = link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD
        if sure and each.number and link.cause in possible and "done" not in words:
            words.append("warns")
        if words:
            lit[link] = ", ".join(words)
    return lit


class Possible:
    """Which of some actions the world admitted before each step of a trial; read as far as it is
    asked for, so that a trial that grows is read once."""

    def __init__(self, store: Store, trial: int, actions: Iterable[str]) -> None:
        self._store, self._trial, self._actions = store, trial, frozenset(actions)
        self._known: list[frozenset[str]] = []
        self._latest: frozenset[str] | None = None

    def at(self, step: int) -> frozenset[str]:
        """Those that were admissible before ``step``; none where that is not stored."""
        if not self._actions:
            return frozenset()
        if step >= len(self._known):
            found = self._store.admissible_from(self._trial, len(self._known), self._latest)
            self._known += [(each or frozenset()) & self._actions for each in found]
            self._latest = next((each for each in reversed(found) if each), self._latest)
        return self._known[step] if step < len(self._known) else frozenset()
