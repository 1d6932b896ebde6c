"""What one trial proposes as links: by rules, from what it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from memory.evidence.events import TASK
from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation
from memory.rules import names
from memory.rules.naming import Goal
from memory.rules.reading import acts, lesson
from memory.trials import Trial

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
    made += [_link(name, Relation.NOT_CONTRIBUTE, TASK) for name in _unnamed(trial, language)]
    made += [_link(useful.action, Relation.NECESSARY, useful.effect) for useful in found.useful]
    if not found.won:
        for place, thing in _wanted(trial, found.seen):
            way = language.way_to(place, found.accepted)
            made.append(_link(way, Relation.NECESSARY, f"find {thing}"))
    idle = [*found.vain, *found.refused, *found.idle_moves, *_in_vain(trial, language)]
    made += [_link(action, Relation.NOT_CONTRIBUTE, TASK) for action in dict.fromkeys(idle)]
    return tuple(dict.fromkeys(link for link in made if link is not None))


def _unnamed(trial: Trial, language: Language) -> Iterator[str]:
    """What the actions that lost points are instances of, where the goal does not name what they
    were done to."""
    goal = Goal(trial.goal, language, (step.action for step in trial.steps))
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


def _link(cause: str, relation: Relation, effect: str) -> Link | None:
    """None for an action that is no phrase (a bare number, say): it could not be quoted."""
    try:
        return Link(cause, Hedge.MAY, relation, effect)
    except LinkError:
        return None
