"""AgentOdyssey's games; the contract itself is in test_worlds.py."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
from pathlib import Path

import pytest
from generated import marks

from worlds import World, WorldError, agentodyssey, find_task, open_world
from worlds.agentodyssey import language


def needs(test):
    """Skip ``test`` where the package is not installed."""
    for mark in marks("agentodyssey"):
        test = mark(test)
    return test


def tutored(world: World, most: int = 60) -> tuple[str, bool]:
    """Do what the tutorial asks for while it asks: its last answer, and whether all that it asked
    for was admissible."""
    text, listed = world.reset().text, True
    for _ in range(most):
        asked = re.search(r"Required action: `([^`]+)`", text)
        if asked is None:
            return text, listed
        listed = listed and (asked[1] in world.actions() or asked[1].startswith("write "))
        text = world.step(asked[1]).text
    return text, listed


@needs
def test_a_tutorial_is_passed_and_the_main_quest_begins() -> None:
    world = open_world("agentodyssey", "mark", 2003)
    text, listed = tutored(world)
    assert listed
    assert "Tutorial Finished" in text and "=== MAIN QUEST: The Borrowed Mark ===" in text
    assert language.room(text) == language.room(world.surroundings()) == "hall"
    assert "talk to faye" in world.actions()
    told = world.step("talk to faye").text
    assert told.startswith("I talked to faye") and not language.is_refused(told)
    world.close()


@needs
def test_a_stage_of_the_quest_is_its_share_of_the_points() -> None:
    """In `base` the first stage is done where the chronicler is, behind a door of the hall."""
    world = open_world("agentodyssey", "base", 2000)
    assert "through its 9 stages" in world.goal and world.reset().score == 0
    world.step("pick up key")
    seen = world.step("enter library")
    assert seen.score == pytest.approx(100 / 9, abs=1e-5)
    assert "Reward: exploration 1, quest 1." in seen.text
    world.close()


@needs
def test_what_is_looked_at_takes_no_time() -> None:
    world = open_world("agentodyssey", "base", 2000)
    assert "08:00:00" in world.reset().text
    world.step("pick up key")
    for _ in range(3):
        assert "Current Time" not in world.surroundings() and world.actions()
    moved = world.step("enter library").text
    assert language.room(moved) == language.destination("enter library") == "library"
    assert "Current Time: 0001-01-01 08:20:00" in moved
    world.close()


@needs
def test_a_bag_alone_in_reach_has_its_actions() -> None:
    """The package's own list fails there."""
    world = open_world("agentodyssey", "quarantine", 2003)
    world.reset()
    bag = re.search(r"pick up (small_\w+)", " ".join(world.actions()))
    assert bag is not None
    for action in (f"pick up {bag[1]}", f"equip {bag[1]}"):
        world.step(action)
    assert f"unequip {bag[1]}" in world.actions()
    assert not any("coin" in action for action in world.actions())
    world.close()


@needs
@pytest.mark.slow
def test_a_game_whose_process_dies_goes_on() -> None:
    world = open_world("agentodyssey", "metropolis", 2003)
    world.reset()
    first = [world.step("wait"), world.step("defend")]
    listed = world.actions()
    world.reset()
    assert world.step("wait") == first[0]
    os.kill(agentodyssey.host().pid, signal.SIGKILL)
    assert world.step("defend") == first[1] and world.actions() == listed
    folder = Path(os.readlink(f"/proc/{agentodyssey.host().pid}/cwd"))
    assert {each.name for each in folder.iterdir()} <= {"said", "initial_world_graph.json"}
    world.close()


def test_the_seven_games_are_known_without_the_package() -> None:
    assert len(agentodyssey.tasks()) == 7
    assert find_task("agentodyssey", "remnant").splits["test"] == range(2000, 3000)


def test_where_the_package_is_absent_one_line_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorldError) as refused:
        open_world("agentodyssey", "base", 0)
    assert "`pip install --no-deps agentodyssey==0.1.0`" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_option_is_refused() -> None:
    with pytest.raises(WorldError, match="no option 'level'"):
        open_world("agentodyssey", "base", 0, level=3)


@needs
def test_its_verbs_are_those_of_what_it_lists() -> None:
    world = open_world("agentodyssey", "base", 2000)
    world.reset()
    verbs = world.verbs()
    assert {"enter", "talk to", "wait"} <= set(verbs)
    assert all(action.startswith(verbs) for action in world.actions())
    world.close()
