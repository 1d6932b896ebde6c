"""A worked example for the head: an expert's path in a place of the train split."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from clin.config import RunConfig
from clin.errors import UserError
from memory.language import Language
from worlds import Observation, find_task, open_world
from worlds.experts import expert

MOST_STEPS = 14
"""Steps of an example that are told; of a longer one its beginning and its end."""
LONGEST = 160
"""Characters of an observation in an example."""


def told_example(config: RunConfig, language: Language) -> str:
    """What ``config`` wants shown; empty for nothing. UserError for a place that does not exist,
    that is not of the train split, or that is the one played."""
    if not config.prompting.example:
        return ""
    task, variation = _place(config)
    options = tuple(sorted(config.world_options.items()))
    goal, steps = _played(config.world, task, variation, options)
    turns = [
        f"Action: {action}\nObservation: {language.shortened(action, seen.text)[:LONGEST]}\n"
        for action, seen in steps
    ]
    if len(turns) > MOST_STEPS:
        half = MOST_STEPS // 2
        left_out = len(turns) - 2 * half
        turns = [*turns[:half], f"(… {left_out} steps …)\n", *turns[-half:]]
    last = steps[-1][1].score if steps else 0.0
    return f"\nAn example, in another place. Task: {goal}\n{''.join(turns)}Score: {last:.0f}\n"


def _place(config: RunConfig) -> tuple[str, int]:
    """The example's task and variation."""
    named, colon, number = config.prompting.example.rpartition(":")
    if not colon or not number.isdecimal():
        raise UserError(f"example '{config.prompting.example}' is not of the form TASK:VARIATION")
    task = find_task(config.world, named)
    train = task.splits.get("train", ())
    if int(number) not in train:
        span = f"{train[0]} to {train[-1]}" if train else "none"
        raise UserError(
            f"example {task.name}:{number} is not of the train split (its variations: {span})"
        )
    if (task.name, int(number)) == (config.task, config.variation):
        raise UserError(f"example {task.name}:{number} is the place that is played; name another")
    return task.name, int(number)


@lru_cache(maxsize=16)
def _played(
    world: str, task: str, variation: int, options: tuple[tuple[str, Any], ...]
) -> tuple[str, list[tuple[str, Observation]]]:
    """The goal of a place and the best of its expert's paths, played. WorldError for a world that
    has no expert."""
    named = dict(options)
    opened = open_world(world, task, variation, **named)
    try:
        best: list[tuple[str, Observation]] = []
        for path in expert(world, task, variation, **named):
            steps = []
            opened.reset()
            for action in path:
                steps.append((action, opened.step(action)))
                if steps[-1][1].done:
                    break
            if not best or steps[-1][1].score > best[-1][1].score:
                best = steps
            if best[-1][1].score >= 100:
                break
        return opened.goal, best
    finally:
        opened.close()
