"""ALFWorld's games, of a tiny download of our own; the contract itself is in test_worlds.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_alfworld
from conftest import Clin, environment
from generated import marks, options
from tiny_alfworld import GOALS, WON_BY

from clin.language import language_of
from worlds import World, WorldError, alfworld, language_checks, open_world

pytestmark = marks("alfworld")
PLACE, HEAT = "pick_and_place_simple", "pick_heat_then_place_in_recep"
FIRST = {task.name: task.splits["test"][0] for task in alfworld.tasks()}
LANGUAGE = language_of("alfworld")


def opened(task: str = PLACE, data: Path | None = None) -> World:
    given = options("alfworld") if data is None else {"data": str(data)}
    return open_world("alfworld", task, FIRST[task], **given)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A download of before version 0.4.0, with one game."""
    grammar = tiny_alfworld.worded_as_before(str(tiny_alfworld.game(PLACE)["grammar"]))
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", grammar=grammar)
    return tmp_path


@pytest.mark.parametrize("task", WON_BY)
def test_a_task_is_won_by_admissible_actions_and_scores_100_at_its_end_alone(task: str) -> None:
    world = opened(task)
    assert world.goal == f"{GOALS[task][1]}."
    seen, scores = world.reset(), [0.0]
    for action in WON_BY[task]:
        assert action in world.actions() and not seen.done
        seen = world.step(action)
        assert not LANGUAGE.is_refused(seen.text)
        scores.append(seen.score)
    assert scores == [*[0.0] * len(WON_BY[task]), 100.0]
    assert seen.done and world.actions() == ()
    world.close()


