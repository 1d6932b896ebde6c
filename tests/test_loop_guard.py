"""Going round in circles: an action is not offered for ever in one situation, and nothing else
changes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL, EXPRESS

from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_exploration
from clin.exploration.loop_guard import LoopGuard
from clin.llms import ModelCard
from clin.options import NO_EXPLORATION, Exploration
from worlds import Observation, open_world


def circling(most: int = 3) -> LoopGuard:
    return LoopGuard(open_world("causal", "repair", 203, rules=901), CAUSAL, most)


@settings(max_examples=20)
@given(data=st.data(), most=st.integers(1, 4))
def test_no_action_is_offered_more_often_than_that_in_one_situation(
    data: st.DataObject, most: int
) -> None:
    world, plain = circling(most), open_world("causal", "repair", 203, rules=901)
    assert world.reset() == plain.reset()
    done: dict[tuple[str, str], int] = {}
    vain: set[str] = set()
    refused: set[str] = set()
    for _ in range(40):
        offered, every = world.actions(), plain.actions()
        situation = plain.surroundings()
        left = [
            each
            for each in every
            if CAUSAL.passes_time(each)
            or (each not in vain | refused and done.get((situation, each), 0) < most)
        ]
        assert list(offered) == left and "wait" in offered
        action = data.draw(st.sampled_from(list(offered)))
        done[situation, action] = done.get((situation, action), 0) + 1
        seen = world.step(action)
        assert seen == plain.step(action)
        if CAUSAL.is_refused(seen.text):
            refused.add(action)
        elif CAUSAL.came_to_nothing(action, seen.text):
            vain.add(action)
        else:
            refused = refused if CAUSAL.is_look(action) else set()
            vain = set() if CAUSAL.alters(action) else vain
        if seen.done or seen.score:  # the score is part of a situation
            return


def test_a_circle_of_rooms_is_left_after_some_rounds() -> None:
    world = circling(2)
    world.reset()
    ways = [each for each in world.actions() if each.startswith("go to ")]
    went = []
    for _ in range(8):
        action = next((each for each in world.actions() if each.startswith("go to ")), "wait")
        went.append(action)
        world.step(action)
    assert max(went.count(each) for each in went if each != "wait") <= 2 * max(1, len(ways))
    world.reset()
    assert [each for each in world.actions() if each.startswith("go to ")] == ways


def test_what_is_done_anyway_is_done_and_all_is_offered_where_nothing_else_is_left() -> None:
    class Wheel:
        goal = "turn"

        def reset(self) -> Observation:
            return Observation("a wheel", 0.0, False)

        def step(self, action: str) -> Observation:
            return self.reset()

        def surroundings(self) -> str:
            return "a wheel"

        def actions(self) -> tuple[str, ...]:
            return ("turn",)

        def close(self) -> None:
            pass

    world = LoopGuard(Wheel(), CAUSAL, 1)
    world.reset()
    for _ in range(3):
        assert world.step("turn").text == "a wheel"
    assert list(world.actions()) == ["turn"]


def test_models_that_think_are_not_bounded_and_old_runs_stay_as_they_were() -> None:
    small, large = ModelCard("a", prompt="compact-2"), ModelCard("a")
    assert chosen_exploration(Exploration(), small, "clin").repeats == 2
    assert chosen_exploration(Exploration(), large, "clin").repeats == 0
    assert chosen_exploration(Exploration(repeats=5), large, "clin").repeats == 5
    stored = RunConfig(task="x", variation=0, model=ModelInfo(reference="bundled"))
    assert stored.exploration == NO_EXPLORATION and stored.exploration.repeats == 0


def test_what_was_refused_here_is_offered_again_once_something_was_done() -> None:
    class Hall:
        goal = "leave"
        open = False

        def reset(self):
            from worlds import Observation

            return Observation("a door", 0.0, False)

        def step(self, action):
            from worlds import Observation

            self.open |= action == "open door"
            done = {"open door": "It opens.", "look around": "a door"}.get(
                action, "You go." if self.open else "You can't go there."
            )
            return Observation(done, 0.0, False)

        def surroundings(self):
            return "a door"

        def actions(self):
            return ["look around", "move north", "open door"]

        def close(self):
            pass

    world = LoopGuard(Hall(), EXPRESS, 5)
    world.reset()
    world.step("move north")
    world.step("look around")
    assert "move north" not in world.actions()
    world.step("open door")
    assert "move north" in world.actions()
