"""The rules writer on real episodes: four of ScienceWorld's train split, noisy, one ended by a
wrong focus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import CAUSAL, SCIENCE

from memory import rules
from memory.language import Language
from memory.links import parse
from memory.trials import Ending, Step, Trial

ROWS = [
    json.loads(row)
    for row in (Path(__file__).parent / "data" / "scienceworld-episodes.jsonl")
    .read_text()
    .splitlines()
]


def trial(row: dict, upto: int | None = None) -> Trial:
    steps = tuple(Step(action, said, float(score)) for action, said, score in row["steps"][:upto])
    last = steps[-1].score if steps else 0.0
    return Trial(
        0,
        row["goal"],
        "",
        steps,
        Ending.WON if last >= 100 else Ending.LOST if last < 0 else Ending.BUDGET,
    )


def told(*steps: tuple[str, str, float]) -> Trial:
    return Trial(0, "a goal", "", tuple(Step(*step) for step in steps), Ending.BUDGET)


def lines(*seen: Trial, language: Language = SCIENCE) -> list[str]:
    return [str(link) for link in rules.links(seen, language)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["task"])
def test_every_beginning_of_an_episode_gives_readable_links_that_quote_it(row: dict) -> None:
    for upto in range(len(row["steps"]) + 1):
        seen = trial(row, upto)
        shown = (
            " ".join(text for step in seen.steps for text in (step.action, step.observation))
            + row["goal"]
        )
        found = rules.links([seen], SCIENCE)
        assert len(found) <= rules.MOST
        for link in found:
            assert parse(str(link)) == link
            assert (
                link.cause in {step.action for step in seen.steps}
                or link.cause.partition(" to ")[2] in shown
                or (
                    link.cause.startswith("focus on ")
                    and link.cause.removeprefix("focus on ") in shown
                )
            )


def test_a_wrong_focus_is_named_as_it_was_offered_so_that_it_can_be_left_out() -> None:
    [row] = [row for row in ROWS if row["steps"][-1][2] == -100]
    assert f"{row['steps'][-1][0]} DOES NOT CONTRIBUTE to the task" in lines(trial(row))


def test_a_won_episode_ends_its_way_with_the_action_that_completed_it() -> None:
    won = [row for row in ROWS if row["steps"][-1][2] == 100]
    assert len(won) == 3
    for row in won:
        assert any(
            line.endswith(" SHOULD BE NECESSARY to complete the task") for line in lines(trial(row))
        )


@given(st.data())
def test_what_an_earlier_trial_lost_by_is_not_forgotten(data: st.DataObject) -> None:
    things = data.draw(
        st.lists(
            st.sampled_from(["bee", "ant", "frog", "axe", "wood"]),
            min_size=1,
            max_size=5,
            unique=True,
        )
    )
    seen = [told((f"focus on {thing}", f"You focus on the {thing}.", -100.0)) for thing in things]
    assert lines(*seen) == [f"focus on {thing} DOES NOT CONTRIBUTE to the task" for thing in things]


def test_a_number_stands_for_the_ambiguous_action_and_for_nothing_else() -> None:
    asked = "Ambiguous request: Which?\n0:\torange (in pot 1)\n1:\torange (in pot 2)"
    menu = ("focus on orange", asked, 0.0)
    assert lines(told(menu, ("1", "You focus on the orange.", 50.0))) == [
        "focus on orange SHOULD BE NECESSARY to make progress"
    ]
    assert lines(told(("pull lever", "Click.", 0.0), ("3", "Ding.", 50.0))) == [
        "3 SHOULD BE NECESSARY to make progress"
    ]


def test_an_action_given_where_a_number_was_due_is_not_blamed() -> None:
    asked = "Ambiguous request: Which?\n0:\torange (in pot 1)\n1:\torange (in pot 2)"
    menu = ("focus on orange", asked, 0.0)
    assert (
        lines(
            told(menu, ("focus on ant", "Unknown action.  Type 'help' for a list of actions", 0.0))
        )
        == []
    )


def test_scores_alone_teach_in_a_world_that_words_things_its_own_way() -> None:
    assert lines(
        told(
            ("dial 3", "It hums.", 2.0),
            ("pull rope", "Alarm!", -1.0),
            ("push door", "Free.", 100.0),
        )
    ) == [
        "pull rope DOES NOT CONTRIBUTE to the task",
        "dial 3 SHOULD BE NECESSARY to make progress",
        "push door SHOULD BE NECESSARY to complete the task",
    ]


def test_a_trial_that_walked_is_told_to_walk() -> None:
    seen = (
        "This room is called the kitchen. In it, you see: \n\tthe agent\n\ta iron "
        "block\nYou also see:\n"
    )
    steps = (Step("go to kitchen", "You move to the kitchen.", 0.0), Step("look around", seen, 0.0))
    assert lines(Trial(0, "heat the iron block", "", steps, Ending.BUDGET)) == [
        "go to kitchen MAY BE NECESSARY to find iron block"
    ]


def test_a_key_that_did_not_fit_is_named_and_a_broken_device_is_not_blamed() -> None:
    seen = told(
        ("unlock red door with iron key", "The red door stays locked with this key.", 0.0),
        ("use saw on loom", "Nothing changes.", 0.0),
        ("activate loom", "Nothing happens: the loom is broken.", 0.0),
        ("activate kiln", "Nothing changes.", 0.0),
    )
    assert lines(seen, language=CAUSAL) == [
        "unlock red door with iron key DOES NOT CONTRIBUTE to the task",
        "use saw on loom DOES NOT CONTRIBUTE to the task",
    ]


def test_what_was_done_between_the_last_gain_and_a_loss_is_not_recommended() -> None:
    seen = told(
        ("teleport to kitchen", "You teleport to the kitchen.", 0.0),
        ("pick up cup", "You move the cup to the inventory.", 5.0),
        ("teleport to hallway", "You teleport to the hallway.", 5.0),
        ("pick up chair", "You move the chair to the inventory.", 5.0),
        ("focus on chair", "You focus on the chair.", -100.0),
    )
    assert lines(seen) == [
        "focus on chair DOES NOT CONTRIBUTE to the task",
        "teleport to kitchen MAY BE NECESSARY to pick up cup",
        "pick up cup SHOULD BE NECESSARY to make progress",
    ]


def test_a_walk_that_led_on_is_not_called_useless() -> None:
    room = (
        "You go to the hall.\nThis room is called the hall. In it, you see: \n\tthe "
        "agent\n\ta lathe (that is broken)\n\ta door to the attic (that is open)\n"
    )
    steps = (Step("go to hall", room, 0.0), Step("go to attic", "You go to the attic.", 0.0))
    seen = Trial(0, "Your task is to repair the lathe.", "", steps, Ending.BUDGET)
    assert lines(seen, language=CAUSAL) == ["go to hall MAY BE NECESSARY to find lathe"]


def test_a_place_where_a_wanted_thing_was_seen_is_told_and_not_called_useless() -> None:
    def visit(place: str, *things: str) -> list[tuple[str, str, float]]:
        listed = "".join(f"\ta {thing}\n" for thing in things)
        seen = (
            f"This room is called the {place}. In it, you see: \n\tthe agent\n{listed}You "
            "also see:\n"
        )
        return [
            (f"teleport to {place}", f"You teleport to the {place}.", 0.0),
            ("look around", seen, 0.0),
        ]

    steps = [
        *visit("kitchen", "iron block"),
        *visit("foundry", "iron block"),
        *visit("workshop", "iron block"),
        *visit("hallway", "accept"),
    ]
    seen = Trial(
        0,
        "heat the iron block; any stove is acceptable",
        "",
        tuple(Step(*step) for step in steps),
        Ending.BUDGET,
    )
    assert lines(seen) == [
        "teleport to kitchen MAY BE NECESSARY to find iron block",
        "teleport to foundry MAY BE NECESSARY to find iron block",
        "teleport to hallway MAY NOT CONTRIBUTE to the task",
    ]
