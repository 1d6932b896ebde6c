"""Recall at the moment of choice: what the memory says about what to do now.

A pure function of the record. It walks backwards from the goal, over the links
(:mod:`memory.chaining`), to an action that is admissible now: what the memory says helps and is not
done yet, what that needs, and the way to where it can be done. It stays silent where nothing fits,
and never speaks for what lost points or what a link says does not contribute.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from memory.chaining import Chains, Found, Recalled
from memory.language import Language
from memory.moment import Moment
from memory.trials import Memory, Step

__all__ = ["LINE", "MOST", "Recalled", "recall", "told"]

MOST = 3
"""Lines that are recalled at most; only the first is what to do, the others may follow it."""
LINE = "What your memory says about what to do now: "
"""How what is recalled begins, where it stands in a prompt."""


def recall(
    memory: Memory,
    goal: str,
    opening: str,
    steps: Sequence[Step],
    actions: Collection[str],
    language: Language,
    moves: Sequence[Collection[str]] = (),
) -> tuple[Recalled, ...]:
    """What ``memory`` says about what to do now, at most three, best first: in the trial that began
    with ``opening`` and has these ``steps``, where these ``actions`` are admissible, and these
    ``moves`` were before each step. The order of the links does not matter; equals are settled by
    their text."""
    if not memory.links or not actions:
        return ()
    found = Chains(memory, goal, Moment(opening, steps, actions, language, moves)).found()
    best = sorted(found, key=Found.rank)
    said: dict[str, Found] = {}
    for each in best:
        if each is best[0] or not each.move:
            said.setdefault(each.action, each)
    return tuple(each.said for each in [*said.values()][:MOST])


def told(recalled: Sequence[Recalled]) -> str:
    """What is recalled as one sentence; empty for nothing."""
    said = "; then ".join(str(each.link) for each in recalled)
    return f"{said}." if said else ""
