"""A soak: one process plays for hours. Do its memory, its file handles and its threads stay?

    python benchmarks/soak.py --minutes 120 --through run
    python benchmarks/soak.py --minutes 120 --through batch

``run`` calls ``clin run`` again and again inside this process: each opens and closes the file, the
model and the world. ``batch`` plays one batch that never ends: what stays open there stays open for
hours. Both rest often enough to use a ``--share`` of one core, Java's included. Once a minute, a
row goes to ``--out``; at the end a table says the first quarter of the rows, the last, and the
slope of all and of the second half.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

from clin.cli import main as clin
from clin.experiments.cells import cells
from clin.experiments.runner import Batching
from clin.experiments.spec import Batch
from clin.watcher import Watcher
from memory.store import Store
from memory.trials import Call, Step
from worlds import world_module

MINUTE, MIB = 60.0, 2**20
TRIALS, BUDGET = 3, 30


@dataclass(frozen=True)
class Row:
    """What the process holds: minutes since the beginning, steps played, MiB, and counts."""

    minute: float
    steps: int
    resident: float
    java: float
    handles: int
    threads: int
    children: int
    database: float
    wal: float


class Meter:
    """Rests, and writes a row a minute."""

    def __init__(self, asked: argparse.Namespace, db: Path) -> None:
        self._asked, self._db = asked, db
        self._me = psutil.Process()
        self._began = time.monotonic()
        self._cpu, self._next = self._used(), MINUTE
        self.steps, self.rows = 0, list[Row]()

    def over(self) -> bool:
        return time.monotonic() - self._began > self._asked.minutes * MINUTE

    def rest(self) -> None:
        """Sleep as long as the share asks for, then look where a minute is over."""
        wanted = (self._used() - self._cpu) / self._asked.share
        time.sleep(max(0.0, wanted - (time.monotonic() - self._began)))
        if time.monotonic() - self._began >= self._next:
            self._next += MINUTE
            self._look()

    def _used(self) -> float:
        """Seconds of a processor so far, of this process and its children."""
        own = self._me.cpu_times()
        spent = own.user + own.system + own.children_user + own.children_system
        for child in self._me.children(recursive=True):
            try:
                spent += sum(child.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue  # it ended since; its parent counts it
        return float(spent)

    def _look(self) -> None:
        children = self._me.children(recursive=True)
        row = Row(
            round((time.monotonic() - self._began) / MINUTE, 2),
            self.steps,
            self._me.memory_info().rss / MIB,
            sum(child.memory_info().rss for child in children) / MIB,
            self._me.num_fds(),
            self._me.num_threads(),
            len(children),
            _size(self._db),
            _size(Path(f"{self._db}-wal")),
        )
        self.rows.append(row)
        with open(self._asked.out, "a", encoding="utf-8") as out:
            csv.writer(out).writerow([round(each, 2) for each in asdict(row).values()])


class Pacer(Watcher):
    """Rests after each step of a batch."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def step_done(
        self, run: str, number: int, index: int, step: Step, calls: Sequence[Call]
    ) -> None:
        self._meter.steps += 1
        self._meter.rest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--through", choices=("run", "batch"), default="run")
    parser.add_argument("--worlds", default="causal,scienceworld")
    parser.add_argument("--share", type=float, default=0.2, help="of one core")
    parser.add_argument("--out", default="soak.csv")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder, "clin.db")
        meter = Meter(asked, db)
        play = _commands if asked.through == "run" else _batch
        play(asked.worlds.split(","), db, meter)
        with Store(db) as store:
            unsound = store.check()
    print(
        f"{meter.rows[-1].minute:g} minutes, {meter.steps} steps; unsound: {unsound or 'nothing'}"
    )
    print(_table(meter.rows))


def _commands(worlds: Sequence[str], db: Path, meter: Meter) -> None:
    """``clin run`` until the time is over, each in the next world and task, at variations drawn."""
    draw = random.Random(0)
    tasks = [(world, task) for world in worlds for task in world_module(world).tasks()]
    draw.shuffle(tasks)
    runs = 0
    while not meter.over():
        world, task = tasks[runs % len(tasks)]
        runs += 1
        words = ["run", "--world", world, "--task", task.name, "--db", str(db)]
        words += ["--variation", str(draw.randrange(task.variations))]
        words += ["--trials", str(TRIALS), "--budget", str(BUDGET), "--threads", "1"]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            clin(words, standalone_mode=False)
        with Store(db, read_only=True) as store:
            meter.steps += sum(each.steps for each in store.trials(f"r{runs}"))
        meter.rest()


def _batch(worlds: Sequence[str], db: Path, meter: Meter) -> None:
    """One batch of more runs than there is time for, in a drawn order."""
    batch = Batch.checked(
        worlds=worlds,
        strategies=["evidence", "clin", "episodic"],
        split="train",
        per_task=100,
        trials=TRIALS,
        budget=BUDGET,
        engine={"threads": 1},
    )
    planned = cells(batch)
    random.Random(0).shuffle(planned)
    with Store(db) as store:
        outcome = Batching(store, batch, Pacer(meter), meter.over).play(planned)
    if outcome.failed or not outcome.interrupted:
        raise SystemExit(f"the batch ended by itself: {outcome.failed}")


def _size(path: Path) -> float:
    return os.path.getsize(path) / MIB if path.exists() else 0.0


def _table(rows: Sequence[Row]) -> str:
    quarter, half = max(1, len(rows) // 4), len(rows) // 2
    lines = [
        "| | first quarter | last quarter | per hour | per hour, second half |",
        "|---" * 5 + "|",
    ]
    for field in fields(Row)[2:]:
        found = [float(getattr(row, field.name)) for row in rows]
        first, last = statistics.mean(found[:quarter]), statistics.mean(found[-quarter:])
        slope, late = _slope(rows, found), _slope(rows[half:], found[half:])
        lines.append(f"| {field.name} | {first:.1f} | {last:.1f} | {slope:+.2f} | {late:+.2f} |")
    return "\n".join(lines)


def _slope(rows: Sequence[Row], found: Sequence[float]) -> float:
    """What ``found`` grows by in an hour, by least squares."""
    if len(rows) < 2:
        return 0.0
    return statistics.linear_regression([row.minute / MINUTE for row in rows], found).slope


if __name__ == "__main__":
    main()
