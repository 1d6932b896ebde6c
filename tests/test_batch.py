"""Experiments: what is played, what is not played again, what a kill leaves, what a report says."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Clin, command, environment
from hypothesis import given, settings
from hypothesis import strategies as st

from clin.analysis.report import Row, against, arms, by_task, gained, last_trials, rows
from clin.analysis.tables import markdown
from clin.errors import UserError
from clin.experiments.cells import cells, lines
from clin.experiments.sequence import Stream, lineages
from clin.experiments.spec import PRESETS, Batch
from memory.evidence.ledger import Claim, claim_of
from memory.store import Store
from memory.trials import Memory

SMALL = """
worlds = ["causal"]
tasks = ["make", "repair"]
variations = [1]
strategies = ["none", "clin"]
settings = ["adapt", "gen-task"]
trials = 2
budget = 6
sources = 1
lanes = 2
world_options = {causal = {rules = 3}}
"""
KILLS = int(os.environ.get("CLIN_KILLS", "3"))
"""Kills at random moments; ``CLIN_KILLS=20 pytest tests/test_batch.py -k kill`` is the full
test."""


def told(path: Path) -> list[tuple]:
    """What a database's batch played, without what differs from time to time."""
    with Store(path, read_only=True) as store:
        assert store.check() == []
        return sorted(
            (
                row.task,
                row.variation,
                row.strategy,
                row.setting,
                row.trial,
                row.score,
                row.steps,
                row.ending,
            )
            for row in rows(store, [run.name for run in store.runs()])
        )


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    (folder / "small.toml").write_text(SMALL)
    done = subprocess.run(
        command("batch", "small.toml"),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "stderr").write_text(done.stderr)
    return folder


@pytest.mark.slow
def test_a_batch_plays_every_cell_once(played: Path, clin: Clin) -> None:
    table = told(played / "clin.db")
    assert len(table) == 2 * 2 * 2 * 2 + 2 * 2  # the last: grow, learned from
    assert "10 runs (2 of them to learn from)" in (played / "stderr").read_text()
    again = clin("batch", str(played / "small.toml"), "--db", str(played / "clin.db"))
    assert again.returncode == 0
    assert "0 runs played, 10 were there already, 0 failed" in again.stdout
    assert told(played / "clin.db") == table


@pytest.mark.slow
def test_a_batch_killed_at_random_and_started_again_ends_with_the_same_rows(
    played: Path, tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    random.seed(5)
    for _ in range(KILLS):
        child = subprocess.Popen(
            command("batch", "small.toml"),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=tmp_path,
            env=environment(),
        )
        time.sleep(random.uniform(1.0, 3.0))
        child.kill()
        child.wait()
    if clin("resume", "b1").returncode == 2:  # every kill came before the batch was in the file
        assert clin("batch", "small.toml").returncode == 0
    assert told(tmp_path / "clin.db") == told(played / "clin.db")
    wrong = clin("resume", "b2")
    assert wrong.returncode == 2 and "it has b1 to b1" in wrong.stderr


STREAM = """
worlds = ["causal"]
tasks = ["repair", "make"]
strategies = ["none", "evidence"]
per_task = 1
trials = 2
budget = 5
lanes = 2
[stream]
rounds = 2
orders = 2
"""


def claims(memory: Memory) -> list[Claim]:
    return [claim_of(link) for link in memory.links]


@pytest.mark.slow
def test_a_sequence_carries_its_memory_and_goes_on_after_a_kill(tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "stream.toml").write_text(STREAM)
    assert clin("batch", "stream.toml", "--db", "whole.db").returncode == 0
    child = subprocess.Popen(
        command("batch", "stream.toml"),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment(),
    )
    time.sleep(2.5)
    child.kill()
    child.wait()
    assert clin("batch", "stream.toml").returncode == 0
    assert told(tmp_path / "clin.db") == told(tmp_path / "whole.db")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        mine = [
            run
            for run in store.runs()
            if run.config["strategy"] == "evidence" and run.config["stream"].startswith("0/")
        ]
        memory = None
        for run in mine:
            begun = store.latest_version(run.name, -1)
            assert memory is None or (begun is not None and claims(begun.memory) == claims(memory))
            # The bundled model reads of other places what this one bears out.
            assert run.config["read_unconfirmed"] is False
            learned = store.version_after(run.name, len(store.trials(run.name)) - 1).memory
            if run.config["stream"].endswith("evaluate"):
                assert begun is None or learned == begun.memory
            else:
                memory = learned if learned.links else None
    shown = clin("report")
    assert "performance maintenance" in shown.stdout and "| evidence |" in shown.stdout


@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(1, 12)
)
def test_sequences_hold_the_same_blocks_in_other_orders_and_keep_evaluated_places_unlearned(
    rounds, orders, evaluated, per_task, many
) -> None:
    stream = Stream(rounds=rounds, orders=orders, evaluated=evaluated)
    found = list(lineages(stream, "w", {"a": range(many), "b": range(many)}, per_task))
    shuffled = [line for line in found if not line.order.startswith("alone")]
    learned = [sorted(block.places for block in line.blocks if block.learning) for line in shuffled]
    assert len(shuffled) == orders and all(each == learned[0] for each in learned)
    assert len(found) == orders + 2
    for line in found:
        assert len({block.name for block in line.blocks}) == len(line.blocks)
        for block in line.blocks:
            assert (
                block.learning
                or many <= evaluated
                or not set(block.places) & {place for places in learned[0] for place in places}
            )


