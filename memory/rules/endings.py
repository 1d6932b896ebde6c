"""Deeds at which the world ended a trial as lost, though no points moved: an ingredient is eaten,
the wrong thing is taken.

A trial also ends as lost where a world's own time is over, whatever is done, and the record of one
trial cannot tell these apart. The record of several can:

- where another trial went on for longer, no time was over: the deed is to blame for *sure*;
- where the deed was done at another time and the trial went on, it is not to blame;
- where two trials ended so after equally many steps, with another deed, and none was longer, time
  was over, and nothing is said of either;
- else only one side was seen, and the deed *may* be to blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.language import Language
from memory.links import Link, Relation, folded
from memory.rules.reading import acts
from memory.trials import VERDICT, Ending, Trial


@dataclass(frozen=True)
class Finish:
    """How a trial of so many ``steps`` finished: the action ``at`` which the world ended it as lost
    without a change of the score (else empty), whether that is a ``deed`` that can be blamed, and
    the actions that were ``done`` before."""

    steps: int
    at: str = ""
    deed: bool = False
    done: frozenset[str] = frozenset()


NONE = Finish(0)
"""That of a trial without steps."""


def finish(trial: Trial, language: Language) -> Finish:
    """How ``trial``, of a world with this ``language``, finished."""
    done = list(acts(trial.steps, language))
    steps = len(trial.steps)
    last = done[-1] if done and done[-1].index == steps - 1 else None
    before = frozenset(act.offered for act in done if act is not last and not act.refused)
    judged = last is not None and last.action == VERDICT
    if trial.ending is not Ending.LOST or last is None or last.gain or judged:
        return Finish(steps, done=before | ({last.offered} if last else set()))
    # Where a move leads, and what a look sees, depends on where one stands.
    idle = (language.is_look, language.passes_time, language.is_move)
    blamed = not last.refused and not any(says(last.action) for says in idle)
    return Finish(steps, last.offered, blamed, before)


class Endings:
    """What the ends of several trials say together: the deeds that were ``fatal``, in the order of
    the trials, each with whether that is sure; and those that trials ended at by chance
    (``blameless``)."""

    def __init__(self, finishes: Iterable[Finish]) -> None:
        known = list(finishes)
        self.fatal = _fatal(known)
        self.sure = frozenset(folded(deed) for deed, sure in self.fatal.items() if sure)
        """Those that are sure, folded."""
        ends = {each.at for each in known if each.deed}
        self.blameless = frozenset(map(folded, ends - self.fatal.keys()))

    def ends_in_one(self, link: Link) -> bool:
        """Whether ``link`` says that something helps to do a fatal deed."""
        return link.relation is not Relation.NOT_CONTRIBUTE and link.effect in self.fatal


def _fatal(finishes: Sequence[Finish]) -> dict[str, bool]:
    longest = max((each.steps for each in finishes), default=0)
    at_last = {each.at for each in finishes if each.at and each.steps == longest}
    done: frozenset[str] = frozenset().union(*(each.done for each in finishes))
    found: dict[str, bool] = {}
    for each in finishes:
        if each.deed and each.at not in done:
            sure = each.steps < longest or found.get(each.at, False)
            if sure or len(at_last) == 1:
                found[each.at] = sure
    return found
