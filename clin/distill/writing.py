"""Samples of writing memories: what the rules would have written, read from what the writer is
shown.

Revising, it reads the last trial and what the trials before had taught, and writes what all of them
teach. Generalising, it reads memories of other places and writes which of their links hold in the
next one: those that a memory of imperfect trials there would hold too. No expert's trial is looked
at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from clin.distill.episodes import Episode
from clin.distill.form import Act, Sample
from clin.language import language_of
from clin.prompts.compact_writer import ending
from memory.links import Hedge, Link
from memory.rules import links

MOST_SOURCES = 4


def revising(random: Random, here: Sequence[Episode]) -> Sample:
    """The last of one to four trials of a place."""
    chosen = _some(random, here, random.choice((1, 1, 2, 3, 4)))
    trials = [each.trial(number) for number, each in enumerate(chosen)]
    last = trials[-1]
    acts = tuple(Act(step.action, step.observation, 0.0) for step in last.steps)
    world = here[0].place.world
    before = tuple(map(str, links(trials[:-1], language_of(world))))
    after = tuple(map(str, links(trials, language_of(world))))
    return Sample(
        "revise",
        world,
        last.goal,
        before,
        acts,
        last.opening,
        ended=ending(last.ending, last.steps),
        written=after,
    )


def generalising(
    random: Random, here: Sequence[Episode], others: Sequence[Sequence[Episode]]
) -> Sample:
    """What some of the places ``others`` teach for the place of ``here``."""
    sources = [
        _memory(random, each)
        for each in random.sample(list(others), min(len(others), random.randint(1, MOST_SOURCES)))
    ]
    known = {link.sense for link in _memory(random, here, most=8)}
    held = Counter(
        link.sense for memory in sources for link in {each.sense: each for each in memory}.values()
    )
    found = {link.sense: link for memory in sources for link in memory if link.sense in known}
    ranked = sorted(found.values(), key=lambda link: -held[link.sense])
    sure = (
        replace(link, hedge=Hedge.SHOULD if held[link.sense] > 1 else Hedge.MAY) for link in ranked
    )
    told = tuple(tuple(map(str, memory)) for memory in sources)
    world, written = here[0].place.world, tuple(map(str, sure))
    return Sample("generalise", world, here[0].goal, (), (), elsewhere=told, written=written)


def _memory(random: Random, place: Sequence[Episode], most: int = 4) -> tuple[Link, ...]:
    chosen = _some(random, place, random.randint(1, most))
    trials = [each.trial(number) for number, each in enumerate(chosen)]
    return links(trials, language_of(place[0].place.world))


def _some(random: Random, place: Sequence[Episode], most: int) -> list[Episode]:
    """At most ``most`` trials that are no expert's; where there are none, what there is."""
    own = [each for each in place if each.kind != "expert"] or list(place)
    return random.sample(own, min(len(own), most))
