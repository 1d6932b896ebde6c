"""Claims on the compact prompt: it is the form that the bundled model was trained on, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from clin import compact
from memory.links import Hedge, Link, Relation
from memory.trials import Memory

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
    "fridge. The fridge door is open: wood cup (orange juice); glass jar (sodium chloride); sink off; stopwatch deactivated; "
    "table: glass cup; thermometer"
)
"""The same, written out by hand as the model was trained to read it."""


def test_the_head_of_an_empty_memory() -> None:
    goal = "Your task is to find a(n) living thing.  First, focus on the thing.\nThen, move it."
    assert compact.head(goal, Memory()) == (
        "Task: find a(n) living thing. First, focus on the thing. Then, move it.\n",
        "Memory:\n",
        "none\n",
    )


def test_the_head_has_one_part_per_link() -> None:
    wrong = Link("focus on axe", Hedge.SHOULD, Relation.NOT_CONTRIBUTE, "the task")
    right = Link("teleport to outside", Hedge.MAY, Relation.NECESSARY, "make progress")
    assert compact.head("boil water", Memory((wrong, right), ("a note",))) == (
        "Task: boil water\n",
        "Memory:\n",
        "- focus on axe DOES NOT CONTRIBUTE to the task\n",
        "- teleport to outside MAY BE NECESSARY to make progress\n",
    )


def test_a_look_around_becomes_one_line_of_things() -> None:
    assert compact.turn("look around", KITCHEN) == (" look around\n", KITCHEN_READ + "\n")


def test_a_place_outdoors_is_read_alike() -> None:
    text = "This outside location is called the outside. Here you see: \n\tthe agent\n\ta wood\n\tan axe\nYou also see:\n"
    assert compact.turn("look around", text)[1] == "outside: wood; axe\n"


def test_an_ordinary_step() -> None:
    assert (compact.ASK, *compact.turn("teleport to kitchen", "You teleport to the kitchen.")) == (
        ">",
        " teleport to kitchen\n",
        "You teleport to the kitchen.\n",
    )


def test_an_ambiguous_request_keeps_its_readings_and_is_answered_by_a_number() -> None:
    asked = (
        "Ambiguous request: Please enter the number for the action you intended (or blank to cancel):\n"
        "0:\tfocus on orange (in pot 1)\n1:\tfocus on orange (in pot 2)"
    )
    assert compact.turn("focus on orange", asked) == (
        " focus on orange\n",
        "Ambiguous request:  0: focus on orange (in pot 1) 1: focus on orange (in pot 2)\n",
    )
    assert compact.choice("1") == " 1\n"


ANYTHING = st.text() | st.lists(st.sampled_from(KITCHEN.split(" ") + ["\n", "\t", "\x00", "On the ", " is: "])).map(" ".join)


@given(action=st.sampled_from(["look around", "look at table", "0", ""]) | ANYTHING, observation=ANYTHING)
def test_a_turn_is_two_lines_of_bounded_length_whatever_the_world_says(action: str, observation: str) -> None:
    did, saw = compact.turn(action, observation)
    assert did == compact.choice(action)
    assert did.count("\n") == saw.count("\n") == 1
    assert len(saw) <= compact.LOOK_LIMIT + 1


@given(ANYTHING)
def test_what_has_been_shortened_stays_as_it_is_up_to_spaces(observation: str) -> None:
    for action in ("look around", "open door"):
        once = compact.shorten(action, observation)
        assert compact.shorten(action, once).split() == once.split()


@given(ANYTHING)
def test_the_task_is_one_line(goal: str) -> None:
    assert all(part.count("\n") == 1 and part.endswith("\n") for part in compact.head(goal, Memory()))


def test_hostile_length_is_cut_before_it_is_read() -> None:
    hostile = KITCHEN[: KITCHEN.index("\ta chair")] + "On the " * 200_000
    assert len(compact.shorten("look around", hostile)) <= compact.LOOK_LIMIT
