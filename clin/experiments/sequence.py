"""A sequence of tasks over which one memory is carried: learning blocks, and evaluations with the
memory frozen between them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ALONE = "alone"
"""The order of a sequence that holds one task only: what its single-task expert learns."""
COMPOSITIONAL, NAIVE = "compositional", "naive"
"""How the orders of streams with targets begin (AgentCL, arXiv 2606.02461)."""


class Stream(BaseModel):
    """The ``[stream]`` table of an experiment file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(default=2, ge=1, description="how often each task comes back")
    orders: int = Field(default=2, ge=1, description="shufflings of the same blocks")
    evaluated: int = Field(
        default=1,
        ge=0,
        description="variations of each task that an evaluation plays, with the memory frozen",
    )
    experts: bool = Field(
        default=True,
        description=(
            "also learn each task by itself: what relative performance and sample "
            "efficiency compare with"
        ),
    )
    targets: tuple[str, ...] = Field(
        default=(),
        description="tasks that are made of the others: each order is then a compositional and a "
        "naive stream, and their places are played a second time with the memory frozen",
    )
    elsewhere: dict[str, Any] = Field(
        default_factory=dict,
        description="options of the world where a naive stream learns what comes before targets",
    )

    def variations(self, per_task: int) -> int:
        """How many variations of each task the sequences need, where each block learns
        ``per_task``."""
        learned = 2 * self.orders if self.targets else per_task * self.rounds
        return learned + self.evaluated


@dataclass(frozen=True)
class Block:
    """What is played between two changes of task: ``places`` are (task, variation). ``name`` goes
    into the run's configuration."""

    name: str
    learning: bool
    places: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, Any], ...] = ()
    """Options of the world in this block alone."""


@dataclass(frozen=True)
class Lineage:
    """One memory's way through a sequence."""

    world: str
    order: str
    blocks: tuple[Block, ...]


def lineages(
    stream: Stream, world: str, variations: Mapping[str, Sequence[int]], per_task: int
) -> Iterator[Lineage]:
    """The sequences over ``variations`` (by task): each block learns the next ``per_task``
    variations of a task, from the first again where they run out; the last ``evaluated`` are kept
    for the evaluations, as far as others are left."""
    if stream.targets:
        yield from _composed(stream, world, variations)
        return
    last = stream.evaluated
    held = {task: tuple(each[-last:]) for task, each in variations.items() if last}
    learned = {
        task: tuple((each[:-last] if last else each) or each) for task, each in variations.items()
    }
    for number in range(stream.orders):
        tasks = [task for task in variations for _ in range(stream.rounds)]
        random.Random(number).shuffle(tasks)
        yield Lineage(
            world, str(number), tuple(_blocks(str(number), tasks, learned, held, per_task))
        )
    if stream.experts:
        for task in variations:
            order = f"{ALONE} {task}"
            yield Lineage(
                world, order, tuple(_blocks(order, [task] * stream.rounds, learned, {}, per_task))
            )


def _blocks(
    order: str,
    tasks: Sequence[str],
    learned: dict[str, tuple[int, ...]],
    held: dict[str, tuple[int, ...]],
    per_task: int,
) -> Iterator[Block]:
    evaluated = tuple((task, variation) for task, each in held.items() for variation in each)
    turn = dict.fromkeys(learned, 0)
    if evaluated:
        yield Block(f"{order}/0/evaluate", False, evaluated)
    for number, task in enumerate(tasks, 1):
        places = [learned[task][(turn[task] + n) % len(learned[task])] for n in range(per_task)]
        turn[task] += per_task
        yield Block(
            f"{order}/{number}/learn", True, tuple((task, variation) for variation in places)
        )
        if evaluated:
            yield Block(f"{order}/{number}/evaluate", False, evaluated)


def _composed(
    stream: Stream, world: str, variations: Mapping[str, Sequence[int]]
) -> Iterator[Lineage]:
    """For each order a compositional stream, whose parts are learned in the place of its targets,
    and a naive one with the same targets, whose parts are learned in another place ``elsewhere``.
    Both end with the targets once more, and with those of the held-out variations, frozen."""
    parts = [task for task in variations if task not in stream.targets]
    count = stream.orders
    elsewhere = tuple(sorted(stream.elsewhere.items()))
    held = [
        (task, number)
        for task in stream.targets
        for number in variations[task][2 * count : 2 * count + stream.evaluated]
    ]
    for at in range(count):
        targets = [(task, variations[task][at]) for task in stream.targets]
        again = (*targets, *held)
        near = [((task, variations[task][at]), ()) for task in parts]
        far = [((task, variations[task][count + at]), elsewhere) for task in parts]
        for kind, before in ((COMPOSITIONAL, near), (NAIVE, far)):
            order = f"{kind} {at}"
            learned = [*before, *((place, ()) for place in targets)]
            blocks = [
                Block(f"{order}/{number}/learn", True, (place,), options)
                for number, (place, options) in enumerate(learned, 1)
            ]
            last = Block(f"{order}/{len(blocks)}/evaluate", False, again)
            yield Lineage(world, order, (*blocks, last))
