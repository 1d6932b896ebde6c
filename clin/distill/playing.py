"""Playing expert paths with and without disturbances, through our own worlds.

Imperfect episodes are the point: a model that has only seen experts does not know what to do after
a mistake, and a memory of a perfect trial has nothing to teach. What a disturbance does is real:
the world answers it, and the way back is imitated while the mistake itself is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from clin.distill.episodes import Episode, Taken
from clin.distill.places import Place
from clin.distill.practice import Practice, practice_of
from clin.language import language_of
from memory.language import Language
from memory.trials import Ending
from worlds import World

LONGEST_WANDERING = 25


@dataclass
class Walk:
    """A world being played: the steps so far, and where the agent last moved to."""

    world: World
    language: Language
    practice: Practice
    random: Random
    steps: list[Taken] = field(default_factory=list)
    done: bool = False
    here: str = ""
    verbatim: bool = False

    @classmethod
    def of(cls, world: World, place: Place, random: Random, *, verbatim: bool = False) -> Walk:
        """``world``, which is at ``place``, before the first step."""
        language, practice = language_of(place.world), practice_of(place.world)
        return cls(world, language, practice, random, verbatim=verbatim)

    def follow(self, action: str) -> None:
        """The path's next action, in words that a model is offered where there are such."""
        self.do(action if self.verbatim or self.done else _admissible(self.world, action), True)

    def do(self, action: str, right: bool) -> None:
        if self.done:
            return
        seen = self.world.step(action)
        self.steps.append(Taken(action, seen.text, seen.score, right))
        self.done = seen.done
        if self.language.is_move(action):
            self.here = action

    def offered(self) -> Sequence[str]:
        """The admissible actions; none after the end."""
        return () if self.done else self.world.actions()


def played(
    world: World,
    place: Place,
    path: Sequence[str],
    kind: str,
    random: Random,
    *,
    verbatim: bool = False,
) -> Episode:
    """One episode of ``kind`` along ``path``; equal arguments give equal episodes. ``verbatim``
    keeps the path's own names even where the world offers others."""
    opening = world.reset().text
    walk = Walk.of(world, place, random, verbatim=verbatim)
    path = walk.practice.begun(opening, path)
    _KINDS[kind](walk, path)
    return Episode(place, kind, world.goal, opening, tuple(walk.steps), ended(walk))


def ended(walk: Walk) -> Ending:
    """How the walk ended."""
    last = walk.steps[-1].score if walk.steps else 0.0
    return (Ending.WON if last >= 100 else Ending.LOST) if walk.done else Ending.BUDGET


def _expert(walk: Walk, path: Sequence[str]) -> None:
    for action in path:
        walk.follow(action)


