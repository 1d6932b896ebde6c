"""An episode gets no worse: a trial goes back to where the best one came, stakes no points twice,
and does not do again what came to nothing."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from conftest import Clin
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import EXPRESS, SCIENCE
from test_trial import CARD, Ladder

from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_exploration
from clin.exploration.memory_mask import MemoryMask
from clin.exploration.novelty import LOOKS, LeastTried, Untried
from clin.exploration.return_to_best import ReturnToBest
from clin.learner import Learner
from clin.llms import Answer
from clin.options import Exploration
from memory.archive import Archive, Route, ScoreChange, route_of, shortened
from memory.links import parse
from memory.rules.naming import beginning
from memory.store import NewTrial, NewVersion, Store
from memory.testing import steps
from memory.trials import Ending, Memory, Step
from worlds import Observation, open_world

# A place where chance alone has points in every trial.
PLACE = {"world": "causal", "task": "make", "variation": 200, "world_options": {"rules": 901}}
GOES_BACK = Exploration(memory_mask=True, risk_mask=True, novelty=True, return_to_best=True)


def episode(
    path: Path,
    seed: int,
    *,
    trials: int = 4,
    budget: int = 25,
    strategy: str = "evidence",
    stop: int = -1,
) -> Store:
    """An episode in which the model chooses by chance; ``stop``: after so many answers the process
    is gone."""
    store = Store(path)
    config = RunConfig.checked(
        **PLACE,
        strategy=strategy,
        writer="rules",
        trials=trials,
        budget=budget,
        exploration=GOES_BACK,
        model=ModelInfo(reference="by hand"),
    )
    known = [run.name for run in store.runs()]
    asking = Learner(store, config, CARD, len, known[0] if known else None).adapt()
    try:
        question = next(asking)
        while stop:
            stop -= 1
            # What is chosen hangs on the question alone, so that what goes on does as it would have
            # done.
            choice = Random(f"{seed} {question.parts[-3:]} {len(question.parts)}").choice(
                question.choices
            )
            question = asking.send(Answer(choice))
    except StopIteration:
        pass
    return store


def most(store: Store, number: int) -> float:
    row = store.trials("r1")[number]
    return max([0.0, *(step.score for step in store.steps(row.id))])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_trial_reaches_less_than_the_best_before_it(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    with episode(tmp_path_factory.mktemp("e") / "e.db", seed) as store:
        points = [most(store, number) for number in range(4)]
        for number in range(4):
            route = route_of(store, store.trials("r1")[number].id, SCIENCE)
            assert (route is None) is (max([0.0, *points[:number]]) == 0)
            if route is None:
                continue
            assert route.points == max(points[:number])
            done = store.steps(store.trials("r1")[number].id)[: len(route.steps)]
            if not route.short:
                assert done == tuple(
                    Step(step.action, step.observation, step.score) for step in route.steps
                )
                assert points[number] >= route.points


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), stop=st.integers(1, 60))
def test_what_is_interrupted_ends_as_it_would_have(
    tmp_path_factory: pytest.TempPathFactory, seed: int, stop: int
) -> None:
    folder = tmp_path_factory.mktemp("e")
    with episode(folder / "whole.db", seed, trials=3) as whole:
        episode(folder / "cut.db", seed, trials=3, stop=stop).close()
        with episode(folder / "cut.db", seed, trials=3) as cut:
            for one, other in zip(whole.trials("r1"), cut.trials("r1"), strict=True):
                assert whole.trial(one.id) == cut.trial(other.id)
                assert route_of(whole, one.id, SCIENCE) == route_of(cut, other.id, SCIENCE)


def best_route(store: Store, run: str, before: int, *, longest: int) -> Route | None:
    return Archive(SCIENCE).read(store, run, before).best_route(longest)


class Tower:
    """Keeps runs of made-up steps in a real file."""

    def __init__(
        self, path: Path, trials: list[list[Step]], ending: Ending = Ending.BUDGET
    ) -> None:
        self.store = Store(path)
        self.run = self.store.begin_run({"task": "t"})
        for number, made in enumerate(trials):
            trial = self.store.begin_trial(self.run, NewTrial(number, "w", "t", 0, "g", "o"))
            for step in made:
                self.store.append_step(trial, step)
            self.store.finish_trial(trial, ending, NewVersion(Memory(), "none"))


def scored(*scores: float) -> list[Step]:
    return [Step(f"do {number}", "ok", score) for number, score in enumerate(scores)]


def test_the_best_route_is_the_shortest_to_the_most_points(tmp_path: Path) -> None:
    tower = Tower(tmp_path / "t.db", [scored(0, 10, 30, -100), scored(5, 30, 20), scored(30, 40)])
    routes = [best_route(tower.store, tower.run, before, longest=9) for before in range(4)]
    assert routes == [
        None,
        Route(0, tuple(scored(0, 10, 30)), 30.0, 3),
        Route(1, tuple(scored(5, 30)), 30.0, 2),
        Route(2, tuple(scored(30, 40)), 40.0, 2),
    ]


def test_where_no_trial_had_points_there_is_no_route(tmp_path: Path) -> None:
    tower = Tower(tmp_path / "t.db", [scored(0, 0, -100), []])
    assert best_route(tower.store, tower.run, 2, longest=9) is None
    assert tuple(Archive(SCIENCE).read(tower.store, tower.run, 2).score_changes) == (
        ScoreChange("do 2", 0.0, -100.0, "do 2"),
    )


@given(
    trials=st.lists(st.lists(steps(), max_size=6), max_size=4),
    ending=st.sampled_from([Ending.BUDGET, Ending.LOST]),
)
@settings(max_examples=30, deadline=None)
def test_points_agree_with_a_simple_count(
    tmp_path_factory: pytest.TempPathFactory, trials: list[list[Step]], ending: Ending
) -> None:
    tower = Tower(tmp_path_factory.mktemp("p") / "p.db", trials, ending)
    kept = [tower.store.steps(row.id) for row in tower.store.trials(tower.run)]
    scores = [step.score for trial in kept for step in trial]
    route = best_route(tower.store, tower.run, len(kept), longest=99)
    assert (route.points if route else 0.0) == max([0.0, *scores])
    assert route is None or (
        route.steps == kept[route.trial][: route.length] and route.steps[-1].score == route.points
    )
    changes = [
        (before, step.score)
        for trial in kept
        for before, step in zip([0.0, *(each.score for each in trial)], trial, strict=False)
        if step.score != before
    ]
    found = Archive(SCIENCE).read(tower.store, tower.run, len(kept))
    assert [(each.before, each.after) for each in found.score_changes] == changes
    assert found.done == {step.action for trial in kept for step in trial}
    costly = [each for each in found.score_changes if each.after < each.before]
    assert found.costly == {
        action: max(each.before for each in costly if each.action == action)
        for action in {each.action for each in costly}
    }
    nothing: dict[float, set[str]] = {}
    for trial in filter(None, kept):
        top = max([0.0, *(step.score for step in trial)])
        first = next((number + 1 for number, step in enumerate(trial) if step.score == top > 0), 0)
        nothing.setdefault(top, set()).update(
            step.action
            for step in (trial[first:] if ending is Ending.BUDGET else trial[first:][-1:])
        )
    assert {points: actions for points, actions in found.fruitless.items() if actions} == {
        points: actions for points, actions in nothing.items() if actions
    }
    by_and_by = Archive(SCIENCE)
    for number in range(len(kept) + 1):
        by_and_by.read(tower.store, tower.run, number)
    assert by_and_by.score_changes == found.score_changes
    assert (by_and_by.costly, by_and_by.fruitless) == (found.costly, found.fruitless)
    assert by_and_by.best_route(3) == found.best_route(3)


@given(
    st.lists(
        st.builds(
            Step,
            st.sampled_from(
                [
                    "look around",
                    "look at cup",
                    "teleport to hall",
                    "teleport to kitchen",
                    "open door",
                    "go to hall",
                    "wait1",
                ]
            ),
            st.sampled_from(["ok", "No known action matches that input."]),
            st.sampled_from([0.0, 10.0, 20.0]),
        ),
        max_size=12,
    )
)
def test_a_short_route_keeps_every_gain_in_order_and_leaves_out_only_what_changed_nothing(
    made: list[Step],
) -> None:
    kept = shortened(made, SCIENCE)
    rest = iter(made)
    assert all(any(step is each for each in rest) for step in kept)  # in the same order
    turns = [
        now for before, now in pairwise([Step("", "", 0.0), *made]) if now.score != before.score
    ]
    assert all(any(turn is each for each in kept) for turn in turns)
    left = [step for step in made if not any(step is each for each in kept)]
    assert all(
        SCIENCE.is_look(step.action)
        or SCIENCE.is_refused(step.observation)
        or SCIENCE.is_jump(step.action)
        for step in left
    )


def test_a_long_route_is_cut_short_once(tmp_path: Path) -> None:
    long = [
        Step("look around", "a room", 0.0),
        Step("open door", "ok", 10.0),
        Step("look around", "a room", 10.0),
        Step("take key", "ok", 20.0),
    ]
    tower = Tower(tmp_path / "t.db", [long])
    route = best_route(tower.store, tower.run, 1, longest=3)
    assert (
        route is not None
        and route.short
        and [step.action for step in route.steps] == ["open door", "take key"]
    )
    trial = tower.store.begin_trial(
        tower.run, NewTrial(1, "w", "t", 0, "g", "o", route=route.stored())
    )
    assert route_of(tower.store, trial, SCIENCE) == route
    tower.store.append_step(trial, Step("open door", "it is stuck", 0.0))
    tower.store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(), "none"))
    # What was left out was needed.
    assert best_route(tower.store, tower.run, 2, longest=3) == Route(0, tuple(long), 20.0, 4)


def test_it_goes_back_step_by_step_and_is_free_where_something_differs() -> None:
    route = Route(
        0,
        (
            Step("up", "You are on rung 1, 0 counted.", 25.0),
            Step("up", "You are on rung 2, 0 counted.", 50.0),
        ),
        50.0,
        2,
    )
    world = ReturnToBest(Ladder(), route)
    world.reset()
    assert list(world.actions()) == ["up"]
    world.step("up")
    assert list(world.actions()) == ["up"]
    world.step("up")
    assert list(world.actions()) == list(Ladder().actions())
    world.reset()
    world.step("wait")  # somebody has another idea
    assert list(world.actions()) == list(Ladder().actions())


def test_a_route_that_was_cut_short_is_held_against_points_alone() -> None:
    steps = (Step("up", "another text", 25.0), Step("up", "another text", 50.0))
    for short, offered in ((True, ["up"]), (False, list(Ladder().actions()))):
        world = ReturnToBest(Ladder(), Route(0, steps, 50.0, 5, short))
        world.reset()
        world.step("up")
        assert list(world.actions()) == offered


def offered(world, *actions: str) -> list[str]:
    world.reset()
    for action in actions:
        world.step(action)
    return list(world.actions())


def test_what_came_to_nothing_is_not_done_again_at_the_same_points() -> None:
    world = Untried(Ladder(), SCIENCE, {25.0: {"down", "wait"}})
    assert offered(world) == list(Ladder().actions())
    assert offered(world, "up") == ["jump", "up", "wait"]  # time may pass again
    assert offered(Untried(Ladder(), SCIENCE, {25.0: set(Ladder().actions())}), "up") == ["wait"]


def test_where_nothing_else_is_left_all_is_offered() -> None:
    class Steps(Ladder):
        def actions(self):
            return ["down", "up"]

    assert offered(Untried(Steps(), SCIENCE, {25.0: {"down", "up"}}), "up") == ["down", "up"]


def test_what_many_things_begin_with_is_not_spent() -> None:
    class Chest(Ladder):
        def actions(self):
            return ["open chest", "pick up key", "take coin", "up", "use key on chest"]

    spent = {0.0: set(Chest().actions())}
    assert offered(Untried(Chest(), SCIENCE, spent)) == ["open chest", "pick up key"]
    assert offered(Untried(Chest(), EXPRESS, spent)) == ["open chest", "take coin"]


@settings(max_examples=25)
@given(data=st.data())
def test_what_was_done_least_since_the_points_changed_is_offered(data: st.DataObject) -> None:
    plain, world = (open_world("causal", "make", 200, rules=901) for _ in range(2))
    world = LeastTried(world, SCIENCE)
    assert world.reset() == plain.reset()
    since: list[str] = []
    held = 0.0
    for _ in range(25):
        every = list(plain.actions())
        counts = {action: since.count(action) for action in every}
        assert list(world.actions()) == [
            action for action in every if counts[action] == min(counts.values())
        ]
        action = data.draw(st.sampled_from(every))  # somebody may do what is not offered
        seen = world.step(action)
        assert seen == plain.step(action)
        since, held = [*since, action] if seen.score == held else [], seen.score
        if seen.done:
            return


def test_what_the_world_does_not_know_speaks_for_all_that_begins_alike() -> None:
    class Sewer(Ladder):
        def step(self, action):
            return (
                Observation("No known action matches that input.", 0.0, False)
                if action.startswith("move pollen")
                else super().step(action)
            )

        def actions(self):
            return [
                "focus on cup",
                "move pollen to hall",
                "move pollen to sink",
                "move pot to hall",
                "wait",
            ]

    assert offered(LeastTried(Sewer(), SCIENCE), "move pollen to hall") == [
        "focus on cup",
        "move pot to hall",
        "wait",
    ]
    # The points have changed.
    assert offered(LeastTried(Sewer(), SCIENCE), "move pollen to hall", "up") == Sewer().actions()
    assert [
        beginning(each)
        for each in ("focus on cup in hall", "use key on red door", "look", "pour cup into jug")
    ] == [
        "focus on cup",
        "use key",
        "look",
        "pour cup",
    ]


def test_ways_stay_open_and_looks_count_together() -> None:
    class Rooms(Ladder):
        def actions(self):
            return ["look around", "look at cup", "look at pot", "teleport to hall", "up"]

    assert offered(Untried(Rooms(), SCIENCE, {0.0: {"teleport to hall", "look at table"}})) == list(
        Rooms().actions()
    )
    looked = {f"look at {number}" for number in range(LOOKS)}
    assert offered(Untried(Rooms(), SCIENCE, {0.0: looked})) == [
        "look around",
        "teleport to hall",
        "up",
    ]


def test_a_warning_holds_until_more_is_held_than_when_it_cost_points() -> None:
    warned = [parse("jump DOES NOT CONTRIBUTE to the task")]
    assert "jump" not in offered(MemoryMask(Ladder(), SCIENCE, warned), "up", "up")
    assert "jump" not in offered(MemoryMask(Ladder(), SCIENCE, warned, {"jump": 25.0}), "up")
    assert "jump" in offered(MemoryMask(Ladder(), SCIENCE, warned, {"jump": 25.0}), "up", "up")


def test_a_strategy_that_counts_goes_back_unless_told_otherwise() -> None:
    def goes_back(strategy: str, **asked: bool) -> set[bool | None]:
        found = chosen_exploration(Exploration(**asked), CARD, strategy)
        return {found.return_to_best, found.novelty, found.risk_mask}

    assert goes_back("evidence") == {True} and goes_back("clin") == goes_back("none") == {False}
    back = {"return_to_best": True, "novelty": True, "risk_mask": True}
    assert goes_back("none", **back) == {True}
    assert goes_back("evidence", **dict.fromkeys(back, False)) == {False}
    assert chosen_exploration(Exploration(novelty=False), CARD, "evidence").return_to_best


@pytest.mark.slow
def test_a_run_says_where_its_trials_went_back_to(clin: Clin, tmp_path: Path) -> None:
    place = (
        "--world",
        "causal",
        "--task",
        "repair",
        "--variation",
        "203",
        "--world-option",
        "rules=901",
    )
    done = clin(
        "run",
        *place,
        "--strategy",
        "evidence",
        "--trials",
        "3",
        "--budget",
        "40",
        "--db",
        "t.db",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "t.db", read_only=True) as store:
        rows = store.trials("r1")
        back = [(row.number, route) for row in rows if (route := route_of(store, row.id, SCIENCE))]
        calls = {row.number: len(store.calls(row.id)) for row in rows}
    assert back, "the first trial of this place has had points since it was chosen"
    number, route = back[0]
    told = clin("show", "r1", "--trial", str(number), "--db", "t.db").stdout
    assert f"It goes back to where trial {route.trial} had {route.points:g} points" in told
    shown = json.loads(clin("show", "r1", "--trial", str(number), "--db", "t.db", "--json").stdout)
    assert shown["goes_back"] == {
        "trial": route.trial,
        "steps": len(route.steps),
        "points": route.points,
        "short": route.short,
    }
    # Nothing is asked on the way.
    assert calls[number] <= len(shown["steps"]) - len(route.steps) + 1
    without = clin(
        "run",
        *place,
        "--strategy",
        "evidence",
        "--no-go-back",
        "--trials",
        "2",
        "--budget",
        "5",
        "--db",
        "t.db",
        "--json",
    )
    assert without.returncode == 0, without.stderr
    with Store(tmp_path / "t.db", read_only=True) as store:
        assert [route_of(store, row.id, SCIENCE) for row in store.trials("r2")] == [None, None]


def test_observations_are_compared_too() -> None:
    world = ReturnToBest(
        open_world("causal", "repair", 203, rules=901),
        Route(0, (Step("wait", "nobody says this", 0.0),) * 2, 10.0, 2),
    )
    world.reset()
    world.step("wait")
    assert len(world.actions()) > 1


def test_a_memory_is_shown_with_how_far_it_got(clin: Clin, tmp_path: Path) -> None:
    with episode(tmp_path / "t.db", 1) as store:
        archive = Archive(SCIENCE).read(store, "r1", 4)
        route, nothing = archive.best_route(12), archive.fruitless
    assert route is not None
    told = clin("memory", "show", "r1", "--db", "t.db").stdout
    assert f"The next trial {route}." in " ".join(told.split())
    shown = json.loads(clin("memory", "show", "r1", "--db", "t.db", "--json").stdout)
    assert shown["goes_back"] == route.as_json() and shown["came_to_nothing"] == sorted(
        nothing.get(route.points, ())
    )
    assert clin("memory", "check-evidence", "r1", "--db", "t.db").returncode == 0


@pytest.mark.slow
def test_asked_what_was_read_on_the_way_it_says_that_nothing_was(clin: Clin) -> None:
    done = clin("run", "--trials", "3", "--db", "t.db")  # learns the place in its second trial
    assert done.returncode == 0, done.stderr
    told = clin("prompt", "r1", "--trial", "2", "--step", "0", "--db", "t.db")
    assert (
        told.returncode == 2
        and (
            "no model was asked at step 0 of trial 2 of r1: the trial goes back to where trial 1 "
            "had 100 points"
        )
        in told.stderr
    )
    suggested = next(line for line in done.stdout.splitlines() if "clin prompt" in line)
    assert clin(*suggested.split("what")[0].split()[1:]).returncode == 0
