"""What each rule of play is worth: the bundled model on dev places of the three worlds, with every
wrapper of ``clin/exploration`` and with one left out.

    python benchmarks/exploration.py [--out FOLDER] [--draws 2] [--strategy evidence]

prints the table of docs/exploration.md: points in the last trial and over all trials, less those
with all rules, place by place, with 95 % bootstrap intervals. A database per rule in FOLDER keeps
the runs; interrupted, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))

from clin.analysis.statistics import mean_of
from clin.config import RunConfig
from clin.distill.evaluate import cells, places
from clin.distill.places import Place
from clin.experiments.runner import Batching
from clin.experiments.spec import Batch
from clin.exploration import stack
from clin.watcher import Watcher
from memory.store import Store
from worlds import World

WRAPPERS = ("LoopGuard", "MemoryMask", "RiskMask", "Untried", "LeastTried", "ReturnToBest")
TOGETHER = "the last four"
RULES = (*WRAPPERS, TOGETHER)
"""What is left out: one wrapper, or all that ``--no-go-back`` leaves out."""
DRAWN = (
    ("scienceworld", ("paper",), 1),
    ("causal", ("make", "repair", "grow", "deliver", "compose-2", "compose-3"), 2),
    ("textworldexpress", ("all",), 1),
)
"""World, tasks, and places of each task in a draw."""
FIRST_DRAW = 7
TRIALS, BUDGET = 4, 50
Scores = dict[str, tuple[float, ...]]


def main() -> None:
    parser = argparse.ArgumentParser(description="What each rule of play is worth.")
    parser.add_argument("--out", type=Path, default=Path("exploration"), help="where runs are kept")
    parser.add_argument("--draws", type=int, default=2, help="times that places are drawn")
    parser.add_argument("--strategy", default="evidence")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--rules", nargs="*", default=RULES, choices=RULES)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    drawn = [
        place
        for draw in range(given.draws)
        for world, tasks, per_task in DRAWN
        for place in places(world, tasks, "dev", per_task, FIRST_DRAW + draw)
    ]
    everything = played("all", drawn, given)
    print(f"{given.strategy}; {TRIALS} trials of {BUDGET} steps\n")
    print("| without | world | n | last trial | all trials | better, worse |")
    print("|---|---|---|---|---|---|")
    for rule in given.rules:
        with without(rule):
            left = played(rule, drawn, given)
        for line in compared(rule, left, everything):
            print(line, flush=True)


@contextmanager
def without(rule: str) -> Iterator[None]:
    """Each wrapper that ``rule`` names offers what it is offered."""

    def offered(world: World, *_: object) -> World:
        return world

    left_out = WRAPPERS[-4:] if rule == TOGETHER else (rule,)
    with patch.multiple(stack, **dict.fromkeys(left_out, offered)):
        yield


def played(name: str, drawn: list[Place], given: argparse.Namespace) -> Scores:
    """The scores of each place's trials under the rules of now, negative ones as 0."""
    batch = Batch(
        strategies=(given.strategy,),
        trials=TRIALS,
        budget=BUDGET,
        engine={"lanes": given.lanes, "threads": 1},
    )
    with Store(given.out / f"{given.strategy}-{name}.db") as store:
        outcome = Batching(store, batch, Watcher(), lambda: False).play(cells(batch, drawn))
        for what, why in outcome.failed:
            print(f"{name}: {what} failed: {why}", file=sys.stderr)
        return dict(scores(store, run) for run in [*outcome.there, *outcome.played])


def scores(store: Store, run: str) -> tuple[str, tuple[float, ...]]:
    """The place of ``run`` and what its trials came to."""
    config = RunConfig.checked(**store.run(run).config)
    place = Place.of(config.world, config.task, config.variation, config.world_options)
    return place.key, tuple(max(0.0, row.score) for row in store.trials(run))


def compared(rule: str, left: Scores, everything: Scores) -> Iterator[str]:
    """A line for all worlds, then one for each."""
    for world in ("all", *(name for name, _, _ in DRAWN)):
        keys = [key for key in everything if key in left and world in ("all", world_of(key))]
        last = [left[key][-1] - everything[key][-1] for key in keys]
        mean = [sum(left[key]) / TRIALS - sum(everything[key]) / TRIALS for key in keys]
        better, worse = sum(each > 0 for each in last), sum(each < 0 for each in last)
        told = " | ".join(map(with_interval, (last, mean)))
        yield f"| {rule} | {world} | {len(keys)} | {told} | {better}, {worse} |"


def world_of(key: str) -> str:
    """The world of a place's key."""
    return str(json.loads(key)[0])


def with_interval(differences: list[float]) -> str:
    """A mean difference and its interval."""
    mean = mean_of(differences)
    return f"{mean.mean:+.1f} ({mean.low:+.1f} to {mean.high:+.1f})"


if __name__ == "__main__":
    main()
