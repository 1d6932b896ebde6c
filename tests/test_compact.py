"""The compact prompt is the form that the bundled model was trained on, to the byte and to the
segment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from languages import CAUSAL, COMPACT, EXPRESS, SCIENCE

from clin.prompts import compact
from clin.prompts.compact import Compact
from memory.links import parse
from memory.testing import texts
from memory.trials import Memory, Step

KITCHEN = (
    "This room is called the kitchen. In it, you see: \n"
    "\tthe agent\n"
    "\ta substance called air\n"
    "\ta chair. On the chair is: nothing.\n"
    "\ta counter. On the counter is: a bowl (containing a red apple, a banana), a drawer.\n"
    "\ta cupboard. The cupboard door is closed. \n"
    "\ta fridge. The fridge door is open. In the fridge is: a wood cup (containing orange juice).\n"
    "\ta glass jar (containing a substance called sodium chloride)\n"
    "\ta sink, which is turned off. In the sink is: nothing.\n"
    "\ta stopwatch, which is deactivated. \n"
    "\ta table. On the table is: a glass cup (containing nothing).\n"
    "\ta thermometer, currently reading a temperature of 10 degrees celsius\n"
    "You also see:\n"
    "\tA door to the hallway (that is open)"
)
"""A shortened copy of what ScienceWorld 1.2.3 answers."""

KITCHEN_READ = (
    "kitchen: chair; counter: bowl (red apple, banana), drawer; cupboard closed; "
    "fridge. The fridge door is open: wood cup (orange juice); glass jar (sodium chloride); sink "
    "off; "
    "stopwatch deactivated; table: glass cup; thermometer"
)
"""The same by hand. An open fridge with something in it keeps its sentence: so it was in
training."""


def turn(action: str, observation: str) -> tuple[str, ...]:
    return COMPACT.turn(Step(action, observation, 0.0))


def test_the_head_is_task_memory_and_one_part_per_link() -> None:
    goal = "Your task is to find a(n) living thing.  First, focus on the thing.\nThen, move it."
    task = "Task: find a(n) living thing. First, focus on the thing. Then, move it.\n"
    memory = Memory(
        tuple(
            map(
                parse,
                ("focus on axe DOES NOT CONTRIBUTE to the task", "wait MAY CONTRIBUTE to growing"),
            )
        )
    )
    assert COMPACT.head(goal, Memory(), "") == (task, "Memory:\n", "none\n")
    assert COMPACT.head(goal, memory, "") == (
        task,
        "Memory:\n",
        "- focus on axe DOES NOT CONTRIBUTE to the task\n",
        "- wait MAY CONTRIBUTE to growing\n",
    )


def test_what_is_seen_at_first_is_told_unless_looking_around_would_repeat_it() -> None:
    said = "Simon says, 'slice peach'."
    assert Compact(EXPRESS).head("win", Memory(), said)[-1] == f"{said}\n"
    assert COMPACT.head("win", Memory(), KITCHEN) == COMPACT.head("win", Memory(), "")


def test_rooms_that_one_walks_into_are_told_with_their_exits() -> None:
    walked = (
        "You go to the hall.\nThis room is called the hall. In it, you see: \n\tthe "
        "agent\n\ta chest (that is closed)\n\ta red door to the attic (that is locked)\n"
    )
    assert (
        CAUSAL.shortened("go to hall", walked)
        == "You go to the hall. hall: chest closed; red door to attic locked"
    )
    express = (
        "You are in the pantry. In one part of the room you see a folding chair, that has "
        "nothing on it. There is also a shelf that has some "
        "sugar, and a knife on it. You also see a fridge that is closed. \nThrough an open patio "
        "door, to the North you see the kitchen. "
        "To the South you see a closed wood door."
    )
    assert EXPRESS.shortened("move south", express) == (
        "pantry: folding chair; shelf (sugar, knife); fridge closed; North kitchen; South closed "
        "wood door"
    )


def test_what_was_read_is_told_in_full() -> None:
    recipe = "Ingredients: " + "salt " * 100
    assert EXPRESS.shortened("read cookbook", recipe) == recipe.strip()
    assert len(EXPRESS.shortened("open cookbook", recipe)) == 160


def test_a_step_is_three_parts() -> None:
    assert turn("teleport to kitchen", "You teleport to the kitchen.") == (
        ">",
        " teleport to kitchen\n",
        "You teleport to the kitchen.\n",
    )


def test_a_look_around_becomes_one_line_of_things_indoors_and_out() -> None:
    assert turn("look around", KITCHEN) == (">", " look around\n", KITCHEN_READ + "\n")
    outside = (
        "This outside location is called the outside. Here you see: \n\tthe agent\n\ta "
        "wood\n\tan axe\nYou also see:\n"
    )
    assert turn("look around", outside)[2] == "outside: wood; axe\n"


def test_an_ambiguous_request_keeps_its_readings_and_is_answered_by_a_number() -> None:
    asked = (
        "Ambiguous request: Please enter the number for the action you intended (or blank to "
        "cancel):\n"
        "0:\tfocus on orange (in pot 1)\n1:\tfocus on orange (in pot 2)"
    )
    # Two spaces where the menu's sentence stood: so it was in training.
    assert turn("focus on orange", asked) == (
        ">",
        " focus on orange\n",
        "Ambiguous request:  0: focus on orange (in pot 1) 1: focus on orange (in pot 2)\n",
    )
    assert compact.choice("1") == " 1\n"


ANYTHING = texts(2000) | st.lists(
    st.sampled_from([*KITCHEN.split(" "), "\n", "\t", "On the ", " is: "])
).map(" ".join)


@given(action=st.sampled_from(["look around", "look at table", "0", ""]), observation=ANYTHING)
def test_a_turn_is_two_bounded_lines_whatever_the_world_says(action: str, observation: str) -> None:
    asked, did, saw = turn(action, observation)
    assert asked == compact.ASK
    assert did == f" {action}\n"
    assert saw.splitlines(keepends=True) == [saw]
    assert len(saw) <= 900 + 1


@given(ANYTHING)
def test_what_has_been_shortened_stays_as_it_is_up_to_spaces(observation: str) -> None:
    for action in ("look around", "open door"):
        once = SCIENCE.shortened(action, observation)
        assert SCIENCE.shortened(action, once).split() == once.split()


def test_a_room_is_read_only_as_far_as_rooms_go() -> None:
    """The patterns are quadratic on such text: unbounded, these 1.4 million characters would take
    hours."""
    hostile = KITCHEN[: KITCHEN.index("\ta chair")] + "On the " * 200_000
    assert SCIENCE.shortened("look around", hostile).startswith("kitchen: On the On the")
