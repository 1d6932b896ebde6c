"""What makes an action possible is learned from what was admissible when, and closes the chains of
a memory."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.evidence.preconditions import MOST, Preconditions
from memory.language import Language
from memory.links import Hedge, Relation, folded, parse
from memory.rules import links
from memory.strategies import Episode, Revision, open_strategy
from memory.testing import trials
from memory.trials import Ending, Memory, Step, Trial
from tests.languages import CAUSAL, SCIENCE
from worlds import open_world

ROOM = "This room is called the {}. In it, you see: \n\tthe agent\n"
HALL, YARD = ROOM.format("hall"), ROOM.format("yard")


def trial(*moments: tuple[str, str, float, str], opening: str = HALL, number: int = 0) -> Trial:
    """A trial of (admissible actions with commas, action, score, observation) per step."""
    steps = tuple(Step(action, seen, score) for _, action, score, seen in moments)
    offered = tuple(frozenset(every.split(", ")) for every, *_ in moments)
    return Trial(number, "Open the chest.", opening, steps, Ending.BUDGET, admissible=offered)


def said(known: Preconditions, *about: str) -> set[str]:
    return {str(link) for link in known.closing([parse(text) for text in about])}


UNLOCK = "unlock chest with iron key SHOULD BE NECESSARY to make progress"
FETCHED = trial(
    ("pick up iron key, go to yard", "pick up iron key", 0.0, "You take the iron key."),
    ("go to yard", "go to yard", 0.0, f"You walk to the yard.\n{YARD}"),
    ("unlock chest with iron key, go to hall", "unlock chest with iron key", 10.0, "Click."),
)
EMPTY_HANDED = trial(
    ("pick up iron key, go to yard", "go to yard", 0.0, f"You walk to the yard.\n{YARD}"),
    ("go to hall", "go to hall", 0.0, f"You walk to the hall.\n{HALL}"),
    number=1,
)


def test_what_an_action_needs_closes_its_chain() -> None:
    take = "pick up iron key {} BE NECESSARY to unlock chest with iron key"
    way = "go to yard SHOULD BE NECESSARY to unlock chest with iron key"
    once = Preconditions(CAUSAL, [FETCHED])
    assert said(once, UNLOCK) >= {take.format("MAY"), way}
    both = Preconditions(CAUSAL, [FETCHED, EMPTY_HANDED])  # in the yard without it: not admissible
    assert said(both, UNLOCK) >= {take.format("SHOULD"), way}


@pytest.mark.parametrize("verb", ["go", "teleport"])
def test_a_place_that_one_jumps_to_needs_no_way(verb: str) -> None:
    """It is not offered where one is already, and that says nothing of the way there."""
    to_yard, to_hall = f"{verb} to yard", f"{verb} to hall"
    walked = trial(
        (to_yard, to_yard, 0.0, f"You are in the yard.\n{YARD}"),
        (to_hall, to_hall, 5.0, f"You are in the hall.\n{HALL}"),
    )
    ways = said(Preconditions(SCIENCE, [walked]), f"{to_hall} MAY BE NECESSARY to make progress")
    assert bool(ways) is not SCIENCE.is_jump(to_hall)
    assert SCIENCE.is_jump(to_hall) is (verb == "teleport")


def test_what_is_said_is_not_said_again_and_what_is_no_action_needs_nothing() -> None:
    take = "pick up iron key SHOULD BE NECESSARY to unlock chest with iron key"
    known = Preconditions(CAUSAL, [FETCHED, EMPTY_HANDED])
    assert take not in said(known, UNLOCK, take) and known.derives(parse(take))
    assert not known.derives(parse(UNLOCK))
    assert said(known, "sing DOES NOT CONTRIBUTE to the task", "wait SHOULD CONTRIBUTE to win") == (
        set()
    )


def test_what_was_possible_without_a_deed_does_not_need_it() -> None:
    free = trial(("unlock chest with iron key", "look around", 0.0, YARD), opening=YARD)
    known = Preconditions(CAUSAL, [FETCHED, free])
    assert not any("pick up iron key" in line for line in said(known, UNLOCK))


def test_what_gains_needs_what_was_done_to_the_same_thing_before() -> None:
    actions = "move resin to mill, activate mill"
    made = trial(
        (actions, "activate mill", 0.0, "The mill is empty, and rattles."),
        (actions, "move resin to mill", 0.0, "You lay the resin in the mill."),
        (actions, "activate mill", 20.0, "Out of the mill comes varnish."),
    )
    lines = said(Preconditions(CAUSAL, [made]), "activate mill SHOULD CONTRIBUTE to make progress")
    assert "move resin to mill SHOULD BE NECESSARY to activate mill" in lines


def test_a_trial_that_was_stored_without_what_was_admissible_says_nothing() -> None:
    bare = Trial(0, "", HALL, FETCHED.steps, Ending.BUDGET)
    assert said(Preconditions(CAUSAL, [bare]), UNLOCK) == set()


@settings(max_examples=50, deadline=None)
@given(st.lists(trials(), max_size=4), st.sampled_from([Language(), CAUSAL]))
def test_nothing_is_needed_that_an_admissible_action_was_without(seen, language) -> None:
    """Whatever the world is: what is said to be needed had been done in every state that admitted
    the action, or each time that it gained."""
    known = Preconditions(language, seen)
    for action in {folded(each) for one in seen for some in one.admissible for each in some or ()}:
        for deed in known.needs(action).deeds:
            states = [state for state in known._states if action in state.admissible]
            gains = known._gains[action]
            possible = all(deed in state.done for state in states)
            assert states and (possible or all(deed in gain.done for gain in gains))
    about = [parse(f"{text} SHOULD CONTRIBUTE to make progress") for text in ("wait", "go to yard")]
    closing = known.closing(about)
    assert len(closing) <= MOST and len(set(closing)) == len(closing)
    assert all(link.relation is not Relation.NOT_CONTRIBUTE for link in closing)


deeds = [f"turn knob {letter}" for letter in "abcdef"]


@st.composite
def machines(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """Knobs, each of which can be turned when the knobs that it needs have been: no circles."""
    return {
        name: frozenset(draw(st.sets(st.sampled_from(deeds[:place]), max_size=2)) if place else ())
        for place, name in enumerate(deeds)
    }


def turned(needs: dict[str, frozenset[str]], order: list[str], number: int) -> Trial:
    done: list[str] = []
    moments = []
    for name in order:
        able = frozenset(each for each in deeds if needs[each] <= set(done))
        if name in able:
            moments.append((", ".join(sorted(able)), name, 0.0, "It turns."))
            done.append(name)
    return trial(*moments, ("look around", "look around", 0.0, HALL), number=number)


@settings(max_examples=60, deadline=None)
@given(machines(), st.lists(st.permutations(deeds), min_size=1, max_size=6))
def test_conjunctive_needs_of_a_made_up_machine_are_never_missed_where_they_were_tested(
    machine, orders
) -> None:
    """What really makes an action possible is among its needs as soon as it was seen to become
    possible by that deed."""
    seen = [turned(machine, list(order), number) for number, order in enumerate(orders)]
    known = Preconditions(Language(), seen)
    for one in seen:
        for at in range(1, len(one.steps) - 1):
            before, after = one.admissible[at - 1 : at + 1]
            assert before is not None and after is not None
            for action in after - before:
                deed = one.steps[at - 1].action
                assert deed in machine[action]
                assert folded(deed) in known.needs(folded(action)).deeds


def test_a_strategy_closes_the_chains_of_its_memory_and_piles_nothing_up() -> None:
    world = open_world("causal", "make", 100)
    opening, steps, offered = world.reset().text, [], []
    for action in world.plan():
        offered.append(frozenset(world.actions()))
        seen = world.step(action)
        steps.append(Step(action, seen.text, seen.score))
    shown = Trial(0, world.goal, opening, tuple(steps), Ending.WON, admissible=tuple(offered))
    again = Trial(1, world.goal, opening, tuple(steps), Ending.WON, admissible=tuple(offered))
    for name in ("clin", "evidence"):
        strategy = open_strategy(name, CAUSAL, writer="rules", chains=True)
        first = _revised(strategy, Memory(), [shown])
        second = _revised(strategy, first, [shown, again])
        bare = _revised(open_strategy(name, CAUSAL, writer="rules"), Memory(), [shown])
        take = "pick up bone key SHOULD BE NECESSARY to unlock blue door with bone key"
        assert take in map(str, first.links) and take not in map(str, bare.links)
        assert {link.claim for link in second.links} == {link.claim for link in first.links}
        assert all(link.hedge is Hedge.SHOULD for link in second.links if str(link) == take)
        assert strategy.recall(second, world.goal).links == second.links


def _revised(strategy, memory: Memory, seen: list[Trial]) -> Memory:
    return _ended(strategy.revise(memory, seen, lambda text: len(text.split())))


def _ended(revision: Revision) -> Memory:
    """The memory of a writer that asks nothing."""
    with pytest.raises(StopIteration) as stop:
        next(revision)
    return stop.value.value.memory


def test_the_whole_recipe_is_kept_only_where_it_is_asked_for() -> None:
    world = open_world("causal", "compose-4", 100)
    opening, steps = world.reset().text, []
    for action in world.plan():
        seen = world.step(action)
        steps.append(Step(action, seen.text, seen.score))
    shown = Trial(0, world.goal, opening, tuple(steps), Ending.WON)
    assert len(links([shown], CAUSAL)) <= 12 < len(links([shown], CAUSAL, whole=True))


@pytest.mark.parametrize("name", ["clin", "evidence"])
def test_what_closed_a_chain_in_one_place_is_not_carried_to_the_next(name: str) -> None:
    """Things lie elsewhere there."""
    past = [_by_chance(name, variation) for variation in (200, 201, 202)]
    strategy = open_strategy(name, CAUSAL, writer="rules", chains=True)
    carried = _ended(strategy.generalise(past, past[0].trials[0].goal, "gen-env", len))
    claims = {link.claim for link in carried.links}
    everywhere = Preconditions(CAUSAL, [trial for each in past for trial in each.trials])
    held = 0
    for episode in past:
        known = Preconditions(CAUSAL, episode.trials)
        here = [link for link in episode.memories[-1].links if known.derives(link)]
        held += len(here)
        assert all(everywhere.derives(link) for link in here if link.claim in claims)
        ways = [link for link in carried.links if CAUSAL.is_move(link.cause)]
        assert all(known.leads_there(link) for link in ways if everywhere.derives(link))
    assert held  # there was something to carry


def _by_chance(name: str, variation: int) -> Episode:
    """Two trials of chance in a place of ``causal``, and the memory after each."""
    world, draw = open_world("causal", "deliver", variation), random.Random(variation)
    strategy = open_strategy(name, CAUSAL, writer="rules", chains=True)
    memory, made, kept = Memory(), [], []
    for number in range(2):
        opening, steps, offered = world.reset().text, [], []
        for _ in range(150):
            offered.append(frozenset(world.actions()))
            action = draw.choice(sorted(offered[-1]))
            seen = world.step(action)
            steps.append(Step(action, seen.text, seen.score))
            if seen.done:
                break
        ending = Ending.WON if steps[-1].score >= 100 else Ending.BUDGET
        made.append(
            Trial(number, world.goal, opening, tuple(steps), ending, admissible=tuple(offered))
        )
        memory = _revised(strategy, memory, made)
        kept.append(memory)
    world.close()
    return Episode("causal", "deliver", variation, tuple(made), tuple(kept))
