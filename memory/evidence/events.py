"""One trial as events that a causal claim can be held against: what was done, what gained or lost
points, what was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from memory.language import Language
from memory.links import folded
from memory.rules.endings import NONE, Finish, finish
from memory.rules.naming import Goal, verb, words
from memory.rules.reading import acts
from memory.trials import Trial

PROGRESS, COMPLETE, TASK = "make progress", "complete the task", "the task"
_PROGRESS = frozenset(
    map(
        folded, (PROGRESS, TASK, "making progress", "progress", "increase the score", "gain points")
    )
)
_COMPLETE = frozenset(
    map(
        folded,
        (COMPLETE, "completing the task", "complete task", "the task completion", "win", "winning"),
    )
)
_FIND = re.compile(r"^(?:find|finding|locate|locating|see|seeing)\s+(?P<thing>.+)$")
_ACT = re.compile(r"^(?P<verb>[a-z]+?)ing(?P<rest>\s.*|)$")


@dataclass
class Record:
    """A trial's events by folded phrase: the first step at which each action was accepted, and
    which gained or lost."""

    language: Language = field(repr=False, compare=False)
    """That of the trial's world."""
    first: dict[str, int] = field(default_factory=dict)
    gained: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    won_at: int | None = None
    points: float = 0.0
    """The best score that was reached."""
    seen: tuple[str, ...] = ()
    """The opening and every observation, lower case: step n is at n + 1."""
    began: str = ""
    """The room where the trial began (folded); empty where its opening describes none."""
    at_hand: frozenset[str] = frozenset()
    """The words of what its opening told of."""
    finish: Finish = NONE
    changed: dict[str, int] = field(default_factory=dict)
    """What the world told that came about, folded, with the first step at which it did."""

    def returns(self, cause: str, effect: str) -> bool:
        """Whether ``cause`` goes to the room where the trial began and all that ``effect`` names
        (both folded) was there from the beginning, so that no going was needed. What was carried
        there from elsewhere did need it."""
        places = {self.language.destination(name) for name in spellings(cause)}
        if not self.began or self.began not in places:
            return False
        named = words(effect[len(verb(effect)) :])
        return bool(named) and named <= self.at_hand

    def effect_at(self, effect: str) -> int | None:
        """The first step at which ``effect`` (folded) stood in this trial; None if it never did."""
        if effect in _COMPLETE:
            return self.won_at
        if effect in self.changed:
            return self.changed[effect]
        found = _FIND.match(effect)
        if found is None:
            return next(
                (self.first[name] for name in spellings(effect) if name in self.first), None
            )
        thing = re.compile(rf"(?<!\w){re.escape(found['thing'])}(?!\w)")
        return next((index - 1 for index, text in enumerate(self.seen) if thing.search(text)), None)


def record(trial: Trial, language: Language) -> Record:
    """Read ``trial``, of a world with this ``language``, once, step by step."""
    texts = (trial.opening, *(step.observation for step in trial.steps))
    found = Record(
        language,
        points=max([0.0, *(step.score for step in trial.steps)]),
        seen=tuple(map(folded, texts)),
        began=folded(language.room(trial.opening)),
        at_hand=words(trial.opening),
        finish=finish(trial, language),
    )
    came: set[str] = set()  # the last move, which gains with whatever gains in the place it led to
    goal = Goal(trial.goal, language, (step.action for step in trial.steps))
    for act in acts(trial.steps, language):
        names = {folded(name) for name in (act.action, act.meant, goal.unnamed(act.meant)) if name}
        if act.refused:
            found.refused |= names
            continue
        for name in names:
            found.first.setdefault(name, act.index)
        for change in language.changes(act.action, trial.steps[act.index].observation):
            found.changed.setdefault(folded(change), act.index)
        if language.is_move(act.action):
            came = {folded(act.action)}
        if act.gain > 0:
            found.gained |= names | came
        elif act.gain < 0:
            found.lost |= names
        if act.gain > 0 and trial.steps[act.index].score >= 100:
            found.won_at = act.index
    return found


def is_progress(effect: str) -> bool:
    """Whether the folded ``effect`` speaks of the task as a whole, so that any gain in score speaks
    for it."""
    return effect in _PROGRESS


def is_complete(effect: str) -> bool:
    """Whether the folded ``effect`` is to complete the task."""
    return effect in _COMPLETE


def is_find(effect: str) -> bool:
    """Whether the folded ``effect`` is to see something."""
    return bool(_FIND.match(effect))


def spellings(phrase: str) -> Iterator[str]:
    """A folded phrase as an action may be worded: as it is, and "opening the door" as "open
    door"."""
    yield phrase
    if found := _ACT.match(phrase):
        stem = found["verb"]
        yield stem + found["rest"]
        yield f"{stem}e{found['rest']}"
        if len(stem) > 2 and stem[-1] == stem[-2]:
            yield stem[:-1] + found["rest"]
