"""One failure costs one cell: a fault at every call of world, model and store in turn."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Clin
from faults import Counter, Injected, break_opened, break_store

from clin.errors import ModelError
from clin.experiments.cells import cells
from clin.experiments.runner import Batching, Outcome
from clin.experiments.spec import Batch
from clin.experiments.worker import Worker
from clin.watcher import Watcher
from memory.store import Store
from memory.store.failures import failures
from memory.store.merging import merge, parcel
from worlds import Observation, World, WorldCrashed

STRIDE = int(os.environ.get("CLIN_FAULTS", "7"))
"""Of the calls of model and store every so many-th breaks; with ``CLIN_FAULTS=1`` each does."""

SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1, 2, 3]
strategies = ["evidence"]
trials = 2
budget = 3
writer = "rules"
lanes = 1
"""


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    model = f"scripted:{tmp_path / 'second.json'}"
    return Batch.checked(**tomllib.loads(SMALL), models=[model])


def played(store: Store, batch: Batch) -> Outcome:
    return Batching(store, batch, Watcher(), lambda: False).play(cells(batch))


def told(store: Store) -> list[tuple]:
    """The trials of a file, without what differs from time to time."""
    assert store.check() == []
    return sorted(
        (row.variation, row.number, row.ending, store.trial(row.id).steps)
        for run in store.runs()
        for row in store.trials(run.name)
    )


Break = Callable[[pytest.MonkeyPatch, Counter], None]


def break_world(patch: pytest.MonkeyPatch, counter: Counter) -> None:
    break_opened(patch, counter, "clin.learner", "open_world")


def break_model(patch: pytest.MonkeyPatch, counter: Counter) -> None:
    break_opened(patch, counter, "clin.experiments.runner", "open_models")


def calls_of(break_part: Break, path: Path, batch: Batch) -> tuple[int, list[tuple]]:
    """How often a batch calls the part, and what it plays."""
    counter = Counter()
    with Store(path) as store, pytest.MonkeyPatch.context() as patch:
        break_part(patch, counter)
        assert not played(store, batch).failed
        calls = counter.calls
    with Store(path) as store:
        return calls, told(store)


@pytest.mark.slow
def test_a_world_that_breaks_at_any_call_costs_one_cell(tmp_path: Path, batch: Batch) -> None:
    calls, whole = calls_of(break_world, tmp_path / "whole.db", batch)
    assert calls > 60
    for at in range(1, calls + 1):
        with Store(tmp_path / f"{at}.db") as store:
            with pytest.MonkeyPatch.context() as patch:
                break_world(patch, Counter(at))
                outcome = played(store, batch)
            [(cell, reason)] = outcome.failed
            assert reason.startswith("Injected: the part broke (faults.py, line ")
            assert f"causal/make {1 + (at - 1) * 3 // calls}," in cell
            failed = [run for run in store.runs() if run.state != "finished"]
            assert len(failed) <= 1 and len(store.runs()) - len(failed) >= 2
            for run in failed:
                assert run.state == "failed"
                assert [each.reason for each in failures(store, run.name)] == [reason]
            again = played(store, batch)
            assert not again.failed and len(again.played) + len(again.there) == 3
            assert told(store) == whole


@pytest.mark.slow
def test_a_model_that_breaks_at_any_call_costs_no_more_than_its_cell(
    tmp_path: Path, batch: Batch
) -> None:
    calls, whole = calls_of(break_model, tmp_path / "whole.db", batch)
    costs = []
    for at in range(1, calls + 1, STRIDE):
        with Store(tmp_path / f"{at}.db") as store:
            with pytest.MonkeyPatch.context() as patch:
                break_model(patch, Counter(at))
                outcome = played(store, batch)
            costs.append(len(outcome.failed))
            assert len(outcome.played) + len(outcome.failed) >= 3
            assert not played(store, batch).failed and told(store) == whole
    assert costs[0] == 3  # a model that does not open has no cells
    assert len(costs) > 10 and set(costs[1:]) == {1}


