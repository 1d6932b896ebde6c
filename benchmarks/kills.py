"""Kill -9 at random moments, and go on: is a step lost that was shown, and does the run end as an
undisturbed one?

    python benchmarks/kills.py --times 100
    python benchmarks/kills.py --times 100 --batch

A run (or a batch of three runs) of ``causal`` is played in a process of its own by a model that
takes the k-th action. It is killed at a random moment, until it has ended by itself. Then its
trials and its memory are compared with those of one that was never killed, and the file is checked.
Prints how often it was killed, how many shown steps were missing, how many files were unsound and
how many runs ended otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from memory.store import Store, StoreError

STEP = re.compile(r"^(r\d+) trial (\d+) step (\d+) score \S+ > (.*)$", re.MULTILINE)
TRIAL = re.compile(r"^(r\d+) trial (\d+): score", re.MULTILINE)
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
    lost: int = 0
    unsound: int = 0
    otherwise: int = 0
    whole: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="kills")
    parser.add_argument("--batch", action="store_true", help="of a batch instead of a run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before a kill at most")
    asked = parser.parse_args()
    first = ("batch", "e.toml") if asked.batch else RUN
    again = ("batch", "e.toml") if asked.batch else ("resume", "r1", "--verbose")
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
        f"{count.kills} kills, {count.whole} ended whole; {count.lost} shown steps lost, "
        f"{count.unsound} files unsound, {count.otherwise} ended otherwise"
    )


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
        ended, shown = _called(folder, again if begun else first, draw.uniform(0.3, asked.longest))
        count.lost += _missing(folder, shown)
        if ended:
            break
        count.kills += 1
        count.unsound += not _is_sound(folder)
    count.whole += 1
    count.otherwise += _ended(folder) != expected


def _prepared(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    (made / "pick.json").write_text('[{"pick": 3}]', encoding="utf-8")
    (made / "e.toml").write_text(EXPERIMENT, encoding="utf-8")
    return made


def _called(folder: Path, words: tuple[str, ...], seconds: float | None) -> tuple[bool, str]:
    """Whether ``clin …`` ended by itself within ``seconds`` (else it is killed), and what it has
    shown."""
    command = [sys.executable, "-u", "-m", "clin.cli", *words]
    with open(folder / "shown.txt", "wb") as shown:
        child = subprocess.Popen(command, cwd=folder, stdout=shown, stderr=subprocess.STDOUT)
        try:
            child.wait(seconds)
            ended = True
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            ended = False
    text = (folder / "shown.txt").read_text(encoding="utf-8", errors="replace")
    if ended and child.returncode:
        raise SystemExit(f"clin {' '.join(words)} failed: {text[-500:]}")
    return ended, text


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
    steps, trials = STEP.findall(shown), TRIAL.findall(shown)
    if not steps and not trials:
        return 0
    with Store(folder / "clin.db", read_only=True) as store:
        rows = {
            (run.name, row.number): row for run in store.runs() for row in store.trials(run.name)
        }
        kept = {key: store.steps(row.id) for key, row in rows.items()}
    lost = sum(rows[run, int(number)].ending is None for run, number in trials)
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
