"""TextWorld's cooking levels as TALES plays them (arXiv 2504.14128): the best score within 100
steps, beside the final one.

    python benchmarks/tales.py [--places 5] [--first 3] [--trials 5] [--levels 1 2 …] [--out FOLDER]
                               [--ways none evidence …] [--model FILE.gguf] [--epsilon 0]

prints a table: for each way of keeping a memory the mean of the best and of the final score in the
first and in the last trial, with 95 % bootstrap intervals over places, and the difference to no
memory place by place. Places are test seeds: 2000 + FIRST and those after.
Each run is kept in FOLDER, and the same command goes on with what is not there yet: a FOLDER for
each model, adapter and epsilon.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from stored_run import play

from clin.analysis.statistics import mean_of
from memory.store import Store

_PLAY = ("--risk-mask", "--novelty", "--return-to-best")
"""What `evidence` is played with unless it is told otherwise."""
WAYS = {
    "none": ("none",),
    "none, with the rules of play of evidence": ("none", *_PLAY),
    "clin": ("clin",),
    "evidence": ("evidence",),
}
STEPS, TEST = 100, 2000


@dataclass(frozen=True)
class Scores:
    """Of one trial: the most points at any step, and those at its end."""

    best: float
    final: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--places", type=int, default=5, help="test seeds of each level")
    parser.add_argument("--first", type=int, default=0, help="test seeds that are passed over")
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--levels", nargs="*", type=int, default=range(1, 11))
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--lora", help="an adapter, as `clin run` has it")
    parser.add_argument("--epsilon", type=float, default=0.0, help="as `clin run` has it")
    parser.add_argument("--out", type=Path, default=Path("tales"), help="where runs are kept")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    seeds = range(TEST + asked.first, TEST + asked.first + asked.places)
    places = [(level, seed) for level in asked.levels for seed in seeds]
    ways = list(dict.fromkeys(("none", *asked.ways)))
    told = {way: [played(asked, way, *place) for place in places] for way in ways}
    print("| memory | trial | best within 100 steps | final | best, less none |")
    print("|---|---|---|---|---|")
    for way, runs in told.items():
        for trial in (0, asked.trials - 1):
            print(row(way, trial, runs, told["none"]))


def played(asked: argparse.Namespace, way: str, level: int, seed: int) -> list[Scores]:
    """The scores of each trial of a run, which is played where it is not stored yet."""
    strategy, *rules = WAYS[way]
    # Without memory, rules or chance each trial is the first again, so it is played once.
    alike = way == "none" and not asked.epsilon
    trials = 1 if alike else asked.trials
    called = "-".join((strategy, *("rules" for _ in rules[:1]), str(trials)))
    db = asked.out / f"cooking-{level}-{seed}-{called}.db"
    words = ["--world", "textworld", "--task", f"cooking-{level}", "--variation", str(seed)]
    words += ["--strategy", strategy, *rules, "--trials", str(trials)]
    words += ["--budget", str(STEPS), "--epsilon", str(asked.epsilon)]
    words += ["--lora", asked.lora] if asked.lora else []
    play(db, words, asked.model)
    with Store(db, read_only=True) as store:
        points = [[each.score for each in store.steps(row.id)] for row in store.trials("r1")]
    scores = [Scores(max([0.0, *each]), each[-1] if each else 0.0) for each in points]
    return scores * asked.trials if alike else scores


def row(way: str, trial: int, runs: Sequence[list[Scores]], none: Sequence[list[Scores]]) -> str:
    """A line of the table."""
    best, final = (
        mean_of([getattr(each[trial], name) for each in runs]) for name in ("best", "final")
    )
    pairs = zip(runs, none, strict=True)
    less = mean_of([own[trial].best - bare[trial].best for own, bare in pairs])
    beside = "" if way == "none" else str(less)
    return f"| {way} | {trial} | {best} | {final} | {beside} |"


if __name__ == "__main__":
    main()
