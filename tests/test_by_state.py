"""Going back by state, where a world offers ``snapshot`` and ``restore``: the same as going back
step by step, and with fewer steps."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from generated import marks, story
from languages import EXPRESS
from test_return_to_best import PLACE, episode

from clin.config import ModelInfo, RunConfig
from clin.exploration import stack
from clin.exploration.by_state import ByState
from clin.rollout.human import Session
from memory.archive import route_of
from memory.store import Store
from memory.trials import Ending
from worlds import Observation, open_world
from worlds import causal as causal_world
from worlds import jericho as jericho_world
from worlds.conformance import restoring_is_replaying


class NoWorld:
    """Of this class no world is one."""


class Counted(causal_world.Causal):
    steps = 0

    def step(self, action: str) -> Observation:
        type(self).steps += 1
        return super().step(action)


def test_an_episode_is_the_same_by_state_and_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causal_world, "Causal", Counted)
    taken = []
    for name in ("state", "steps"):
        Counted.steps = 0
        if name == "steps":
            monkeypatch.setattr(stack, "Restorable", NoWorld)
        episode(tmp_path / f"{name}.db", 5, trials=5).close()
        taken.append(Counted.steps)
    with Store(tmp_path / "state.db") as one, Store(tmp_path / "steps.db") as other:
        rows = list(zip(one.trials("r1"), other.trials("r1"), strict=True))
        assert [one.trial(a.id) for a, _ in rows] == [other.trial(b.id) for _, b in rows]
        routes = [route_of(one, a.id, EXPRESS) for a, _ in rows]
        known = sum(len(each.steps) for each in routes if each and not each.short)
        assert known > 0
    assert taken[0] <= taken[1] - known


def test_what_leaves_the_way_comes_where_it_would_have_come() -> None:
    """At any step of the best way something else is done, or asked."""
    plain = open_world(PLACE["world"], "repair", 203, rules=901)
    plan = plain.plan()
    for leave in range(len(plan) + 1):
        world = ByState(open_world("causal", "repair", 203, rules=901))
        world.reset()
        for action in plan[:-1]:
            world.step(action)
        assert world.reset() == plain.reset()
        for action in plan[:leave]:
            assert world.step(action) == plain.step(action)
        if leave == len(plan):
            assert world.actions() == ()
            continue
        assert world.surroundings() == plain.surroundings()
        assert world.actions() == plain.actions()
        assert world.step("wait") == plain.step("wait")
        assert world.step(plan[leave]) == plain.step(plan[leave])


def test_a_world_that_restores_something_else_is_found_out() -> None:
    class Forgetful(causal_world.Causal):
        def restore(self, state: object) -> Observation:
            return self._seen

    with pytest.raises(AssertionError, match="restored, but"):
        restoring_is_replaying(lambda: Forgetful("repair", 203, rules=901))


def test_steps_that_a_person_takes_back_make_one_trial(tmp_path: Path) -> None:
    config = RunConfig.checked(
        **PLACE, strategy="clin", writer="rules", trials=1, model=ModelInfo(reference="person")
    )
    place = (PLACE["world"], PLACE["task"], PLACE["variation"])
    world = open_world(*place, **PLACE["world_options"])
    with Store(tmp_path / "p.db") as store:
        session = Session(store, config, world)
        for index in range(4):
            session.do(world.actions()[index])
        for _ in range(3):
            session.undo()
        session.do(world.actions()[-1])
        session.undo()
        session.close(Ending.STOPPED)
        rows = store.trials("r1")
        assert [row.steps for row in rows] == [4, 2]
        again = open_world(*place, **PLACE["world_options"])
        for row in rows:
            again.reset()
            for step in store.steps(row.id):
                seen = again.step(step.action)
                assert (seen.text, seen.score) == (step.observation, step.score)
        assert store.check() == []


@pytest.mark.parametrize(
    "loss", [pytest.param(each, marks=marks("jericho")) for each in ("killed", "too many")]
)
def test_a_state_that_is_gone_is_come_to_step_by_step(loss: str) -> None:
    world = open_world("jericho", "story", 750, game=str(story("simple")))
    world.reset()
    before = world.step("open trunk")
    state = world.snapshot()
    after = world.step("take key")
    if loss == "killed":
        os.kill(jericho_world.host().pid, signal.SIGKILL)
    else:
        for _ in range(70):
            world.snapshot()
    assert world.restore(state) == before
    assert world.step("take key") == after
    world.close()