@pytest.mark.slow
def test_samples_estimate_the_probability_of_success(tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "s.toml").write_text(
        'tasks = ["find-living-thing"]\nvariations = [225]\nstrategies = ["none"]\ntrials = '
        "1\nbudget = 12\nlanes = 3\n"
    )
    done = clin("batch", "s.toml", "--samples", "3")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert [run.config["seed"] for run in store.runs()] == [0, 1, 2]
        assert {run.config["sampling"]["temperature"] for run in store.runs()} == {0.5}
    assert "/3 (" in clin("report").stdout


def test_a_model_that_does_not_load_fails_its_cells_and_the_others_go_on(
    tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "gone.toml").write_text(
        'worlds = ["causal"]\ntasks = ["repair"]\nvariations = [0]\nstrategies = '
        '["none"]\ntrials = 1\nbudget = 3\n'
        'models = ["missing.gguf", "bundled"]\n'
    )
    done = clin("batch", "gone.toml", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert len(document["played"]) == 1
    assert "missing.gguf" in document["failed"][0]["reason"]
    assert "Failed: causal/repair" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('strategies = ["clin"]\ntrails = 3', "no field 'trails'; did you mean 'trials'"),
        ("strategies = []", "strategies: "),
        ('strategies = ["clinn"]', "did you mean 'clin'"),
        ('strategies = ["clin"]\ntasks = ["boyl"]', "did you mean 'boil'"),
        (
            'strategies = ["clin"]\ntasks = ["boil"]\nvariations = [999]',
            "variations: scienceworld task 'boil' has 0 to",
        ),
        ('strategies = ["clin"]\nworlds = ["sciworld"]', "no world 'sciworld'"),
        (
            'strategies = ["clin"]\nworlds = ["causal", "textworldexpress"]\ntasks = ["boil"]',
            "has a task 'boil'",
        ),
        (
            'strategies = ["clin"]\nworlds = ["causal"]\nworld_options = {causal = {roolz = 1}}',
            "roolz",
        ),
        ('strategies = ["clin"]\nseeds = []', "seeds: "),
        ('strategies = ["clin"]\nlanes = "many"', "lanes: "),
        ("strategies = [", "cannot be read as TOML"),
    ],
)
def test_a_wrong_experiment_is_told_in_one_line_and_plays_nothing(
    text: str, said: str, tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    done = clin("batch", "wrong.toml")
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "clin.db").exists() or told(tmp_path / "clin.db") == []


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("quick", [False, True])
def test_every_experiment_that_ships_has_runs_on_places_of_its_split(
    path: Path, quick: bool
) -> None:
    read = Batch.read(path.stem, quick=quick)
    found = cells(read)
    if read.stream:
        assert lines(read) and not found
        return
    assert len(set(found)) == len(found) > 0
    for cell in found:
        assert (cell.setting == "adapt") == (not cell.sources)
        assert (cell.task, cell.variation) not in cell.sources


def test_an_experiment_that_does_not_ship_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'paper-adapt'"):
        Batch.read("paper-adopt")


