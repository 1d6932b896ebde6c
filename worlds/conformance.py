"""The contract of a world as checks that any world can be held against; yours too.

>>> import pytest
>>> from worlds.conformance import CHECKS, machine
>>> @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
... def test_my_world_keeps_the_contract(check):
...     check(lambda: MyWorld("a task", 0))
>>> TestMyWorld = machine(lambda: MyWorld("a task", 0)).TestCase

Every check takes a function that opens a new world of one place, not yet reset, and raises
AssertionError with what is wrong. Needs hypothesis (extra ``test``). What a world says of its words
has checks of its own (:mod:`worlds.language_checks`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from worlds import Observation, Restorable, World, WorldError

Open = Callable[[], World]


@dataclass(frozen=True)
class Taken:
    """A step, or with an empty ``action`` the reset, and what the world answered."""

    action: str
    seen: Observation


def any_action() -> st.SearchStrategy[str]:
    """What a person or a model may type: nothing, numbers, 10 kB, control characters, markup, other
    scripts."""
    awkward = [
        "",
        "0",
        "x" * 10_000,
        "\x00\x1b[31m\n",
        "[bold]go[/bold]",
        "'; drop table runs; --",
        "去厨房",
        "focus on",
        "go to",
    ]
    return st.one_of(st.text(max_size=60), st.sampled_from(awkward))


def admissible(world: World, index: int) -> str:
    """One of the admissible actions, by a fixed rule; not one that some worlds punish at once,
    where another is left."""
    actions = world.actions()
    mild = [action for action in actions if not action.startswith("focus")] or list(actions)
    return mild[(index * 37 + 11) % len(mild)]


def walk(world: World, count: int) -> list[Taken]:
    """The reset and up to ``count`` admissible steps, fewer where the world ends."""
    steps = [Taken("", world.reset())]
    for index in range(count):
        if steps[-1].seen.done:
            break
        action = admissible(world, index)
        steps.append(Taken(action, world.step(action)))
    return steps


def replayed(world: World, steps: Sequence[Taken]) -> None:
    """The same actions give the same observations."""
    for number, before in enumerate(steps):
        seen = world.step(before.action) if number else world.reset()
        assert seen == before.seen, f"step {number} ({before.action!r}) differs from the first time"


def keeps_the_protocol(open: Open) -> None:
    world = open()
    assert isinstance(world, World)
    assert world.goal.strip(), "a world names its goal"
    world.close()


def is_deterministic(open: Open) -> None:
    """A second reset equals the first, a second world equals the first, and what is beside them
    does not matter."""
    first, beside, second = open(), open(), open()
    steps = walk(first, 8)
    replayed(first, steps)
    beside.reset()
    for world in (second, first):
        walk(beside, 3)
        replayed(world, steps)
    for world in (first, beside, second):
        world.close()


def worlds_in_turn_do_not_touch(open: Open) -> None:
    alone, one, between, other = open(), open(), open(), open()
    steps = walk(alone, 6)
    for world in (one, between, other):
        world.reset()
    for step in steps[1:]:
        between.step(step.action + " ")
        for world in (one, other):
            assert world.step(step.action) == step.seen, f"{step.action!r} beside other worlds"
        if step.seen.done:
            break
        between.reset()
    for world in (alone, one, between, other):
        world.close()


def looking_costs_nothing(open: Open) -> None:
    world = open()
    steps = walk(world, 4)
    world.reset()
    for step in steps[1:]:
        assert world.actions() == world.actions()
        assert world.surroundings() == world.surroundings()
        seen, before = world.step(step.action), step.seen
        same = (seen.text, seen.score) == (before.text, before.score)
        assert same, "looking changed what an action does"
    world.close()


def admissible_actions_are_sorted_and_understood(open: Open) -> None:
    """Understood at least in part: a list may name things that are out of reach, such as
    ScienceWorld's own."""
    world = open()
    world.reset()
    actions = world.actions()
    assert list(actions) == sorted(set(actions)), "actions are sorted, each once"
    tried = actions[:: max(1, len(actions) // 12)]
    understood = 0
    for action in tried:
        world.reset()
        understood += "No known action" not in world.step(action).text
    assert understood >= min(6, len(tried)), (
        f"only {understood} of {len(tried)} admissible actions were understood"
    )
    world.close()


def any_string_gets_an_answer(open: Open) -> None:
    world = open()

    @settings(
        max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(any_action(), min_size=1, max_size=6))
    def answered(actions: list[str]) -> None:
        seen = world.reset()
        for action in actions:
            if seen.done:
                break
            seen = world.step(action)
            assert isinstance(seen.text, str) and len(seen.text) < 100_000
            assert -100 <= seen.score <= 100

    answered()
    world.close()


def restoring_is_replaying(open: Open) -> None:
    """Where a world offers ``snapshot`` and ``restore``, going back by state is the same as doing
    again what led there: from later on, from elsewhere, after a reset, and as often as wanted."""
    world = open()
    if not isinstance(world, Restorable):
        world.close()
        return
    steps = walk(world, 8)
    middle = len(steps) // 2
    world.reset()
    for step in steps[1 : middle + 1]:
        world.step(step.action)
    at_middle = _look(world)
    state = world.snapshot()
    assert _look(world) == at_middle, "taking a snapshot changed something"
    for elsewhere in (0, 0, 1, 3):
        if elsewhere:
            walk(world, elsewhere)
        assert world.restore(state) == steps[middle].seen, "restored, but another observation"
        assert _look(world) == at_middle, "restored, but something differs from how it was"
        for step in steps[middle + 1 :]:
            assert world.step(step.action) == step.seen, f"{step.action!r} differs after restoring"
    world.close()


def _look(world: World) -> tuple[str, tuple[str, ...]]:
    return world.surroundings(), tuple(world.actions())


def closing_twice_is_closing_once(open: Open) -> None:
    world = open()
    world.close()
    world.close()
    try:
        world.reset()
    except WorldError as error:
        assert "\n" not in str(error)
    else:
        raise AssertionError("a closed world was reset")


CHECKS = (
    keeps_the_protocol,
    is_deterministic,
    worlds_in_turn_do_not_touch,
    looking_costs_nothing,
    admissible_actions_are_sorted_and_understood,
    any_string_gets_an_answer,
    restoring_is_replaying,
    closing_twice_is_closing_once,
)


class Play(RuleBasedStateMachine):
    """Plays a world in any order of steps, looks and resets, and in the end replays what it did in
    a new one."""

    open: ClassVar[Open]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).open()
        self._begin()

    def _begin(self) -> None:
        self.steps = [Taken("", self.world.reset())]

    def _do(self, action: str) -> None:
        self.steps.append(Taken(action, self.world.step(action)))

    @property
    def seen(self) -> Observation:
        """The last observation."""
        return self.steps[-1].seen

    @precondition(lambda self: not self.seen.done)
    @rule(number=st.integers(0, 10_000))
    def act(self, number: int) -> None:
        actions = self.world.actions()
        self._do(actions[number % len(actions)])

    @precondition(lambda self: not self.seen.done)
    @rule(action=any_action())
    def type_anything(self, action: str) -> None:
        self._do(action)

    @precondition(lambda self: self.seen.done)
    @rule()
    def step_after_the_end(self) -> None:
        assert tuple(self.world.actions()) == (), "nothing is admissible after the end"
        try:
            self.world.step("look around")
        except WorldError:
            return
        raise AssertionError("a step after the end is an error")

    @rule()
    def start_over(self) -> None:
        self._begin()

    @invariant()
    def the_score_agrees_with_the_end(self) -> None:
        assert -100 <= self.seen.score <= 100
        if self.seen.score in (100, -100):
            assert self.seen.done

    def teardown(self) -> None:
        again = type(self).open()
        replayed(again, self.steps)
        self.world.close()
        again.close()


def machine(open: Open, *, examples: int = 10, steps: int = 12) -> type[RuleBasedStateMachine]:
    """A Hypothesis state machine that plays the world, see :class:`Play`; its ``TestCase`` is for
    pytest."""

    class OfThisWorld(Play):
        pass

    OfThisWorld.open = staticmethod(open)
    OfThisWorld.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return OfThisWorld
