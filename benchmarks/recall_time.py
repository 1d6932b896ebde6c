"""How long recall takes at one step, by how many links the memory holds.

    python benchmarks/recall_time.py

The memory is made up: one link in a hundred says what brings progress, and ten in a hundred close
its chain: what must be done before, where that is, what does not help. The rest are about other
places. ``made`` is the first call, which indexes the memory; ``step`` is the median of the calls
after it, each at another step of one trial. Milliseconds; the file it is stored in is not read.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from statistics import median
from time import process_time

from clin.language import language_of
from memory.links import Hedge, Link, Relation
from memory.recall import recall
from memory.trials import Memory, Step

GOAL = "Your task is to repair the lathe."


def memory_of(count: int, targets: int) -> Memory:
    """``count`` links, of which one in ``targets`` brings progress."""
    return Memory(tuple(link for number in range(count) for link in _link(number, targets)))


def _link(number: int, targets: int) -> Iterator[Link]:
    def link(cause: str, relation: Relation, effect: str) -> Link:
        hedge = Hedge.SHOULD if number % 2 else Hedge.MAY
        return Link(cause, hedge, relation, effect)

    group, kind = divmod(number, targets)
    door = f"unlock door{group} with key{group}"
    if kind == 0:
        yield link(door, Relation.NECESSARY, "make progress")
    elif kind == 1:
        yield link(f"pick up key{group}", Relation.NECESSARY, door)
    elif kind == 2:
        yield link(f"go to room{group}", Relation.NECESSARY, f"pick up key{group}")
    elif kind % 2:
        yield link(f"use tool{number} on thing{group}", Relation.NOT_CONTRIBUTE, "the task")
    else:
        yield link(f"open box{number}", Relation.CONTRIBUTE, f"find gem{number}")


def measured(memory: Memory, calls: int) -> tuple[float, float]:
    """Milliseconds of the first call, and of the median one after it."""
    language = language_of("causal")
    actions = [f"pick up key{number}" for number in range(3)] + ["go to room7", "look around"]
    steps: tuple[Step, ...] = ()
    taken = []
    for number in range(calls + 1):
        begun = process_time()
        recall(memory, GOAL, "You are in the hall.", steps, actions, language)
        taken.append(1000 * (process_time() - begun))
        steps = (*steps, Step(f"pick up key{number % 3}", "Taken.", 0.0))
    return taken[0], median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--targets", type=int, default=100, help="one link in so many is a target")
    parser.add_argument("--calls", type=int, default=20)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("links    made      step")
    for count in options.links:
        made, step = measured(memory_of(count, options.targets), options.calls)
        print(f"{count:>7}  {made:8.1f}  {step:8.2f}")


if __name__ == "__main__":
    main()