def test_the_report_compares_what_is_comparable(played: Path, tmp_path: Path, clin: Clin) -> None:
    db = ("--db", str(played / "clin.db"))
    done = clin("report", *db, "--html", "out.html", "--rows", "rows.csv")
    assert done.returncode == 0, done.stderr
    assert (
        "| clin gen-task |" in done.stdout
        and "sign test" in done.stdout
        and "sha256" in done.stdout
    )
    html = (tmp_path / "out.html").read_text()
    assert "<svg" in html and "http:" not in html and "https:" not in html
    with (tmp_path / "rows.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 16
    assert clin("report", *db, "--rows", "rows.jsonl").returncode == 0
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 16
    wrong = clin("report", *db, "--rows", "rows.xls")
    assert wrong.returncode == 2 and "rows.csv" not in wrong.stderr and "FILE.csv" in wrong.stderr


def test_runs_that_others_learned_from_are_not_compared(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        like = {
            "world": "w",
            "task": "t",
            "setting": "adapt",
            "start": "",
            "model": {"reference": "m"},
        }
        store.begin_run({**like, "variation": 0})
        store.begin_run({**like, "variation": 7})
        store.begin_run({**like, "variation": 7, "setting": "gen-env", "start": "t:0"})
        from clin.analysis.report import sources

        assert sources(store) == {"r1"}


def row(
    run: str, trial: int, score: float, strategy: str = "clin", task: str = "t", variation: int = 0
) -> Row:
    return Row(
        run,
        "w",
        task,
        variation,
        "adapt",
        strategy,
        "m",
        0,
        trial,
        score,
        10,
        100,
        "budget",
        10,
        5,
        1,
        0.1,
    )


def test_tables_by_hand() -> None:
    table = [
        row("r1", 0, -100),
        row("r1", 1, 60),
        row("r2", 0, 20, variation=1),
        row("r2", 1, 100, variation=1),
        row("r3", 0, 50, "none"),
        row("r3", 1, 50, "none"),
    ]
    clin, none = arms(table)
    assert [mean.mean for mean in clin.curve] == [10, 80]
    assert [mean.mean for mean in none.curve] == [50, 50]
    assert clin.share == (0.1, 0.1)
    assert by_task(table)["t"]["clin"].mean == 80
    delta = against(table, "clin", "none")
    assert (delta.mean.mean, delta.mean.n, delta.above, delta.below) == (10, 1, 1, 0)
    assert gained(table, "clin").mean.mean == 70
    assert against(table, "clin", "reflexion") is None
    assert {each.run: each.trial for each in last_trials(table)} == {"r1": 1, "r2": 1, "r3": 1}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a|b", "<b>", "c"]), st.integers(0, 3), st.floats(-100, 100)),
        min_size=1,
        max_size=8,
    )
)
def test_a_report_does_not_depend_on_the_names_of_runs(found) -> None:
    one = [
        row(f"r{n}", 0, score, strategy, variation=place)
        for n, (strategy, place, score) in enumerate(found)
    ]
    other = [
        row(f"r{n + 50}", 0, score, strategy, variation=place)
        for n, (strategy, place, score) in enumerate(found)
    ]
    known = {
        "runs": 1,
        "trials": 1,
        "models": {"m": "ab" * 32},
        "matched": {"m": [0, 0]},
        "seeds": [0],
        "places": 1,
        "worlds": ["w"],
        "played": ["2026-01-01", "2026-01-02"],
        "commits": ["abc"],
        "reported": "2026-01-03",
        "commit": "def",
    }
    assert markdown(one, known) == markdown(other, known)


def test_a_question_that_cannot_be_answered_fails_its_own_run_and_the_others_go_on(
    tmp_path: Path, clin: Clin
) -> None:
    """The script knows how to act and not how to write a memory; both kinds of runs are in flight
    together."""
    (tmp_path / "act.json").write_text('[{"pick": 0, "role": "act"}]')
    experiment = (
        SMALL.replace('["adapt", "gen-task"]', '["adapt"]')
        + 'models = ["scripted:act.json"]\nwriter = "model"\n'
    )
    (tmp_path / "small.toml").write_text(experiment.replace("world_options", "# world_options"))
    done = clin("batch", "small.toml")
    assert "Traceback" not in done.stderr
    assert (done.stdout + done.stderr).count("has no rule for") == 2
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert (
            sorted((run.config["strategy"], run.state) for run in store.runs())
            == [("clin", "failed")] * 2 + [("none", "finished")] * 2
        )
        assert store.check() == []
