"""A batch on a local Ray cluster: the same rows as without one, and a worker that dies loses no
trial that had ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from conftest import environment
from holders import holder

from clin.analysis.report import rows
from clin.errors import UserError
from clin.experiments.cells import cells
from clin.experiments.runner import Batching, Outcome
from clin.experiments.spec import Batch
from clin.watcher import Watcher
from memory.store import Store
from memory.store.failures import failures

pytest.importorskip("ray", reason="pip install 'clin[cluster]'")

SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1]
strategies = ["none", "clin"]
settings = ["adapt", "gen-task"]
trials = 3
budget = 6
sources = 1
world_options = {causal = {rules = 3}}
"""


def told(store: Store) -> list[tuple]:
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


def test_a_cluster_plays_what_one_machine_plays_though_a_worker_dies(tmp_path: Path) -> None:
    from clin.experiments.cluster import Cluster

    batch = Batch.checked(**tomllib.loads(SMALL))
    with Store(tmp_path / "here.db") as store:
        Batching(store, batch, Watcher(), lambda: False).play(cells(batch))
        expected = told(store)
    killed: list[str] = []

    def kill_once(what: str, pid: int) -> None:
        if "clin, gen-task" in what and not killed:
            killed.append(what)
            os.kill(pid, signal.SIGKILL)

    with Store(tmp_path / "there.db") as store:
        outcome = Cluster(store, batch, lambda: False, kill_once).play(cells(batch), [], workers=2)
        assert killed and not outcome.failed and len(outcome.played) == 6
        assert told(store) == expected
        again = Cluster(store, batch, lambda: False, kill_once).play(cells(batch), [], workers=2)
        assert (again.played, len(again.there)) == ([], 6)


def test_a_cell_that_fails_on_a_cluster_is_told_and_every_rerun_reaches_the_others(
    tmp_path: Path,
) -> None:
    """The script knows how to act and not how to write a memory."""
    from clin.experiments.cluster import Cluster

    (tmp_path / "act.json").write_text('[{"pick": 0, "role": "act"}]')
    named = {"models": [f"scripted:{tmp_path / 'act.json'}"], "writer": "model"}
    batch = Batch.checked(**{**tomllib.loads(SMALL), **named, "settings": ["adapt"]})
    with Store(tmp_path / "clin.db") as store:
        for tried in (1, 2, 3):
            cluster = Cluster(store, batch, lambda: False, lambda what, pid: None)
            outcome = cluster.play(cells(batch), [], workers=2)
            assert [reason for _, reason in outcome.failed if "has no rule for" in reason]
            assert (len(outcome.failed), len(store.runs())) == (1, 2)
            assert len(outcome.played) == (tried == 1)
            [bad] = [run for run in store.runs() if run.config["strategy"] == "clin"]
            assert (bad.state, len(failures(store, bad.name))) == ("failed", tried)
            assert store.check() == []


def test_a_batch_goes_from_one_engine_to_the_other(tmp_path: Path) -> None:
    from clin.experiments.cluster import Cluster

    batch = Batch.checked(**{**tomllib.loads(SMALL), "settings": ["adapt"]})
    with Store(tmp_path / "whole.db") as store:
        Batching(store, batch, Watcher(), lambda: False).play(cells(batch))
        expected = told(store)
    with Store(tmp_path / "clin.db") as store:
        Batching(store, batch, Watcher(), lambda: len(store.steps_after(0)) > 2).play(cells(batch))
        assert [run.state for run in store.runs()] == ["running"]
        sent: list[str] = []
        stopping = Cluster(store, batch, lambda: bool(sent), lambda what, pid: sent.append(what))
        assert stopping.play(cells(batch), [], workers=1).interrupted
        outcome = Batching(store, batch, Watcher(), lambda: False).play(cells(batch))
        assert not outcome.failed and told(store) == expected


