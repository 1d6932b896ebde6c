"""The ``rules`` writer: causal links from what the trials showed, without a language model.

It reads scores, observations and failures, never a gold path. Links quote actions word for word,
since a small model can copy but not translate. It looks at all trials of an episode, so that
nothing an earlier trial taught is forgotten, and hedges by what was seen: once is MAY; twice, in a
won trial, or with a clear gain in score is SHOULD.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation
from memory.rules.endings import Endings, finish
from memory.rules.reading import Lesson, Useful, lesson
from memory.trials import Trial

MOST = 12
"""Links of a memory; more crowd the small model's context."""
MOST_LOST, MOST_USEFUL, MOST_OTHERS = 5, 7, 2
MOST_WHOLE = 40
MOST_CHANGED = 12
MOST_FOUND, MOST_VAIN, MOST_REFUSED, MOST_IDLE = 2, 5, 4, 3
CLEAR_GAIN = 5.0
"""Points that make one sighting enough for SHOULD."""
TASK = "the task"


def links(trials: Sequence[Trial], language: Language, *, whole: bool = False) -> tuple[Link, ...]:
    """The memory after ``trials`` (one episode, oldest first, of a world with this ``language``),
    at most 12 links, the most binding first. ``whole``: with all that helped in the best trial,
    however many links that makes."""
    if not trials:
        return ()
    lessons = [lesson(trial, language) for trial in trials]
    best = max(range(len(lessons)), key=lambda n: (lessons[n].won, lessons[n].best, n))
    repeated = list(_repeat(lessons, best, MOST_WHOLE if whole else MOST_USEFUL))
    endings = Endings(finish(trial, language) for trial in trials)
    found = [*_avoid(lessons, lessons[best]), *_ended(endings), *repeated]
    wanted: list[tuple[str, str]] = []
    if not lessons[best].won:
        wanted = _wanted(lessons, trials[-1].goal)
        found += _look_there(wanted, lessons, language)
        found += [*_vain(lessons), *_refused(lessons, language)]
    # All that were seen to hold something wanted: such a visit was not in vain.
    promising = {place for place, _ in wanted}
    found += _idle(lessons, lessons[best].won, promising, language)
    found += _brought_about(lessons)
    most = 2 * MOST_LOST + len(repeated) + MOST if whole else MOST
    leading = (link for link in found if not endings.ends_in_one(link))
    return tuple(dict.fromkeys(leading))[:most]


def _avoid(lessons: Sequence[Lesson], best: Lesson) -> Iterable[Link]:
    """Actions that lost points, the latest few; one that also led to the goal is not to blame."""
    right = {useful.action for useful in best.useful} if best.won else set()
    lost = dict.fromkeys(action for each in lessons for action in each.lost if action not in right)
    for action in list(lost)[-MOST_LOST:]:
        yield from _made(action, Hedge.SHOULD, Relation.NOT_CONTRIBUTE, TASK)


def _ended(endings: Endings) -> Iterable[Link]:
    """Deeds at which the world ended a trial though no points moved, the latest few."""
    for deed, sure in list(endings.fatal.items())[-MOST_LOST:]:
        yield from _made(deed, _hedge(sure), Relation.NOT_CONTRIBUTE, TASK)


def _repeat(lessons: Sequence[Lesson], best: int, most: int) -> Iterable[Link]:
    """What helped in the best trial, in its order; while nothing is won, also the latest finds of
    the other trials."""
    seen = Counter(
        pair
        for each in lessons
        for pair in {(useful.action, useful.effect) for useful in each.useful}
    )
    won = lessons[best].won
    chosen = _weightiest(lessons[best].useful, most)
    for useful in chosen:
        sure = won or useful.gain >= CLEAR_GAIN or seen[useful.action, useful.effect] > 1
        yield from _made(useful.action, _hedge(sure), Relation.NECESSARY, useful.effect)
    if won:
        return
    known = {useful.action for useful in chosen}
    others = {
        useful.action: useful
        for number, each in enumerate(lessons)
        for useful in each.useful
        if number != best and useful.gain > 0 and useful.action not in known
    }
    for useful in list(others.values())[-MOST_OTHERS:]:
        sure = seen[useful.action, useful.effect] > 1
        yield from _made(useful.action, _hedge(sure), Relation.NECESSARY, useful.effect)


