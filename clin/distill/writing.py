"""Samples of writing memories: what the rules would have written, read from what the writer is
shown.

Revising, it reads the last trial and what the trials before had taught, and writes what all of them
teach. Generalising, it reads memories of other places and writes which of their links hold in the
next one: those that a memory of imperfect trials there would hold too. No expert's trial is looked
at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
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
    trials = [episode.trial(number) for number, episode in enumerate(chosen)]
    last = trials[-1]
    world = here[0].place.world
    language = language_of(world)
    return Sample(
        kind="revise",
        world=world,
        goal=last.goal,
        memory=tuple(map(str, links(trials[:-1], language))),
        acts=tuple(Act(step.action, step.observation, 0.0) for step in last.steps),
        opening=last.opening,
        ended=ending(last.ending, last.steps),
        written=tuple(map(str, links(trials, language))),
    )


def generalising(
    random: Random, here: Sequence[Episode], others: Sequence[Sequence[Episode]]
) -> Sample:
    """What some of the places ``others`` teach for the place of ``here``."""
    count = min(len(others), random.randint(1, MOST_SOURCES))
    sources = [_memory(random, place) for place in random.sample(list(others), count)]
    known = {link.sense for link in _memory(random, here, most=8)}
    return Sample(
        kind="generalise",
        world=here[0].place.world,
        goal=here[0].goal,
        memory=(),
        acts=(),
        elsewhere=tuple(tuple(map(str, memory)) for memory in sources),
        written=tuple(map(str, _in_common(sources, known))),
    )


def _in_common(sources: Sequence[Sequence[Link]], known: Collection[object]) -> Iterator[Link]:
    """What of ``sources`` is ``known`` to hold; sure where several say it, and these first."""
    held: Counter[object] = Counter()
    latest: dict[object, Link] = {}
    for memory in sources:
        held.update({link.sense for link in memory})
        latest.update((link.sense, link) for link in memory if link.sense in known)
    for link in sorted(latest.values(), key=lambda link: -held[link.sense]):
        yield replace(link, hedge=Hedge.SHOULD if held[link.sense] > 1 else Hedge.MAY)


def _memory(random: Random, place: Sequence[Episode], most: int = 4) -> tuple[Link, ...]:
    chosen = _some(random, place, random.randint(1, most))
    trials = [episode.trial(number) for number, episode in enumerate(chosen)]
    return links(trials, language_of(place[0].place.world))


def _some(random: Random, place: Sequence[Episode], most: int) -> list[Episode]:
    """At most ``most`` trials that are no expert's; where there are none, what there is."""
    own = [episode for episode in place if episode.kind != "expert"] or list(place)
    return random.sample(own, min(len(own), most))
