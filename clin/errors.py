"""What can go wrong on the user's side, as one line each."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake of the user's: its text is one line saying what, what is allowed and what is
    nearest. Exit code 2."""


class ModelError(UserError):
    """A model that cannot be found, read or used for what was asked."""

    lane: int | None = None
    """The lane whose question failed, where the others are not concerned."""