def _cut(walk: Walk, path: Sequence[str]) -> None:
    """The budget runs out, or the agent stops short of the last step."""
    _expert(walk, path[: walk.random.randint(max(1, len(path) // 3), max(1, len(path) - 1))])


def _detours(walk: Walk, path: Sequence[str]) -> None:
    """Wrong rooms and idle actions on the way, each with the way back."""
    for action in path:
        chance = walk.random.random()
        if chance < (0.35 if walk.language.is_move(action) else 0.06):
            _wrong_room(walk, action)
        elif chance < 0.4:
            _idle(walk)
        walk.follow(action)


def _wrong_room(walk: Walk, following: str) -> None:
    """Somewhere else, a look around, and back; where the way goes on with a jump, it needs no way
    back, nor where only the way away was one."""
    moves = [each for each in walk.offered() if walk.language.is_move(each)]
    moves = [each for each in moves if each not in (walk.here, following)]
    if not moves:
        return
    before, away = walk.here, walk.random.choice(moves)
    back = walk.practice.way_back(away) or before
    jumps_on = walk.language.is_jump(following)
    if not back and not jumps_on:
        return
    walk.do(away, False)
    walk.do(walk.practice.look, True)
    if not (jumps_on and walk.language.is_jump(away)):
        walk.do(back, True)
        walk.here = before


def _idle(walk: Walk) -> None:
    actions = [each for each in walk.offered() if each.startswith(walk.practice.harmless)]
    if actions:
        verb = walk.random.choice(sorted({action.split(" ")[0] for action in actions}))
        alike = [action for action in actions if action.split(" ")[0] == verb]
        walk.do(walk.random.choice(alike), False)


def _mistakes(walk: Walk, path: Sequence[str]) -> None:
    """One to three wrong objects of a right verb; the first may end the trial, as in life."""
    classes = {number: walk.practice.object_matters(action) for number, action in enumerate(path)}
    places = [number for number, kind in classes.items() if kind]
    fatal = [number for number in places if classes[number] in walk.practice.fatal]
    chosen = set(walk.random.sample(fatal or places, 1) if places else ())
    chosen |= set(walk.random.sample(places, min(len(places), walk.random.randint(0, 2))))
    for number, action in enumerate(path):
        if number in chosen and not walk.done:
            _wrong_object(walk, action, classes[number])
        walk.follow(action)


def _wrong_object(walk: Walk, action: str, kind: str) -> None:
    last = {each.action for each in walk.steps[-1:]}
    others = [each for each in walk.world.actions() if each.startswith(kind + " ")]
    others = [each for each in others if each != action and each not in last]
    if kind in walk.practice.two_things:
        others = _nearly(action, others) or others
    if kind in walk.practice.fatal:  # what lies about, not the room's parts
        seen = " ".join(step.observation for step in walk.steps[-2:])
        others = [each for each in others if each.removeprefix(f"{kind} ") in seen] or others
    if others:
        walk.do(walk.random.choice(others), False)


def _nearly(action: str, others: Sequence[str]) -> list[str]:
    """Of ``others`` those with the same target and another thing, or the same thing elsewhere."""
    words = set(action.split(" "))
    return [each for each in others if len(words & set(each.split(" "))) >= len(words) - 2]


def _loops(walk: Walk, path: Sequence[str]) -> None:
    """Going round in circles, one to three times in a trial, and then the right action after
    all."""
    chosen = set(walk.random.sample(range(len(path)), min(len(path), walk.random.randint(1, 3))))
    for number, action in enumerate(path):
        if number in chosen and not walk.done:
            _circle(walk)
        walk.follow(action)


def _circle(walk: Walk) -> None:
    """The same room and back again, or one idle action again and again."""
    actions = walk.world.actions()
    away = [each for each in actions if walk.language.is_move(each) and each != walk.here]
    here, went = walk.here, walk.random.choice(away) if away else ""
    back = walk.practice.way_back(went) or here
    idle = [each for each in actions if each.startswith(walk.practice.harmless)]
    if went and back and walk.random.random() < 0.5:
        for _ in range(walk.random.randint(1, 3)):
            walk.do(went, False)
            walk.do(back, False)
        walk.here = here
    elif idle:
        again = walk.random.choice(idle)
        for _ in range(walk.random.randint(2, 4)):
            walk.do(again, False)


def _wandering(walk: Walk, path: Sequence[str]) -> None:
    """No idea at all: verbs at random, objects at random."""
    for _ in range(walk.random.randint(8, LONGEST_WANDERING)):
        actions = walk.offered()
        verbs = sorted({action.split(" ")[0] for action in actions})
        if verbs:
            favoured = [each for each in verbs if each in walk.practice.favoured]
            verb = walk.random.choice(verbs + favoured * 3)
            alike = [action for action in actions if action.split(" ")[0] == verb]
            walk.do(walk.random.choice(alike), False)


def _admissible(world: World, action: str) -> str:
    """``action``, or the admissible one that is nearest to it in words: experts use names that a
    model is never offered."""
    offered = world.actions()
    if action in offered or not offered:
        return action
    words = set(action.lower().split(" "))
    verb = action.split(" ")[0]

    def alike(other: str) -> float:
        theirs = set(other.lower().split(" "))
        return len(words & theirs) / len(words | theirs)

    near = max((each for each in offered if each.split(" ")[0] == verb), key=alike, default="")
    return near if near and alike(near) >= 0.6 else action


_KINDS: dict[str, Callable[[Walk, Sequence[str]], None]] = {
    "expert": _expert,
    "cut": _cut,
    "detours": _detours,
    "mistakes": _mistakes,
    "loops": _loops,
    "wandering": _wandering,
}
IMPERFECT = ("mistakes", "detours", "loops", "mistakes", "cut", "wandering")
"""The imperfect kinds in the order in which a place gets them."""
