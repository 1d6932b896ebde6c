"""The one JSON document that describes a run; other programs rely on its shape
(docs/usage.md)."""

from __future__ import annotations

from typing import Any

from memory.changes import change
from memory.store import Store, TrialRow


def document(store: Store, run: str) -> dict[str, Any]:
    """Everything that ``clin run --json`` prints, read from the store alone. Seconds are the
    models' own."""
    row = store.run(run)
    config = row.config
    trials = [row for row in store.trials(run) if row.ending is not None]
    last = store.version_after(run, trials[-1].number) if trials else None
    memory = last.memory if last else None
    return {
        "run": run,
        "world": config["world"],
        "task": config["task"],
        "variation": config["variation"],
        "setting": config["setting"],
        "strategy": config["strategy"],
        "writer": config["writer"],
        "seed": config["seed"],
        "model": {"name": config["model"]["name"], "sha256": config["model"]["sha256"]},
        "trials": [_trial(store, run, each) for each in trials],
        "memory": [*map(str, memory.links), *memory.notes] if memory else [],
    }


def _trial(store: Store, run: str, row: TrialRow) -> dict[str, Any]:
    steps = store.steps(row.id)
    calls = store.calls(row.id)
    return {
        "trial": row.number,
        "score": row.score,
        "steps": row.steps,
        "ending": str(row.ending),
        "links": link_counts(store, run, row.number),
        "tokens": {
            "read": sum(call.read for call in calls),
            "reused": sum(call.reused for call in calls),
            "written": sum(call.written for call in calls),
        },
        "seconds": round(sum(call.seconds for call in calls), 3),
        "choices": sum(call.choices > 0 for call in calls),
        "matched": sum(bool(call.said) for call in calls),
        "actions": [step.action for step in steps],
    }


def link_counts(store: Store, run: str, number: int) -> dict[str, int]:
    """How the memory after trial ``number`` differs from the one before it, and how many lines were
    unreadable."""
    after = store.version_after(run, number)
    first = store.latest_version(run, number - 1)
    before = first.memory.links if first else ()
    return {**change(before, after.memory.links).counts(), "unreadable": len(after.unreadable)}
