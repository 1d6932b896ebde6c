"""What one trial proposes as links: by rules, from what it showed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from memory.evidence.events import TASK
from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation
from memory.rules import names
from memory.rules.naming import Goal, verb
from memory.rules.reading import acts, lesson
from memory.trials import Trial

_BETWEEN = re.compile(r" (?:to|into|in|on|onto|with|from) ")
AGAIN = 3
"""Times that an action was done without any gain before it is proposed as useless."""
MOST_FOUND = 4


def of(trial: Trial, language: Language) -> tuple[Link, ...]:
    """Links that ``trial``, of a world with this ``language``, suggests; their hedges are
    placeholders, since the tally decides."""
    found = lesson(trial, language)
    made: list[Link | None] = [
        _link(action, Relation.NOT_CONTRIBUTE, TASK) for action in found.lost
    ]
    goal = Goal(trial.goal, language, (step.action for step in trial.steps))
    unnamed = _unnamed(trial, goal, language)
    made += [_link(name, Relation.NOT_CONTRIBUTE, TASK) for name in unnamed]
    made += [_link(useful.action, Relation.NECESSARY, useful.effect) for useful in found.useful]
    made += [_link(deed, Relation.NECESSARY, change) for deed, change in found.changed]
    if not found.won:
        for place, thing in _wanted(trial, found.seen):
            way = language.way_to(place, found.accepted)
            made.append(_link(way, Relation.NECESSARY, f"find {thing}"))
    idle = dict.fromkeys([*found.vain, *found.refused, *_in_vain(trial, language)])
    told = [action for action in idle if _is_worth_telling(action, goal, language)]
    made += [_link(action, Relation.NOT_CONTRIBUTE, TASK) for action in told]
    return tuple(dict.fromkeys(link for link in made if link is not None))


def endings(deeds: Iterable[str]) -> tuple[Link, ...]:
    """That ``deeds`` at which the world ended a trial do not contribute."""
    made = (_link(deed, Relation.NOT_CONTRIBUTE, TASK) for deed in deeds)
    return tuple(link for link in made if link is not None)


def _unnamed(trial: Trial, goal: Goal, language: Language) -> Iterator[str]:
    """What the actions that lost points are instances of, where the goal does not name what they
    were done to."""
    lost = [act for act in acts(trial.steps, language) if act.gain < 0 and not act.refused]
    return (name for act in lost if (name := goal.unnamed(act.meant)))


def _wanted(trial: Trial, seen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Places and the things seen there that the goal names."""
    goal = trial.goal.lower()
    named = dict.fromkeys((place, thing) for place, thing in seen if names(goal, thing))
    return list(named)[:MOST_FOUND]


def _in_vain(trial: Trial, language: Language) -> Iterator[str]:
    """Actions that were repeated and never gained."""
    done = list(acts(trial.steps, language))
    gained = {act.action for act in done if act.gain > 0}
    count = Counter(act.action for act in done if not act.refused and act.action not in gained)
    return (action for action, times in count.items() if times >= AGAIN)


def _is_worth_telling(action: str, goal: Goal, language: Language) -> bool:
    """Whether a reader learns anything from it that ``action`` did not contribute and cost nothing.

    Looking, waiting, walking somewhere and putting a thing into itself do nothing by themselves.
    What was done to a thing that the goal does not name is endless. What was tried on another thing
    tells more: of several keys, those that did not fit leave the one that does."""
    if language.is_look(action) or language.passes_time(action) or language.is_move(action):
        return False
    return not _is_to_itself(action) and bool(language.tried_on(action) or goal.named(action))


def _is_to_itself(action: str) -> bool:
    """Whether it does a thing to that thing: "pour cup into cup"."""
    things = _BETWEEN.split(action[len(verb(action)) :].strip())
    return len(things) > 1 and things[0] == things[-1]


def _link(cause: str, relation: Relation, effect: str) -> Link | None:
    """None for an action that is no phrase (a bare number, say): it could not be quoted."""
    try:
        return Link(cause, Hedge.MAY, relation, effect)
    except LinkError:
        return None
