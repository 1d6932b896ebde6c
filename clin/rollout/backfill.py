"""Fill in what was admissible before the steps of stored trials: they are replayed in their world,
and no model is asked."""

from __future__ import annotations

from dataclasses import dataclass

from clin.config import RunConfig
from clin.rollout.chapters import Chapters, life
from clin.rollout.trial import WorldChanged
from memory.store import Store, TrialRow
from memory.trials import Trial
from worlds import World, open_world


@dataclass(frozen=True)
class Filled:
    """How many ``steps`` of how many ``trials`` were filled in."""

    steps: int
    trials: int


def backfill(store: Store, run: str) -> Filled:
    """Fill in what is missing of the ended trials of ``run``, one trial after the other; what is
    stored stays. :class:`WorldChanged` where a trial does not go as it is stored: nothing of it is
    written then. A run that lacks nothing opens no world."""
    config = store.run(run).config
    lacking = [row for row in store.trials(run) if row.ending is not None and _lacks(store, row)]
    if not lacking:
        return Filled(0, 0)
    filled = []
    world = _opened(RunConfig.checked(**config))
    try:
        for row in lacking:
            if isinstance(world, Chapters):
                world.stand(life(store, run, row.number))
            sets = _replayed(world, store.trial(row.id))
            filled.append(len(store.fill_in_admissible(row.id, sets)))
    finally:
        world.close()
    return Filled(sum(filled), len(filled))


def _lacks(store: Store, row: TrialRow) -> bool:
    """Whether there is a step of which is not stored what was admissible before it."""
    stored = store.admissible(row.id)
    return None in stored or (row.steps > 0 and not stored)


def _opened(config: RunConfig) -> World:
    options = config.world_options
    world = open_world(config.world, config.task, config.variation, seed=config.seed, **options)
    return Chapters(world) if config.chapter else world


def _replayed(world: World, trial: Trial) -> list[frozenset[str]]:
    """What is admissible before each step of ``trial``, done again."""
    if world.reset().text != trial.opening:
        raise WorldChanged(f"trial {trial.number} does not begin as it is stored")
    sets, done = [], False
    for position, step in enumerate(trial.steps):
        where = f"step {position} of trial {trial.number}"
        if done:
            raise WorldChanged(f"the world ends before {where}, which is stored")
        sets.append(frozenset(world.actions()))
        seen = world.step(step.action)
        if (seen.text, seen.score) != (step.observation, step.score):
            raise WorldChanged(
                f"'{step.action}' gave another observation than the stored one at {where}"
            )
        done = seen.done
    return sets