def test_a_trial_that_is_told_is_in_the_file_already(tmp_path: Path) -> None:
    """A driver that is killed then has lost nothing that was shown."""
    from clin.experiments.cluster import Cluster

    batch = Batch.checked(**{**tomllib.loads(SMALL), "settings": ["adapt"], "strategies": ["none"]})
    there: list[int] = []
    with Store(tmp_path / "clin.db") as store:

        def told(what: str, pid: int) -> None:
            with Store(store.path, read_only=True) as beside:
                [run] = beside.runs()
                there.append(sum(row.ending is not None for row in beside.trials(run.name)))

        Cluster(store, batch, lambda: False, told).play(cells(batch), [], workers=1)
        assert there == [1, 2, 3, 3]  # a line per trial, and one at the end
        assert [run.state for run in store.runs()] == ["finished"] and store.check() == []


@pytest.mark.slow
def test_a_changed_experiment_plays_its_changed_runs_and_no_other(tmp_path: Path) -> None:
    """Every setting is part of a run's identity, on both engines."""
    from clin.experiments.cluster import Cluster

    batch = Batch.checked(**{**tomllib.loads(SMALL), "settings": ["adapt"], "trials": 1})
    changed = Batch.checked(
        **{**tomllib.loads(SMALL), "settings": ["adapt"], "trials": 1, "temperature": 0.7}
    )
    with Store(tmp_path / "clin.db") as store:
        Batching(store, batch, Watcher(), lambda: False).play(cells(batch))
        assert [run.name for run in store.runs()] == ["r1", "r2"]
        cluster = Cluster(store, changed, lambda: False, lambda what, pid: None)
        outcome = cluster.play(cells(changed), [], workers=1)
        assert (sorted(outcome.played), outcome.there) == (["r3", "r4"], [])
        drawn = [run.config["sampling"]["temperature"] for run in store.runs()]
        assert drawn == [0.0, 0.0, 0.7, 0.7]
        again = Batching(store, changed, Watcher(), lambda: False).play(cells(changed))
        assert (again.played, sorted(again.there)) == ([], ["r3", "r4"])
        other = Cluster(store, batch, lambda: False, lambda what, pid: None)
        outcome = other.play(cells(batch), [], workers=1)
        assert (outcome.played, sorted(outcome.there)) == ([], ["r1", "r2"])


@pytest.mark.slow
def test_a_cluster_waits_for_what_another_process_plays(tmp_path: Path) -> None:
    from clin.experiments.cluster import Cluster

    batch = Batch.checked(**{**tomllib.loads(SMALL), "settings": ["adapt"], "trials": 1})
    with Store(tmp_path / "clin.db") as store:
        stop = Batching(store, batch, Watcher(), lambda: len(store.steps_after(0)) > 1)
        assert stop.play(cells(batch)).interrupted
        with holder(store.path, "r1") as process:
            told: list[str] = []

            class Waiting(Watcher):
                def waits(self, held: Sequence[str]) -> None:
                    told.extend(held)
                    process.kill()
                    process.wait()

            watcher = Waiting()
            cluster = Cluster(store, batch, lambda: False, lambda *_: None, watcher=watcher)
            outcome = cluster.play(cells(batch), [], workers=1)
        assert len(told) == 1 and f"process {process.pid}" in told[0]
        assert not outcome.failed and sorted(outcome.played) == ["r1", "r2"]
        assert {run.state for run in store.runs()} == {"finished"} and store.check() == []


@pytest.mark.slow
def test_a_model_that_no_worker_can_load_fails_its_cells_alone(tmp_path: Path) -> None:
    from clin.experiments.cluster import Cluster

    models = ["missing.gguf", "bundled"]
    fields = {**tomllib.loads(SMALL), "settings": ["adapt"], "trials": 1, "models": models}
    batch = Batch.checked(**{**fields, "strategies": ["none"]})
    with Store(tmp_path / "clin.db") as store:
        cluster = Cluster(store, batch, lambda: False, lambda what, pid: None)
        outcome = cluster.play(cells(batch), [], workers=1)
        [(cell, reason)] = outcome.failed
        assert "missing.gguf" in cell and "missing.gguf" in reason
        assert outcome.played == ["r1"]


