"""Things in ScienceWorld are offered by the names that its text shows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worlds import WorldError, open_world, world_module
from worlds.scienceworld.names import shown, stands_in, words

TEXT = words("a bowl (containing a red apple, an orange)\n a bed. On the bed is: a white pillow.")


def test_the_words_of_a_text_are_whole_and_without_articles() -> None:
    assert stands_in("red apple", TEXT) and stands_in("apple", TEXT) and stands_in("pillow", TEXT)
    assert not stands_in("app", TEXT) and not stands_in("white apple", TEXT)
    assert stands_in("orange in bowl", TEXT) and not stands_in("orange in box", TEXT)
    assert stands_in("door to hall", words("A door to the hall (that is open)"))


def test_a_thing_has_the_name_that_is_shown() -> None:
    names = {1: "object", 2: "orange", 3: "tin cup", 4: "bowl containing red apple"}
    referents = {
        2: ["orange"],
        1: ["object", "pillow", "object in bed", "pillow in bed"],
        3: ["tin cup", "cup"],
        4: ["bowl", "bowl containing red apple", "wood bowl"],
    }
    assert shown(names, referents, TEXT) == {1: "pillow", 2: "orange", 4: "bowl"}


REFERENTS = st.dictionaries(
    st.integers(0, 8),
    st.lists(st.sampled_from(["bowl", "cup", "pillow", "apple", "object", "bed"]), min_size=1),
)


def test_a_name_that_two_things_go_by_is_taken_for_neither() -> None:
    text = words("a wood cup (containing red paint), a glass cup")
    names = {1: "object", 2: "cup containing nothing"}
    referents = {
        1: ["cup", "wood cup", "object"],
        2: ["cup", "glass cup", "cup containing nothing"],
    }
    assert shown(names, referents, text) == {1: "wood cup", 2: "glass cup"}


@given(REFERENTS)
def test_every_name_is_one_that_the_simulator_takes(referents: dict[int, list[str]]) -> None:
    names = {thing: accepted[0] for thing, accepted in referents.items()}
    for thing, name in shown(names, referents, TEXT).items():
        assert name in referents[thing] and stands_in(name, TEXT)


@pytest.mark.slow
def test_names_stand_in_the_text_and_their_actions_can_be_done() -> None:
    """On 60 random states of the 30 tasks."""
    states = named = asked = 0
    for task in world_module("scienceworld").tasks():
        electric = "power-component" in task.name or "conductivity" in task.name
        options = {"simplifications": "teleportAction,openDoors"} if electric else {}
        world = open_world("scienceworld", task.name, 0, names="shown", **options)
        for seed in (1, 2):
            chance = random.Random(seed)
            if seed == 1 or world.actions() == ():
                world.reset()
            for _ in range(2):
                actions = [each for each in world.actions() if not each.startswith("focus")]
                verb = chance.choice(sorted({each.split()[0] for each in actions}))
                world.step(chance.choice([each for each in actions if each.split()[0] == verb]))
            if world.actions() and world.actions()[0].isdigit():
                world.step(world.actions()[0])  # the simulator asks which of several is meant
            text = words(world.surroundings())
            focused = [each for each in world.actions() if each.startswith("look at ")]
            names = [each.removeprefix("look at ") for each in focused]
            assert names
            wrong = [name for name in names if not stands_in(name, text)]
            assert not wrong, (task.name, seed, wrong)
            states, named = states + 1, named + len(names)
            seen = world.step(chance.choice(focused)).text
            assert not seen.startswith("No known action"), (task.name, seed, seen)
            asked += seen.startswith("Ambiguous request")
        world.close()
    assert states == 60 and named > 900 and asked <= 3


def test_the_official_list_is_what_is_offered_by_default() -> None:
    official = open_world("scienceworld", "find-living-thing", 0)
    ours = open_world("scienceworld", "find-living-thing", 0, names="shown")
    for world in (official, ours):
        world.reset()
        world.step("teleport to bedroom")
    assert "focus on object" in official.actions() and "focus on pillow" in ours.actions()
    assert "focus on object" not in ours.actions()
    assert ours.step("look at object").text == official.step("look at object").text
    with pytest.raises(WorldError, match=r"no names 'show'; did you mean 'shown'\?"):
        open_world("scienceworld", "boil", 0, names="show")
    with pytest.raises(WorldError, match="no option 'nams'"):
        open_world("scienceworld", "boil", 0, nams="shown")
