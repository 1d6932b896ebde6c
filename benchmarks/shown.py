"""What is shown once is done: an expert's path is typed into ``clin play``, and a model plays the
same place with that memory (``clin run --from``) and without.

    python benchmarks/shown.py --model smollm2-q4_0.gguf --world causal --places 10

Everything goes through the command line, as a person would do it. Each line is a place; at the end
stand the points with a 95 % bootstrap interval over places, and their paired difference.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from clin.analysis.statistics import mean_of
from clin.cli import main as clin
from worlds import find_task, shown_names, world_module
from worlds.experts import expert


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--world", default="causal")
    parser.add_argument("--places", type=int, default=10)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--first", type=int, default=0, help="variations of the split to pass over")
    parser.add_argument("--budget", type=int, default=30)
    asked = parser.parse_args()
    tasks = [each.name for each in world_module(asked.world).tasks()]
    with_it, without = [], []
    for number in range(asked.places):
        task = tasks[number % len(tasks)]
        split = list(find_task(asked.world, task).splits[asked.split])
        variation = split[(asked.first + number // len(tasks)) % len(split)]
        shown, alone = _played(asked, task, variation)
        with_it.append(shown)
        without.append(alone)
        print(f"{task} {variation}: {alone:.0f} without, {shown:.0f} with", flush=True)
    gained = [one - other for one, other in zip(with_it, without, strict=True)]
    print(f"without {mean_of(without)}; with {mean_of(with_it)}; difference {mean_of(gained)}")


def _played(asked: argparse.Namespace, task: str, variation: int) -> tuple[float, float]:
    """Points of the model with what was shown, and without."""
    path = next(iter(expert(asked.world, task, variation, **shown_names(asked.world))))
    place = ("--world", asked.world, "--task", task, "--variation", str(variation))
    how = ("--model", asked.model, "--strategy", "clin", "--trials", "1")
    with tempfile.TemporaryDirectory() as folder:
        db = ("--db", str(Path(folder) / "shown.db"))
        typed = "".join(f"{action}\n" for action in path)
        _called("play", asked.world, task, "--variation", str(variation), *db, typed=typed)
        run = ("run", *place, *how, "--budget", str(asked.budget), *db, "--json")
        return _points(_called(*run, "--from", "r1")), _points(_called(*run))


def _points(document: str) -> float:
    return max(0.0, float(json.loads(document)["trials"][-1]["score"]))


def _called(*words: str, typed: str = "") -> str:
    """What ``clin …`` prints; SystemExit where it fails."""
    out, before = io.StringIO(), sys.stdin
    with contextlib.redirect_stdout(out):
        sys.stdin = io.StringIO(typed)
        try:
            clin(list(words), prog_name="clin", standalone_mode=False)
        finally:
            sys.stdin = before
    return out.getvalue()


if __name__ == "__main__":
    main()