def test_a_worker_that_dies_over_a_model_costs_nothing_and_three_cost_its_cells(
    tmp_path: Path,
) -> None:
    from clin.experiments.cluster import Cluster

    fields = {**tomllib.loads(SMALL), "settings": ["adapt"], "trials": 1}
    batch = Batch.checked(**{**fields, "strategies": ["none"]})
    killed: list[int] = []

    def played(name: str, deaths: int) -> Outcome:
        """``deaths`` workers are killed while the driver waits for them and looks whether to
        stop."""
        killed.clear()

        def stop() -> bool:
            family = psutil.Process().children(recursive=True)
            workers = [each for each in family if _is_worker(each) and each.pid not in killed]
            if workers and len(killed) < deaths:
                killed.append(workers[0].pid)
                workers[0].kill()
            return False

        with Store(tmp_path / name) as store:
            return Cluster(store, batch, stop, lambda what, pid: None).play(
                cells(batch), [], workers=1
            )

    one = played("one.db", 1)
    assert (len(killed), one.failed, one.played) == (1, [], ["r1"])
    three = played("three.db", 3)
    assert len(killed) == 3 and three.played == []
    assert [reason for _, reason in three.failed] == ["3 workers died over its model"]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "".join(process.cmdline()[:1]).startswith("ray::Worker")
    except psutil.Error:
        return False  # it ended meanwhile


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "nowhere", "ray://127.0.0.1:1", "127.0.0.1:99999"]
)
def test_a_cluster_that_is_not_there_is_one_line(address: str, tmp_path: Path, clin) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    done = clin("batch", "small.toml", "--engine", "ray", "--address", address)
    assert done.returncode == 2
    assert address in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_a_cluster_that_the_environment_names_and_is_not_there_is_one_line(
    tmp_path: Path, clin, monkeypatch
) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    done = clin("batch", "small.toml", "--engine", "ray")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: no Ray cluster at '127.0.0.1:1'")


def test_what_answers_and_is_no_cluster_is_one_line(tmp_path: Path, clin, served) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    address = served.url.rpartition("//")[2].partition("/")[0]
    done = clin("batch", "small.toml", "--engine", "ray", "--address", address)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    line = f"Error: no Ray cluster at '{address}': what listens there is not Ray"
    assert done.stderr.splitlines()[-1] == line


def test_a_cluster_is_known_by_how_it_answers() -> None:
    from clin.experiments.resources import connect, reached

    ray = connect("local")
    try:
        address = ray.get_runtime_context().gcs_address
        reached(address)
        with pytest.raises(UserError, match="not of the form"):
            reached(address.partition(":")[0])
    finally:
        ray.shutdown()


def test_a_ray_that_cannot_start_here_is_one_line_and_our_fault(
    tmp_path: Path, clin_child, monkeypatch
) -> None:
    """It fails at once where it has no folder; a machine that is too slow for it takes the same
    way out."""
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "file"))
    done = clin_child("batch", "small.toml", "--engine", "ray")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: Ray did not start on this machine: ")


@pytest.mark.slow
def test_a_batch_whose_head_dies_says_so_and_goes_on_from_what_is_stored(
    tmp_path: Path, clin_child
) -> None:
    """Ray ends the driver's process by itself then, once it has waited for the head."""
    (tmp_path / "long.toml").write_text(SMALL.replace("budget = 6", "budget = 40"))
    words = [sys.executable, "-m", "clin.cli", "batch", "long.toml"]
    batch = subprocess.Popen(
        [*words, "--engine", "ray", "--workers", "1"],
        cwd=tmp_path,
        env=environment(RAY_gcs_rpc_server_reconnect_timeout_s="3"),
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in batch.stderr:
        if not said and "a trial of" in line:
            for name in ("gcs_server", "raylet"):
                kill_below(batch.pid, name)
        said += [line] if said or "a trial of" in line else []
    batch.wait(60)
    assert "head of the Ray cluster" in "".join(said) and "Traceback" not in "".join(said)
    again = clin_child("batch", "long.toml")
    assert again.returncode == 0, again.stderr
    assert "0 failed" in again.stderr + again.stdout
    with Store(tmp_path / "clin.db") as store:
        assert store.check() == []


def kill_below(pid: int, name: str) -> None:
    for process in psutil.Process(pid).children(recursive=True):
        if process.name() == name:
            process.kill()
