"""The causal world is what it says: solvable, with the shortest plan, true causes, and rules apart
from layouts."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clin.analysis.grading import grade
from memory.links import parse
from worlds import WorldError, causal, open_world
from worlds.causal.physics import draw

places = st.fixed_dictionaries(
    {"task": st.sampled_from(causal.TASKS), "variation": st.integers(0, 299)},
    optional={name: st.sampled_from(list(allowed)) for name, allowed in causal.OPTIONS.items()},
)


def opened(place: dict) -> causal.Causal:
    given_options = {
        name: value for name, value in place.items() if name not in ("task", "variation")
    }
    return open_world("causal", place["task"], place["variation"], **given_options)


def won(world: causal.Causal, actions) -> bool:
    seen = world.reset()
    for action in actions:
        if seen.done:
            break
        seen = world.step(action)
    return seen.score == 100


@given(places)
def test_every_variation_is_solved_by_its_plan_and_points_only_grow(place: dict) -> None:
    world = opened(place)
    scores = [world.reset().score]
    for action in world.plan():
        assert action in world.actions()
        seen = world.step(action)
        scores.append(seen.score)
        assert seen.done == (seen.score == 100)
    assert scores == sorted(scores)
    assert scores[-1] == 100
    assert world.actions() == ()
    with pytest.raises(WorldError, match="over"):
        world.step("wait")


@settings(max_examples=40)
@given(places, st.data())
def test_without_any_one_of_its_necessary_actions_the_plan_fails(place: dict, data) -> None:
    world = opened(place)
    plan, truth = world.plan(), world.truth()
    left_out = data.draw(st.sampled_from(sorted(set(plan))))
    if f"{left_out} SHOULD BE NECESSARY to complete the task" in truth.necessary:
        assert not won(world, [action for action in plan if action != left_out])
    else:
        assert left_out.startswith("go to ")  # a way back through rooms that were passed already


@pytest.mark.slow
@settings(max_examples=40)
@given(places)
def test_the_truth_reads_as_links_and_never_contradicts_itself(place: dict) -> None:
    truth = opened(place).truth()
    helps = {parse(text).claim for text in truth.necessary | truth.contributing}
    idle = {parse(text).claim for text in truth.not_contributing}
    assert not helps & idle
    assert not {cause for cause, _ in idle} & {
        parse(f"{cause} MAY CONTRIBUTE to it").claim[0] for cause in truth.core
    }
    perfect = [parse(text) for text in truth.necessary | truth.not_contributing]
    assert grade(perfect, truth).f1 == 1.0
    assert grade([], truth).f1 == 0.0


PROVABLE = [("repair", n) for n in (0, 1)] + [("deliver", n) for n in (1, 2, 3, 5)]
"""Places of which a full search sees at most 4,000 states."""


def test_the_plan_is_the_shortest_that_a_full_search_finds() -> None:
    """Breadth first over everything that can be done, in worlds small enough for it."""
    for task, variation in PROVABLE:
        world = open_world("causal", task, variation, rooms=3, distractors=0)
        bound = len(world.plan())
        world.reset()
        frontier, seen = [world._state], set()
        for depth in range(1, bound + 1):
            after = []
            for state in frontier:
                for action in causal.admissible(state):
                    new = state.copy()
                    causal.apply(new, action)
                    key = (
                        new.room,
                        tuple(sorted(new.places.items())),
                        new.opened,
                        new.unlocked,
                        new.broken,
                        new.started,
                    )
                    if new.won:
                        assert depth == bound, (task, variation, depth)
                    elif not new.lost and key not in seen:
                        seen.add(key)
                        after.append(new)
            frontier = after


@given(st.integers(0, 999), st.integers(0, 299), st.integers(0, 299))
def test_rules_belong_to_the_rule_seed_and_layouts_to_the_variation(
    rules: int, one: int, other: int
) -> None:
    first, second = (
        open_world("causal", "make", variation, rules=rules) for variation in (one, other)
    )
    assert first._physics == second._physics == draw(rules, 2)
    assert first.goal == second.goal
    assert (first._layout == second._layout) == (one == other)


def test_composed_goals_hold_the_single_ones_in_turn() -> None:
    goals = [
        open_world("causal", task, 0).goal
        for task in ("make", "compose-2", "compose-3", "compose-4", "compose-5")
    ]
    for shorter, longer in pairwise(goals):
        assert longer.startswith(shorter.rstrip("."))


@pytest.mark.parametrize("rules", range(5))
def test_a_hazard_ends_the_trial(rules: int) -> None:
    world = open_world("causal", "make", 0, rules=rules, distractors=12)
    for device, substance in world._physics.hazards:
        world.reset()
        state = world._state
        state.places[substance], state.room = "hand", world._layout.devices[device]
        state.broken, state.started = frozenset(), frozenset({device})
        world.step(f"move {substance} to {device}")
        seen = world.step(f"activate {device}")
        assert (seen.score, seen.done) == (-100.0, True)
        back = world.undo()
        assert (back.score, back.done) == (0.0, False)


@given(places, st.lists(st.integers(0, 10_000), max_size=12))
def test_undo_takes_back_exactly_one_step(place: dict, draws: list[int]) -> None:
    world = opened(place)
    world.reset()
    seen = [(world.surroundings(), world.actions())]
    for number in draws:
        actions = world.actions()
        if not actions:
            break
        world.step(actions[number % len(actions)])
        seen.append((world.surroundings(), world.actions()))
    for before in reversed(seen[:-1]):
        world.undo()
        assert (world.surroundings(), world.actions()) == before
    with pytest.raises(WorldError, match="no step"):
        world.undo()


def test_plain_wording_is_always_the_same_and_other_wordings_say_the_same() -> None:
    plain, varied = (open_world("causal", "make", 210, plain=value) for value in (1, 0))
    told = []
    for world in (plain, varied):
        world.reset()
        told.append([world.step(action) for action in world.plan()])
    assert [seen.score for seen in told[0]] == [seen.score for seen in told[1]]
    assert [seen.text for seen in told[0]] != [seen.text for seen in told[1]]


BAD = [
    ({"rulez": 1}, "no option 'rulez'; did you mean 'rules'"),
    ({"rooms": 2}, "whole number from 3 to 14, not '2'"),
    ({"depth": "deep"}, "whole number from 1 to 3, not 'deep'"),
    ({"distractors": -1}, "from 0 to 12, not '-1'"),
]


@pytest.mark.parametrize(("options", "says"), BAD, ids=str)
def test_a_bad_option_is_one_line(options: dict, says: str) -> None:
    with pytest.raises(WorldError) as refused:
        open_world("causal", "make", 0, **options)
    assert says in str(refused.value)


PLACE = ("--variation", "203", "--world-option", "rules=901")


@pytest.mark.slow
def test_a_person_plays_takes_a_step_back_and_seeds_a_memory(clin, tmp_path: Path) -> None:
    plan = open_world("causal", "repair", 203, rules=901).plan()
    typed = "\n".join([plan[0], plan[1], ":undo", ":fly", "sing a song", *plan[1:]])
    done = clin("play", "causal", "repair", *PLACE, "--who", "ann", input=typed)
    assert done.returncode == 0, done.stderr
    assert "won: score 100" in done.stdout
    assert "Error: no command ':fly'" in done.stdout
    run = json.loads(clin("show", "r1", "--json").stdout)
    assert [trial["ending"] for trial in run["trials"]] == ["stopped", "won"]
    assert "sing a song" in run["trials"][1]["actions"]
    graded = json.loads(clin("memory", "grade", "r1", "--json").stdout)
    assert graded["recall"] == 1.0
    # The truth knows no ways: one begins in the chapel, and doors are opened to go on.
    assert "go to chapel SHOULD BE NECESSARY to unlock red door with silver key" in graded["wrong"]
    assert all(line.startswith(("go to ", "unlock red door ")) for line in graded["wrong"])
    assert clin("memory", "check").returncode == 0
    seeded = clin(
        "run",
        "--world",
        "causal",
        "--task",
        "repair",
        *PLACE,
        "--from",
        "r1",
        "--trials",
        "1",
        "--json",
    )
    read = json.loads(
        clin(
            "prompt", json.loads(seeded.stdout)["run"], "--trial", "0", "--step", "0", "--json"
        ).stdout
    )
    assert "use file on still SHOULD BE NECESSARY" in json.dumps(read)
    assert "was played by a person" in clin("resume", "r1").stderr


def test_a_world_without_undo_or_truth_says_so(clin) -> None:
    done = clin(
        "play",
        "textworldexpress",
        "coin",
        "--variation",
        "3",
        input="look around\n:undo\n:look\n:quit\n",
    )
    assert "Error: the world textworldexpress cannot take a step back" in done.stdout
    assert "stopped: score" in done.stdout
    graded = clin("memory", "grade", "r1")
    assert (graded.returncode, "does not know its causes" in graded.stderr) == (2, True)
