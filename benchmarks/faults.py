"""A batch from which everything is taken away at random moments: what is lost?

    python benchmarks/faults.py --minutes 60

Plays one small experiment after another into one file: the bundled model and a server on this
machine, in causal, ScienceWorld and TextWorld, each call of ``clin batch`` here or on Ray as drawn.
Meanwhile Java, TextWorld's process, Ray's workers and the batch itself are killed; Java and
TextWorld's process are stopped; the server goes away; the disk is filled (a small tmpfs, which root
may mount; else this is left out, and said).

After each end the same command is given again, until all cells are complete. When the minutes are
over, nothing more is taken away. Each experiment is also played undisturbed, and compared. Needs
the extras textworld and cluster. ``--no-ray`` does without the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from taking_away import Endpoint, Taker

from memory.store import Store

EXPERIMENT = """
worlds = ["causal", "scienceworld", "textworld"]
tasks = ["make", "repair", "find-plant", "coin-collector"]
variations = [{variation}]
strategies = ["evidence"]
models = ["bundled", "{endpoint}"]
writer = "rules"
trials = 2
budget = 15
engine = {{threads = 1}}
"""
CELLS = 8
TRIAL = re.compile(r"^(r\d+) trial (\d+): score", re.MULTILINE)
PATIENCE = "40"
"""Seconds that Java may take for a call here: a stopped one would cost 300 else."""
DISK = "48m"
FAILURES = 5
"""Calls that may fail in a row while nothing is taken away."""


@dataclass
class Count:
    """What came of it."""

    rounds: int = 0
    cells: int = 0
    complete: int = 0
    equal: int = 0
    crashed: int = 0
    otherwise: list[str] = field(default_factory=list)
    lost: int = 0
    unsound: int = 0
    left: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    tracebacks: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--gap", type=float, default=30.0, help="seconds between faults, on average"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-ray", action="store_true")
    asked = parser.parse_args()
    draw, count = random.Random(asked.seed), Count()
    end = time.monotonic() + asked.minutes * 60
    with tempfile.TemporaryDirectory() as folder, _disk(Path(folder, "disk")) as disk:
        endpoint = Endpoint()
        taker = Taker(draw, asked.gap, endpoint, disk, end)
        engines = ["local"] if asked.no_ray else ["local", "local", "ray"]
        while not taker.over:
            count.rounds += 1
            base = disk or Path(folder, "played")
            base.mkdir(exist_ok=True)
            _round(base, Path(folder, str(count.rounds)), taker, draw, engines, count)
    _tell(count, taker, asked.minutes, disk is not None)


@contextmanager
def _disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own that is small; None where this user cannot mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        print("No disk is filled: this user may mount none.", flush=True)
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _round(
    base: Path,
    undisturbed: Path,
    taker: Taker,
    draw: random.Random,
    engines: list[str],
    count: Count,
) -> None:
    """One experiment, while things are taken away until it is complete, and undisturbed beside."""
    number, other = count.rounds, Endpoint()
    _written(base / f"{number}.toml", number, taker.endpoint.reference)
    undisturbed.mkdir()
    _written(undisturbed / f"{number}.toml", number, other.reference)
    beside = _started(undisturbed, number, "local")
    failures = 0
    while failures < FAILURES:
        batch = _started(base, number, draw.choice(engines))
        if _attacked(batch, base, number, taker, count):
            break
        failures = 0 if taker.lasting else failures + (batch.returncode > 0)
        while taker.lasting:  # a call would but fail again
            time.sleep(0.2)
            taker.look(None)
    while taker.lasting:  # on a full disk not even a reader gets in
        time.sleep(0.2)
        taker.look(None)
    if beside.wait():
        raise SystemExit(f"the undisturbed batch failed: {_shown(undisturbed, number)[-500:]}")
    other.away()
    _compared(base / "clin.db", undisturbed / "clin.db", number, count)


def _written(path: Path, number: int, endpoint: str) -> None:
    path.write_text(EXPERIMENT.format(variation=number, endpoint=endpoint), encoding="utf-8")


def _started(folder: Path, number: int, engine: str) -> subprocess.Popen[bytes]:
    """``clin batch`` in ``folder``; what it shows lies beside it, where the disk is never full."""
    command = [sys.executable, "-u", "-m", "clin.cli", "batch", f"{number}.toml"]
    if engine == "ray":
        command += ["--engine", "ray", "--workers", "2"]
    environment = {**os.environ, "CLIN_JAVA_TIMEOUT": PATIENCE, "PYTHONPATH": os.getcwd()}
    with open(_beside(folder, number), "ab") as shown:
        return subprocess.Popen(
            command, cwd=folder, stdout=shown, stderr=subprocess.STDOUT, env=environment
        )


def _beside(folder: Path, number: int) -> Path:
    return folder.parent / f"{folder.name}-{number}.txt"


def _shown(folder: Path, number: int) -> str:
    return _beside(folder, number).read_text(encoding="utf-8", errors="replace")


def _attacked(
    batch: subprocess.Popen[bytes], base: Path, number: int, taker: Taker, count: Count
) -> bool:
    """Take things away until the ``batch`` ends; whether it ended well."""
    itself, before = psutil.Process(batch.pid), len(_shown(base, number))
    family: dict[int, psutil.Process] = {}
    while batch.poll() is None:
        try:
            family |= {each.pid: each for each in itself.children(recursive=True)}
            taker.look(itself)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.2)
    code = batch.wait()
    _tidied(list(family.values()), count)
    said = _shown(base, number)[before:]
    count.endings[f"{code}"] += 1
    count.tracebacks += "Traceback" in said
    if code:
        print(f"  ended with {code}: {said.strip()[-400:]!r}", flush=True)
    if (base / "clin.db").exists() and not taker.lasting:
        _checked(base / "clin.db", said, count)
    return code == 0


def _tidied(family: list[psutil.Process], count: Count) -> None:
    """Wait for the processes that the batch had started; end those that stay."""
    _, left = psutil.wait_procs(family, timeout=10)
    for each in left:
        try:
            stopped = each.status() == psutil.STATUS_STOPPED
            count.left[f"{each.name()}{' (stopped)' if stopped else ''}"] += 1
            each.kill()
        except psutil.NoSuchProcess:
            continue


def _checked(db: Path, said: str, count: Count) -> None:
    """Whether the file is sound and holds each trial that was shown."""
    with Store(db) as store:
        count.unsound += store.check() != []
        there = {
            (run.name, row.number): row.ending
            for run in store.runs()
            for row in store.trials(run.name)
        }
    ended = [(run, int(number)) for run, number in TRIAL.findall(said)]
    count.lost += sum(there.get(each) is None for each in ended)


def _compared(played: Path, undisturbed: Path, number: int, count: Count) -> None:
    found, expected = _ended(played, number), _ended(undisturbed, number)
    count.cells += CELLS
    for place, (trials, memory, crashed) in expected.items():
        there = found.get(place)
        if there is None:
            count.otherwise.append(f"{place} is not complete")
            continue
        count.complete += 1
        count.crashed += there[2]
        if there[:2] == (trials, memory):
            count.equal += 1
        elif not there[2] > crashed:
            count.otherwise.append(f"{place} ended otherwise")
    print(f"round {number}: {count}", flush=True)


def _ended(db: Path, number: int) -> dict[str, tuple[Any, Any, int]]:
    """The finished runs of one experiment: steps, memory and how many trials crashed."""
    found = {}
    with Store(db, read_only=True) as store:
        for run in store.runs():
            if run.config["variation"] != number or run.state != "finished":
                continue
            rows = store.trials(run.name)
            trials = [
                [(step.action, step.observation, step.score) for step in store.steps(row.id)]
                for row in rows
            ]
            memory = [str(link) for link in store.current_memory(run.name).links]
            model = run.config["model"]["reference"].partition(":")[0]
            place = json.dumps([run.config["world"], run.config["task"], number, model])
            found[place] = trials, memory, sum(row.ending == "crashed" for row in rows)
    return found


def _tell(count: Count, taker: Taker, minutes: float, filled: bool) -> None:
    print(f"\n{minutes:g} minutes, {count.rounds} experiments{'' if filled else ', no full disk'}")
    print("| what was taken away | times |\n|---|---|")
    for name, times in sorted(taker.times.items()):
        print(f"| {name} | {times} |")
    print(
        f"\n{count.complete} of {count.cells} cells complete, {count.equal} equal the undisturbed "
        f"ones; {count.crashed} trials crashed; {count.lost} shown trials lost; {count.unsound} "
        f"files unsound; {count.tracebacks} tracebacks"
    )
    print(f"ended with code: {dict(count.endings)}; left behind: {dict(count.left)}")
    for line in count.otherwise:
        print(line)


if __name__ == "__main__":
    main()