def _weightiest(useful: Sequence[Useful], most: int) -> list[Useful]:
    """The few that gained most, in order of the trial; the first four are favoured, since without
    them none follows."""
    ranked = sorted(
        range(len(useful)), key=lambda n: -(useful[n].gain + (CLEAR_GAIN if n < 4 else 0))
    )
    return [useful[n] for n in sorted(ranked[:most])]


def _brought_about(lessons: Sequence[Lesson]) -> Iterable[Link]:
    """What the world told that came about by a deed, the most common first."""
    told = Counter(pair for each in lessons for pair in dict.fromkeys(each.changed))
    for (deed, change), times in told.most_common(MOST_CHANGED):
        yield from _made(deed, _hedge(times > 1), Relation.NECESSARY, change)


def _wanted(lessons: Sequence[Lesson], goal: str) -> list[tuple[str, str]]:
    """Places and the things seen there that the goal names, unless the goal itself says where."""
    words = goal.lower()
    where = words.split(". first")[0]
    seen = dict.fromkeys(pair for each in lessons for pair in each.seen)
    return [(place, thing) for place, thing in seen if place not in where and names(words, thing)]


def names(goal: str, thing: str) -> bool:
    """Whether the ``goal`` (in lower case) names ``thing``; a word of three letters may be any."""
    return len(thing) > 3 and bool(re.search(rf"\b{re.escape(thing.lower())}\b", goal))


def _look_there(
    wanted: Sequence[tuple[str, str]], lessons: Sequence[Lesson], language: Language
) -> Iterable[Link]:
    """Where to find what is wanted."""
    done: set[str] = set().union(*(each.accepted for each in lessons))
    for place, thing in wanted[:MOST_FOUND]:
        way = language.way_to(place, done)
        yield from _made(way, Hedge.MAY, Relation.NECESSARY, f"find {thing}")


def _vain(lessons: Sequence[Lesson]) -> Iterable[Link]:
    """What was tried on something and did not fit it, the latest few; what fitted at another time
    is not to blame."""
    helped = {useful.action for each in lessons for useful in each.useful}
    tried = dict.fromkeys(
        action for each in lessons for action in each.vain if action not in helped
    )
    for action in list(tried)[-MOST_VAIN:]:
        yield from _made(action, Hedge.SHOULD, Relation.NOT_CONTRIBUTE, TASK)


def _refused(lessons: Sequence[Lesson], language: Language) -> Iterable[Link]:
    """Actions that the world did not understand, the costly and repeated ones first."""
    accepted: set[str] = set().union(*(each.accepted for each in lessons))
    count = Counter(
        action for each in lessons for action in set(each.refused) if action not in accepted
    )
    latest = {action: n for n, each in enumerate(lessons) for action in each.refused}

    def rank(action: str) -> tuple[bool, int, int, str]:
        costly = action.startswith(language.costly_actions)
        return not costly, -count[action], -latest[action], action

    for action in sorted(count, key=rank)[:MOST_REFUSED]:
        yield from _made(action, _hedge(count[action] > 1), Relation.NOT_CONTRIBUTE, TASK)


def _idle(
    lessons: Sequence[Lesson], won: bool, promising: set[str], language: Language
) -> Iterable[Link]:
    """Places that were entered and left without use in every trial, and hold nothing that is
    wanted."""
    used = promising.union(*(each.places_used for each in lessons))
    count = Counter(move for each in lessons for move in dict.fromkeys(each.idle_moves))
    idle = [move for move, _ in count.most_common() if language.destination(move) not in used]
    for move in idle[:MOST_IDLE]:
        yield from _made(move, _hedge(won or count[move] > 1), Relation.NOT_CONTRIBUTE, TASK)


def _hedge(sure: bool) -> Hedge:
    return Hedge.SHOULD if sure else Hedge.MAY


def _made(cause: str, hedge: Hedge, relation: Relation, effect: str) -> Iterable[Link]:
    """The link, or nothing for an action that is no phrase (a bare number, say): it could not be
    quoted."""
    try:
        yield Link(cause, hedge, relation, effect)
    except LinkError:
        return
