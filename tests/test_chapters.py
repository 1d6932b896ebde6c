"""Chapters: a trial ends after so many steps, and the world goes on where it stands."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from random import Random

import pytest
from conftest import Clin, command, environment
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trial import CARD, Ladder

from clin.config import ModelInfo, RunConfig
from clin.errors import UserError
from clin.experiments.spec import Batch
from clin.learner import Learner
from clin.llms import Answer
from clin.options import Exploration
from clin.rollout.backfill import backfill
from clin.rollout.chapters import Chapters, life
from clin.rollout.trial import WorldChanged
from memory.store import Store
from memory.trials import Ending, Step
from worlds import Observation, World, WorldCrashed, WorldError, open_world
from worlds.conformance import any_string_gets_an_answer, closing_twice_is_closing_once

PLACE = {"world": "causal", "task": "make", "variation": 200, "world_options": {"rules": 901}}
CHAPTER = 7


def opened() -> World:
    return open_world(PLACE["world"], PLACE["task"], PLACE["variation"], **PLACE["world_options"])


def config(trials: int, **more: object) -> RunConfig:
    fields = {
        "strategy": "evidence",
        "writer": "rules",
        "chapter": CHAPTER,
        "exploration": Exploration(repeats=2, memory_mask=True, risk_mask=True, novelty=True),
        "model": ModelInfo(reference="by hand"),
    }
    return RunConfig.checked(**PLACE, trials=trials, **{**fields, **more})


def played(path: Path, seed: int, *, trials: int = 4, stop: int = -1) -> Store:
    """A life in which the model chooses by chance, by the question alone; ``stop``: after so many
    answers the process is gone."""
    store = Store(path)
    known = [run.name for run in store.runs()]
    asking = Learner(store, config(trials), CARD, len, known[0] if known else None).adapt()
    try:
        question = next(asking)
        while stop:
            stop -= 1
            chance = Random(f"{seed} {question.parts[-3:]} {len(question.parts)}")
            question = asking.send(Answer(chance.choice(question.choices)))
    except StopIteration:
        pass
    return store


# --- the world between two chapters


def test_the_world_stands_where_it_stood_and_the_chapter_has_its_own_account() -> None:
    inner = Ladder()
    world = Chapters(inner)
    assert world.reset() == Observation("You stand at the foot.", 0.0, False)
    assert [world.step("up").score for _ in range(2)] == [25, 50]
    assert world.reset() == Observation("rung 2", 0.0, False)
    assert [world.step(each).score for each in ("wait", "up")] == [0, 25]
    assert world.reset() == Observation("rung 3", 0.0, False)
    assert world.step("up") == Observation("You are on rung 4, 0 counted.", 100.0, True)
    assert world.reset() == Observation("You stand at the foot.", 0.0, False)
    assert world.step("up").score == 25


def test_a_mistake_that_ends_the_world_is_that_in_any_chapter() -> None:
    world = Chapters(Ladder())
    world.reset()
    world.step("up")
    world.reset()
    assert (world.step("jump").score, world.reset().text) == (-100, "You stand at the foot.")


@pytest.mark.parametrize("check", [any_string_gets_an_answer, closing_twice_is_closing_once])
def test_it_keeps_what_the_contract_asks_of_any_reset(check) -> None:
    check(lambda: Chapters(opened()))


@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5), seed=st.integers(0, 10**6))
def test_chapters_are_one_life_and_are_lived_again_alike(lengths: list[int], seed: int) -> None:
    """What chapters gained adds up to the world's own score; ``stand`` comes to the same place."""
    chance, plain, world = Random(seed), opened(), Chapters(opened())
    lived: list[list[Step]] = []
    plain.reset()
    gained, seen, held = 0.0, Observation("", 0.0, False), 0.0
    for length in lengths:
        assert world.reset().score == 0
        lived.append([])
        for _ in range(length):
            action = chance.choice(world.actions())
            assert action in plain.actions()
            seen, alone = world.step(action), plain.step(action)
            assert (seen.text, seen.done) == (alone.text, alone.done)
            lived[-1].append(Step(action, seen.text, seen.score))
            held = alone.score
            if seen.done:
                break
        gained += seen.score
        if seen.done:
            break
    if abs(seen.score) != 100:
        assert gained == pytest.approx(held)
    if not seen.done:
        again = Chapters(opened())
        again.stand(lived)
        assert again.reset() == world.reset()
        assert again.actions() == world.actions()
        lived[0][0] = Step(lived[0][0].action, "You fly.", 0.0)
        with pytest.raises(WorldChanged):
            Chapters(opened()).stand(lived)


# --- a run


