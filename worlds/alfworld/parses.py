"""What TextWorld parses of a game's grammar, kept.

It parses each template and each query again at every step, and copies all that is bound for every
word: in a small kitchen a step took 70 ms of a processor, and takes 4 ms with this. The texts stay
as they are; a test holds them against TextWorld's own. Version 1.7.0 is meant, which the extra
pins. The child process alone is changed so.
"""

from __future__ import annotations

import copy
from functools import cache, lru_cache
from typing import Any

_MOST = 4096
"""Texts whose parse is kept; a grammar has some hundred."""


@cache
def keep() -> None:
    """Keep them from now on, in this process."""
    from textworld.envs.pddl import textgen
    from textworld.logic import Rule

    parsed = lru_cache(maxsize=_MOST)(textgen._parse_and_convert)

    def symbols(*text: Any, **how: Any) -> Any:
        return copy.deepcopy(parsed(*text, **how))  # they are bound to what is told

    textgen._parse_and_convert = symbols
    textgen.copy_context = _copied
    query = lru_cache(maxsize=_MOST)(Rule.parse_conjunctive_query)
    Rule.parse_conjunctive_query = staticmethod(query)


def _copied(context: dict[str, Any]) -> dict[str, Any]:
    """``context`` with tables of its own; what stands in them is never changed in place."""
    own = {name: dict(context[name]) for name in ("variables", "mapping")}
    return {**context, **own}
