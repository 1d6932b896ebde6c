"""Streams with targets, and what a memory gives in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Clin
from test_report import KNOWN, row

from clin.analysis.gains import gains, streamed
from clin.analysis.sequences import lifelong
from clin.analysis.tables import markdown
from clin.errors import UserError
from clin.experiments.cells import lines
from clin.experiments.sequence import Stream, lineages
from clin.experiments.spec import PRESETS, Batch
from memory.store import Store

TASKS = ["make", "repair", "both"]
STREAM = Stream(targets=("both",), orders=2, evaluated=1, elsewhere={"rules": 950})


def made() -> dict:
    found = lineages(STREAM, "w", {task: range(200, 205) for task in TASKS}, 1)
    return {lineage.order: lineage for lineage in found}


def test_a_compositional_stream_learns_the_parts_in_the_place_of_their_target() -> None:
    stream = made()["compositional 1"]
    places = [(block.places, block.options) for block in stream.blocks if block.learning]
    assert places == [((("make", 201),), ()), ((("repair", 201),), ()), ((("both", 201),), ())]


def test_a_naive_stream_has_the_same_targets_and_parts_from_elsewhere() -> None:
    stream = made()["naive 1"]
    learned = [block for block in stream.blocks if block.learning]
    assert learned[-1].places == made()["compositional 1"].blocks[2].places
    assert [block.places for block in learned[:-1]] == [(("make", 203),), (("repair", 203),)]
    assert [block.options for block in learned] == [(("rules", 950),), (("rules", 950),), ()]


def test_both_end_with_their_targets_and_held_out_places_frozen() -> None:
    assert [*made()] == ["compositional 0", "naive 0", "compositional 1", "naive 1"]
    for stream in made().values():
        learned = {place for block in stream.blocks if block.learning for place in block.places}
        *_, last = stream.blocks
        assert not last.learning and last.name.endswith("/3/evaluate")
        assert [place in learned for place in last.places] == [True, False]
        assert last.places[1] == ("both", 204)


def test_a_stream_that_evaluates_nothing_learns_from_every_variation() -> None:
    stream = Stream(rounds=2, orders=1, evaluated=0, experts=False)
    (found,) = lineages(stream, "w", {"a": range(4)}, 2)
    assert [block.places for block in found.blocks] == [(("a", 0), ("a", 1)), (("a", 2), ("a", 3))]
    assert all(block.learning for block in found.blocks)


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (
            {"targets": ["compose-22"]},
            "'compose-22' is none of the tasks.*did you mean 'compose-2'",
        ),
        ({"targets": ["compose-2"], "orders": 60}, "need 121 variations of each task"),
    ],
)
def test_what_cannot_be_streamed_is_one_line(stream: dict, says: str) -> None:
    batch = Batch.checked(
        worlds=["causal"], tasks=["make", "compose-2"], strategies=["none"], stream=stream
    )
    with pytest.raises(UserError, match=says):
        lines(batch)


@pytest.mark.parametrize("name", ["agentcl", "evo-stream"])
@pytest.mark.parametrize("quick", [True, False])
def test_the_presets_have_a_baseline_and_the_same_rules_of_play_for_all(
    name: str, quick: bool
) -> None:
    assert (PRESETS / f"{name}.toml").exists()
    batch = Batch.read(name, quick=quick)
    assert "none" in batch.strategies and lines(batch)
    assert None not in dict(batch.exploration).values()


def stream(strategy: str, order: str, first: float, again: float, held: float) -> list:
    """A stream of a part and a target, then both passes over."""
    names = f"{strategy} {order}"
    return [
        row(f"{names} part", 0, 50, task="make", stream=f"{order}/1/learn", strategy=strategy),
        row(f"{names} t", 0, first, task="both", stream=f"{order}/2/learn", strategy=strategy),
        row(f"{names} a", 0, again, task="both", stream=f"{order}/2/evaluate", strategy=strategy),
        row(
            f"{names} h",
            0,
            held,
            task="both",
            variation=9,
            stream=f"{order}/2/evaluate",
            strategy=strategy,
        ),
    ]


TABLE = [
    *stream("none", "compositional 0", 20, 20, 10),
    *stream("none", "compositional 1", 40, 40, 10),
    *stream("clin", "compositional 0", 50, 60, 10),
    *stream("clin", "compositional 1", 30, 20, 30),
    *stream("clin", "naive 0", 30, 30, 30),
]


def test_the_gains_are_what_their_definitions_say() -> None:
    found = {(each.strategy, each.kind): each for each in gains(TABLE)}
    clin = found["clin", "compositional"]
    assert clin.first.mean == 40
    assert clin.plasticity.mean.mean == pytest.approx(((50 - 20) + (30 - 40)) / 2)
    assert clin.stability.mean.mean == pytest.approx(((60 - 50) + (20 - 30)) / 2)
    assert clin.generalisation.mean.mean == pytest.approx((0 + 20) / 2)
    assert (clin.harmed, clin.compared, clin.plasticity.mean.n) == (1, 2, 2)
    assert found["none", "compositional"].plasticity.mean.mean == 0


def test_without_a_baseline_only_stability_can_be_said() -> None:
    (naive,) = [each for each in gains(TABLE) if each.kind == "naive"]
    assert naive.plasticity is None and naive.generalisation is None
    assert naive.stability.mean.mean == 0 and naive.compared == 0


def test_streams_with_targets_are_in_no_lifelong_figure_and_the_report_has_them() -> None:
    assert lifelong(TABLE) == [] == streamed(TABLE)
    text = markdown(TABLE, KNOWN)
    assert "| compositional | clin | 40.0 (" in text and "| 1/2 |" in text
    assert "performance maintenance" not in text


def test_a_stream_is_told_by_success_progress_steps_and_order() -> None:
    table = [
        row(f"{strategy} {order} {at}", 0, score, stream=f"{order}/{at}/learn", strategy=strategy)
        for strategy, scores in (("none", (0, 50)), ("clin", (100, 50)))
        for order in ("0", "1")
        for at, score in enumerate((*scores, 100 * int(order)))
    ]
    table.append(replace(table[0], run="x", stream="alone t/1/learn"))
    found = {each.strategy: each for each in streamed(table)}
    assert found["none"].progress.mean == pytest.approx((50 / 3 + 50) / 2)
    assert found["none"].success.mean == pytest.approx((0 + 100 / 3) / 2)
    assert found["none"].spread == pytest.approx((50 - 50 / 3) / 2)
    assert found["clin"].less.mean.mean == pytest.approx(100 / 3)
    assert (found["clin"].trials, found["clin"].less.mean.n) == (6, 2)
    assert "streams while learning" in markdown(table, KNOWN)


SMALL = """
worlds = ["causal"]
tasks = ["repair", "compose-2"]
strategies = ["none", "exprag"]
trials = 1
budget = 3

