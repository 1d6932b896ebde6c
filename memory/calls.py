"""The model calls of a trial in the database. Prompts grow by appending, so a call keeps only what
differs from the one before it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from memory.encoding import as_json, as_text
from memory.rows import Query
from memory.trials import Call


class CallWriter:
    """Writes calls inside the store's transaction.

    It remembers the parts of the last call that it wrote, so that a trial's next one is not held
    against all that are stored. Whoever rolls back, or changes calls in another way, must
    :meth:`forget` that.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.forget()

    def forget(self) -> None:
        """What the last call was is read from the file again."""
        self._last: tuple[int, tuple[str, ...]] = (-1, ())

    def append(self, rows: Query, trial_id: int, step: int | None, calls: Sequence[Call]) -> None:
        """Store ``calls`` of ``step`` after the trial's others; with None, of the writing of its
        memory."""
        if not calls:
            return
        before = self._parts_before(rows, trial_id)
        for call in calls:
            parts = tuple(call.parts)
            kept = _common(before, parts)
            self._db.execute(
                "insert into calls (trial, step, role, kept, parts, reply, read, reused, "
                "written, logprob, seconds, choices)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    trial_id,
                    step,
                    call.role,
                    kept,
                    as_json([as_text(part) for part in parts[kept:]]),
                    as_text(call.reply),
                    call.read,
                    call.reused,
                    call.written,
                    call.logprob,
                    call.seconds,
                    call.choices,
                ],
            )
            before = parts
        self._last = (trial_id, before)

    def _parts_before(self, rows: Query, trial_id: int) -> tuple[str, ...]:
        if self._last[0] != trial_id:
            calls = read_calls(rows, trial_id)
            self._last = (trial_id, calls[-1].parts if calls else ())
        return self._last[1]


def _common(before: Sequence[str], parts: Sequence[str]) -> int:
    """How many leading parts are equal; nearly always all of ``before`` or all of ``parts`` but the
    tail."""
    shorter = min(len(before), len(parts))
    for count in (shorter, shorter - 1):
        if count > 0 and before[:count] == parts[:count]:
            return count
    return next((count for count in range(shorter) if before[count] != parts[count]), shorter)


def read_calls(rows: Query, trial_id: int, step: int | None = None) -> list[Call]:
    """The calls of a trial in order, each with all its parts; with ``step`` those of that step
    alone."""
    stored = rows(
        "select step, kept, parts, role, reply, read, reused, written, logprob, seconds, choices"
        " from calls where trial = ? order by id",
        [trial_id],
    )
    found, before = [], ()
    for at, kept, parts, role, *rest in stored:
        before = (*before[:kept], *json.loads(parts))
        if step is None or at == step:
            found.append(Call(role, before, *rest))
    return found


def read_writer_calls(rows: Query, trial_id: int) -> list[Call]:
    """The calls that wrote the memory after a trial: those of no step."""
    of_steps = rows("select count(*) from calls where trial = ? and step is not null", [trial_id])[
        0
    ][0]
    return read_calls(rows, trial_id)[of_steps:]
