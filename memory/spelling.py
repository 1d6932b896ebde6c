"""The name that was probably meant. A leaf: it imports nothing of ours; every room may use it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, allowed: Iterable[object]) -> str:
    """``; did you mean 'x'?`` with the closest of ``allowed``; empty where none is close."""
    close = difflib.get_close_matches(str(word), map(str, allowed), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
