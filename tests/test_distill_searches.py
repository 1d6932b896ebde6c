"""Searches that a model imitates: they use what was seen and what the memory says, and nothing is
tried twice in vain."""

from __future__ import annotations

import itertools
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL

from clin.distill.astray import Astray
from clin.distill.collect import of_place
from clin.distill.lineages import lineages
from clin.distill.mix import Bank, Mixer
from clin.distill.places import Place
from clin.distill.playing import Walk
from clin.llms.open import open_model
from memory.links import parse
from worlds import open_world
from worlds.causal.search import Search, search
from worlds.experts import expert

TASKS = ("make", "repair", "grow", "deliver")


def searched(
    task: str, variation: int, rules: int, fails: set[str] | None = None, slip: float = 0.0
) -> Walk:
    world = open_world("causal", task, variation, rules=rules)
    world.reset()
    place = Place.of("causal", task, variation, {"rules": rules})
    walk = Walk.of(world, place, Random(variation))
    search(walk, world.plan(), (), fails or set(), budget=80, slip=slip)
    return walk


@pytest.mark.parametrize("task", TASKS[1:])
def test_a_search_hardly_ever_needs_knowledge_of_places_keys_and_tools(task: str) -> None:
    walks = [searched(task, variation, rules=7 * variation) for variation in range(20)]
    assert sum(walk.steps[-1].score == 100 for walk in walks) >= 18


@settings(max_examples=15)
@given(task=st.sampled_from(TASKS), variation=st.integers(0, 99), rules=st.integers(0, 799))
def test_no_key_is_tried_twice_on_a_door(task: str, variation: int, rules: int) -> None:
    walk = searched(task, variation, rules)
    vain = [
        step.action
        for step in walk.steps
        if CAUSAL.did_not_fit(step.action, step.observation) and step.action.startswith("unlock")
    ]
    assert len(vain) == len(set(vain))


def test_of_what_is_known_to_help_the_memorys_first_is_tried() -> None:
    class Hall:
        def actions(self) -> tuple[str, ...]:
            return ("use hammer on kiln", "use lever on kiln", "use tongs on kiln")

        def surroundings(self) -> str:
            return "This room is called the hall. In it, you see: \n\ta kiln (that is broken)\n"

    walk = SimpleNamespace(world=Hall(), random=Random(0))
    deeds = ("use hammer on kiln", "use lever on kiln", "use tongs on kiln")
    for first in deeds:
        helps = [(deed, "make progress") for deed in (first, *deeds)]
        assert Search(walk, deeds, helps, ()).next() == first


@settings(max_examples=10)
@given(
    task=st.sampled_from(TASKS),
    variation=st.integers(0, 99),
    rules=st.integers(0, 799),
    slip=st.sampled_from([0.3, 0.6]),
)
def test_slips_are_played_and_not_imitated(
    task: str, variation: int, rules: int, slip: float
) -> None:
    walk = searched(task, variation, rules, slip=slip)
    assert any(not step.right for step in walk.steps) or len(walk.steps) < 20
    assert all(
        step.right for step in walk.steps if step.action.startswith(("pick up", "move", "activate"))
    )


@settings(max_examples=10)
@given(variation=st.integers(0, 99), rules=st.integers(0, 799))
def test_what_the_memory_says_failed_is_not_tried(variation: int, rules: int) -> None:
    before = searched("repair", variation, rules)
    vain = {
        step.action for step in before.steps if CAUSAL.did_not_fit(step.action, step.observation)
    }
    after = searched("repair", variation, rules, vain)
    assert not vain & {step.action for step in after.steps}


def test_a_lineage_remembers_what_its_trials_showed() -> None:
    place = Place.of("causal", "make", 3, {"rules": 5})
    world = open_world("causal", "make", 3, rules=5)
    found = list(lineages(world, place, world.plan(), Random(0)))
    assert {each.kind for each in found} == {"search", "informed"}
    for before, after in itertools.pairwise(found):
        if after.kind == "informed":
            shown = " ".join(
                f"{step.action} {step.observation}" for each in found for step in each.steps
            )
            assert after.memory and all(
                parse(line).cause in shown or parse(line).cause.startswith("go to ")
                for line in after.memory
            )
            assert before.kind == "search" or before.memory
        else:
            assert not after.memory
    assert all(each.score <= 100 for each in found)


def test_the_coin_is_found_without_strolling() -> None:
    for variation in range(4):
        world = open_world("textworldexpress", "coin", variation)
        world.reset()
        path = expert("textworldexpress", "coin", variation)[-1]
        [first, *_] = list(
            lineages(world, Place.of("textworldexpress", "coin", variation, {}), path, Random(1))
        )
        assert first.kind == "search" and (first.score == 100 or len(first.steps) >= 15)
        world.close()


@pytest.mark.parametrize("game", ["coin", "cookingworld", "twc", "mapreader"])
def test_an_expert_path_without_its_strolls_reaches_the_goal_or_is_followed_by_one_that_does(
    game: str,
) -> None:
    place = Place.of("textworldexpress", game, 3, {})
    [best, *_] = of_place(place, 0, 0)
    paths = expert("textworldexpress", game, 3)
    assert best.score == 100
    assert len(paths[0]) <= len(paths[-1])  # the simulator's own path differs from load to load


def test_a_searched_place_is_mostly_learned_from_its_searches() -> None:
    place = Place.of("causal", "make", 3, {"rules": 5})
    bank = Bank.of([list(of_place(place, 2, 0))])
    searches = {
        each.memory
        for episodes in bank.tasks[("causal", "make")]
        for each in episodes
        if each.kind == "informed"
    }
    shares = {"own": 1.0}
    drawn = [Mixer(bank, shares).draw(Random(number)) for number in range(60)]
    told = [
        sample for sample in drawn if any(len(sample.memory) == len(memory) for memory in searches)
    ]
    assert len(told) > 30


def test_a_model_that_leads_a_search_astray_is_not_imitated_and_the_search_goes_on() -> None:
    place = Place.of("causal", "repair", 3, {"rules": 5})
    world = open_world("causal", "repair", 3, rules=5)
    path = min(expert("causal", "repair", 3, rules=5), key=len)
    llm = open_model("bundled", threads=1)
    try:
        world.reset()
        walk = Walk.of(world, place, Random(1))
        lost = Astray(llm, CAUSAL, world.goal, ())
        search(walk, path, (), (), budget=40, slip=0.3, astray=lost)
        strayed = [step for step in walk.steps if not step.right]
        assert strayed and [step for step in walk.steps if step.right]
        assert any(
            after.right
            for before, after in zip(walk.steps, walk.steps[1:], strict=False)
            if not before.right
        )
        found = list(lineages(world, place, path, Random(0), llm))
        assert {"search", "informed"} >= {each.kind for each in found} and found
    finally:
        llm.close()
        world.close()
