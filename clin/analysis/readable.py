"""Which runs of a file a command can tell of, and why not of the others: rows are judged one by
one, so that a bad one costs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memory.store import RunRow, Store

NEEDED = ("world", "task", "variation", "setting", "strategy", "writer", "seed", "trials", "budget")
"""Fields of a run's configuration that tables and reports show."""
OF_MODEL = ("reference", "name", "sha256")


def readable(store: Store, needed: Sequence[str] = (*NEEDED, "model")) -> list[RunRow]:
    """The runs of ``store`` whose configuration has what is ``needed``, oldest first."""
    return [run for run in store.runs() if not lacking(run.config, needed)]


def unreadable(store: Store) -> list[str]:
    """Of each other run, a line that says why."""
    return [*store.unreadable_runs(), *incomplete(store)]


def incomplete(store: Store) -> list[str]:
    """Of each run that lacks what tables and reports show, what that is."""
    lines = []
    for run in store.runs():
        missing = lacking(run.config, (*NEEDED, "model"))
        if missing:
            lines.append(f"the configuration of {run.name} has no {', '.join(missing)}")
    return lines


def lacking(config: Mapping[str, Any], needed: Sequence[str]) -> list[str]:
    """The fields that ``config`` does not have."""
    missing = [name for name in needed if name not in config]
    if "model" in needed and not missing:
        model = config["model"]
        known = model if isinstance(model, Mapping) else {}
        missing = [f"model.{name}" for name in OF_MODEL if name not in known]
    return missing
