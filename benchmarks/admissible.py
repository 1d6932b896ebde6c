"""What it costs to store what was admissible before each step: bytes in the file, and seconds.

    python benchmarks/admissible.py [--times 3]

The bundled model plays the same three trials in each world with and without storing it, in turns.
The table has the bytes per step that the sets take and those of the whole file, and the processor's
milliseconds per step: of the whole run, and of storing its steps. Each is the least of so many
times. A simulator that is a process of its own is not in them; it does the same either way, so the
whole slows down by less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_exploration
from clin.learner import Learner
from clin.llms import LLM
from clin.models import open_models
from clin.options import Engine, Exploration, Sampling
from clin.rollout.scheduler import drive
from memory.store import Store
from memory.store.housekeeping import bytes_of_admissible


@dataclass(frozen=True)
class Place:
    """What is played, and what the table calls it."""

    name: str
    world: str
    task: str
    variation: int
    options: dict[str, Any] = field(default_factory=dict)


PLACES = (
    Place("scienceworld", "scienceworld", "boil", 21),
    Place("scienceworld, names=shown", "scienceworld", "boil", 21, {"names": "shown"}),
    Place("causal", "causal", "make", 0),
    Place("textworldexpress", "textworldexpress", "cookingworld", 0),
)
TRIALS, BUDGET = 3, 60


class Timed(Store):
    """A store that knows the seconds that storing steps took."""

    seconds = 0.0

    def append_step(self, *stored: Any, **options: Any) -> int:
        began = time.process_time()
        position = super().append_step(*stored, **options)
        self.seconds += time.process_time() - began
        return position


class Without(Timed):
    """The same, which leaves out what was admissible."""

    def append_step(self, *stored: Any, **options: Any) -> int:
        options.pop("admissible", None)
        return super().append_step(*stored, **options)


@dataclass(frozen=True)
class Played:
    """Of a run: its steps, milliseconds per step of all and of storing, bytes per step of the file
    and of what was admissible in it."""

    steps: int
    all: float
    storing: float
    file: float
    admissible: float


def main() -> None:
    parser = argparse.ArgumentParser(description="What it costs to store what was admissible.")
    parser.add_argument("--times", type=int, default=3, help="how often each run is timed")
    asked = parser.parse_args()
    llm = open_models("bundled", Engine(threads=1), Sampling(), seed=0)
    print(
        "| world | steps | bytes | file | run, ms: with | without | storing, ms: with | without |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for place in PLACES:
        print(_row(llm, place, asked.times), flush=True)
    llm.close()


def _row(llm: LLM, place: Place, times: int) -> str:
    """A line of the table."""
    _play(llm, place, Timed)  # what is read and started once is not timed
    played: dict[type[Timed], list[Played]] = {Timed: [], Without: []}
    for number in range(times):
        for store_class in (Timed, Without) if number % 2 else (Without, Timed):
            played[store_class].append(_play(llm, place, store_class))
    stored, bare = played[Timed][0], played[Without][0]
    assert stored.steps == bare.steps and not bare.admissible
    run = [min(each.all for each in played[of]) for of in (Timed, Without)]
    storing = [min(each.storing for each in played[of]) for of in (Timed, Without)]
    return (
        f"| {place.name} | {stored.steps} | {stored.admissible:.0f} | {stored.file:.0f} "
        f"| {run[0]:.1f} | {run[1]:.1f} | {storing[0]:.2f} | {storing[1]:.2f} |"
    )


def _play(llm: LLM, place: Place, store_class: type[Timed]) -> Played:
    """One run in a new file."""
    config = RunConfig(
        world=place.world,
        task=place.task,
        variation=place.variation,
        world_options=place.options,
        strategy="evidence",
        writer="rules",
        trials=TRIALS,
        budget=BUDGET,
        exploration=chosen_exploration(Exploration(), llm.card, "evidence"),
        model=ModelInfo.of("bundled", llm.card),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        store = store_class(path)
        with store:
            began = time.process_time()
            drive([Learner.over(llm, store, config).adapt()], llm)
            seconds = time.process_time() - began
            steps = sum(row.steps for row in store.trials("r1"))
            admissible = bytes_of_admissible(store)
        size = path.stat().st_size
    per_step = [1000 * seconds, 1000 * store.seconds, size, admissible]
    return Played(steps, *(each / steps for each in per_step))


if __name__ == "__main__":
    main()
