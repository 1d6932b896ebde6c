"""The same batch on a Ray cluster (extra ``[cluster]``): a model per worker, lineages spread over
the workers.

A worker plays into a database of its own and sends it back whole, after every trial and at the end;
the driver alone writes the one database. When a worker dies, what it had begun goes to another,
which goes on after the last trial that was sent. The driver has no model: it asks a worker with
what it plays, and knows the runs by the same identity as the local engine.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clin.config import RunConfig
from clin.errors import reason
from clin.experiments.cells import Cell, Line, Played, configs_of
from clin.experiments.identity import Known, identity
from clin.experiments.resources import Share, connect, shared, watched
from clin.experiments.runner import Outcome, stages, told, waited
from clin.experiments.spec import Batch
from clin.experiments.worker import Worker
from clin.watcher import Watcher
from memory.store import HeldElsewhere, RunRow, Store
from memory.store.leases import let_go, take_cell
from memory.store.merging import merge, parcel

LOOK_SECONDS = 0.3
"""Between two looks whether the batch is to stop."""
MOST_DEATHS = 3
"""Workers that may die over the same cell before it counts as failed."""


@dataclass
class Work:
    """A cell or sequence that is out: the leases that the driver has for it, what it began with or
    has sent last, the runs that were brought over, and how many workers died over it."""

    planned: Cell | Line
    held: list[str] = field(default_factory=list)
    parcel: bytes = b""
    kept: dict[str, None] = field(default_factory=dict)
    deaths: int = 0


@dataclass
class _Crew:
    """The workers: the work that waits, what is ``out`` with which worker, and who is ``spare``."""

    ray: Any
    batch: Batch
    share: Share
    allowed: Collection[str] = ()
    waiting: deque[Work] = field(default_factory=deque)
    out: dict[Any, tuple[Any, Work]] = field(default_factory=dict)
    spare: list[Any] = field(default_factory=list)

    def idle(self) -> Any:
        """A worker that has nothing to do, or a new one."""
        if self.spare:
            return self.spare.pop()
        asked = {"num_cpus": self.share.processors, "num_gpus": self.share.gpus}
        return self.ray.remote(Worker).options(**asked).remote(self.allowed)

    def send(self, worker: Any, work: Work) -> None:
        """Give ``worker`` work to play."""
        playing = worker.play.options(num_returns="streaming")
        self.out[playing.remote(self.batch, work.planned, work.parcel)] = worker, work

    def ready(self) -> list[Any]:
        """Whose worker has sent something, or has died."""
        sent, _ = self.ray.wait(list(self.out), num_returns=1, timeout=LOOK_SECONDS)
        return list(sent)


class Cluster:
    """One batch over one store and a cluster. ``tell`` is given a line for each parcel that
    arrives, ``watcher`` is told what is waited for. ``allowed`` are the hosts that the workers' key
    may go to."""

    def __init__(
        self,
        store: Store,
        batch: Batch,
        stop: Callable[[], bool],
        tell: Callable[[str, int], None],
        allowed: Collection[str] = (),
        watcher: Watcher | None = None,
    ) -> None:
        self._store, self._stop, self._tell = store, stop, tell
        self._allowed, self._watcher = allowed, watcher or Watcher()
        self._batch = batch
        self._known = Known(store)
        self._with: dict[str, Played] = {}
        """With what the workers play, by model; those that they cannot load are not in it."""
        self._elsewhere: dict[Cell | Line, HeldElsewhere] = {}
        self.outcome = Outcome()

    def play(
        self,
        cells: Sequence[Cell],
        lines: Sequence[Line],
        *,
        address: str | None = None,
        workers: int = 0,
    ) -> Outcome:
        """Play what the store does not have; ``workers`` as many as the cluster has room for by
        default."""
        sources, *others = stages([*cells, *lines])
        in_order = [sources, [each for stage in others for each in stage]]
        planned = [*dict.fromkeys(each for stage in in_order for each in stage)]
        ray = connect(address)
        try:
            with watched(ray, self._watcher.told):
                self._on(ray, in_order, planned, workers)
        finally:
            ray.shutdown()
        return self.outcome

    def _on(
        self,
        ray: Any,
        in_order: Sequence[Sequence[Cell | Line]],
        planned: Sequence[Cell | Line],
        workers: int,
    ) -> None:
        share = shared(ray, self._batch.engine, workers)
        engine = self._batch.engine.but(lanes=1, threads=share.processors)
        self._batch = self._batch.but(engine=engine)
        crew = _Crew(ray, self._batch, share, self._allowed)
        self._describe(crew, planned)
        self._known.look()
        for each in planned:
            self._note_there(each)
        for stage in in_order:
            self._stage(crew, stage)

    # --- what there is

    def _describe(self, crew: _Crew, planned: Sequence[Cell | Line]) -> None:
        """Ask a worker with what it plays each model, and keep the worker, which has the last one
        loaded. A model that does not load fails its cells."""
        seeds = {each.model: each.seed for each in reversed(planned)}
        for model, seed in reversed(seeds.items()):
            why = self._ask(crew, model, seed)
            if self.outcome.interrupted:
                return
            if why:
                self._fail_all(planned, model, why)

    def _ask(self, crew: _Crew, model: str, seed: int) -> str:
        """Ask a worker, and where it dies another one; why nobody can say, empty where one has
        said it, or where the batch is to stop."""
        for _ in range(MOST_DEATHS):
            worker = crew.idle()
            asked = worker.describe.remote(self._batch, model, seed)
            while not crew.ray.wait([asked], timeout=LOOK_SECONDS)[0]:
                if self._stop():
                    self.outcome.interrupted = True
                    return ""
            try:
                self._with[model] = crew.ray.get(asked)
            except crew.ray.exceptions.RayTaskError as error:  # another would raise it too
                crew.spare.append(worker)
                return reason(error.cause)
            except crew.ray.exceptions.RayError:
                continue
            crew.spare.append(worker)
            return ""
        return f"{MOST_DEATHS} workers died over its model"

    def _fail_all(self, planned: Sequence[Cell | Line], model: str, why: str) -> None:
        self.outcome.failed += [(str(each), why) for each in planned if each.model == model]

    def _missing(self, planned: Cell | Line) -> bool:
        """Whether there is something left to play of it, and a model to play it with."""
        return planned.model in self._with and any(
            run is None or run.state != "finished" for run in self._there(planned)
        )

    def _there(self, planned: Cell | Line) -> list[RunRow | None]:
        """Its runs, as the store has them."""
        return [self._known.run(each) for each in self._configs(planned)]

    def _configs(self, planned: Cell | Line) -> list[RunConfig]:
        played = self._with.get(planned.model)
        return [] if played is None else [*configs_of(self._batch, planned, played)]

    def _note_there(self, planned: Cell | Line) -> None:
        """Tell of its runs that they are there, where it is whole."""
        if not self._missing(planned):
            names = [run.name for run in self._there(planned) if run is not None]
            known = {*self.outcome.there, *self.outcome.played}
            self.outcome.there += [name for name in names if name not in known]

    # --- a stage

    def _stage(self, crew: _Crew, planned: Sequence[Cell | Line]) -> None:
        """Play what is missing of a stage. What another process plays is waited for."""
        while not self.outcome.interrupted:
            self._known.look()  # a cell may be the source of another, and there by now
            missing = [each for each in planned if self._missing(each)]
            for each in {*planned} - {*missing}:
                self._note_there(each)
            if not missing:
                return
            self._elsewhere = {}
            # A worker keeps one model: those of one model follow on each other.
            models = [*self._with]
            missing.sort(key=lambda each: (models.index(each.model), each.seed))
            crew.waiting.extend(map(Work, missing))
            for _ in range(min(crew.share.workers, len(missing))):
                self._give(crew)
            self._follow(crew)
            self._wait([*self._elsewhere.values()])
            planned = [*self._elsewhere]

    def _follow(self, crew: _Crew) -> None:
        """Take what the workers send until all is there, or the batch is to stop."""
        while crew.out and not self.outcome.interrupted:
            for sending in crew.ready():
                self._take(crew, sending)
            self.outcome.interrupted = self._stop()
        for _, work in crew.out.values():  # interrupted: what was sent so far stays
            self._keep(work)
        crew.out.clear()
        crew.waiting.clear()

    def _wait(self, held: Sequence[HeldElsewhere]) -> None:
        """As the local engine waits for what another process plays."""
        if not self.outcome.interrupted:
            going_on = waited(self._store, held, self._watcher, self._stop)
            self.outcome.interrupted = not going_on

    def _give(self, crew: _Crew, worker: Any = None) -> None:
        """Give the next work that can be played to ``worker``, else to one that is idle."""
        while crew.waiting:
            work = crew.waiting.popleft()
            if self._prepared(work):
                crew.send(worker or crew.idle(), work)
                return
        if worker is not None:
            crew.spare.append(worker)

    def _prepared(self, work: Work) -> bool:
        """Take the leases of a cell or sequence and pack what it begins with; False where another
        process plays it, where it has ended there meanwhile, or where that failed."""
        try:
            if not work.held:
                self._claim(work)
                self._known.look(always=False)
            if not work.parcel and self._missing(work.planned):
                work.parcel = self._begun_with(work)
        except HeldElsewhere as error:
            self._elsewhere[work.planned] = error
        except Exception as error:
            self._failed(work, error)
            return False
        if not work.parcel:
            self._note_there(work.planned)
            self._release(work)
        return bool(work.parcel)

    def _claim(self, work: Work) -> None:
        for config in self._configs(work.planned):
            work.held.append(take_cell(self._store, identity(config), told(config)))

    def _release(self, work: Work) -> None:
        while work.held:
            let_go(self._store, work.held.pop())

    def _begun_with(self, work: Work) -> bytes:
        """What there is of its runs, and the runs that a cell's meta-memory is made from, as a
        database. What is unfinished is claimed: HeldElsewhere where another process plays it."""
        planned = work.planned
        sources = planned.source_cells() if isinstance(planned, Cell) else []
        begun = [run for run in self._there(planned) if run is not None]
        for run in begun:
            if run.state != "finished":
                self._store.claim_run(run.name)
                work.held.append(run.name)
        past = [run for each in sources for run in self._there(each) if run is not None]
        return parcel(self._store, [run.name for run in (*begun, *past)])

    # --- what workers send

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
            self._give(crew, worker)
            return
        except crew.ray.exceptions.RayError:
            del crew.out[sending]
            self._died(work, crew.waiting)
            self._give(crew)
            return
        work.parcel = sent.parcel
        if sent.outcome is not None:
            del crew.out[sending]
            self._arrived(work, sent.outcome)
            self._give(crew, worker)
        elif not self._hold(work):
            return
        self._tell(str(work.planned), sent.pid)

    def _died(self, work: Work, waiting: deque[Work]) -> None:
        work.deaths += 1
        if work.deaths >= MOST_DEATHS:
            self.outcome.failed.append((str(work.planned), f"{work.deaths} workers died over it"))
            self._keep(work)
        else:
            waiting.appendleft(work)

    def _failed(self, work: Work, error: BaseException) -> None:
        """Tell that ``error`` ended it; what was sent of it stays."""
        self.outcome.failed.append((str(work.planned), reason(error)))
        self._keep(work)

    def _arrived(self, work: Work, outcome: Outcome) -> None:
        self._keep(work)
        self.outcome.failed += outcome.failed
        failed = {run.name for run in self._store.runs() if run.state != "finished"}
        self.outcome.played += [name for name in work.kept if name not in failed]

    def _hold(self, work: Work) -> bool:
        """Bring over what a worker has sent so far, before it is told, and go on holding its runs.
        False where that failed: the next parcel brings it too, and the last says what is wrong."""
        try:
            for name in self._merged(work):
                if self._store.run(name).state != "finished":
                    self._store.claim_run(name)
                    work.held.append(name)
        except Exception:
            return False
        return True

    def _keep(self, work: Work) -> None:
        """Bring over what a worker has sent and let go of it; a fault in that costs its work
        alone."""
        try:
            if work.parcel:
                self._merged(work)
            self._release(work)
        except Exception as error:
            self.outcome.failed.append((str(work.planned), reason(error)))

    def _merged(self, work: Work) -> list[str]:
        """The runs that are new here or have gone on."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "parcel.db"
            path.write_bytes(work.parcel)
            found = merge(self._store, path)
        work.kept.update(dict.fromkeys(found))
        return found
