"""The same batch on a Ray cluster (extra ``[cluster]``): a model per worker, lineages spread over
the workers.

A worker plays into a database of its own and sends it back whole, after every trial and at the end;
the driver alone writes the one database. When a worker dies, what it had begun goes to another,
which goes on after the last trial that was sent.
"""

from __future__ import annotations

import socket
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clin.config import RunConfig
from clin.errors import UserError, reason
from clin.experiments.cells import Cell, Line
from clin.experiments.runner import Outcome, stages
from clin.experiments.spec import Batch
from clin.experiments.worker import Worker
from memory.store import RunRow, Store
from memory.store.merging import merge, parcel

LOOK_SECONDS = 0.3
"""Between two looks whether the batch is to stop."""
MOST_DEATHS = 3
"""Workers that may die over the same cell before it counts as failed."""


@dataclass
class Work:
    """A cell or sequence that is out: what it began with or has sent last, and how many workers
    died over it."""

    planned: Cell | Line
    parcel: bytes
    deaths: int = 0


def connect(address: str | None) -> Any:
    """Ray, connected to ``address``, or to a cluster of this machine alone. UserError where there
    is none."""
    try:
        import ray
    except ImportError:
        raise UserError("--engine ray needs Ray: pip install 'clin[cluster]'") from None
    if address and address != "auto":
        _reached(address)
    try:
        ray.init(
            address=address, log_to_driver=False, logging_level="error", configure_logging=False
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(
            f"no Ray cluster at '{address}': {' '.join(str(error).split())[:200]}"
        ) from None
    return ray


def _reached(address: str) -> None:
    """UserError unless something listens at ``address``; Ray itself would wait long and say it in
    many lines."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        if not host or not port.isascii() or not port.isdigit():
            raise UserError(f"'{address}' is not of the form HOST:PORT or ray://HOST:PORT")
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster at '{address}': {getattr(error, 'strerror', None) or error}"
        ) from None


@dataclass
class _Crew:
    """The workers of a stage: the work that waits, and what is ``out`` with which worker."""

    ray: Any
    batch: Batch
    waiting: deque[Work]
    allowed: Collection[str] = ()
    out: dict[Any, tuple[Any, Work]] = field(default_factory=dict)

    def hire(self) -> Any:
        """A worker more."""
        return self.ray.remote(Worker).options(num_cpus=1).remote(self.allowed)

    def send(self, worker: Any) -> None:
        """Give ``worker`` the next work."""
        work = self.waiting.popleft()
        playing = worker.play.options(num_returns="streaming")
        self.out[playing.remote(self.batch, work.planned, work.parcel)] = worker, work

    def ready(self) -> list[Any]:
        """Whose worker has sent something, or has died."""
        sent, _ = self.ray.wait(list(self.out), num_returns=1, timeout=LOOK_SECONDS)
        return list(sent)


class Cluster:
    """One batch over one store and a cluster. ``tell`` is given a line for each parcel that
    arrives. ``allowed`` are the hosts that the workers' key may go to."""

    def __init__(
        self,
        store: Store,
        batch: Batch,
        stop: Callable[[], bool],
        tell: Callable[[str, int], None],
        allowed: Collection[str] = (),
    ) -> None:
        self._store, self._stop, self._tell = store, stop, tell
        self._allowed = allowed
        self._batch = batch.but(engine=batch.engine.but(lanes=1))
        self._known: dict[str, Identity | None] = {}
        self.outcome = Outcome()

    def play(
        self,
        cells: Sequence[Cell],
        lines: Sequence[Line],
        *,
        address: str | None = None,
        workers: int = 0,
    ) -> Outcome:
        """Play what the store does not have; ``workers`` as many as the cluster has processors by
        default."""
        sources, *others = stages([*cells, *lines])
        in_order = [sources, [each for stage in others for each in stage]]
        planned = dict.fromkeys(each for stage in in_order for each in stage)
        missing = {each for each in planned if self._missing(each)}
        there = [run for each in planned if each not in missing for run in self._there(each)]
        self.outcome.there = [run.name for run in there if run is not None]
        if not missing:
            return self.outcome
        ray = connect(address)
        try:
            count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            for stage in in_order:
                # A cell may be the source of another, and there by now.
                left = [each for each in stage if each in missing and self._missing(each)]
                if left and not self.outcome.interrupted:
                    self._stage(ray, left, min(count, len(left)))
        finally:
            ray.shutdown()
        return self.outcome

    def _missing(self, planned: Cell | Line) -> bool:
        return any(run is None or run.state != "finished" for run in self._there(planned))

    def _there(self, planned: Cell | Line) -> list[RunRow | None]:
        known = {self._identity(run): run for run in self._store.runs()}
        return [known.get(each) for each in _identities(planned, self._batch)]

    def _identity(self, run: RunRow) -> Identity | None:
        """What ``run`` is known by; None where another version of clin wrote it, whose runs are
        none of this batch."""
        if run.uid not in self._known:
            try:
                self._known[run.uid] = _identity(RunConfig.checked(**run.config))
            except UserError:
                self._known[run.uid] = None
        return self._known[run.uid]

    def _stage(self, ray: Any, stage: Sequence[Cell | Line], count: int) -> None:
        waiting = deque(work for planned in stage if (work := self._work(planned)))
        crew = _Crew(ray, self._batch, waiting, self._allowed)
        for _ in range(min(count, len(waiting))):
            crew.send(crew.hire())
        while crew.out and not self.outcome.interrupted:
            for sending in crew.ready():
                self._take(crew, sending)
            self.outcome.interrupted = self._stop()
        for _, work in crew.out.values():  # interrupted: what was sent so far stays
            self._keep(work)

    def _work(self, planned: Cell | Line) -> Work | None:
        """The cell or sequence with what it begins with; None where that failed, which is told."""
        try:
            return Work(planned, self._begun_with(planned))
        except Exception as error:
            self.outcome.failed.append((str(planned), reason(error)))
            return None

    def _take(self, crew: _Crew, sending: Any) -> None:
        """What a worker has sent, or that it died; one that is done gets the next work."""
        worker, work = crew.out[sending]
        try:
            sent = crew.ray.get(next(sending))
        except StopIteration:
            del crew.out[sending]
            return
        except crew.ray.exceptions.RayTaskError as error:  # it raised; another would raise it too
            del crew.out[sending]
            self._failed(work, error.cause)
            if crew.waiting:
                crew.send(worker)
            return
        except crew.ray.exceptions.RayError:
            del crew.out[sending]
            self._died(work, crew.waiting)
            if crew.waiting:
                crew.send(crew.hire())
            return
        work.parcel = sent.parcel
        self._tell(str(work.planned), sent.pid)
        if sent.outcome is not None:
            del crew.out[sending]
            self._arrived(work, sent.outcome)
            if crew.waiting:
                crew.send(worker)

    def _begun_with(self, planned: Cell | Line) -> bytes:
        """What there is of its runs, and the runs that a cell's meta-memory is made from, as a
        database. What is unfinished is claimed: StoreError where another process plays it."""
        sources = planned.source_cells() if isinstance(planned, Cell) else []
        begun = [run for run in self._there(planned) if run is not None]
        for run in begun:
            if run.state != "finished":
                self._store.claim_run(run.name)
        past = [run for each in sources for run in self._there(each) if run is not None]
        return parcel(self._store, [run.name for run in (*begun, *past)])

    def _died(self, work: Work, waiting: deque[Work]) -> None:
        work.deaths += 1
        if work.deaths >= MOST_DEATHS:
            self.outcome.failed.append((str(work.planned), f"{work.deaths} workers died over it"))
            self._keep(work)
        else:
            waiting.appendleft(work)

    def _failed(self, work: Work, error: BaseException) -> None:
        """Tell that a worker raised ``error``; what it had sent stays."""
        self.outcome.failed.append((str(work.planned), reason(error)))
        self._keep(work)

    def _arrived(self, work: Work, outcome: Outcome) -> None:
        kept = self._keep(work)
        self.outcome.failed += outcome.failed
        failed = {run.name for run in self._store.runs() if run.state != "finished"}
        self.outcome.played += [name for name in kept if name not in failed]

    def _keep(self, work: Work) -> list[str]:
        """Bring over what a worker has sent; a fault in that costs its work alone."""
        try:
            return self._merged(work.parcel)
        except Exception as error:
            self.outcome.failed.append((str(work.planned), reason(error)))
            return []

    def _merged(self, packed: bytes) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "parcel.db"
            path.write_bytes(packed)
            return merge(self._store, path)


@dataclass(frozen=True)
class Identity:
    """What the driver knows a run by; it has no model, so it cannot know the model's file."""

    place: tuple[str, str, int, str]
    """World, task, variation, and the world's options."""
    strategy: str
    setting: str
    model: str
    seed: int
    stream: str
    trials: int
    budget: int


def _identity(config: RunConfig) -> Identity:
    options = str(sorted(config.world_options.items()))
    frozen = config.stream and config.read_only_memory  # an evaluation plays one trial
    return Identity(
        (config.world, config.task, config.variation, options),
        config.strategy,
        config.setting,
        config.model.reference,
        config.seed,
        config.stream,
        1 if frozen else config.trials,
        config.budget,
    )


def _identities(planned: Cell | Line, batch: Batch) -> Iterator[Identity]:
    """The runs that ``planned`` consists of."""
    if isinstance(planned, Cell):
        yield _to_be(planned, batch, batch.trials)
        return
    for block in planned.lineage.blocks:
        for task, variation in block.places:
            place = planned.lineage.world, task, variation
            cell = Cell(*place, planned.strategy, "adapt", planned.model, planned.seed)
            yield _to_be(cell, batch, batch.trials if block.learning else 1, block.name)


def _to_be(cell: Cell, batch: Batch, trials: int, stream: str = "") -> Identity:
    options = batch.world_options.get(cell.world, {}) | dict(cell.options)
    return Identity(
        (cell.world, cell.task, cell.variation, str(sorted(options.items()))),
        cell.strategy,
        cell.setting,
        cell.model,
        cell.seed,
        stream,
        trials,
        batch.budget,
    )
