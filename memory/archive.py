"""Where the points of an episode came from, read from its stored steps: the way to the most of
them, what moved them, and what came to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from memory.rules import wording
from memory.rules.naming import verb
from memory.rules.reading import acts
from memory.store import Store, StoredRoute
from memory.trials import Ending, Step


@dataclass(frozen=True)
class Way:
    """The ``steps`` by which an earlier ``trial`` (its number in the episode) came to ``points``,
    which took it ``length`` steps; where ``short``, those are left out that changed nothing."""

    trial: int
    steps: tuple[Step, ...]
    points: float
    length: int
    short: bool = False

    def told(self) -> dict[str, object]:
        """As ``--json`` has it."""
        return {
            "trial": self.trial,
            "steps": len(self.steps),
            "points": self.points,
            "short": self.short,
        }

    def kept(self) -> StoredRoute:
        """As a trial that sets out on it keeps it; :func:`route_of` reads it back."""
        return StoredRoute(self.trial, self.length, self.points, self.short)

    def __str__(self) -> str:
        how = ", leaving out what changed nothing" if self.short else ""
        return (
            f"goes back to where trial {self.trial} had {self.points:g} points, in "
            f"{len(self.steps)} steps{how}"
        )


@dataclass(frozen=True)
class ScoreChange:
    """A step that changed the score: from ``held`` points to ``score``. ``meant`` is the action in
    the world's own words where it confirms them."""

    action: str
    held: float
    score: float
    meant: str


class Archive:
    """What the ended trials of an episode say of its points, in the order of their numbers; each is
    read once, so that the next trial costs the same however many there were.

    ``done``: every action. ``trials``: how many there were; ``tried``: in how many of them a kind
    of action was done. ``moved``: the steps that changed the score. ``lost``: how many points were
    held, at most, when an action cost some. ``spent``: what came to nothing, by points: what trials
    did when they had as many as they were ever to have. Of a trial that the world ended it is the
    last action alone: what led to a mistake is none."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.trials = 0
        self.tried: Counter[str] = Counter()
        self.moved: list[ScoreChange] = []
        self.lost: dict[str, float] = {}
        self.spent: dict[float, set[str]] = {}
        self._read = 0
        self._best: tuple[int, tuple[Step, ...], float] | None = None
        self._cut_short: set[int] = set()

    def read(self, store: Store, run: str, before: int) -> Archive:
        """Go on to the trials of ``run`` with a number below ``before``; this, for convenience."""
        for row in store.trials(run)[self._read : before]:
            if row.ending is not None:
                self.add(row.number, store.steps(row.id), row.ending, route_of(store, row.id))
            self._read += 1
        return self

    def add(
        self, number: int, steps: Sequence[Step], ending: Ending, way: Way | None = None
    ) -> None:
        """One more trial, which had set out on ``way``."""
        self.done.update(step.action for step in steps)
        self.trials += 1
        self.tried.update({verb(step.action) for step in steps})
        scores = [0.0, *(step.score for step in steps)]
        changes = [
            ScoreChange(act.action, scores[act.index], steps[act.index].score, act.meant)
            for act in acts(steps)
            if act.gain
        ]
        self.moved += changes
        for change in changes:
            if change.score < change.held:
                self.lost[change.action] = max(
                    change.held, self.lost.get(change.action, change.held)
                )
        most = max(scores)
        top = scores.index(most)
        if most > 0 and (self._best is None or (most, -top) > (self._best[2], -len(self._best[1]))):
            self._best = number, tuple(steps[:top]), most
        if way and way.short:
            self._cut_short.add(way.trial)
        nothing = steps[top:][-1:] if ending is Ending.LOST else steps[top:]
        self.spent.setdefault(most, set()).update(step.action for step in nothing)

    def way(self, room: int) -> Way | None:
        """The way to the most points that a trial had at any step, the shortest and first where
        several had as many; None where none had points at all. A way of more than ``room`` steps is
        cut short, once."""
        if self._best is None:
            return None
        number, steps, points = self._best
        return _way(number, steps, points, len(steps) > room and number not in self._cut_short)


def shortened(steps: Sequence[Step]) -> tuple[Step, ...]:
    """``steps`` without those that gained nothing and only looked, were not understood, or went
    somewhere at once from where the next one leaves at once again."""
    scores = [0.0, *(step.score for step in steps)]
    kept = [
        step
        for step, before in zip(steps, scores, strict=False)
        if step.score != before
        or not (
            wording.looks(step.action)
            or wording.refused(step.observation)
            or wording.in_vain(step.action, step.observation)
        )
    ]
    scores = [0.0, *(step.score for step in kept)]
    after = [*kept[1:], None]
    return tuple(
        step
        for step, before, then in zip(kept, scores, after, strict=False)
        if step.score != before
        or then is None
        or not (wording.jumps(step.action) and wording.jumps(then.action))
    )


def route_of(store: Store, trial_id: int) -> Way | None:
    """The way that a trial set out on, as it was stored when the trial began."""
    stored = store.route(trial_id)
    if stored is None:
        return None
    run = store.trial_row(trial_id).run
    earlier = next(row for row in store.trials(run) if row.number == stored.trial)
    steps = store.steps(earlier.id)[: stored.steps]
    return _way(stored.trial, steps, stored.points, stored.short)


def _way(trial: int, steps: tuple[Step, ...], points: float, short: bool) -> Way:
    return Way(trial, shortened(steps) if short else steps, points, len(steps), short)
