"""Trial after trial of one who searches and believes its memory: what each trial did decides what
the next one reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from clin.distill.astray import Astray
from clin.distill.episodes import Episode
from clin.distill.places import Place
from clin.distill.playing import Walk, ended
from clin.distill.practice import practice_of
from clin.language import language_of
from clin.llms import LLM
from memory.links import Link, Relation
from memory.strategies import Revised, Strategy, open_strategy
from memory.trials import Memory, Trial
from worlds import World

Searching = Callable[..., None]
LINEAGES, TRIALS = 2, 4
"""Lineages of a place, and trials of one at most; it ends one trial after the first that reached
the goal."""
SLIP = (0.0, 0.05, 0.15)
SHORTEST, LONGEST = 15, 60


def lineages(
    world: World, place: Place, path: Sequence[str], random: Random, llm: LLM | None = None
) -> Iterator[Episode]:
    """The episodes of :data:`LINEAGES` lineages along what ``path`` takes; nothing where nobody has
    said how the place is searched. ``llm`` leads searches astray that find back from anywhere."""
    practice = practice_of(place.world)
    way = practice.search(place.task)
    if way is None:
        return
    for _ in range(LINEAGES):
        leader = llm if practice.can_be_led_astray else None
        yield from _lineage(world, place, path, random, way, leader)


def _lineage(
    world: World, place: Place, path: Sequence[str], random: Random, way: Searching, llm: LLM | None
) -> Iterator[Episode]:
    """Budgets are drawn, so that early trials end with work left to do."""
    language = language_of(place.world)
    strategy = open_strategy(random.choice(("clin", "evidence")), language, writer="rules")
    memory = Memory()
    trials: list[Trial] = []
    last = False
    for number in range(TRIALS):
        opening = world.reset().text
        read: tuple[Link, ...] = strategy.recall(memory, world.goal).links
        walk = Walk.of(world, place, random)
        budget, slip = random.randint(SHORTEST, LONGEST), random.choice(SLIP)
        lost = Astray(llm, language, world.goal, list(map(str, read))) if llm else None
        way(walk, path, *_said(read), budget=budget, slip=slip, astray=lost)
        kind = "informed" if read else "search"
        episode = Episode(
            place, kind, world.goal, opening, tuple(walk.steps), ended(walk), tuple(map(str, read))
        )
        if not walk.steps:
            return
        yield episode
        if last:
            return
        last = episode.score >= 100
        trials.append(episode.trial(number))
        memory = _revised(strategy, memory, trials)


def _said(links: Sequence[Link]) -> tuple[list[tuple[str, str]], set[str]]:
    """The causes that help, with their effects, and the causes that do not."""
    helps = [link for link in links if link.relation is not Relation.NOT_CONTRIBUTE]
    fails = {link.cause for link in links if link.relation is Relation.NOT_CONTRIBUTE}
    return [(link.cause, link.effect) for link in helps], fails


def _revised(strategy: Strategy, memory: Memory, trials: Sequence[Trial]) -> Memory:
    """The memory after the last of ``trials``; the rules writer asks nothing."""
    try:
        next(strategy.revise(memory, trials, len))
    except StopIteration as stop:
        revised: Revised = stop.value
        return revised.memory
    raise RuntimeError("the rules writer asks nothing")