ALONE = """
import json, sys, textworld
from alfworld.agents.environment.alfred_tw_env import AlfredDemangler
path, actions = sys.argv[1], json.loads(sys.argv[2])  # the planner writes its own
asked = textworld.EnvInfos(won=True, admissible_commands=True)
env = textworld.start(path, asked, wrappers=[AlfredDemangler()])
told = [env.reset()]
told += [env.step(action)[0] for action in actions]
print(json.dumps([(each.feedback.strip(), each.admissible_commands) for each in told]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("task", [HEAT, "pick_two_obj_and_place"])
def test_answers_and_actions_are_those_of_textworld_with_alfworlds_names(
    task: str, tmp_path: Path
) -> None:
    """In a process that has neither what we keep (worlds/alfworld/kept.py) nor a game before."""
    world, before_that = opened(task), opened()
    before_that.close()
    idle = ["look", "go to drawer 2", "open drawer 2", "go to drawer 1", "xyzzy", "help"]
    actions = [*idle, *WON_BY[task]][:-1]
    told = [(world.reset().text, list(world.actions()))]
    told += [(world.step(action).text, list(world.actions())) for action in actions]
    split = tiny_alfworld.download() / "json_2.1.1" / "valid_unseen"
    path = next(split.glob(f"{task}-*/*/game.tw-pddl"))
    alone = subprocess.run(
        [sys.executable, "-c", ALONE, str(path), json.dumps(actions)],
        capture_output=True,
        text=True,
        env=environment(ALFWORLD_DATA=str(tmp_path), PYTHONHASHSEED="0"),
        check=True,
    )
    assert told == [tuple(each) for each in json.loads(alone.stdout)]
    world.close()


def test_what_is_seen_is_what_stands_on_and_in_the_furniture_here() -> None:
    world = opened()
    world.reset()
    world.step("look")  # asked again, the grammar sees nothing around
    here, seen, held = LANGUAGE.sights(world.surroundings())
    assert here == LANGUAGE.room(world.reset().text) == "" and held == []
    assert len(seen) == 1 and "a fridge 1, a microwave 1" in seen[0]
    for action in ("go to fridge 1", "open fridge 1", "take apple 1 from fridge 1"):
        world.step(action)
    assert LANGUAGE.sights(world.surroundings()) == ("fridge 1", ["fridge 1 open"], ["apple 1"])
    world.close()


def test_of_two_drawers_at_one_place_one_is_at_the_one_gone_to() -> None:
    """To go to the other is refused then, since one stands there already."""
    world = opened()
    for drawer, other in (("drawer 1", "drawer 2"), ("drawer 2", "drawer 1")):
        world.reset()
        text = world.step(f"go to {drawer}").text
        assert LANGUAGE.arrived_at(f"go to {drawer}", text) == LANGUAGE.room(text) == drawer
        assert LANGUAGE.is_refused(world.step(f"go to {other}").text)
        assert LANGUAGE.room(world.surroundings()) == drawer
        world.step(f"open {other}")
        assert f"{other} open" in LANGUAGE.sights(world.surroundings())[1]
    world.close()


def test_both_wordings_are_played_and_read_alike(before: Path) -> None:
    """Games of before version 0.4.0 "put in/on" and arrive at numbered places."""
    new, old = opened(), opened(data=before)
    told = {}
    for world in (new, old):
        world.reset()
        put = next(each.form for each in world.templates if each.means.startswith("lay"))
        laid = put.replace("OBJ", "apple 3").replace("PLACE", "desk 1")
        actions = [*WON_BY[PLACE][:-1], laid]
        texts = [world.step(action).text for action in actions]
        assert world.actions() == (), "won"
        told[world] = list(zip(actions, texts, strict=True))
    assert told[new][-1] == ("move apple 3 to desk 1", "You move the apple 3 to the desk 1.")
    assert told[old][-1] == ("put apple 3 in/on desk 1", "You put the apple 3 in/on the desk 1.")
    assert told[old][0][1].startswith("You arrive at loc ") and told[old] != told[new]
    assert read(told[old]) == read(told[new])
    for world in (new, old):
        world.close()


def read(steps: list[tuple[str, str]]) -> list[object]:
    """What our language makes of the steps, without the words of those that lay a thing down."""
    return [
        (
            LANGUAGE.arrived_at(*each),
            LANGUAGE.room(each[1]),
            LANGUAGE.things_seen(*each),
            LANGUAGE.is_deed(each[0]),
            LANGUAGE.alters(each[0]),
            "" if LANGUAGE.alters(each[0]) else LANGUAGE.shortened(*each),
        )
        for each in steps
    ]


@pytest.mark.parametrize("check", language_checks.CHECKS, ids=lambda check: check.__name__)
def test_the_language_agrees_with_the_wording_of_before(before: Path, check) -> None:
    check(lambda: opened(data=before), LANGUAGE)


@pytest.mark.slow
def test_a_game_whose_process_dies_goes_on() -> None:
    world = opened(HEAT)
    world.reset()
    first = [world.step(action) for action in WON_BY[HEAT][:-1]]
    listed = world.actions()
    world.reset()
    for number, (action, seen) in enumerate(zip(WON_BY[HEAT][:-1], first, strict=True)):
        if number in (1, 3):
            os.kill(alfworld.host().pid, signal.SIGKILL)
        assert world.step(action) == seen
    os.kill(alfworld.host().pid, signal.SIGKILL)
    assert world.actions() == listed and world.surroundings()
    os.kill(alfworld.host().pid, signal.SIGKILL)
    assert world.step(WON_BY[HEAT][-1]).score == 100
    world.close()


@pytest.mark.slow
def test_a_game_that_ends_the_planner_costs_no_other(tmp_path: Path) -> None:
    """The planner ends its process where a thing is declared twice."""
    world = opened()
    world.reset()
    first = world.step("go to desk 1")
    problem = str(tiny_alfworld.game(PLACE)["pddl_problem"])
    twice = problem.replace("agent1 - agent", "agent1 - agent\nagent1 - agent")
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", pddl_problem=twice)
    with pytest.raises(WorldError, match="cannot be played: the simulator's process died"):
        opened(data=tmp_path)
    world.reset()
    assert world.step("go to desk 1") == first
    world.close()


def test_planners_of_closed_games_serve_the_next(tmp_path: Path) -> None:
    """Each is a library of 32 MB in a file of its own, and cannot be let go of."""

    def planners() -> int:
        maps = Path(f"/proc/{alfworld.host().pid}/maps").read_text().splitlines()
        return len({line.split()[4] for line in maps if "libdownward" in line})

    opened().close()
    few = planners()
    for task in WON_BY:
        world = opened(task)
        assert world.reset().text and world.goal == f"{GOALS[task][1]}."
        world.close()
    tiny_alfworld.add(tmp_path, PLACE, "valid_unseen", grammar="}}}")
    with pytest.raises(WorldError, match="cannot be played: the simulator failed"):
        opened(data=tmp_path)
    assert planners() == few > 0


@pytest.mark.slow
def test_no_folder_is_made_in_the_users_cache(clin_child: Clin, tmp_path: Path) -> None:
    """The package makes one for its download when it is imported."""
    home = tmp_path / "home"
    home.mkdir()
    data = str(tiny_alfworld.download())
    played = subprocess.run(
        [sys.executable, "-m", "clin.cli", "play", "alfworld", PLACE],
        input="\n".join(WON_BY[PLACE]),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(HOME=str(home), ALFWORLD_DATA=data, XDG_CACHE_HOME=str(home)),
        check=False,
    )
    assert played.returncode == 0, played.stderr
    assert "100" in played.stdout and not list(home.rglob("alfworld"))
