"""Where the points of an episode came from, read from its stored steps: the way to the most of them, what moved them, and what came
to nothing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.rules import wording
from memory.store import Store
from memory.trials import Step


@dataclass(frozen=True)
class Way:
    """The ``steps`` by which an earlier ``trial`` (its number in the episode) came to ``points``, which took it ``length`` steps; where ``short``,
    those are left out that changed nothing."""

    trial: int
    steps: tuple[Step, ...]
    points: float
    length: int
    short: bool = False

    def told(self) -> dict[str, object]:
        """As ``--json`` has it."""
        return {"trial": self.trial, "steps": len(self.steps), "points": self.points, "short": self.short}

    def __str__(self) -> str:
        how = ", leaving out what changed nothing" if self.short else ""
        return f"goes back to where trial {self.trial} had {self.points:g} points, in {len(self.steps)} steps{how}"


@dataclass(frozen=True)
class Moved:
    """A step that changed the score: from ``held`` points to ``score``."""

    action: str
    held: float
    score: float


def best_way(store: Store, run: str, before: int, *, room: int) -> Way | None:
    """The way to the most points that an ended trial of ``run`` with a number below ``before`` had at any step, the shortest where
    several had as many; None where none had points at all. A way of more than ``room`` steps is cut short, once."""
    found = store.rows(
        "select trials.id, number, position + 1, steps.score from steps join trials on trials.id = trial"
        " where run = ? and number < ? and ending is not null and steps.score > 0 order by steps.score desc, position, number limit 1",
        [store.run(run).id, before],
    )
    for trial, number, length, points in found:
        short = length > room and number not in _cut_short(store, run, before)
        return _way(number, store.steps(trial)[:length], points, short)
    return None


def _way(trial: int, steps: tuple[Step, ...], points: float, short: bool) -> Way:
    return Way(trial, shortened(steps) if short else steps, points, len(steps), short)


def shortened(steps: Sequence[Step]) -> tuple[Step, ...]:
    """``steps`` without those that gained nothing and only looked, were not understood, or went somewhere at once from where the next one
    leaves at once again."""
    scores = [0.0, *(step.score for step in steps)]
    kept = [
        step for step, before in zip(steps, scores, strict=False)
        if step.score != before or not (wording.looks(step.action) or wording.refused(step.observation) or wording.in_vain(step.action, step.observation))
    ]
    scores = [0.0, *(step.score for step in kept)]
    after = [*kept[1:], None]
    return tuple(
        step for step, before, then in zip(kept, scores, after, strict=False)
        if step.score != before or then is None or not (wording.jumps(step.action) and wording.jumps(then.action))
    )


def moved(store: Store, run: str, before: int) -> tuple[Moved, ...]:
    """What changed the score in the ended trials of ``run`` with a number below ``before``, in the order in which it was done."""
    rows = store.rows(
        "select action, held, score from (select action, steps.score, steps.id,"
        " lag(steps.score, 1, 0) over (partition by trial order by position) as held from steps join trials on trials.id = trial"
        " where run = ? and number < ? and ending is not null) where score != held order by id",
        [store.run(run).id, before],
    )
    return tuple(Moved(*row) for row in rows)


def spent(store: Store, run: str, before: int) -> dict[float, frozenset[str]]:
    """What came to nothing: the actions that ended trials of ``run`` with a number below ``before`` did when they had as many points as they
    were ever to have, by those points."""
    rows = store.rows(
        "select trial, action, steps.score from steps join trials on trials.id = trial where run = ? and number < ? and ending is not null"
        " order by steps.id", [store.run(run).id, before],
    )
    found: dict[float, set[str]] = {}
    for _, group in itertools.groupby(rows, key=lambda row: row[0]):
        points, actions = _after_the_last_gain((action, score) for _, action, score in group)
        found.setdefault(points, set()).update(actions)
    return {points: frozenset(actions) for points, actions in found.items()}


def way_of(store: Store, trial_id: int) -> Way | None:
    """The way that a trial set out on, as it was stored when the trial began."""
    run, read = store.rows("select run, recalled from trials where id = ?", [trial_id])[0]
    kept = json.loads(read).get("way")
    if kept is None:
        return None
    row = next(each for each in store.trials(f"r{run}") if each.number == kept["trial"])
    return _way(row.number, store.steps(row.id)[: kept["steps"]], kept["points"], kept["short"])


def _cut_short(store: Store, run: str, before: int) -> set[int]:
    """The trials whose way an earlier trial has tried to go with fewer steps."""
    rows = store.rows(
        "select json_extract(recalled, '$.way.trial') from trials where run = ? and number < ? and json_extract(recalled, '$.way.short')",
        [store.run(run).id, before],
    )
    return {number for (number,) in rows}


def _after_the_last_gain(steps: Iterable[tuple[str, float]]) -> tuple[float, list[str]]:
    most, after = 0.0, []
    for action, score in steps:
        if score > most:
            most, after = score, []
        else:
            after.append(action)
    return most, after
