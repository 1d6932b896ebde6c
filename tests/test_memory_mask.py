"""What the memory is sure does not help is not offered; all else is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL

from clin.defaults import chosen_exploration
from clin.exploration.memory_mask import MemoryMask
from clin.llms import ModelCard
from clin.options import Exploration
from memory.links import Hedge, Link, Relation, joined, parse
from worlds import open_world


def links(
    actions: list[str], hedge: Hedge, relation: Relation = Relation.NOT_CONTRIBUTE
) -> list[Link]:
    return [Link(action, hedge, relation, "the task") for action in actions]


@settings(max_examples=25)
@given(data=st.data())
def test_only_sure_warnings_of_what_is_no_way_are_heeded(data: st.DataObject) -> None:
    plain = open_world("causal", "repair", 203, rules=901)
    plain.reset()
    some = st.lists(st.sampled_from(list(plain.actions())), unique=True, max_size=6)
    sure, unsure, good = data.draw(some), data.draw(some), data.draw(some)
    memory = [
        *links(sure, Hedge.SHOULD),
        *links(unsure, Hedge.MAY),
        *links(good, Hedge.SHOULD, Relation.NECESSARY),
    ]
    world = MemoryMask(open_world("causal", "repair", 203, rules=901), CAUSAL, memory)
    assert world.reset() == plain.reset()
    changed: set[str] = set()
    for _ in range(20):
        offered, every = list(world.actions()), list(plain.actions())
        left = [
            each
            for each in every
            if each not in sure or CAUSAL.is_move(each) or CAUSAL.tried_on(each) in changed
        ]
        assert offered == (left or every)
        action = data.draw(st.sampled_from(every))
        seen = world.step(action)
        assert seen == plain.step(action)
        if CAUSAL.tried_on(action) and not CAUSAL.came_to_nothing(action, seen.text):
            changed.add(CAUSAL.tried_on(action))
        if seen.done:
            return


@settings(max_examples=25)
@given(data=st.data())
def test_a_joint_denial_withholds_what_would_complete_it(data: st.DataObject) -> None:
    plain = open_world("causal", "repair", 203, rules=901)
    plain.reset()
    every = [each for each in plain.actions() if not CAUSAL.tried_on(each)]
    parts = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=2, max_size=3))
    memory = links([joined(parts)], data.draw(st.sampled_from(Hedge)))
    world = MemoryMask(open_world("causal", "repair", 203, rules=901), CAUSAL, memory)
    world.reset()
    done: set[str] = set()
    for _ in range(12):
        offered, every = list(world.actions()), list(plain.actions())
        heeded = memory[0].hedge is Hedge.SHOULD
        completing = [each for each in parts if heeded and {*parts} - {each} <= done]
        left = [each for each in every if each not in completing or CAUSAL.is_move(each)]
        assert offered == (left or every)
        action = data.draw(st.sampled_from([each for each in parts if each in every] or every))
        seen = world.step(action)
        assert seen == plain.step(action)
        if not CAUSAL.came_to_nothing(action, seen.text):
            done.add(action)
        if seen.done:
            return
    world.reset()
    assert not [each for each in parts if each in plain.actions() and each not in world.actions()]


def test_what_failed_on_a_thing_is_offered_again_when_the_thing_has_changed() -> None:
    class Bench:
        goal = "start the mill"

        def reset(self):
            from worlds import Observation

            return Observation("a mill", 0.0, False)

        def step(self, action):
            from worlds import Observation

            return Observation(
                "The mill is mended." if "saw" in action else "Nothing happens.", 0.0, False
            )

        def surroundings(self):
            return "a mill"

        def actions(self):
            return ["use flint on mill", "use saw on mill"]

        def close(self):
            pass

    world = MemoryMask(
        Bench(), CAUSAL, [parse("use flint on mill DOES NOT CONTRIBUTE to the task")]
    )
    world.reset()
    assert list(world.actions()) == ["use saw on mill"]
    world.step("use flint on mill")  # nothing happens
    assert list(world.actions()) == ["use saw on mill"]
    world.step("use saw on mill")
    assert list(world.actions()) == ["use flint on mill", "use saw on mill"]


def test_models_that_think_decide_for_themselves() -> None:
    small, large = ModelCard("small", prompt="compact-2"), ModelCard("large")

    def mask(asked: bool | None, card: ModelCard) -> bool | None:
        return chosen_exploration(Exploration(memory_mask=asked), card, "clin").memory_mask

    assert mask(None, small) is True and mask(None, large) is False
    assert mask(False, small) is False and mask(True, large) is True