[world_options.causal]
rules = 901

[stream]
targets = ["compose-2"]
orders = 1
evaluated = 1
elsewhere = {rules = 950}
"""


def test_streams_with_targets_are_played_learning_and_then_frozen(
    tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    done = clin("batch", "small.toml")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        configs = [run.config for run in store.runs()]
        frozen = [run for run in store.runs() if run.config["read_only_memory"]]
        held = [store.recalled(store.trials(run.name)[0].id).notes for run in frozen]
    played = {
        (each["stream"], each["task"], each["variation"], each["world_options"]["rules"])
        for each in configs
        if each["strategy"] == "exprag"
    }
    assert played == {
        ("compositional 0/1/learn", "repair", 200, 901),
        ("compositional 0/2/learn", "compose-2", 200, 901),
        ("compositional 0/2/evaluate", "compose-2", 200, 901),
        ("compositional 0/2/evaluate", "compose-2", 202, 901),
        ("naive 0/1/learn", "repair", 201, 950),
        ("naive 0/2/learn", "compose-2", 200, 901),
        ("naive 0/2/evaluate", "compose-2", 200, 901),
        ("naive 0/2/evaluate", "compose-2", 202, 901),
    }
    reads = [len(notes) for run, notes in zip(frozen, held, strict=True) if _is(run, "exprag")]
    assert reads == [2] * 4  # both trials of its stream, whose tasks share a word with the target
    told = clin("report").stdout
    assert "| compositional | exprag |" in told and "| naive | none |" in told


def _is(run, strategy: str) -> bool:
    return run.config["strategy"] == strategy
