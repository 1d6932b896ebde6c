"""Epsilon-greedy exploration: chance chooses a share of the actions, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trial import CARD, Ladder

from clin.config import ModelInfo, RunConfig
from clin.exploration.epsilon_greedy import EpsilonGreedy
from clin.exploration.loop_guard import LoopGuard
from clin.exploration.wrapper import exploitable
from clin.learner import Learner
from clin.llms import Answer, Question
from clin.options import Exploration, Prompting
from memory.language import Language
from memory.links import parse
from memory.store import Store
from memory.trials import Memory

PLACE = {"world": "causal", "task": "make", "variation": 100, "strategy": "clin", "writer": "rules"}
LINK = parse("up SHOULD BE NECESSARY to make progress")


def first(question: Question) -> Answer:
    return Answer(question.choices[0].strip())


def played(
    path: Path, epsilon: float, *, seed: int = 0, stop: int = -1, **more: object
) -> tuple[list[list[str]], int]:
    """The actions of each trial of a run, and how often its model was asked, which takes the first
    action; ``stop``: after so many answers the process is gone."""
    config = RunConfig.checked(
        **{**PLACE, **more},
        trials=2,
        budget=12,
        seed=seed,
        exploration=Exploration(repeats=2, novelty=True, epsilon=epsilon),
        prompting=Prompting(think=0),
        model=ModelInfo(reference="by hand"),
    )
    asked = 0
    with Store(path) as store:
        known = [run.name for run in store.runs()]
        learner = Learner(store, config, CARD, len, known[0] if known else None)
        asking: Iterator[Question] = learner.adapt()
        try:
            question = next(asking)
            while stop != asked:
                asked += 1
                question = asking.send(first(question))
        except StopIteration:
            pass
        rows = store.trials("r1") if store.runs() else []
        return [[step.action for step in store.steps(row.id)] for row in rows], asked


def test_at_one_chance_plays_alone_and_at_zero_the_model_does(tmp_path: Path) -> None:
    alone, asked = played(tmp_path / "one.db", 1.0)
    assert asked == 0 and [len(each) for each in alone] == [12, 12]
    model, asked = played(tmp_path / "zero.db", 0.0)
    assert asked > 20
    assert alone != model


def test_each_trial_seed_and_place_has_draws_of_its_own(tmp_path: Path) -> None:
    (one, two), _ = played(tmp_path / "a.db", 1.0)
    (other, _), _ = played(tmp_path / "b.db", 1.0, seed=1)
    (elsewhere, _), _ = played(tmp_path / "c.db", 1.0, variation=101)
    assert len({tuple(each) for each in (one, two, other, elsewhere)}) == 4


@settings(max_examples=6, deadline=None)
@given(epsilon=st.sampled_from([0.3, 0.5, 0.8]), stop=st.integers(1, 8), seed=st.integers(0, 99))
def test_what_is_interrupted_ends_as_it_would_have(
    tmp_path_factory: pytest.TempPathFactory, epsilon: float, stop: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("e")
    whole, _ = played(folder / "whole.db", epsilon, seed=seed)
    played(folder / "cut.db", epsilon, seed=seed, stop=stop)
    resumed, _ = played(folder / "cut.db", epsilon, seed=seed)
    assert resumed == whole


@given(epsilon=st.floats(0, 1), seed=st.text(max_size=5), steps=st.integers(1, 20))
def test_it_offers_one_of_what_is_offered_or_all_of_it(
    epsilon: float, seed: str, steps: int
) -> None:
    inner = LoopGuard(Ladder(), Language(), 1)
    world = EpsilonGreedy(inner, epsilon, seed)
    world.reset()
    for _ in range(steps):
        offered, rest = world.actions(), inner.actions()
        assert list(offered) == list(world.actions())  # however often it is asked
        assert list(offered) == list(rest) or (len(offered) == 1 and offered[0] in rest)
        assert list(exploitable(world)) == list(rest)  # memory may recall all of it
        world.step(offered[0])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_share_of_drawn_steps_is_epsilon(share: float) -> None:
    world = EpsilonGreedy(Ladder(), share, "any")
    world.reset()
    drawn = 0
    for _ in range(2_000):
        drawn += len(world.actions()) == 1
        world.step("wait")
    assert abs(drawn / 2_000 - share) < 0.05


def test_what_memory_recalls_is_chosen_between_that_and_the_draw() -> None:
    from clin.prompts import Ask, Recalling, Thinking
    from clin.prompts.full import Full

    layout = Full(Language(), Thinking(0), Recalling(head=False, step=True, guidance=4.0))
    world = EpsilonGreedy(Ladder(), 1.0, "0")
    seen = world.reset()
    asked = Ask(("a",), 1_000, len, seen.text)
    question = next(layout.ask(world, asked, Memory((LINK,))))
    [drawn] = world.actions()
    assert drawn != "up"
    assert {each.strip() for each in question.choices} == {drawn, "up"}


@pytest.mark.parametrize("given_share", ["-0.1", "1.5", "nan", "often"])
def test_a_share_that_is_none_is_one_line(given_share: str, clin: Clin, tmp_path: Path) -> None:
    done = clin("run", "--world", "causal", "--task", "make", "--epsilon", given_share)
    assert done.returncode == 2
    assert "epsilon" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "clin.db").exists()


def test_a_run_that_chance_played_says_so(clin: Clin) -> None:
    at = ("--world", "causal", "--task", "make", "--variation", "100", "--budget", "5")
    chance = clin("run", *at, "--trials", "1", "--epsilon", "1", "--strategy", "none")
    assert chance.returncode == 0, chance.stderr
    assert "clin show r1" in chance.stdout and "clin prompt" not in chance.stdout
    read = clin("prompt", "r1", "--trial", "0", "--step", "0")
    assert read.returncode == 2
    assert "no model was asked at step 0 of trial 0 of r1: chance chose" in read.stderr


def test_who_finds_nothing_is_told_of_chance(clin: Clin) -> None:
    at = ("--world", "causal", "--task", "make", "--variation", "100", "--budget", "2")
    told = "With --epsilon 1 chance looks around"
    assert told in clin("run", *at, "--trials", "2").stdout
    assert told not in clin("run", *at, "--trials", "2", "--epsilon", "0.5").stdout
