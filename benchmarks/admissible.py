"""What it costs to store what was admissible before each step: bytes in the file, and seconds.

    python benchmarks/admissible.py [--times 3]

The bundled model plays the same three trials in each world with and without storing it, in turns.
The table has the bytes per step that the sets take, those of the whole file, and the processor's
seconds with and without (the fewest of so many times each). A simulator that is a process of its
own is not in them; it does the same either way, so that the whole run slows down by less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
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
from memory.trials import Call, Step


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


class Without(Store):
    """A store that leaves out what was admissible, as before."""

    def append_step(
        self,
        trial_id: int,
        step: Step,
        calls: Sequence[Call] = (),
        *,
        admissible: frozenset[str] | None = None,
    ) -> int:
        return super().append_step(trial_id, step, calls)


@dataclass(frozen=True)
class Played:
    """Of a run: its steps, the processor's seconds, bytes of the file, and of what was admissible
    in it."""

    steps: int
    seconds: float
    bytes: int
    admissible: int


def main() -> None:
    parser = argparse.ArgumentParser(description="What it costs to store what was admissible.")
    parser.add_argument("--times", type=int, default=3, help="how often each run is timed")
    asked = parser.parse_args()
    llm = open_models("bundled", Engine(threads=1), Sampling(), seed=0)
    print("| world | steps | bytes a step | file, bytes a step | seconds with | without | ratio |")
    print("|---|---|---|---|---|---|---|")
    for place in PLACES:
        _play(llm, place, Store)  # what is read and started once is not timed
        played: dict[type[Store], list[Played]] = {Store: [], Without: []}
        for number in range(asked.times):
            for store_class in (Store, Without) if number % 2 else (Without, Store):
                played[store_class].append(_play(llm, place, store_class))
        stored, bare = played[Store][0], played[Without][0]
        assert stored.steps == bare.steps and not bare.admissible
        seconds, before = (min(each.seconds for each in played[of]) for of in (Store, Without))
        print(
            f"| {place.name} | {stored.steps} | {stored.admissible / stored.steps:.0f} "
            f"| {stored.bytes / stored.steps:.0f} | {seconds:.2f} | {before:.2f} "
            f"| {seconds / before:.3f} |",
            flush=True,
        )
    llm.close()


def _play(llm: LLM, place: Place, store_class: type[Store]) -> Played:
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
        with store_class(path) as store:
            began = time.process_time()
            drive([Learner.over(llm, store, config).adapt()], llm)
            seconds = time.process_time() - began
            steps = sum(row.steps for row in store.trials("r1"))
            admissible = bytes_of_admissible(store)
        return Played(steps, seconds, path.stat().st_size, admissible)


if __name__ == "__main__":
    main()
