"""The ``rules`` writer: causal links from what the trials showed, without a language model.

It reads scores, observations and failures, never a gold path. Links quote actions word for word,
since a small model can copy but not translate. It looks at all trials of an episode, so that
nothing an earlier trial taught is forgotten, and hedges by what was seen: once is MAY; twice, in a
won trial, or with a clear gain in score is SHOULD.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from memory.links import Hedge, Link, LinkError, Relation
from memory.rules import wording
from memory.rules.reading import Lesson, Useful, lesson
from memory.trials import Trial

MOST = 12
"""Links of a memory; more crowd the small model's context."""
MOST_LOST, MOST_USEFUL, MOST_OTHERS, MOST_FOUND, MOST_VAIN, MOST_REFUSED, MOST_IDLE = (
    5,
    7,
    2,
    2,
    5,
    4,
    3,
)
CLEAR_GAIN = 5.0
"""Points that make one sighting enough for SHOULD."""
TASK = "the task"


def links(trials: Sequence[Trial]) -> tuple[Link, ...]:
    """The memory after ``trials`` (one episode, oldest first), at most 12 links, the most binding
    first."""
    if not trials:
        return ()
    lessons = [lesson(trial) for trial in trials]
    best = max(range(len(lessons)), key=lambda n: (lessons[n].won, lessons[n].best, n))
    found = [*_avoid(lessons, lessons[best]), *_repeat(lessons, best)]
    wanted: list[tuple[str, str]] = []
    if not lessons[best].won:
        wanted = _wanted(lessons, trials[-1].goal)
        found += _look_there(wanted, {action for each in lessons for action in each.accepted})
        found += [*_vain(lessons), *_refused(lessons)]
    promising = {
        place for place, _ in wanted
    }  # all of them: to have seen what is wanted is no visit in vain
    found += _idle(lessons, lessons[best].won, promising)
    return tuple(dict.fromkeys(found))[:MOST]


def _avoid(lessons: Sequence[Lesson], best: Lesson) -> Iterable[Link]:
    """Actions that lost points, the latest few; one that also led to the goal is not to blame."""
    right = {useful.action for useful in best.useful} if best.won else set()
    lost = dict.fromkeys(action for each in lessons for action in each.lost if action not in right)
    for action in list(lost)[-MOST_LOST:]:
        yield from _made(action, Hedge.SHOULD, Relation.NOT_CONTRIBUTE, TASK)


def _repeat(lessons: Sequence[Lesson], best: int) -> Iterable[Link]:
    """What helped in the best trial, in its order; while nothing is won, also the latest finds of
    the other trials."""
    seen = Counter(
        pair
        for each in lessons
        for pair in {(useful.action, useful.effect) for useful in each.useful}
    )
    won = lessons[best].won
    chosen = _weightiest(lessons[best].useful)
    known = {useful.action for useful in chosen}
    for useful in chosen:
        sure = won or useful.gain >= CLEAR_GAIN or seen[useful.action, useful.effect] > 1
        yield from _made(
            useful.action, Hedge.SHOULD if sure else Hedge.MAY, Relation.NECESSARY, useful.effect
        )
    if won:
        return
    others = [
        useful
        for number, each in enumerate(lessons)
        if number != best
        for useful in each.useful
        if useful.gain > 0 and useful.action not in known
    ]
    for useful in list({useful.action: useful for useful in others}.values())[-MOST_OTHERS:]:
        sure = seen[useful.action, useful.effect] > 1
        yield from _made(
            useful.action, Hedge.SHOULD if sure else Hedge.MAY, Relation.NECESSARY, useful.effect
        )


def _weightiest(useful: Sequence[Useful]) -> list[Useful]:
    """The few that gained most, in order of the trial; the first four are favoured, since without
    them none follows."""
    ranked = sorted(
        range(len(useful)), key=lambda n: -(useful[n].gain + (CLEAR_GAIN if n < 4 else 0))
    )
    return [useful[n] for n in sorted(ranked[:MOST_USEFUL])]


def _wanted(lessons: Sequence[Lesson], goal: str) -> list[tuple[str, str]]:
    """Places and the things seen there that the goal names, unless the goal itself says where."""
    words = goal.lower()
    return list(
        dict.fromkeys(
            (place, thing)
            for each in lessons
            for place, thing in each.seen
            if len(thing) > 3
            and re.search(rf"\b{re.escape(thing.lower())}\b", words)
            and place not in words.split(". first")[0]
        )
    )


def _look_there(wanted: Sequence[tuple[str, str]], done: Collection[str]) -> Iterable[Link]:
    """Where to find what is wanted."""
    for place, thing in wanted[:MOST_FOUND]:
        yield from _made(
            wording.way_to(place, done), Hedge.MAY, Relation.NECESSARY, f"find {thing}"
        )


def _vain(lessons: Sequence[Lesson]) -> Iterable[Link]:
    """What was tried on something and did not fit it, the latest few; what fitted at another time
    is not to blame."""
    helped = {useful.action for each in lessons for useful in each.useful}
    tried = dict.fromkeys(
        action for each in lessons for action in each.vain if action not in helped
    )
    for action in list(tried)[-MOST_VAIN:]:
        yield from _made(action, Hedge.SHOULD, Relation.NOT_CONTRIBUTE, TASK)


def _refused(lessons: Sequence[Lesson]) -> Iterable[Link]:
    """Actions that the world did not understand, the critical and repeated ones first."""
    accepted = set().union(*(each.accepted for each in lessons))
    count = Counter(
        action for each in lessons for action in set(each.refused) if action not in accepted
    )
    latest = {action: n for n, each in enumerate(lessons) for action in each.refused}
    critical = ("focus", "pick", "move")
    ranked = sorted(
        count, key=lambda a: (a.split(" ")[0] not in critical, -count[a], -latest[a], a)
    )
    for action in ranked[:MOST_REFUSED]:
        yield from _made(
            action, Hedge.SHOULD if count[action] > 1 else Hedge.MAY, Relation.NOT_CONTRIBUTE, TASK
        )


def _idle(lessons: Sequence[Lesson], won: bool, promising: set[str]) -> Iterable[Link]:
    """Places that were entered and left without use in every trial, and hold nothing that is
    wanted."""
    used = promising.union(*(each.places_used for each in lessons))
    count = Counter(move for each in lessons for move in dict.fromkeys(each.idle_moves))
    idle = [move for move, _ in count.most_common() if move.rpartition(" to ")[2] not in used]
    for move in idle[:MOST_IDLE]:
        yield from _made(
            move,
            Hedge.SHOULD if won or count[move] > 1 else Hedge.MAY,
            Relation.NOT_CONTRIBUTE,
            TASK,
        )


def _made(cause: str, hedge: Hedge, relation: Relation, effect: str) -> Iterable[Link]:
    """The link, or nothing for an action that is no phrase (a bare number, say): it could not be
    quoted."""
    try:
        yield Link(cause, hedge, relation, effect)
    except LinkError:
        return
