"""Kill -9 at random moments, and go on: is a step lost that was shown, and does the run end as an
undisturbed one?

    python benchmarks/kills.py --times 100
    python benchmarks/kills.py --times 100 --batch
    python benchmarks/kills.py --times 100 --cluster --longest 40

A run (or a batch of three runs, here or on a Ray cluster of this machine) of ``causal`` is played
in a process of its own by a model that takes the k-th action. It is killed at a random moment,
until it has ended by itself; of a cluster, the driver or a worker is killed. Then its trials and
its memory are compared with those of one that was never killed, and the file is checked. Prints how
often it was killed, how many shown steps (of a cluster: trials) were missing, how many files were
unsound and how many runs ended otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from memory.store import Store, StoreError

STEP = re.compile(r"^(r\d+) trial (\d+) step (\d+) score \S+ > (.*)$", re.MULTILINE)
TRIAL = re.compile(r"^(r\d+) trial (\d+): score", re.MULTILINE)
SENT = re.compile(r"^a trial of causal/make (\d+), .* \(worker \d+\)$", re.MULTILINE)
DIED = re.compile(r"^Failed: .* workers died over it(s model)?$", re.MULTILINE)
TRIALS = 3
EXPERIMENT = """
worlds = ["causal"]
tasks = ["make"]
variations = [200, 201, 202]
strategies = ["evidence"]
models = ["scripted:pick.json"]
writer = "rules"
trials = 3
budget = 25
"""
RUN = (
    *("run", "--world", "causal", "--task", "make", "--variation", "200", "--verbose"),
    *("--model", "scripted:pick.json", "--writer", "rules", "--trials", "3", "--budget", "25"),
)


@dataclass
class Count:
    """What came of it."""

    kills: int = 0
    workers: int = 0
    lost: int = 0
    unsound: int = 0
    otherwise: int = 0
    whole: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="kills")
    parser.add_argument("--batch", action="store_true", help="of a batch instead of a run")
    parser.add_argument("--cluster", action="store_true", help="of a batch on Ray")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before a kill at most")
    asked = parser.parse_args()
    first, again = _words(asked)
    draw, count = random.Random(asked.seed), Count()
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = _prepared(Path(folder), "undisturbed")
        _called(undisturbed, first, None)
        expected = _ended(undisturbed)
        number = 0
        while count.kills < asked.times:
            number += 1
            _one(_prepared(Path(folder), str(number)), (first, again), draw, asked, count, expected)
    print(
        f"{count.kills} kills ({count.workers} of workers), {count.whole} ended whole; "
        f"{count.lost} shown steps or trials lost, {count.unsound} files unsound, "
        f"{count.otherwise} ended otherwise"
    )


def _words(asked: argparse.Namespace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is called first, and what goes on."""
    if asked.cluster:
        words = ("batch", "e.toml", "--engine", "ray", "--workers", "2")
        return words, words
    if asked.batch:
        return ("batch", "e.toml"), ("batch", "e.toml")
    return RUN, ("resume", "r1", "--verbose")


def _one(
    folder: Path,
    commands: tuple[tuple[str, ...], tuple[str, ...]],
    draw: random.Random,
    asked: argparse.Namespace,
    count: Count,
    expected: object,
) -> None:
    """Kill and go on until it has ended."""
    first, again = commands
    while True:
        begun = _is_begun(folder) and bool(_runs(folder))
        ended, shown, workers = _called(folder, again if begun else first, (draw, asked.longest))
        count.lost += _missing(folder, shown)
        count.kills += workers
        count.workers += workers
        if ended:
            break
        count.kills += DIED.search(shown) is None
        count.unsound += not _is_sound(folder)
    count.whole += 1
    count.otherwise += _ended(folder) != expected


