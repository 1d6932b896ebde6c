"""What runs in a process of a cluster: it plays a cell or a sequence and sends its database
back."""

from __future__ import annotations

import logging
import os
import queue
import tempfile
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from clin.config import RunConfig
from clin.experiments.cells import Cell, Line
from clin.experiments.cells import Played as PlayedWith
from clin.experiments.kept import OneModel
from clin.experiments.runner import Batching, Outcome, opened, played_with
from clin.experiments.spec import Batch
from clin.watcher import Watcher
from memory.sanitize import harmless
from memory.store import Store
from memory.store.merging import parcel
from memory.trials import Memory, Trial

Played = queue.SimpleQueue[bytes | Outcome | BaseException]
"""From the thread that plays: the database after each trial, then the outcome or an exception."""


@dataclass(frozen=True)
class Sent:
    """What a worker sends: its database so far, its process, and at the end what came of the
    cell."""

    parcel: bytes
    pid: int
    outcome: Outcome | None = None


class Worker:
    """Runs in a process of the cluster and keeps the model that it has opened. Reads nothing of
    the driver's machine but what it is sent. ``allowed`` are the hosts that the key of this
    machine may go to."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = allowed
        self._kept = OneModel()

    def describe(self, batch: Batch, model: str, seed: int) -> PlayedWith:
        """With what the runs of a ``model`` are played here; it stays loaded."""
        return played_with(batch, model, opened(batch, model, seed, self._kept, self._allowed))

    def play(self, batch: Batch, planned: Cell | Line, packed: bytes) -> Iterator[Sent]:
        """Play one cell or sequence on top of ``packed``; yields the database after each trial and
        at the end."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clin.db"
            path.write_bytes(packed)
            trials: Played = queue.SimpleQueue()
            playing = threading.Thread(
                target=_play, args=(path, batch, planned, trials, self._kept, self._allowed)
            )
            playing.start()
            while not isinstance(arrived := trials.get(), (Outcome, BaseException)):
                yield Sent(arrived, os.getpid())
            playing.join()
            if isinstance(arrived, BaseException):
                raise arrived
            with Store(path) as store:
                yield Sent(parcel(store), os.getpid(), arrived)


class _Sender(Watcher):
    """Packs the database when a trial has ended."""

    def __init__(self, store: Store, trials: Played) -> None:
        self._store, self._trials = store, trials

    def told(self, line: str) -> None:
        logging.getLogger(__name__).warning(harmless(line))  # in the worker's log

    def trial_ended(self, run: str, config: RunConfig, trial: Trial, memory: Memory) -> None:
        self._trials.put(parcel(self._store))


def _play(
    path: Path,
    batch: Batch,
    planned: Cell | Line,
    trials: Played,
    kept: OneModel,
    allowed: Collection[str],
) -> None:
    try:
        with Store(path) as store:
            cells, lines = ([planned], []) if isinstance(planned, Cell) else ([], [planned])
            sender = _Sender(store, trials)
            batching = Batching(store, batch, sender, lambda: False, kept, allowed=allowed)
            trials.put(batching.play(cells, lines))
    except BaseException as error:  # told by the thread that waits for it
        trials.put(error)
