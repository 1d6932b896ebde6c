"""What one place taught, in the words of another place's goal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.lifting import Renaming, in_words_of
from memory.links import parse
from memory.store import Store
from memory.strategies import Episode
from memory.trials import Ending, Memory, Step, Trial
from tests.conftest import Clin

FIND = "Your task is to find a(n) {}. First, focus on it. Then, move it to the {} box in the {}."
THINGS = ("plant", "animal", "living thing", "unknown substance B")
COLOURS = ("red", "green", "blue", "orange")
ROOMS = ("kitchen", "living room", "art studio")
places = st.tuples(st.sampled_from(THINGS), st.sampled_from(COLOURS), st.sampled_from(ROOMS))
phrases = st.lists(
    st.sampled_from((*THINGS, *COLOURS, *ROOMS, "move", "dove", "to", "box", "redden")),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(places, places)
def test_a_goal_in_the_words_of_another_is_that_goal(
    one: tuple[str, ...], two: tuple[str, ...]
) -> None:
    renaming = Renaming.between(FIND.format(*one), FIND.format(*two))
    assert renaming.text(FIND.format(*one)) == FIND.format(*two)


@given(places, places, phrases)
def test_to_another_goal_and_back_gives_the_same(
    one: tuple[str, ...], two: tuple[str, ...], phrase: str
) -> None:
    there = Renaming.between(FIND.format(*one), FIND.format(*two))
    assert sorted(there.pairs) == sorted(value.lower() for value in there.pairs.values())
    back = Renaming({value.lower(): key for key, value in there.pairs.items()})
    assert back.text(there.text(phrase)).lower() == phrase.lower()


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_goals_can_be_held_against_each_other(goal: str, other: str, text: str) -> None:
    renaming = Renaming.between(goal, other)
    assert Renaming.between(goal, goal).text(text) == text
    assert isinstance(renaming.text(text), str)


@pytest.mark.parametrize(
    ("goal", "other", "said", "heard"),
    [
        ("Boil lead.", "Write a long letter to the queen of the bees.", "boil lead", "boil lead"),
        (
            FIND.format("plant", "red", "kitchen"),
            FIND.format("plant", "green", "kitchen"),
            "move dove to red box",
            "move dove to green box",
        ),
        (
            FIND.format("plant", "red", "kitchen"),
            FIND.format("plant", "green", "kitchen"),
            "move redwood to green box",
            "move redwood to red box",
        ),
        (
            "Look at planes (B, F) now and then.",
            "Look at planes (C, J) now and then.",
            "focus on plane f",
            "focus on plane J",
        ),
    ],
)
def test_only_what_the_goals_name_differently_is_renamed(
    goal: str, other: str, said: str, heard: str
) -> None:
    assert Renaming.between(goal, other).text(said) == heard


def test_an_episode_is_told_in_the_words_of_a_new_goal() -> None:
    goal, new = (FIND.format("plant", colour, "kitchen") for colour in ("red", "green"))
    link = parse("move fern to red box SHOULD BE NECESSARY to complete the task")
    step = Step("move fern to red box", "You move the fern to the red box.", 100.0)
    offered = (frozenset({"move fern to red box", "move fern to green box"}),)
    trial = Trial(0, goal, "A red box and a green box.", (step,), Ending.WON, admissible=offered)
    memory = Memory((link,), ("Red was right.",))
    told = in_words_of(new, Episode("w", "find-plant", 3, (trial,), (memory,)))
    assert told.trials[0].goal == new
    assert told.trials[0].steps[0].action == "move fern to green box"
    assert told.trials[0].admissible == offered
    assert told.trials[0].opening == "A green box and a red box."
    assert str(told.memories[0].links[0]).startswith("move fern to green box SHOULD")
    assert told.memories[0].notes == ("green was right.",)
    assert in_words_of("Sing a song.", told) == told


# --- the command line

PLANT = ("--world", "scienceworld", "--task", "find-plant", "--trials", "1", "--budget", "2")
PLANT = (*PLANT, "--model", "scripted:pick.json", "--writer", "rules", "--strategy", "clin")
RED = "move fern to red box SHOULD BE NECESSARY to complete the task"
GREEN = RED.replace("red", "green")


def begins_with(clin: Clin, *words: str) -> list[str]:
    done = clin("run", *PLANT, *words, "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)["run"]
    return json.loads(clin("memory", "show", run, "--trial", "-1", "--json").stdout)["links"]


def test_a_memory_goes_to_another_place_in_the_words_of_its_goal(
    tmp_path: Path, clin: Clin
) -> None:
    """Variation 150 asks for the red box, 151 for the green one. Who reads the memory in the head
    of the prompt has it as it was written."""
    (tmp_path / "pick.json").write_text('[{"pick": 1}]')
    assert clin("run", *PLANT, "--variation", "150").returncode == 0
    assert clin("memory", "add", "r1", RED).returncode == 0
    there = ("--from", "r1", "--variation", "151")
    assert GREEN in begins_with(clin, *there, "--recall", "step")
    assert RED in begins_with(clin, *there, "--recall", "head")
    assert RED in begins_with(clin, "--from", "r1", "--variation", "150", "--recall", "step")


BATCH = """
worlds = ["scienceworld"]
tasks = ["find-plant"]
variations = [151]
strategies = ["clin"]
settings = ["gen-env"]
models = ["scripted:lose.json"]
writer = "rules"
sources = 2
trials = 1
budget = 8
prompting = {{recall = "{recall}"}}
"""


def test_what_other_places_taught_is_generalised_in_the_words_of_the_new_goal(
    tmp_path: Path, clin: Clin
) -> None:
    """Of the two places that were played before, the first asks for the red box."""
    replies = ("focus on red box", "teleport to kitchen")
    script = [{"reply": reply} for reply in replies]
    (tmp_path / "lose.json").write_text(json.dumps([*script, {"pick": 0}]))
    warned = "focus on {} box MAY NOT CONTRIBUTE to the task"
    for recall, colours in (("step", {"green"}), ("head", {"red"})):
        (tmp_path / "b.toml").write_text(BATCH.format(recall=recall))
        done = clin("batch", "b.toml", "--db", f"{recall}.db")
        assert done.returncode == 0, done.stderr
        with Store(tmp_path / f"{recall}.db", read_only=True) as store:
            [run] = [run for run in store.runs() if run.config["setting"] == "gen-env"]
            links = set(map(str, store.version_after(run.name, -1).memory.links))
        assert {colour for colour in COLOURS if warned.format(colour) in links} == colours
