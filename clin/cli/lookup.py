"""Finding things in a store by what a person calls them, with errors that say what there is."""

from __future__ import annotations

from clin.errors import UserError
from memory.store import Store, TrialRow


def trial_row(store: Store, run: str, number: int) -> TrialRow:
    """Trial ``number`` of ``run``; UserError says which trials there are."""
    rows = store.trials(run)
    for row in rows:
        if row.number == number:
            return row
    there = f"it has trials {rows[0].number} to {rows[-1].number}" if rows else "it has none yet"
    raise UserError(f"no trial {number} in {run}: {there}")


def ended_trial(store: Store, run: str, number: int | None) -> int:
    """``number`` if that trial has ended, or the last one that has when ``number`` is None."""
    ended = [row.number for row in store.trials(run) if row.ending is not None]
    if not ended:
        raise UserError(f"no trial of {run} has ended yet, so it has written no memory")
    if number is None:
        return ended[-1]
    if number not in ended:
        raise UserError(
            f"no memory after trial {number} of {run}: there is one after trials {ended[0]} to "
            f"{ended[-1]}"
        )
    return number
