"""What TextWorld works out of a game's file again and again, kept.

It translates a game for the planner twice at every reset, and parses each template and each query
of its grammar at every step, with copies of all that is bound for every word. Timed by hand, a step
in a small kitchen took 70 ms of a processor, and takes 4 ms with this; a reset of a large one took
seconds. The texts stay as they are, which a test holds against TextWorld's own. The child process
alone is changed so, and version 1.7.0 is meant, which the extra pins.
"""

from __future__ import annotations

import copy
from functools import cache, lru_cache
from typing import Any

_TEXTS, _GAMES = 4096, 4
"""How many texts, of which a grammar has some hundred, and how many games are kept."""


@cache
def keep() -> None:
    """Keep it from now on, in this process."""
    import fast_downward
    from textworld.envs.pddl import textgen
    from textworld.logic import Rule

    parsed = lru_cache(maxsize=_TEXTS)(textgen._parse_and_convert)

    def symbols(*text: Any, **how: Any) -> Any:
        return copy.deepcopy(parsed(*text, **how))  # they are bound to what is told

    textgen._parse_and_convert = symbols
    textgen.copy_context = _copied
    query = lru_cache(maxsize=_TEXTS)(Rule.parse_conjunctive_query)
    Rule.parse_conjunctive_query = staticmethod(query)
    task = lru_cache(maxsize=_GAMES)(fast_downward.pddl2sas)
    # A translation of its own is for planning onwards, which nobody asks for here.
    fast_downward.pddl2sas = lambda domain, problem, **how: task(domain, problem)


def _copied(context: dict[str, Any]) -> dict[str, Any]:
    """``context`` with tables of its own; what stands in them is never changed in place."""
    own = {name: dict(context[name]) for name in ("variables", "mapping")}
    return {**context, **own}
