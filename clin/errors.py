"""What can go wrong on the user's side, as one line each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake of the user's: its text is one line saying what, what is allowed and what is
    nearest. Exit code 2."""


class ModelError(UserError):
    """A model that cannot be found, read or used for what was asked."""

    lane: int | None = None
    """The lane whose question failed, where the others are not concerned."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the closest of ``allowed``, or an empty string when nothing is
    close."""
    close = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
