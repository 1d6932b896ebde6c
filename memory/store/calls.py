"""The model calls of a trial, as rows. Prompts grow by appending, so a call keeps only the parts
that differ from the call before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.store.connection import Connection
from memory.store.encoding import as_json, as_text, from_json
from memory.trials import Call


@dataclass(frozen=True)
class _Written:
    """The parts of the last call that was written, and when that was."""

    trial: int
    epoch: int
    parts: tuple[str, ...]


class CallWriter:
    """Writes calls inside the connection's transaction.

    It remembers the parts of the last call that it wrote, so that a trial's next one need not be
    held against all that are stored. What it remembers ends with the connection's epoch.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: _Written | None = None

    def append(self, trial_id: int, step: int | None, calls: Sequence[Call]) -> None:
        """Store ``calls`` of ``step`` after the trial's others; with None, of the writing of its
        memory."""
        if not calls:
            return
        before = self._parts_before(trial_id)
        for call in calls:
            parts = tuple(call.parts)
            self._insert(trial_id, step, call, _common(before, parts))
            before = parts
        self._last = _Written(trial_id, self._connection.epoch, before)

    def _parts_before(self, trial_id: int) -> tuple[str, ...]:
        last = self._last
        if last and (last.trial, last.epoch) == (trial_id, self._connection.epoch):
            return last.parts
        calls = read_calls(self._connection, trial_id)
        return calls[-1].parts if calls else ()

    def _insert(self, trial_id: int, step: int | None, call: Call, kept: int) -> None:
        made = self._connection.execute(
            "insert into calls (trial, step, role, kept, parts, reply, read, reused, written,"
            " logprob, seconds, choices) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                trial_id,
                step,
                call.role,
                kept,
                as_json([as_text(part) for part in call.parts[kept:]]),
                as_text(call.reply),
                call.read,
                call.reused,
                call.written,
                call.logprob,
                call.seconds,
                call.choices,
            ],
        )
        if call.recalled:
            self._connection.execute(
                "insert into recalls (call, said, plain_logprob) values (?, ?, ?)",
                [made, as_text(call.recalled), call.plain_logprob],
            )
        if call.said:
            self._connection.execute(
                "insert into matched (call, said) values (?, ?)", [made, as_text(call.said)]
            )


def _common(before: Sequence[str], parts: Sequence[str]) -> int:
    """How many leading parts are equal; nearly always all of ``before`` or all of ``parts`` but the
    tail."""
    shorter = min(len(before), len(parts))
    for count in (shorter, shorter - 1):
        if count > 0 and before[:count] == parts[:count]:
            return count
    return next((count for count in range(shorter) if before[count] != parts[count]), shorter)


def read_calls(connection: Connection, trial_id: int, step: int | None = None) -> list[Call]:
    """The calls of a trial in order, each with all its parts; with ``step`` those of that step
    alone."""
    return [call for at, call in _all(connection, trial_id) if step is None or at == step]


def read_writer_calls(connection: Connection, trial_id: int) -> list[Call]:
    """The calls that wrote the memory after a trial: those of no step."""
    return [call for at, call in _all(connection, trial_id) if at is None]


def _all(connection: Connection, trial_id: int) -> list[tuple[int | None, Call]]:
    """Every call of a trial with the step that it is of. A call's parts are those that it keeps of
    the call before it, and then its own."""
    told, plain, said, joined = "''", "0.0", "''", ""
    if connection.has("recalls"):
        told, plain = "coalesce(recalls.said, '')", "coalesce(plain_logprob, 0.0)"
        joined = "left join recalls on recalls.call = id"
    if connection.has("matched"):
        said, joined = (
            "coalesce(matched.said, '')",
            f"{joined} left join matched on matched.call = id",
        )
    stored = connection.rows(
        "select step, kept, parts, role, reply, read, reused, written, logprob, seconds, choices,"
        f" {told}, {plain}, {said} from calls {joined} where trial = ? order by id",
        [trial_id],
    )
    found: list[tuple[int | None, Call]] = []
    parts: tuple[str, ...] = ()
    what = f"the prompt of a call of the trial with id {trial_id}"
    for step, kept, own, role, reply, *costs in stored:
        parts = (*parts[:kept], *from_json(own, what, list))
        found.append((step, Call(role, parts, reply, *costs)))
    return found
