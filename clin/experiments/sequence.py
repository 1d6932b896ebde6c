"""A sequence of tasks over which one memory is carried: learning blocks, and evaluations with the
memory frozen between them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

ALONE = "alone"
"""The order of a sequence that holds one task only: what its single-task expert learns."""


class Stream(BaseModel):
    """The ``[stream]`` table of an experiment file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(default=2, ge=1, description="how often each task comes back")
    orders: int = Field(default=2, ge=1, description="shufflings of the same blocks")
    evaluated: int = Field(
        default=1,
        ge=1,
        description="variations of each task that an evaluation plays, with the memory frozen",
    )
    experts: bool = Field(
        default=True,
        description=(
            "also learn each task by itself: what relative performance and sample "
            "efficiency compare with"
        ),
    )


@dataclass(frozen=True)
class Block:
    """What is played between two changes of task: ``places`` are (task, variation). ``name`` goes
    into the run's configuration."""

    name: str
    learning: bool
    places: tuple[tuple[str, int], ...]


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
    held = {task: tuple(each[-stream.evaluated :]) for task, each in variations.items()}
    learned = {task: tuple(each[: -stream.evaluated] or each) for task, each in variations.items()}
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
