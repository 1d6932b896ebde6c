"""What one trial teaches, read from its steps alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memory.language import Language
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
    changed: list[tuple[str, str]] = field(default_factory=list)
    """Deeds, each with what the world told that came about by it."""


@dataclass(frozen=True)
class Act:
    """What was done at a step; ``meant`` is in the world's own words where it confirms them,
    ``gain`` in points. An answer to "which one?" (``answered``) stands for the action that was
    asked about."""

    index: int
    action: str
    meant: str
    gain: float
    refused: bool
    answered: bool = False

    @property
    def offered(self) -> str:
        """The action as it is offered, so that it can be left out."""
        return self.meant if self.answered else self.action


def acts(steps: Sequence[Step], language: Language) -> Iterator[Act]:
    """A trial's actions in order. A refused answer to "which one?" blames no action and is left
    out."""
    before, asked = 0.0, ""
    choices: Mapping[str, str] = {}
    for index, step in enumerate(steps):
        gain, before = step.score - before, step.score
        refused = language.is_refused(step.observation)
        if gain or not (refused and choices):
            answered = step.action in choices
            action = asked if answered else step.action
            meant = language.meant(action, step.observation)
            yield Act(index, action, meant, gain, refused, answered)
        asked, choices = step.action, language.choices_offered(step.observation)


def lesson(trial: Trial, language: Language) -> Lesson:
    """Read ``trial`` step by step."""
    return _Reader(trial, language).read()


class _Reader:
    """One trial being read in the order of its steps."""

    def __init__(self, trial: Trial, language: Language) -> None:
        self._steps, self._language = trial.steps, language
        best = max([0.0, *(step.score for step in trial.steps)])
        self._found = Lesson(won=trial.score >= 100, best=best)

    def read(self) -> Lesson:
        found = self._found
        worked: set[str] = set()
        useful_at_last_gain = 0
        for act in acts(self._steps, self._language):
            if act.refused:
                if self._language.is_deed(act.action):
                    found.refused.append(act.action)
                continue
            found.accepted.add(act.action)
            if not self._worked(act):
                continue
            worked.add(act.action)
            if act.gain > 0:
                useful_at_last_gain = len(found.useful)
        # What was in vain once and worked at another time is not to blame: something broken had to
        # be mended first.
        found.vain = [action for action in found.vain if action not in worked]
        if found.lost:  # what came after the last gain led to the loss
            del found.useful[useful_at_last_gain:]
        return found

    def _worked(self, act: Act) -> bool:
        """Take down what the step showed; False where it was in vain."""
        found, step = self._found, self._steps[act.index]
        if seen := self._language.things_seen(act.action, step.observation):
            room, things = seen
            found.seen += [(room, thing) for thing in things]
        if not self._language.passes_time(act.action):  # by itself that brings nothing about
            told = self._language.changes(act.action, step.observation)
            found.changed += [(act.action, change) for change in told]
        if act.gain < 0:
            found.lost.append(act.offered)
        elif place := self._language.arrived_at(act.action, step.observation):
            self._enter(place, act)
        elif self._language.did_not_fit(act.action, step.observation):
            found.vain.append(act.action)
            return False
        elif act.gain > 0:
            effect = COMPLETE if step.score >= 100 else PROGRESS
            found.useful.append(Useful(act.action, effect, act.gain))
        return True

    def _enter(self, place: str, move: Act) -> None:
        """A move is useful for the first thing that was done with effect in the place it led to.
        Where nothing was, it was idle, unless it passed through: a walk may lead on."""
        found = self._found
        use = self._first_use(move)
        if use is None and move.gain <= 0:
            if self._language.is_jump(move.action):
                found.idle_moves.append(move.action)
            return
        found.places_used.add(place)
        effect = use or PROGRESS
        if (move.action, effect) not in {(each.action, each.effect) for each in found.useful}:
            found.useful.append(Useful(move.action, effect, move.gain))

    def _first_use(self, move: Act) -> str | None:
        """The first deed after ``move`` and before the next one that was done and lost nothing."""
        before = self._steps[move.index].score
        for step in self._steps[move.index + 1 :]:
            if self._language.is_move(step.action):
                return None
            gain, before = step.score - before, step.score
            if self._language.is_deed(step.action) and self._done(step) and gain >= 0:
                return step.action
        return None

    def _done(self, step: Step) -> bool:
        """Whether the world did it: neither refused, nor asked which one, nor tried in vain."""
        if self._language.came_to_nothing(step.action, step.observation):
            return False
        return not self._language.choices_offered(step.observation)
