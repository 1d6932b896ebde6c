"""What one trial teaches, read from its steps alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.rules import wording
from memory.trials import Step, Trial

PROGRESS, COMPLETE = "make progress", "complete the task"


@dataclass(frozen=True)
class Useful:
    """An action and what it made possible; ``gain`` in points."""

    action: str
    effect: str
    gain: float


@dataclass
class Lesson:
    """One trial's yield: what lost points, what was useful (in order), places entered in vain, things seen where."""

    won: bool
    best: float
    lost: list[str] = field(default_factory=list)
    useful: list[Useful] = field(default_factory=list)
    idle_moves: list[str] = field(default_factory=list)
    places_used: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    seen: list[tuple[str, str]] = field(default_factory=list)


def lesson(trial: Trial) -> Lesson:
    """Read ``trial`` step by step."""
    steps = trial.steps
    found = Lesson(won=trial.score >= 100, best=max([step.score for step in steps], default=0.0))
    found.best = max(found.best, 0.0)
    for index, step in enumerate(steps):
        gain = step.score - (steps[index - 1].score if index else 0.0)
        asked = index > 0 and wording.ambiguous(steps[index - 1].observation)
        if wording.refused(step.observation):
            if wording.does_something(step.action) and not asked:  # where a number was due, a refusal blames no action
                found.refused.append(step.action)
            continue
        action = steps[index - 1].action if asked and step.action.isdigit() else step.action
        found.accepted.add(action)
        if gain < 0:
            found.lost.append(wording.meant(action, step.observation))
        elif place := wording.entered(action, step.observation):
            _enter(found, place, action, gain, steps, index)
        elif room := wording.listing(action, step.observation):
            found.seen += [(room[0], thing) for thing in room[1]]
        elif gain > 0:
            found.useful.append(Useful(action, COMPLETE if step.score >= 100 else PROGRESS, gain))
    return found


def _enter(found: Lesson, place: str, action: str, gain: float, steps: Sequence[Step], index: int) -> None:
    """A move is useful for the first thing that was done with effect in the place it led to."""
    use = _first_use(steps, index)
    if use is None and gain <= 0:
        found.idle_moves.append(action)
        return
    found.places_used.add(place)
    effect = use or PROGRESS
    if not any((useful.action, useful.effect) == (action, effect) for useful in found.useful):
        found.useful.append(Useful(action, effect, gain))


def _first_use(steps: Sequence[Step], index: int) -> str | None:
    before = steps[index].score
    for step in steps[index + 1 :]:
        if wording.moves(step.action):
            return None
        gain, before = step.score - before, step.score
        understood = not wording.refused(step.observation) and not wording.ambiguous(step.observation)
        if wording.does_something(step.action) and understood and gain >= 0:
            return step.action
    return None
