"""``causal``: rooms, doors, devices and substances whose hidden causes are known (ours; pure
Python).

The rules (what is made of what by which device, what starts, repairs and unlocks what) come from
the option ``rules``, the layout and what is broken from the variation, the goal from the task. So
repeating a variation is the paper's ADAPT, a new variation under the same rules is GEN-ENV, and a
new task in the same variation is GEN-TASK. Every variation can be solved; :meth:`Causal.plan` is
the shortest plan, and :meth:`Causal.truth` the links that hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from memory.spelling import did_you_mean
from worlds import Observation, Task, WorldError, whole_number
from worlds.causal import language
from worlds.causal.actions import FORMS, admissible, apply, every_action
from worlds.causal.layout import ROOMS, lay
from worlds.causal.physics import draw
from worlds.causal.plan import Needs, goals, shortest
from worlds.causal.state import State, held_text, room_text
from worlds.causal.truth import Truth, truth

__all__ = [
    "OPTIONS",
    "RULE_SPLITS",
    "SCORE",
    "SHARED_PLACES",
    "SPLITS",
    "TASKS",
    "Causal",
    "language",
    "open",
    "tasks",
]

SCORE = (
    "points 0 to 100 for the necessary sub-goals that are reached; -100 for a mistake "
    "that cannot be undone"
)
SHARED_PLACES = True
TASKS = ("make", "repair", "grow", "deliver", "compose-2", "compose-3", "compose-4", "compose-5")
SPLITS = {"train": range(100), "dev": range(100, 200), "test": range(200, 300)}
RULE_SPLITS = {"train": range(800), "dev": range(800, 900), "test": range(900, 1000)}
"""Rule seeds by split: a model that was trained on some of these worlds has not seen the physics of
the others."""
OPTIONS = {
    "rules": range(1000),
    "rooms": range(3, len(ROOMS) + 1),
    "depth": range(1, 4),
    "distractors": range(13),
    "plain": range(2),
}
"""The options and what they may be: rule seed, number of rooms, stages of a product at most, things
without use, and whether the wording is always the same."""


def tasks() -> Sequence[Task]:
    """One goal of four kinds, or the first k of five together."""
    return tuple(Task(name, 300, SPLITS) for name in TASKS)


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> Causal:
    """One world. ``options`` are those of :data:`OPTIONS`; rules and variation fix all else, so
    ``seed`` changes nothing."""
    return Causal(task, variation, **_checked(options))


def _checked(options: dict[str, object]) -> dict[str, int]:
    checked = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise WorldError(
                f"causal has no option '{name}'{did_you_mean(name, tuple(OPTIONS))} (options: "
                f"{', '.join(OPTIONS)})"
            )
        allowed = OPTIONS[name]
        number = whole_number(value)
        if number is None or number not in allowed:
            raise WorldError(
                f"causal's {name} is a whole number from {allowed[0]} to {allowed[-1]}, not "
                f"'{value}'"
            )
        checked[name] = number
    return checked


class Causal:
    """See :class:`worlds.World`; it can also :meth:`undo` a step, and knows its :meth:`plan` and
    its :meth:`truth`."""

    def __init__(
        self,
        task: str,
        variation: int,
        *,
        rules: int = 0,
        rooms: int = 6,
        depth: int = 2,
        distractors: int = 6,
        plain: int = 0,
    ) -> None:
        self._physics = draw(rules, depth)
        self._layout = lay(self._physics, variation, rooms, distractors, rules=rules)
        self._needs = Needs(self._physics, self._layout, goals(self._physics, task))
        self._voice_seed, self._plain = f"{rules} {variation}", bool(plain)
        self.templates = FORMS
        self.goal = f"Your task is to {_in_words(goals(self._physics, task))}."
        self._state: State | None = None
        self._before: list[State] = []
        self._seen = Observation("", 0.0, False)
        self._closed = False

    def reset(self) -> Observation:
        self._open()
        self._before = []
        self._state = State.begin(
            self._physics, self._layout, self._needs, self._voice_seed, self._plain
        )
        self._seen = Observation(room_text(self._state), 0.0, False)
        return self._seen

    def step(self, action: str) -> Observation:
        state = self._going()
        if state.done:
            raise WorldError("the episode is over; reset the world first")
        after = state.copy()
        text = apply(after, action)
        self._before.append(state)
        self._state = after
        self._seen = Observation(text, after.score, after.done)
        return self._seen

    def undo(self) -> Observation:
        """Take the last step back; WorldError at the beginning. The room is described anew."""
        self._going()
        if not self._before:
            raise WorldError("there is no step to take back")
        self._state = self._before.pop()
        self._seen = Observation(room_text(self._state), self._state.score, False)
        return self._seen

    def snapshot(self) -> tuple[State, tuple[State, ...], Observation]:
        """The state now, those before it, and what was last observed. A step changes a copy, so
        none of them changes any more."""
        return self._going(), tuple(self._before), self._seen

    def restore(self, state: tuple[State, tuple[State, ...], Observation]) -> Observation:
        self._open()
        self._state, before, self._seen = state
        self._before = [*before]
        return self._seen

    def surroundings(self) -> str:
        state = self._going()
        return f"{room_text(state)}{held_text(state)}"

    def actions(self) -> Sequence[str]:
        state = self._going()
        return () if state.done else tuple(sorted(admissible(state)))

    def plan(self) -> tuple[str, ...]:
        """The shortest actions that reach the goal from the beginning. Never read while acting."""
        return shortest(self._needs)

    def truth(self) -> Truth:
        """The causal links that hold here, in the words of the actions."""
        return truth(self._needs, every_action(self._physics, self._layout))

    def close(self) -> None:
        self._closed = True
        self._state = None

    def _open(self) -> None:
        if self._closed:
            raise WorldError("this world is closed")

    def _going(self) -> State:
        self._open()
        if self._state is None:
            raise WorldError("reset the world first")
        return self._state


def _in_words(wanted: Sequence[tuple[str, str]]) -> str:
    words = {
        "make": "make {}",
        "repair": "repair the {}",
        "grow": "grow a {}",
        "deliver": "deliver the {} through the chute",
    }
    return ", and to ".join(words[kind].format(thing) for kind, thing in wanted)
