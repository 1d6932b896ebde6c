"""Notes are recalled a passage at a time: what fits the moment, with its reason, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.language import Language
from memory.links import folded
from memory.passages import BEGINNING, LONGEST, MOST, SHARED, WINDOW, retrieve, told
from memory.store.passages import ranked
from memory.strategies._trajectories import gainful
from memory.strategies.episodic import Episodic
from memory.strategies.reflexion import _by_rules
from memory.testing import steps, texts, trials
from memory.trials import Ending, Memory, Step, Trial
from tests.languages import CAUSAL, SCIENCE
from worlds import open_world

GOAL = "Your task is to boil water."
KITCHEN = "You see a stove, a metal pot and a sink."
EPISODE = (
    "An earlier trial that scored 60: open door; go to kitchen; pick up metal pot (score 20); "
    "use sink on metal pot; activate stove (score 60); go to hall; wait"
)
ACTIONS = ("open door", "go to kitchen", "pick up metal pot", "use sink on metal pot", "wait")


def says(notes, done=(), opening=KITCHEN, actions=ACTIONS, goal=GOAL):
    made = [Step(action, "Done.", 0.0) for action in done]
    return retrieve(notes, goal, opening, made, actions, Language())


def test_no_notes_and_no_actions_say_nothing() -> None:
    assert says(()) == () == says(("Boil the water.",), actions=())
    assert told(()) == ""


def test_the_sentence_that_fits_what_is_in_sight_is_told_with_its_reason() -> None:
    note = "Look in the garden for seeds. Put the metal pot on the stove. Then dance."
    (said,) = says((note,))
    assert said.text == "Put the metal pot on the stove."
    assert said.reason == "shares: metal, pot, stove"
    assert told([said]) == "Put the metal pot on the stove."


def test_what_shares_no_word_is_not_told() -> None:
    assert says(("Look in the garden for seeds.", "Then dance! You are in the.")) == ()
    assert says((EPISODE,), opening="Fog.", goal="Win.") == ()


@pytest.mark.parametrize(
    "warning",
    [
        "I did 'activate stove' and that was a mistake; I will use the pot.",
        "Never touch the stove.",
        "Don't use the metal pot.",
        "The trial failed at the sink.",
    ],
)
def test_a_warning_is_not_told(warning: str) -> None:
    assert says((warning,)) == ()
    assert [each.text for each in says((f"{warning} Use the sink.",))] == ["Use the sink."]


@pytest.mark.parametrize(
    ("done", "text"),
    [
        ((), "open door; go to kitchen; pick up metal pot (score 20)"),
        (("open door",), "go to kitchen; pick up metal pot (score 20); use sink on metal pot"),
        (("wait", "Go to the kitchen"), "pick up metal pot (score 20); use sink on metal pot; "),
        (("open door", "wait"), "go to kitchen; "),
    ],
)
def test_an_episode_tells_what_was_done_next(done, text: str) -> None:
    """After the last action, or where the episode does not know that, what is not done yet and
    fits best."""
    opening = "A door; behind it the kitchen." if done[1:] == ("wait",) else KITCHEN + " A door."
    (said,) = says((EPISODE,), done, opening)
    assert said.text.startswith(text)
    follows = bool(done) and done[-1] != "wait"
    assert said.reason.startswith(f"done after: {folded(done[-1])}; " if follows else "shares: ")


def test_the_longest_run_of_last_actions_says_where_an_episode_stands() -> None:
    note = (
        "An earlier trial that scored 9: wait; open door; go to hall; wait; open door; "
        "go to kitchen (score 9)"
    )
    actions = ("wait", "open door", "go to hall", "go to kitchen")
    for done, first in (
        (("wait", "open door"), "go to hall"),
        (("wait", "open door", "go to hall", "wait", "open door"), "go to kitchen"),
        (("go to hall", "wait", "open door"), "go to kitchen"),
    ):
        (said,) = says((note,), done, actions=actions, goal="go to the hall or the kitchen")
        assert said.text.split(";")[0].removesuffix(" (score 9)") == first


def test_what_an_episode_tells_after_its_last_gain_is_not_told() -> None:
    assert gainful(EPISODE)[-1] == "activate stove (score 60)"
    assert gainful("An earlier trial that scored 0: open door; wait") == ()
    assert gainful("Open the door; wait (score 20)") is None
    lost = "An earlier trial that scored -100, where the last action was a mistake: open door; "
    assert gainful(f"{lost}wait (score 5); focus on pot (score -100)") == (
        "open door",
        "wait (score 5)",
    )
    assert says((EPISODE,), ("use sink on metal pot",), actions=("go to hall", "wait")) == ()


def test_what_is_not_admissible_is_not_told() -> None:
    assert says((EPISODE,), ("open door",), actions=("wait", "pick up metal pot"))[0].text == (
        "pick up metal pot (score 20); use sink on metal pot; activate stove (score 60)"
    )
    assert says((EPISODE,), ("open door",), actions=("wait",)) == ()


def test_the_actions_that_a_reflection_lists_are_told_like_an_episode() -> None:
    note = "These actions helped and I will do them again: open door; pick up metal pot; wait."
    (said,) = says((note,), ("open door",))
    assert said.text == "pick up metal pot; wait"


def test_of_equals_the_newest_note_is_told_first_and_three_at_most() -> None:
    notes = [f"Use the stove {mark}." for mark in ("!a", "!b", "!c", "!d")]
    assert [each.text for each in says(notes)] == [*reversed(notes)][:MOST]
    assert len(says(notes * 2)) == MOST


def test_the_order_of_notes_that_differ_in_worth_does_not_matter() -> None:
    notes = ["Use the stove.", "Use the metal pot and the stove to boil water.", "Use seeds."]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        (said,) = says([notes[number] for number in order])
        assert said.text == notes[1]


def test_words_of_a_query_are_no_operators() -> None:
    hostile = [
        '"',
        '"" OR "',
        "pot*",
        "NEAR(a b)",
        "text:pot",
        "-pot",
        "a\x00b",
        "\ud800",
        "^a",
        "",
    ]
    texts = ["a metal pot", "b NEAR a", "NOT AND OR"]
    assert ranked(texts, ["pot"]).keys() == {0}
    assert ranked(texts, ["NOT"]).keys() == {2}
    assert ranked(texts, hostile).keys() <= {0, 1, 2}
    assert ranked(texts, []) == {} == ranked([], ["pot"])
    assert ranked(["pot"], [f"word{n}" for n in range(5000)] + ["pot"]).keys() == {0}


notes_of = st.lists(
    st.one_of(
        texts(),
        st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=6).map(
            lambda done: f"An earlier trial that scored 5: {'; '.join(done)} (score 5)"
        ),
        st.sampled_from(
            [EPISODE, "Use the stove. Open the door! AND NOT the pot", "a: b; c; \x00"]
        ),
    ),
    max_size=5,
)
known_steps = st.builds(Step, st.sampled_from(ACTIONS), texts(), st.just(0.0))
done_so_far = st.lists(st.one_of(steps(), known_steps), max_size=5)


@settings(max_examples=80, deadline=None)
@given(
    notes_of,
    st.one_of(texts(), st.just(GOAL)),
    st.one_of(texts(), st.just(KITCHEN)),
    done_so_far,
    st.lists(st.one_of(texts(30), st.sampled_from(ACTIONS)), max_size=6),
    st.sampled_from([Language(), CAUSAL, SCIENCE]),
)
def test_retrieval_is_deterministic_bounded_and_says_why(
    notes, goal, opening, done, actions, language
) -> None:
    found = retrieve(notes, goal, opening, done, actions, language)
    assert found == retrieve(notes, goal, opening, done, actions, language)
    assert len(found) <= MOST and len({each.text for each in found}) == len(found)
    everything = " ".join(" ".join(notes).split())
    for each in found:
        assert each.text.removesuffix(" …") in everything and len(each.text) <= LONGEST + 2
        shared = each.reason.rpartition("shares: ")[2].split(", ")
        assert all(shared) and len(shared) <= SHARED
        assert each.text.count("; ") < WINDOW or "An earlier trial" not in everything
    assert "\n" not in told(found) and folded(BEGINNING) != BEGINNING


@settings(max_examples=30, deadline=None)
@given(st.lists(trials(), max_size=3))
def test_what_strategies_keep_can_be_retrieved(seen) -> None:
    """Whatever a trial holds, the notes that are made of it are read without an error."""
    strategy, memory = Episodic(2), Memory()
    for trial in seen:
        revision = strategy.revise(memory, [trial], len)
        with pytest.raises(StopIteration) as stop:
            next(revision)
        memory = stop.value.value.memory
        reflection = _by_rules(trial, SCIENCE)
        actions = [step.action for step in trial.steps]
        for notes in (memory.notes, (reflection,)):
            found = retrieve(notes, trial.goal, trial.opening, trial.steps[:1], actions, SCIENCE)
            assert len(found) <= MOST


def points(world, notes: tuple[str, ...]) -> float:
    """The score of who does what the passage begins with, and otherwise the first action."""
    opening, made = world.reset().text, []
    while len(made) < 40:
        actions = world.actions()
        said = retrieve(notes, world.goal, opening, made, actions, CAUSAL)
        first = said[0].text.split(";")[0].partition(" (score")[0] if said else ""
        action = first if first in actions else actions[0]
        seen = world.step(action)
        made.append(Step(action, seen.text, seen.score))
        if seen.done:
            break
    return made[-1].score


@pytest.mark.parametrize("task", ["repair", "make", "deliver"])
def test_an_episode_leads_through_its_place_again(task: str) -> None:
    world = open_world("causal", task, 3, rules=5)
    opening, made = world.reset().text, []
    for action in world.plan():
        seen = world.step(action)
        made.append(Step(action, seen.text, seen.score))
    trial = Trial(0, world.goal, opening, tuple(made), Ending.WON)
    with pytest.raises(StopIteration) as stop:
        next(Episodic(2).revise(Memory(), [trial], len))
    notes = stop.value.value.memory.notes
    assert points(world, notes) == 100 and points(world, ()) == 0