@pytest.mark.slow
def test_a_store_that_breaks_at_any_call_loses_nothing(tmp_path: Path, batch: Batch) -> None:
    calls, whole = calls_of(break_store, tmp_path / "whole.db", batch)
    assert calls > 300
    for at in range(1, calls + 1, STRIDE):
        with Store(tmp_path / f"{at}.db") as store:
            with pytest.MonkeyPatch.context() as patch:
                break_store(patch, Counter(at))
                outcome = played(store, batch)
            assert outcome.failed, at
            whole_stage = not outcome.played  # what is asked of the store before the first cell
            assert len(outcome.failed) == (3 if whole_stage else 1), at
            assert not played(store, batch).failed and told(store) == whole


def test_an_engine_that_breaks_over_all_lanes_costs_those_that_were_asking(
    tmp_path: Path, batch: Batch
) -> None:
    batch = batch.but(engine=batch.engine.but(lanes=2))
    with Store(tmp_path / "clin.db") as store, pytest.MonkeyPatch.context() as patch:
        break_opened(patch, Counter(), "clin.experiments.runner", "open_models")
        fail_once(patch)
        outcome = played(store, batch)
        assert len(outcome.failed) == 2 and len(outcome.played) == 1
        assert {reason for _, reason in outcome.failed} == {"the cache is full"}


def fail_once(patch: pytest.MonkeyPatch) -> None:
    """Let the engine refuse all lanes, the first time that two of them ask."""
    from clin.llms.scripted import Scripted

    ready, refused = Scripted.ready, []

    def once(self: Scripted, until: Callable[[], bool] = lambda: False):
        if len(self._queue) == 2 and not refused:
            refused.append(True)
            raise ModelError("the cache is full")
        return [] if not refused and len(self._queue) < 2 else ready(self, until)

    patch.setattr(Scripted, "ready", once)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_no_failure_of_a_cell(
    kind: type[BaseException], tmp_path: Path, batch: Batch
) -> None:
    with Store(tmp_path / "clin.db") as store:
        with pytest.MonkeyPatch.context() as patch:
            break_world(patch, Counter(12, kind()))
            with pytest.raises(kind):
                played(store, batch)
        assert [run.state for run in store.runs()] == ["running"]
        assert not failures(store, "r1")


@pytest.mark.parametrize("method", ["step", "actions"])
def test_a_world_that_dies_ends_its_trial_as_crashed_and_the_run_goes_on(
    method: str, tmp_path: Path, batch: Batch
) -> None:
    with Store(tmp_path / "clin.db") as store:
        with pytest.MonkeyPatch.context() as patch:
            break_world(patch, Counter(1, WorldCrashed("the simulator died"), only=method))
            outcome = played(store, batch)
        assert not outcome.failed and len(outcome.played) == 3
        crashed, other = store.trials("r1")
        assert (str(crashed.ending), str(other.ending)) == ("crashed", "budget")
        [failure] = failures(store, "r1")
        assert (failure.trial, failure.reason) == (0, "the simulator died")
        assert store.check() == []


class Changed:
    """A world whose answers to steps are other ones than before."""

    def __init__(self, world: World, opening: str = "") -> None:
        self._world, self._opening = world, opening

    def __getattr__(self, name: str):
        return getattr(self._world, name)

    def reset(self) -> Observation:
        seen = self._world.reset()
        return Observation(seen.text + self._opening, seen.score, seen.done)

    def step(self, action: str) -> Observation:
        seen = self._world.step(action)
        text = seen.text if self._opening else seen.text + " It is another world now."
        return Observation(text, seen.score, seen.done)


