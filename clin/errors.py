"""What can go wrong, as one line each: on the user's side (exit code 2) and on ours (1)."""

from __future__ import annotations

import errno
from pathlib import Path

OURS = {"clin", "memory", "worlds", "tui"}
MOST_SAID = 300
"""Characters of another library's complaint that a reason quotes at most."""


class UserError(ValueError):
    """A mistake of the user's: its text is one line saying what, what is allowed and what is
    nearest. Exit code 2."""


class ModelError(UserError):
    """A model that cannot be found, read or used for what was asked."""

    lane: int | None = None
    """The lane whose question failed, where the others are not concerned."""


class EngineFailed(RuntimeError):
    """The engine broke over a question. Exit code 1: nobody asked for too much."""

    lane: int | None = None
    """As of :class:`ModelError`."""


Refusal = ModelError | EngineFailed
"""What takes the place of an answer."""


def refusal(error: Exception, lane: int | None = None) -> Refusal:
    """What an engine raised, as the refusal of one question (of ``lane``): a new exception, since
    the ones who asked run in several threads."""
    told = (ModelError if isinstance(error, ModelError) else EngineFailed)(reason(error))
    told.lane = lane
    told.__cause__ = error
    return told


def is_ours(error: BaseException) -> bool:
    """Whether ``error`` is one of this project's own, whose text is made to be read by users."""
    return type(error).__module__.partition(".")[0] in OURS


def is_users(error: BaseException) -> bool:
    """Whether ``error`` is for the user to put right: exit code 2, else 1."""
    return (isinstance(error, ValueError) and is_ours(error)) or _is_path(error)


def _is_path(error: BaseException) -> bool:
    """Whether ``error`` is of a path that was given: one that is too long, or closed to the user.
    Asking whether such a file is there raises."""
    if not isinstance(error, OSError) or error.filename is None:
        return False
    return error.errno in (errno.ENAMETOOLONG, errno.EACCES)


def reason(error: BaseException) -> str:
    """Why something failed, in one line. An error of ours speaks for itself; any other is told with
    its kind and the line of code that raised it."""
    said = " ".join(str(error).split())
    if is_ours(error) and said:
        return said
    if isinstance(error, OSError) and _is_path(error):
        name = str(error.filename)
        return f"'{name[:60]}{'…' if len(name) > 60 else ''}': {error.strerror}"
    kind, cut = type(error).__name__, said[:MOST_SAID]
    return f"{kind}: {cut}{_place(error)}" if cut else f"{kind}{_place(error)}"


def _place(error: BaseException) -> str:
    """Where ``error`` was raised, such as " (world.py, line 12)"; empty where nobody raised it."""
    at = error.__traceback__
    if at is None:
        return ""
    while at.tb_next is not None:
        at = at.tb_next
    return f" ({Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno})"
