"""What several runs show together, with slots where their goals differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given
from hypothesis import strategies as st

from memory.across import Played, across
from memory.evidence.ledger import Ledger
from memory.evidence.tally import Tally
from memory.language import Language
from memory.links import parse
from memory.slots import Slots, SlotsError
from memory.trials import Ending, Memory, Step, Trial

PLAIN = Language()
GOAL = "Your task is to boil {}. First, focus on it. Then, move it to the {} box in the {}."
THINGS = ("lead", "soap", "unknown substance B", "ice cream")
COLOURS = ("red", "green", "blue")
ROOMS = ("kitchen", "art studio", "hall")
fillings = st.tuples(st.sampled_from(THINGS), st.sampled_from(COLOURS), st.sampled_from(ROOMS))
phrases = st.lists(
    st.sampled_from((*THINGS, *COLOURS, *ROOMS, "move", "leaden", "to", "box", "redden")),
    min_size=1,
    max_size=6,
).map(" ".join)


def trial(number: int, goal: str, *steps: tuple[str, float]) -> Trial:
    done = tuple(Step(action, "done", score) for action, score in steps)
    ending = Ending.WON if steps[-1][1] >= 100 else Ending.BUDGET
    return Trial(number, goal, "A room.", done, ending)


def boiled(thing: str, *lines: str, won: bool = True) -> Played:
    """Who heats ``thing`` on a stove gains, and whose memory says these ``lines``."""
    goal = f"Boil {thing}."
    steps = [("open window", 0.0), (f"move {thing} to stove", 50.0)]
    trials = [trial(0, goal, *steps, *([("light stove", 100.0)] if won else []))]
    return Played(trials, Memory(tuple(map(parse, lines))))


# --- slots


def test_what_differs_in_the_goals_is_a_slot() -> None:
    slots = Slots.of(
        [
            GOAL.format("lead", "red", "hall"),
            GOAL.format("ice cream", "red", "kitchen"),
            GOAL.format("soap", "green", "hall"),
        ]
    ).slots
    assert [(slot.name, slot.values) for slot in slots] == [
        ("THING A", ("lead", "ice cream", "soap")),
        ("THING B", ("red", "red", "green")),
        ("THING C", ("hall", "kitchen", "hall")),
    ]


@given(st.lists(fillings, min_size=2, max_size=4), phrases, st.data())
def test_lifted_and_said_in_the_same_place_again_it_is_what_it_was(
    filled: Sequence[tuple[str, str, str]], phrase: str, data: st.DataObject
) -> None:
    slots = Slots.of([GOAL.format(*each) for each in filled])
    place = data.draw(st.integers(0, len(filled) - 1))
    assert slots.instance(slots.lifted(phrase, place), place).lower() == phrase.lower()


@given(st.lists(fillings, min_size=2, max_size=4))
def test_the_goals_themselves_are_one_in_slots(filled: Sequence[tuple[str, str, str]]) -> None:
    goals = [GOAL.format(*each) for each in filled]
    slots = Slots.of(goals)
    assert len({slots.lifted(goal, place) for place, goal in enumerate(goals)}) == 1


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4), st.text(max_size=60))
def test_any_goals_have_slots_or_are_refused_in_one_line(goals: Sequence[str], text: str) -> None:
    try:
        slots = Slots.of(goals)
    except SlotsError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(slots.instance(slots.lifted(text, 0), 0), str)


def test_goals_of_two_forms_have_no_slots() -> None:
    with pytest.raises(SlotsError, match="different forms"):
        Slots.of(["Boil lead.", "Write a long letter to the queen of the bees."])


# --- over runs


def test_a_link_is_counted_over_all_runs_whatever_the_thing_is() -> None:
    found = across(
        [
            boiled("lead", "move lead to stove SHOULD BE NECESSARY to make progress"),
            boiled("soap", "move soap to stove SHOULD BE NECESSARY to make progress"),
            boiled("wax"),
        ],
        PLAIN,
    )
    [held] = found.held
    assert str(held.link) == "move THING A to stove SHOULD BE NECESSARY to make progress"
    assert held.tally == Tally(together=3)
    assert held.runs == (0, 1, 2)


def test_what_held_in_one_run_alone_may_be_so() -> None:
    line = "light stove SHOULD BE NECESSARY to complete the task"
    found = across([boiled("lead", line), boiled("soap", won=False)], PLAIN)
    assert found.held == () and found.alone == 1  # the other run never lit the stove
    tried = trial(0, "Boil soap.", ("light stove", 0.0), ("move soap to stove", 50.0))
    found = across([boiled("lead", line), Played([tried], Memory())], PLAIN)
    [held] = found.held
    assert str(held.link).startswith("light stove MAY") and held.runs == (0,)


@given(st.lists(st.sampled_from(("lead", "soap", "wax")), min_size=2, max_size=4, unique=True))
def test_a_tally_in_slots_is_the_sum_of_its_instances(things: Sequence[str]) -> None:
    played = [
        boiled(thing, f"move {thing} to stove MAY CONTRIBUTE to make progress") for thing in things
    ]
    for held in across(played, PLAIN).held:
        slots = across(played, PLAIN).slots
        counted = [
            Ledger(PLAIN, each.trials).tally(slots.instance_link(held.link, place))
            for place, each in enumerate(played)
        ]
        assert held.tally == sum(counted, Tally())


# --- as a user has it


def test_runs_of_one_task_are_read_together(clin: Clin) -> None:
    for variation in ("200", "201"):
        play = ["--world", "causal", "--task", "repair", "--variation", variation]
        assert clin("run", *play, "--trials", "3", "--budget", "30").returncode == 0
    said = clin("memory", "across", "r1", "r2")
    assert said.returncode == 0, said.stderr
    told = json.loads(clin("memory", "across", "r1", "r2", "--json").stdout)
    assert told["runs"] == ["r1", "r2"]
    assert all(set(each["held_in"]) <= {"r1", "r2"} for each in told["links"])
    for each in told["links"]:
        assert each["link"] in said.stdout


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        (["r1"], "it takes two runs or more"),
        (["r1", "r1"], "it takes two runs or more"),
        (["r1", "r9"], "no run 'r9'"),
        (["r1", "r2"], "give runs of one"),
    ],
)
def test_what_cannot_be_read_together_is_one_line(
    clin: Clin, tmp_path: Path, runs: list[str], line: str
) -> None:
    for task, variation in (("repair", "200"), ("compose-5", "200")):
        play = ["--world", "causal", "--task", task, "--variation", variation]
        assert clin("run", *play, "--trials", "1", "--budget", "5").returncode == 0
    said = clin("memory", "across", *runs)
    assert said.returncode == 2 and said.stdout == ""
    assert line in said.stderr and said.stderr.count("\n") == 1
