"""What other places taught counts in a place once a trial there has done what it speaks of."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from conftest import Clin
from hypothesis import given
from hypothesis import strategies as st
from test_trial import CARD

from clin.config import ModelInfo, RunConfig
from clin.defaults import reads_unconfirmed
from clin.experiments.cells import Cell, Played, config_of
from clin.experiments.spec import Batch
from clin.learner import Learner
from clin.llms import Answer, ModelCard
from clin.options import Exploration
from memory.evidence.confirmation import confirmed
from memory.links import Link, conjuncts, folded, parse
from memory.rules.naming import UNNAMED
from memory.store import Store
from memory.testing import links
from memory.trials import Memory
from worlds import open_world

PLACE = {"world": "causal", "task": "make", "variation": 200, "world_options": {"rules": 901}}
NEVER = parse("pick up unicorn SHOULD BE NECESSARY to make progress")
WARNED = parse("wait DOES NOT CONTRIBUTE to the task")
MASKED = Exploration(memory_mask=True)


@given(taught=st.lists(links(), max_size=6), own=st.lists(links(), max_size=6), data=st.data())
def test_only_what_was_taught_and_never_done_here_is_left_out(
    taught: list[Link], own: list[Link], data: st.DataObject
) -> None:
    deeds = [part for link in (*taught, *own) for part in conjuncts(link.cause)]
    done = data.draw(st.lists(st.sampled_from(deeds or ["wait"]), max_size=4))
    memory = Memory(tuple(dict.fromkeys((*taught, *own))))
    kept = confirmed(memory, Memory(tuple(dict.fromkeys(taught))), done).links
    assert [link for link in memory.links if link in kept] == list(kept)
    assert confirmed(memory, Memory(), done) == memory
    every = [part for link in memory.links for part in conjuncts(link.cause)]
    assert confirmed(memory, memory, every) == memory
    claims = {link.claim[0] for link in taught}
    for link in memory.links:
        if link.claim[0] not in claims:
            assert link in kept
    for link in set(taught) - set(kept):
        assert not {folded(action) for action in done}.issuperset(link.conjuncts)


def episode(
    path: Path, initial: Memory, **fields: object
) -> list[tuple[Memory, list[str], list[str]]]:
    """Per trial what was read, what was offered and what was done, by chance."""
    config = RunConfig.checked(
        **PLACE,
        strategy="evidence",
        writer="rules",
        trials=3,
        budget=8,
        model=ModelInfo(reference="by hand"),
        **fields,
    )
    with Store(path) as store:
        learner = Learner(store, config, CARD, len, initial=initial)
        chance, offers = Random(0), []
        asking = learner.adapt()
        try:
            question = next(asking)
            while True:
                offers.append(
                    (
                        len(store.trials(learner.run or "r1")) if learner.run else 1,
                        [each.strip() for each in question.choices],
                    )
                )
                question = asking.send(Answer(chance.choice(question.choices)))
        except StopIteration:
            pass
        rows = store.trials("r1")
        return [
            (
                store.trial(row.id).recalled,
                [each for trial, found in offers if trial == row.number + 1 for each in found],
                [step.action for step in store.steps(row.id)],
            )
            for row in rows
        ]


def test_it_is_not_read_before_it_was_done_here(tmp_path: Path) -> None:
    world = open_world("causal", "make", 200, rules=901)
    world.reset()
    here = [parse(f"{action} SHOULD BE NECESSARY to find gold") for action in world.actions()]
    world.close()
    told = episode(
        tmp_path / "t.db", Memory((NEVER, *here)), setting="gen-env", read_unconfirmed=False
    )
    done: set[str] = set()
    for recalled, _, actions in told:
        assert {link.cause for link in recalled.links} & {
            NEVER.cause,
            *(link.cause for link in here),
        } <= done
        done |= set(actions)
    assert told[0][0].links == ()
    assert any(
        link in recalled.links or link.claim in {each.claim for each in recalled.links}
        for link in here
        for recalled, _, _ in told[1:]
    )


def test_it_is_read_at_once_where_that_is_asked_for(tmp_path: Path) -> None:
    assert NEVER in episode(tmp_path / "t.db", Memory((NEVER,)), setting="gen-env")[0][0].links


def test_its_warnings_are_not_heeded_before_they_were_earned_here(tmp_path: Path) -> None:
    # What one starts a run from oneself counts at once.
    for setting, offered in (
        ("gen-env", True),
        ("adapt", False),
    ):
        told = episode(
            tmp_path / f"{setting}.db", Memory((WARNED,)), setting=setting, exploration=MASKED
        )
        assert WARNED in told[0][0].links
        assert ("wait" in told[0][1]) is offered


@pytest.mark.parametrize(
    ("fields", "heeded"),
    [({"setting": "gen-env"}, ["focus on"]), ({"stream": "0/3/evaluate"}, []), ({}, [])],
)
def test_a_generalised_warning_of_unnamed_things_is_heeded_at_once_a_carried_one_is_not(
    tmp_path: Path, fields: dict[str, str], heeded: list[str]
) -> None:
    """Of "focus on the animal with the longest life span" no animal is named: carried from another
    task, the warning leaves none to focus on."""
    config = RunConfig.checked(
        **PLACE,
        strategy="evidence",
        writer="rules",
        exploration=Exploration(
            memory_mask=True, risk_mask=True, novelty=True, return_to_best=True
        ),
        model=ModelInfo(reference="by hand"),
        **fields,
    )
    with Store(tmp_path / "t.db") as store:
        learner = Learner(
            store,
            config,
            CARD,
            len,
            initial=Memory((parse(f"focus on {UNNAMED} DOES NOT CONTRIBUTE to the task"),)),
        )
        assert learner._past(0).costly_elsewhere() == heeded


def test_models_that_think_weigh_for_themselves() -> None:
    small, large = ModelCard("small", prompt="compact-2"), ModelCard("large")
    assert not reads_unconfirmed(None, small, "evidence")
    assert reads_unconfirmed(None, large, "evidence") and reads_unconfirmed(None, small, "clin")
    assert reads_unconfirmed(True, small, "evidence")
    assert not reads_unconfirmed(False, large, "clin")


@pytest.mark.parametrize(
    ("setting", "asked", "read"),
    [("adapt", None, True), ("gen-env", None, False), ("gen-env", True, True)],
)
def test_a_batch_keeps_it_with_the_run(setting: str, asked: bool | None, read: bool) -> None:
    batch = Batch(
        worlds=("causal",),
        tasks=("make",),
        strategies=("evidence",),
        settings=(setting,),
        read_unconfirmed=asked,
    )
    cell = Cell("causal", "make", 200, "evidence", setting, "bundled", 0, ())
    card = ModelCard("bundled", prompt="compact-2")
    played = Played(ModelInfo(reference="bundled", prompt="compact-2"), card, {})
    assert config_of(batch, cell, played).read_unconfirmed is read


@pytest.mark.slow
def test_a_batch_finds_what_a_new_place_begins_with_and_reads_it_by_and_by(
    tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "new.toml").write_text(
        'worlds = ["causal"]\ntasks = ["repair"]\nvariations = [203]\nstrategies = ["evidence", '
        '"clin"]\nsettings = ["gen-env"]\nsources = 1\n'
        "trials = 2\nbudget = 15\nlanes = 2\n[world_options.causal]\nrules = 901\n"
    )
    done = clin("batch", "new.toml")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        new = {
            run.config["strategy"]: run.name
            for run in store.runs()
            if run.config["setting"] == "gen-env"
        }
        for strategy, run in new.items():
            begun = store.latest_version(run, -1).memory
            first = store.trial(store.trials(run)[0].id).recalled
            assert begun.links and bool(first.links) is (strategy == "clin")
    assert set(new) == {"evidence", "clin"}