@pytest.mark.parametrize("opening", ["", " The door is another one."])
def test_a_trial_that_cannot_be_replayed_is_crashed_and_every_rerun_reaches_the_later_cells(
    opening: str, tmp_path: Path, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    import clin.learner

    with Store(tmp_path / "clin.db") as store:
        with pytest.MonkeyPatch.context() as patch:  # as after a kill within the second trial
            break_world(patch, Counter(5, KeyboardInterrupt(), only="step"))
            with pytest.raises(KeyboardInterrupt):
                played(store, batch)
        cut = store.trials("r1")[-1]
        assert cut.ending is None and cut.steps > 0
        taught = store.current_memory("r1")
        opened = clin.learner.open_world
        monkeypatch.setattr(
            clin.learner, "open_world", lambda *a, **b: Changed(opened(*a, **b), opening)
        )
        outcome = played(store, batch)
        assert not outcome.failed and len(outcome.played) == 3
        row = store.trial_row(cut.id)
        assert (str(row.ending), row.steps) == ("crashed", cut.steps)
        assert store.version_after("r1", cut.number).memory == taught
        [failure] = failures(store, "r1")
        assert failure.trial == cut.number and "the trial cannot go on" in failure.reason
        assert store.check() == []


def test_a_worker_of_a_cluster_sends_its_failure_and_another_goes_on(
    tmp_path: Path, batch: Batch
) -> None:
    """The worker is called here as Ray would call it, with the driver's merge after it."""
    cell = cells(batch)[0]

    def work(store: Store) -> Outcome:
        begun = parcel(store, [run.name for run in store.runs()])
        *_, last = Worker().play(batch, cell, begun)
        (tmp_path / "sent.db").write_bytes(last.parcel)
        merge(store, tmp_path / "sent.db")
        assert last.outcome is not None and store.check() == []
        return last.outcome

    with Store(tmp_path / "whole.db") as store:
        assert not work(store).failed
        whole = told(store)
    for at in range(2, 20, 3):
        with Store(tmp_path / f"{at}.db") as store:
            with pytest.MonkeyPatch.context() as patch:
                break_world(patch, Counter(at))
                [(_, reason)] = work(store).failed
            assert "the part broke" in reason
            assert all(run.state == "failed" for run in store.runs())
            assert [each.reason for run in store.runs() for each in failures(store, run.name)] in (
                [],
                [reason],
            )
            assert not work(store).failed and told(store) == whole


# --- the command line

RUN = ("run", "--world", "causal", "--task", "make", "--trials", "2", "--budget", "3")
RUN += ("--model", "scripted:second.json", "--writer", "rules")


def test_a_run_that_breaks_is_one_line_and_the_other_variations_go_on(
    tmp_path: Path, batch: Batch, clin: Clin
) -> None:
    counter = Counter()
    with pytest.MonkeyPatch.context() as patch:
        break_world(patch, counter)
        assert clin(*RUN, "--variation", "1,2", "--db", "whole.db").returncode == 0
    for at in range(1, counter.calls + 1, 3):
        with pytest.MonkeyPatch.context() as patch:
            break_world(patch, Counter(at))
            done = clin(*RUN, "--variation", "1,2", "--db", f"{at}.db")
        assert done.returncode == 1 and "Traceback" not in done.stderr
        [line] = [line for line in done.stderr.splitlines() if line.startswith("Failed: ")]
        assert "Injected: the part broke" in line
        with Store(tmp_path / f"{at}.db") as store:
            assert "finished" in [run.state for run in store.runs()]
            assert len(store.runs()) < 2 or store.runs()[1].state == "finished" or at > 9


def test_a_single_run_that_breaks_is_one_line_with_exit_code_1(
    tmp_path: Path, batch: Batch, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_world(monkeypatch, Counter(12))
    done = clin(*RUN, "--variation", "1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: Injected: the part broke (faults.py")
    shown = clin("show", "r1")
    assert "The run failed: Injected: the part broke" in shown.stdout
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", "160")
    assert clin("resume", "r1").returncode == 0
    break_world(monkeypatch, Counter(12))
    monkeypatch.setenv("CLIN_TRACEBACK", "1")
    done = clin(*RUN, "--variation", "1")
    assert done.returncode == 1 and "Traceback" in done.stderr


def test_a_batch_tells_what_failed_in_one_line_each(
    tmp_path: Path, batch: Batch, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.toml").write_text(SMALL + 'models = ["scripted:second.json"]\n')
    break_world(monkeypatch, Counter(12, Injected("bad \x1b]0;title\x07 news")))
    done = clin("batch", "small.toml")
    assert done.returncode == 1 and "2 runs played, 0 were there already, 1 failed" in done.stdout
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Failed: ")]
    assert "causal/make 1, evidence" in line and "\x1b" not in done.stderr
