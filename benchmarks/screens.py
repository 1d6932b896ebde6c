"""Is the terminal UI quick? Opening a large file, appending to a long live trial on the wide
screen, twenty live trials in one file, memory growing.

    python benchmarks/large_file.py --file large.db      # makes the file of a million steps, once
    python benchmarks/screens.py --file large.db

The app runs without a terminal, at 200x60; all else is what a user gets. ``first paint`` is from
the moment that the app is made until the table of runs has been drawn; ``from the shell`` adds
starting Python and its imports.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory.links import parse
from memory.store import NewTrial, NewVersion, Store
from memory.store.housekeeping import stats
from memory.trials import Call, Ending, Memory, Step
from tui.feed import POLL_SECONDS
from tui.trajectory import Trajectory

SIZE = (200, 60)
LANES = 20
OBSERVATION = (
    "This room is called the kitchen. In it, you see: a stove, a cupboard (closed), a table. "
    "On the table is: a red apple.\n" * 4
)


async def first_paint(file: Path) -> float:
    """Seconds from making the app to the first drawing of the runs."""
    from textual.widgets import DataTable

    from tui.app import Watch

    began = time.perf_counter()
    app = Watch(file)
    async with app.run_test(size=SIZE) as pilot:
        while not (app.screen.query(DataTable) and app.screen.query_one(DataTable).row_count):
            await pilot.pause()
        app.screen.query_one(DataTable).render_line(0)
        return time.perf_counter() - began


LINKS = [
    parse(f"do {number} SHOULD BE NECESSARY to make progress in part {number}")
    for number in range(20)
]
"""What the live trials have read."""


def live(store: Store) -> int:
    """A run whose second trial is under way, with a memory; the trial's id."""
    memory = Memory(tuple(LINKS))
    run = store.begin_run({"task": "t", "trials": 2, "strategy": "clin", "budget": 10_000})
    first = store.begin_trial(run, NewTrial(0, "w", "t", 0, "g", "o"))
    store.append_step(first, Step("look around", OBSERVATION, 0.0))
    version = store.finish_trial(first, Ending.BUDGET, NewVersion(memory, "clin"))
    trial = store.begin_trial(run, NewTrial(1, "w", "t", 0, "g", "o", memory, version))
    store.append_step(trial, Step("look around", OBSERVATION, 0.0))
    return trial


def step(store: Store, trial: int, number: int) -> None:
    """Store one more step, which cites a link, and its call."""
    call = Call("act", ("prompt",), f"do {number}", 900, 850, 5, -1.0, 0.2, 40)
    done = Step(f"do {number % 20}", OBSERVATION, number % 100, "because", (1 + number % 20,))
    store.append_step(trial, done, [call])


async def appending(
    lanes: int, steps: int, every: int
) -> tuple[list[float], list[float], list[tuple[int, float]]]:
    """Milliseconds to show each of ``steps`` rounds, in which each of ``lanes`` live trials gets a
    step while one is watched on the wide screen, by the clock and on a processor; (rounds so far,
    MB held) at times. The work of the pilot that waits until all is drawn is in it."""
    from tui.app import Watch

    took, worked, held = [], [], []
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "clin.db") as store:
        trials = [live(store) for _ in range(lanes)]
        app = Watch(store.path)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("enter")
            await pilot.pause()
            for number in range(1, steps + 1):
                for trial in trials:
                    step(store, trial, number)
                began, at_work = time.perf_counter(), time.process_time()
                app.poll()
                await pilot.pause(0)
                took.append(1000 * (time.perf_counter() - began))
                worked.append(1000 * (time.process_time() - at_work))
                if number % every == 0:
                    gc.collect()
                    held.append((number, _resident()))
            shown = len(app.screen.query_one(Trajectory))
            if shown != steps + 1:
                raise SystemExit(f"{shown} of {steps + 1} steps are on the screen")
    return took, worked, held


def _resident() -> float:
    """Megabytes that this process holds now."""
    status = Path("/proc/self/status")
    if status.exists():
        return (
            int(
                next(
                    line for line in status.read_text().splitlines() if line.startswith("VmRSS")
                ).split()[1]
            )
            / 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def from_the_shell(file: Path) -> float:
    """Seconds of a Python process that opens ``file`` and ends after the first paint."""
    began = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--file", str(file), "--paint"], check=True)
    return time.perf_counter() - began


def _tell(what: str, took: list[float], aim: float) -> None:
    ordered = sorted(took)
    worst = ordered[int(len(ordered) * 0.99)]
    print(
        f"| {what}, ms (n = {len(took):,}) | {statistics.median(took):.2f} "
        f"| {worst:.2f} (99 %) | {aim:g} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--file", type=Path, required=True, help="a large one, from benchmarks/large_file.py"
    )
    parser.add_argument("--steps", type=int, default=10_000, help="steps appended to a live trial")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--paint", action="store_true", help="only open the file, paint once, and end"
    )
    given = parser.parse_args()
    if given.paint:
        asyncio.run(first_paint(given.file))
        return
    with Store(given.file, read_only=True) as store:
        count = stats(store).steps
    paints = [asyncio.run(first_paint(given.file)) for _ in range(given.repeat)]
    shells = [from_the_shell(given.file) for _ in range(given.repeat)]
    print(
        f"{given.file.name}: {count:,} steps; n = {given.repeat} openings\n\n"
        "| what | median | worst | aim |\n|---|---|---|---|"
    )
    print(f"| first paint, s | {statistics.median(paints):.2f} | {max(paints):.2f} | 1 |")
    print(f"| from the shell, s | {statistics.median(shells):.2f} | {max(shells):.2f} | |")
    took, worked, held = asyncio.run(appending(1, given.steps, max(1, given.steps // 10)))
    _tell("appending a step", took, 16)
    _tell("the same, on a processor", worked, 16)
    rounds, _, _ = asyncio.run(appending(LANES, given.steps // LANES, given.steps))
    _tell(f"a step in each of {LANES} trials", rounds, 1000 * POLL_SECONDS)
    print(
        "\nMB held after so many steps: "
        + ", ".join(f"{number:,}: {size:.1f}" for number, size in held)
    )


if __name__ == "__main__":
    main()
