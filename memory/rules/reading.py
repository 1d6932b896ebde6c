"""What one trial teaches, read from its steps alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """One trial's yield: what lost points, what was useful (in order), places entered and things
    tried in vain, things seen where."""

    won: bool
    best: float
    lost: list[str] = field(default_factory=list)
    useful: list[Useful] = field(default_factory=list)
    idle_moves: list[str] = field(default_factory=list)
    places_used: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    vain: list[str] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    seen: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Act:
    """What was done at a step; ``meant`` is in the world's own words where it confirms them,
    ``gain`` in points. A number that answered "which one?" stands for the action that was asked
    about."""

    index: int
    action: str
    meant: str
    gain: float
    refused: bool


def acts(steps: Sequence[Step]) -> Iterator[Act]:
    """A trial's actions in order. A refused answer to "which one?" blames no action and is left
    out."""
    before, asked = 0.0, ""
    for index, step in enumerate(steps):
        gain, before = step.score - before, step.score
        refused = wording.refused(step.observation)
        if gain or not (refused and asked):
            action = asked if asked and step.action.isdigit() else step.action
            yield Act(index, action, wording.meant(action, step.observation), gain, refused)
        asked = step.action if wording.ambiguous(step.observation) else ""


def lesson(trial: Trial) -> Lesson:
    """Read ``trial`` step by step."""
    steps = trial.steps
    found = Lesson(won=trial.score >= 100, best=max([0.0, *(step.score for step in steps)]))
    worked: set[str] = set()
    before_loss = 0  # how much of what was useful had been found at the last gain
    for act in acts(steps):
        step = steps[act.index]
        if act.refused:
            if wording.does_something(act.action):
                found.refused.append(act.action)
            continue
        found.accepted.add(act.action)
        if room := wording.listing(act.action, step.observation):
            found.seen += [(room[0], thing) for thing in room[1]]
        if act.gain < 0:
            found.lost.append(
                act.meant if step.action.isdigit() else act.action
            )  # as it is offered, so that it can be left out
        elif place := wording.entered(act.action, step.observation):
            _enter(found, place, act.action, act.gain, steps, act.index)
        elif wording.in_vain(act.action, step.observation):
            found.vain.append(act.action)
            continue
        elif act.gain > 0:
            found.useful.append(
                Useful(act.action, COMPLETE if step.score >= 100 else PROGRESS, act.gain)
            )
        before_loss = len(found.useful) if act.gain > 0 else before_loss
        worked.add(act.action)
    found.vain = [
        action for action in found.vain if action not in worked
    ]  # a broken thing had to be mended first
    if found.lost:  # what came after the last gain led to the loss
        del found.useful[before_loss:]
    return found


def _enter(
    found: Lesson, place: str, action: str, gain: float, steps: Sequence[Step], index: int
) -> None:
    """A move is useful for the first thing that was done with effect in the place it led to."""
    use = _first_use(steps, index)
    if use is None and gain <= 0:
        found.idle_moves += (
            [] if wording.walks(action) else [action]
        )  # a walk may have led on to another room
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
        understood = not wording.refused(step.observation) and not wording.ambiguous(
            step.observation
        )
        understood = understood and not wording.in_vain(step.action, step.observation)
        if wording.does_something(step.action) and understood and gain >= 0:
            return step.action
    return None
