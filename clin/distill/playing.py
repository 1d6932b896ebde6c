"""Playing expert paths with and without disturbances, through our own worlds.

Imperfect episodes are the point: a model that has only seen experts does not know what to do after
a mistake, and a memory of a perfect trial has nothing to teach. What a disturbance does is real:
the world answers it, and the way back is imitated while the mistake itself is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from clin.distill.episodes import Episode, Taken
from clin.distill.places import Place
from memory.rules import wording
from memory.trials import Ending
from worlds import World

CRITICAL = re.compile(
    r"^(?:focus on|activate|use|unlock|cook|slice|dice|chop|put|take|mix|connect|move .+ to) ?"
)
"""Actions whose object matters: another object of the same verb is a mistake that a memory can
teach to avoid."""
HARMLESS = ("look", "examine", "open", "inventory", "read", "task", "wait1")
_MOVE = re.compile(r"^(?:teleport to|go to|move (?=north$|south$|east$|west$))")
_OPPOSITE = {
    "move north": "move south",
    "move south": "move north",
    "move east": "move west",
    "move west": "move east",
}
LONGEST_WANDERING = 25

Plan = Iterator[tuple[str, bool]]


@dataclass
class Walk:
    """A world being played: the steps so far, and where the agent last moved to."""

    world: World
    random: Random
    steps: list[Taken] = field(default_factory=list)
    done: bool = False
    here: str = ""
    verbatim: bool = False

    def follow(self, action: str) -> None:
        """The path's next action, in words that a model is offered where there are such."""
        self.do(action if self.verbatim or self.done else _admissible(self.world, action), True)

    def do(self, action: str, right: bool) -> None:
        if self.done:
            return
        seen = self.world.step(action)
        self.steps.append(Taken(action, seen.text, seen.score, right))
        self.done = seen.done
        if _MOVE.match(action):
            self.here = action


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
    path = begun(opening, path)
    walk = Walk(world, random, verbatim=verbatim)
    _KINDS[kind](walk, path)
    return Episode(place, kind, world.goal, opening, tuple(walk.steps), ended(walk))


def ended(walk: Walk) -> Ending:
    """How the walk ended."""
    last = walk.steps[-1].score if walk.steps else 0.0
    return (Ending.WON if last >= 100 else Ending.LOST) if walk.done else Ending.BUDGET


def begun(opening: str, path: Sequence[str]) -> list[str]:
    """``path`` from anywhere: in the prompt nobody is told where a trial begins, so a path that
    starts in the right room goes there and looks around first (ScienceWorld, where one can
    teleport)."""
    room = wording.room(opening)
    acts = not path or not (path[0] == "look around" or _MOVE.match(path[0]))
    if (
        room is None
        or not acts
        or (
            not any(action.startswith("teleport") for action in path)
            and not path[0].startswith("focus")
        )
    ):
        return list(path)
    return [f"teleport to {room}", "look around", *path]


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
        if chance < (0.35 if _MOVE.match(action) else 0.06):
            _wrong_room(walk, action)
        elif chance < 0.4:
            _idle(walk)
        walk.follow(action)


def _wrong_room(walk: Walk, following: str) -> None:
    """Somewhere else, a look around, and back; teleporting needs no way back before another
    move."""
    moves = [
        action
        for action in walk.world.actions()
        if _MOVE.match(action) and action not in (walk.here, following)
    ]
    if walk.done or not moves:
        return
    before, away = walk.here, walk.random.choice(moves)
    back = _OPPOSITE.get(away) or before
    if not back and not following.startswith("teleport to"):
        return
    walk.do(away, False)
    walk.do("look around", True)
    if not (following.startswith("teleport to") and away.startswith("teleport to")):
        walk.do(back, True)
        walk.here = before


def _idle(walk: Walk) -> None:
    actions = (
        []
        if walk.done
        else [action for action in walk.world.actions() if action.startswith(HARMLESS)]
    )
    if actions:
        verb = walk.random.choice(sorted({action.split(" ")[0] for action in actions}))
        walk.do(
            walk.random.choice([action for action in actions if action.split(" ")[0] == verb]),
            False,
        )


def _mistakes(walk: Walk, path: Sequence[str]) -> None:
    """One to three wrong objects of a right verb; the first may end the trial, as in life."""
    places = [number for number, action in enumerate(path) if CRITICAL.match(action)]
    focus = [number for number in places if path[number].startswith("focus on")]
    chosen = set(walk.random.sample(focus or places, 1) if places else ())
    chosen |= set(walk.random.sample(places, min(len(places), walk.random.randint(0, 2))))
    for number, action in enumerate(path):
        if number in chosen and not walk.done:
            _wrong_object(walk, action)
        walk.follow(action)


def _wrong_object(walk: Walk, action: str) -> None:
    critical = CRITICAL.match(action)
    verb = critical[0].strip() if critical and not action.startswith("move ") else "move"
    near = {each.action for each in walk.steps[-1:]}
    others = [
        each
        for each in walk.world.actions()
        if each.startswith(verb + " ") and each != action and each not in near
    ]
    if verb in (
        "use",
        "unlock",
        "move",
    ):  # the same target with another thing, or the same thing elsewhere
        words = set(action.split(" "))
        others = [
            each for each in others if len(words & set(each.split(" "))) >= len(words) - 2
        ] or others
    if verb == "focus on":  # what lies about, not the room's parts
        seen = " ".join(step.observation for step in walk.steps[-2:])
        others = [each for each in others if each.removeprefix("focus on ") in seen] or others
    if others:
        walk.do(walk.random.choice(others), False)


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
    away = [each for each in actions if _MOVE.match(each) and each != walk.here]
    here, went = walk.here, walk.random.choice(away) if away else ""
    back = _OPPOSITE.get(went) or here
    idle = [each for each in actions if each.startswith(HARMLESS)]
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
        actions = () if walk.done else walk.world.actions()
        verbs = sorted({action.split(" ")[0] for action in actions})
        if verbs:
            verb = walk.random.choice(
                verbs
                + [each for each in verbs if each in ("teleport", "go", "look", "pick", "take")] * 3
            )
            walk.do(
                walk.random.choice([action for action in actions if action.split(" ")[0] == verb]),
                False,
            )


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
