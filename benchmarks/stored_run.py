"""A run of `clin run` in a file of its own: played, gone on with, or read where it is finished."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from clin.cli import main as clin
from memory.store import Store


def play(db: Path, words: Sequence[str], model: str) -> None:
    """Play the run that ``words`` ask `clin run` for into ``db``, or the rest of it."""
    state = state_of(db)
    if state == "finished":
        return
    what = ["resume", "r1"] if state else ["run", *words, "--model", model]
    with redirect_stdout(io.StringIO()):
        clin([*what, "--db", str(db), "--json"], standalone_mode=False)


def state_of(db: Path) -> str:
    """The state of the run in ``db``; empty where there is none."""
    if not db.exists():
        return ""
    with Store(db, read_only=True) as store:
        return "".join(run.state for run in store.runs())
