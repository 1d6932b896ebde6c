"""How long it takes, at the start of a trial, to read how far its episode came, as the episode
grows.

    python benchmarks/return_to_best.py [--trials 1000]

Trials of 100 made-up steps in a real database; milliseconds for the one trial that is new, on top
of those that were read before.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from random import Random

from memory.archive import Archive
from memory.language import Language
from memory.store import NewTrial, NewVersion, Store
from memory.trials import Ending, Memory, Step

STEPS = 100


def add(store: Store, run: str, number: int, random: Random) -> None:
    """One more trial, in which about one step in fifty gains 5 points."""
    trial = store.begin_trial(run, NewTrial(number, "w", "t", 0, "g", "o"))
    score = 0.0
    for _ in range(STEPS):
        score += 5.0 * (random.random() < 0.02)
        store.append_step(
            trial, Step(f"act {random.randrange(200)}", "You see a thing here. " * 5, score)
        )
    store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(), "none"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000)
    most = parser.parse_args().trials
    random, points = Random(0), Archive(Language())
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "clin.db") as store:
        run = store.begin_run({"task": "t"})
        for number in range(most):
            points.read(store, run, number)
            add(store, run, number, random)
            began = time.perf_counter()
            points.read(store, run, number + 1).best_route(STEPS // 2)
            if number + 1 in (10, 100, 300, most):
                print(
                    f"{number + 1} trials, {(number + 1) * STEPS:,} steps: "
                    f"{1000 * (time.perf_counter() - began):.1f} ms"
                )


if __name__ == "__main__":
    main()
