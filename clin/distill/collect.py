"""Collecting: which places are played, and how often; every choice by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from clin.distill.episodes import Episode, Shards
from clin.distill.lineages import lineages
from clin.distill.places import Place
from clin.distill.playing import IMPERFECT, played
from clin.llms import LLM
from clin.llms.open import open_model
from worlds import World, WorldCrashed, find_task, open_world, world_module
from worlds.experts import expert

WORLDS = ("scienceworld", "causal", "textworldexpress")
LONGEST = 200
"""Steps of an expert path at most: longer ones do not fit the context and take minutes to play."""
Tell = Callable[[int, int, Place, int], None]


def places(
    worlds: Sequence[str], per_task: int, seed: int, tasks: Sequence[str] = ()
) -> list[Place]:
    """At most ``per_task`` train places of each task, in an order that mixes worlds and tasks; a
    world with rule seeds draws one of train for each. ``tasks`` narrows them. WorldError for what
    does not exist."""
    found = []
    for world in worlds:
        module = world_module(world)
        for task in module.tasks():
            if tasks and task.name not in tasks and not set(tasks) & set(task.aliases):
                continue
            random = Random(f"{seed} {world} {task.name}")
            numbers = list(task.splits.get("train", ()))
            chosen = random.sample(numbers, min(per_task, len(numbers)))
            for rank, variation in enumerate(chosen):
                rules = getattr(module, "RULE_SPLITS", None)
                options = {"rules": random.choice(rules["train"])} if rules else {}
                found.append(
                    (rank, random.random(), Place.of(world, task.name, variation, options))
                )
    for name in tasks:
        _known(worlds, name)
    return [place for _, _, place in sorted(found, key=lambda each: each[:2])]


def _known(worlds: Sequence[str], task: str) -> None:
    """WorldError unless one of ``worlds`` has ``task``; the last one's message names the
    nearest."""
    for number, world in enumerate(worlds, 1):
        try:
            find_task(world, task)
            return
        except ValueError:
            if number == len(worlds):
                raise


def collect(
    out: Path,
    wanted: Sequence[Place],
    *,
    imperfect: int,
    seed: int,
    tell: Tell,
    longest: int = LONGEST,
    workers: int = 0,
    astray: str = "",
) -> Shards:
    """Play every place of ``wanted`` that ``out`` does not hold yet, in ``workers`` processes
    beside this one. ``tell(done, of, place, steps)`` after each; 0 steps: it was there, its path is
    too long, or its simulator crashed. ``astray``: the model that leads searches astray."""
    shards = Shards(out)
    missing = [place for place in wanted if place not in shards]
    done = len(wanted) - len(missing)
    for place, episodes in _played(missing, imperfect, seed, longest, workers, astray):
        if episodes:
            shards.add(episodes)
        done += 1
        tell(done, len(wanted), place, sum(len(each.steps) for each in episodes))
    return shards


def _played(
    wanted: Sequence[Place], imperfect: int, seed: int, longest: int, workers: int, astray: str
) -> Iterator[tuple[Place, list[Episode]]]:
    """Places with their episodes, in the order asked for; each process has simulators of its
    own."""
    play = partial(_tried, imperfect=imperfect, seed=seed, longest=longest, astray=astray)
    if not workers:
        yield from zip(wanted, map(play, wanted), strict=True)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from zip(wanted, pool.map(play, wanted), strict=True)


def _tried(place: Place, *, imperfect: int, seed: int, longest: int, astray: str) -> list[Episode]:
    try:
        return list(of_place(place, imperfect, seed, longest, _model(astray) if astray else None))
    except WorldCrashed:  # some paths bring their simulator down; one place less is no loss
        return []


@cache
def _model(reference: str) -> LLM:
    """A process's own model, kept while it lives."""
    return open_model(reference, seed=0, threads=1)


def of_place(
    place: Place, imperfect: int, seed: int, longest: int = LONGEST, llm: LLM | None = None
) -> Iterator[Episode]:
    """The best expert episodes of a place, ``imperfect`` others along its path, and searches where
    there are such. None when its path is too long."""
    options: dict[str, Any] = dict(place.options)
    paths = expert(place.world, place.task, place.variation, **options)
    if min(map(len, paths)) > longest:
        return
    random = Random(f"{seed} {place.key}")
    world = open_world(place.world, place.task, place.variation, **options)
    try:
        best, path, verbatim = _best(world, place, paths, random)
        yield best
        for kind in [IMPERFECT[number % len(IMPERFECT)] for number in range(imperfect)]:
            episode = played(world, place, path, kind, random, verbatim=verbatim)
            if episode.steps:
                yield episode
        yield from lineages(world, place, path, random, llm)
    finally:
        world.close()


def _best(
    world: World, place: Place, paths: Sequence[Sequence[str]], random: Random
) -> tuple[Episode, Sequence[str], bool]:
    """The first path that reaches the goal, in the offered names or else verbatim; where none does,
    the one with the most points."""
    tried = []
    for path in paths:
        for verbatim in (False, True):
            tried.append(
                (played(world, place, path, "expert", random, verbatim=verbatim), path, verbatim)
            )
            if tried[-1][0].score >= 100:
                return tried[-1]
    return max(tried, key=lambda each: each[0].score)
