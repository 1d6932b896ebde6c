"""The contract of a world as checks that any world can be held against; yours too.

>>> import pytest
>>> from worlds.conformance import CHECKS, machine
>>> @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
... def test_my_world_keeps_the_contract(check):
...     check(lambda: MyWorld("a task", 0))
>>> TestMyWorld = machine(lambda: MyWorld("a task", 0)).TestCase

Every check takes a function that opens a new world of one place, not yet reset, and raises
AssertionError with what is wrong. Needs hypothesis (extra ``test``).
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from worlds import Observation, World, WorldError

Open = Callable[[], World]
Told = tuple[str, str, float, bool]
"""An action and the observation's text, score and end."""


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
    mild = [each for each in actions if not each.startswith("focus")] or list(actions)
    return mild[(index * 37 + 11) % len(mild)]


def walk(world: World, count: int) -> list[Told]:
    """The reset and up to ``count`` admissible steps, fewer where the world ends."""
    seen = world.reset()
    told = [("", seen.text, seen.score, seen.done)]
    for index in range(count):
        if seen.done:
            break
        action = admissible(world, index)
        seen = world.step(action)
        told.append((action, seen.text, seen.score, seen.done))
    return told


def replayed(world: World, told: list[Told]) -> None:
    """The same actions give the same observations."""
    seen = world.reset()
    for place, (action, text, score, done) in enumerate(told):
        seen = world.step(action) if place else seen
        assert (seen.text, seen.score, seen.done) == (text, score, done), (
            f"step {place} ({action!r}) differs from the first time"
        )


def keeps_the_protocol(open: Open) -> None:
    world = open()
    assert isinstance(world, World)
    assert world.goal.strip(), "a world names its goal"
    world.close()


def is_deterministic(open: Open) -> None:
    """A second reset equals the first, a second world equals the first, and what is beside them
    does not matter."""
    world, beside, other = open(), open(), open()
    told = walk(world, 8)
    replayed(world, told)
    beside.reset()
    for each in (other, world):
        walk(beside, 3)
        replayed(each, told)
    for each in (world, beside, other):
        each.close()


def worlds_in_turn_do_not_touch(open: Open) -> None:
    told = walk(alone := open(), 6)
    turns = [open() for _ in range(3)]
    for each in turns:
        each.reset()
    for action, text, score, done in told[1:]:
        turns[1].step(action + " ")
        for each in (turns[0], turns[2]):
            seen = each.step(action)
            assert (seen.text, seen.score, seen.done) == (text, score, done), (
                f"{action!r} beside other worlds"
            )
        if done:
            break
        turns[1].reset()
    for each in (alone, *turns):
        each.close()


def looking_costs_nothing(open: Open) -> None:
    world = open()
    told = walk(world, 4)
    world.reset()
    for action, text, score, _ in told[1:]:
        assert world.actions() == world.actions()
        assert world.surroundings() == world.surroundings()
        seen = world.step(action)
        assert (seen.text, seen.score) == (text, score), "looking changed what an action does"
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
        max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(any_action())
    def answered(action: str) -> None:
        world.reset()
        seen = world.step(action)
        assert isinstance(seen.text, str) and len(seen.text) < 100_000
        assert -100 <= seen.score <= 100

    answered()
    world.close()


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
    closing_twice_is_closing_once,
)


def machine(open: Open, *, examples: int = 10, steps: int = 12) -> type[RuleBasedStateMachine]:
    """A Hypothesis state machine that plays the world in any order of steps, looks and resets, and
    in the end replays what it did in a new world; its ``TestCase`` is for pytest."""

    class Play(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = open()
            self._begin()

        def _begin(self) -> None:
            self.seen: Observation = self.world.reset()
            self.told: list[Told] = [("", self.seen.text, self.seen.score, self.seen.done)]

        def _do(self, action: str) -> None:
            self.seen = self.world.step(action)
            self.told.append((action, self.seen.text, self.seen.score, self.seen.done))

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
            other = open()
            replayed(other, self.told)
            for each in (self.world, other):
                each.close()

    Play.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return Play