def test_trials_are_chapters_of_one_life(tmp_path: Path) -> None:
    """The stored steps of all trials, done in one world without a reset, are what is stored."""
    with played(tmp_path / "c.db", 3) as store:
        rows = store.trials("r1")
        assert len(rows) == 4 and all(row.steps <= CHAPTER for row in rows)
        world = opened()
        seen = world.reset()
        for row in rows:
            if row.number and store.trials("r1")[row.number - 1].ending is Ending.BUDGET:
                assert row.opening == world.surroundings()
            before = seen.score
            for step in store.steps(row.id):
                seen = world.step(step.action)
                assert seen.text == step.observation
                if not seen.done:
                    assert step.score == pytest.approx(seen.score - before)
            if seen.done:
                break
        assert sum(row.steps for row in rows) > 2 * CHAPTER
        assert store.check() == []


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), stop=st.integers(1, 40))
def test_what_is_interrupted_ends_as_it_would_have(
    tmp_path_factory: pytest.TempPathFactory, seed: int, stop: int
) -> None:
    folder = tmp_path_factory.mktemp("c")
    with played(folder / "whole.db", seed, trials=5) as whole:
        played(folder / "cut.db", seed, trials=5, stop=stop).close()
        with played(folder / "cut.db", seed, trials=5) as cut:
            for one, other in zip(whole.trials("r1"), cut.trials("r1"), strict=True):
                assert whole.trial(one.id) == cut.trial(other.id)
            for number in range(5):
                memories = [each.version_after("r1", number).memory for each in (whole, cut)]
                assert memories[0] == memories[1]


def test_what_was_admissible_is_filled_in_along_the_life(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with played(path, 3) as store:
        live = [store.admissible(row.id) for row in store.trials("r1")]
    with sqlite3.connect(path) as db:
        db.execute(
            "delete from admissible where step in (select id from steps where trial ="
            " (select max(id) from trials))"
        )
    with Store(path) as store:
        last = store.trials("r1")[-1]
        assert backfill(store, "r1").steps == last.steps
        assert [store.admissible(row.id) for row in store.trials("r1")] == live


class Dying:
    """A world whose step number ``at`` takes its simulator down for good."""

    def __init__(self, at: int) -> None:
        self._inner, self._left = opened(), at
        self.goal = self._inner.goal

    def step(self, action: str) -> Observation:
        self._left -= 1
        if self._left == 0:
            raise WorldCrashed("the simulator died")
        return self._inner.step(action)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_after_a_crash_a_life_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = Dying(CHAPTER + 2)
    monkeypatch.setattr("clin.learner.open_world", lambda *given, **more: dying)
    with played(tmp_path / "c.db", 3, trials=3) as store:
        first, crashed, anew = store.trials("r1")
        assert (first.ending, crashed.ending) == (Ending.BUDGET, Ending.CRASHED)
        assert crashed.opening != first.opening == anew.opening
        assert life(store, "r1", 3) == [store.steps(anew.id)]


# --- what may be asked for

SHORT = ("--world", "causal", "--task", "repair", "--trials", "3", "--verbose")


def test_a_killed_run_ends_as_undisturbed(tmp_path: Path, clin: Clin) -> None:
    """The bundled model, kill -9 and ``clin resume``."""
    assert clin("run", *SHORT, "--chapter", "12", "--db", "whole.db").returncode == 0
    with Store(tmp_path / "whole.db", read_only=True) as store:
        whole = [store.trial(row.id) for row in store.trials("r1")]
    assert [len(trial.steps) for trial in whole] == [12, 12, 12]
    words = command("run", *SHORT, "--chapter", "12", "--db", str(tmp_path / "cut.db"))
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment()) as child:
        next(line for line in child.stderr if line.startswith("r1 trial 1 step 3"))
        child.kill()
    assert clin("resume", "r1", "--db", "cut.db").returncode == 0
    with Store(tmp_path / "cut.db", read_only=True) as store:
        assert [store.trial(row.id) for row in store.trials("r1")] == whole


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--chapter", "5", "--return-to-best"), "begins anew"),
        (("--chapter", "5", "--budget", "9"), "leave the budget out"),
        (("--chapter", "-1"), "-1"),
    ],
)
def test_what_cannot_be_is_one_line(options: tuple[str, ...], said: str, clin: Clin) -> None:
    refused = clin("run", "--world", "causal", "--task", "repair", *options)
    assert refused.returncode == 2
    assert said in refused.stderr.splitlines()[-1] and "Traceback" not in refused.stderr


def test_an_experiment_has_chapters_too(tmp_path: Path, clin: Clin) -> None:
    text = 'worlds = ["causal"]\ntasks = ["repair"]\nvariations = [203]\nstrategies = ["evidence"]'
    (tmp_path / "e.toml").write_text(f"{text}\ntrials = 2\nchapter = 4\n")
    done = clin("batch", "e.toml")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        stored = RunConfig.checked(**store.run("r1").config)
        assert (stored.chapter, stored.budget, stored.exploration.return_to_best) == (4, 4, False)
        assert [row.steps for row in store.trials("r1")] == [4, 4]
    with pytest.raises(UserError, match="give one of them"):
        Batch.checked(strategies=["evidence"], chapter=4, exploration={"return_to_best": True})


def test_a_run_from_before_there_were_chapters_has_none() -> None:
    fields = json.loads(config(2, chapter=0).model_dump_json())
    del fields["chapter"]
    assert RunConfig.checked(**fields) == config(2, chapter=0)


def test_the_end_of_a_life_takes_no_step() -> None:
    world = Chapters(opened())
    world.close()
    with pytest.raises(WorldError):
        world.reset()