def _prepared(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    (made / "pick.json").write_text('[{"pick": 3}]', encoding="utf-8")
    (made / "e.toml").write_text(EXPERIMENT, encoding="utf-8")
    return made


def _called(
    folder: Path, words: tuple[str, ...], moments: tuple[random.Random, float] | None
) -> tuple[bool, str, int]:
    """Whether ``clin …`` ended by itself before it was killed at one of the ``moments``, what it
    has shown, and how many of its workers were killed meanwhile."""
    command = [sys.executable, "-u", "-m", "clin.cli", *words]
    workers, ended = 0, False
    with open(folder / "shown.txt", "wb") as shown:
        child = subprocess.Popen(command, cwd=folder, stdout=shown, stderr=subprocess.STDOUT)
        family = [psutil.Process(child.pid)]
        while not ended and child.returncode is None:
            try:
                child.wait(moments and moments[0].uniform(0.3, moments[1]))
                ended = True
            except subprocess.TimeoutExpired:
                family += family[0].children(recursive=True)
                victim = _victim(family, moments[0]) if moments else family[0]
                victim.kill()
                if victim == family[0]:
                    child.wait()
                else:
                    workers += 1
    _tidied(family[1:])
    text = (folder / "shown.txt").read_text(encoding="utf-8", errors="replace")
    if ended and child.returncode and not DIED.search(text):
        raise SystemExit(f"clin {' '.join(words)} failed: {text[-500:]}")
    return ended and not child.returncode, text, workers


def _victim(family: list[psutil.Process], draw: random.Random) -> psutil.Process:
    """The driver, which stands first, or one of its workers, which are killed as often."""
    workers = [each for each in family if _is_worker(each)]
    return draw.choice(workers) if workers and draw.random() < 0.5 else family[0]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.is_running() and "".join(process.cmdline()[:1]).startswith("ray::Worker")
    except psutil.Error:
        return False  # it ended meanwhile


def _tidied(family: list[psutil.Process]) -> None:
    """Wait for what a driver had started; Ray ends it some time after its driver."""
    for each in psutil.wait_procs(family, timeout=10)[1]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def _is_begun(folder: Path) -> bool:
    """Whether there is anything in the file; it may be killed before its tables were made."""
    try:
        with Store(folder / "clin.db", read_only=True):
            return True
    except StoreError as error:
        if "is empty" in str(error) or "no database" in str(error):
            return False
        raise


def _runs(folder: Path) -> list[str]:
    with Store(folder / "clin.db", read_only=True) as store:
        return [run.name for run in store.runs()]


def _missing(folder: Path, shown: str) -> int:
    """The steps and ended trials that were ``shown`` and are not in the file."""
    steps, trials, sent = STEP.findall(shown), TRIAL.findall(shown), SENT.findall(shown)
    if not steps and not trials and not sent:
        return 0
    with Store(folder / "clin.db", read_only=True) as store:
        rows = {
            (run.name, row.number): row for run in store.runs() for row in store.trials(run.name)
        }
        kept = {key: store.steps(row.id) for key, row in rows.items()}
        runs = {run.name: run.config["variation"] for run in store.runs()}
    lost = sum(rows[run, int(number)].ending is None for run, number in trials)
    for variation in {*map(int, sent)}:  # a line per trial, and one at the end
        names = [run for run, _ in rows if runs[run] == variation]
        ended = sum(rows[each].ending is not None for each in rows if each[0] in names)
        lost += max(0, min(TRIALS, sent.count(str(variation))) - ended)
    for run, number, at, action in steps:
        there = kept.get((run, int(number)), ())
        lost += len(there) <= int(at) or there[int(at)].action != action.strip()
    return lost


def _is_sound(folder: Path) -> bool:
    if not _is_begun(folder):
        return True
    with Store(folder / "clin.db", read_only=True) as store:
        return store.check() == []


def _ended(folder: Path) -> object:
    """What is in the file, without what says when it was played."""
    with Store(folder / "clin.db", read_only=True) as store:
        found = {}
        for run in store.runs():
            rows = store.trials(run.name)
            trials = [
                [(step.action, step.observation, step.score) for step in store.steps(row.id)]
                for row in rows
            ]
            memory = [str(link) for link in store.current_memory(run.name).links]
            found[json.dumps([run.config["variation"], run.state])] = (trials, memory)
        return found


if __name__ == "__main__":
    main()
