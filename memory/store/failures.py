"""Why runs failed and trials crashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from memory.store.connection import Connection
from memory.store.encoding import as_text, timestamp
from memory.store.runs import give_up, run_id

if TYPE_CHECKING:
    from memory.store import Store


@dataclass(frozen=True)
class Failure:
    """A run that failed, or its ``trial`` of this number that crashed, with the reason in one line
    and when that was."""

    trial: int | None
    reason: str
    made: str


def fail_run(store: Store, run: str, reason: str) -> None:
    """Set the state of ``run`` to failed, with the ``reason``, and let go of it; one that has
    finished stays finished. HeldElsewhere where another process plays it."""
    connection = store.connection
    with connection.transaction():
        number = run_id(connection, run)
        store.leases.renew(f"r{number}")
        insert_failure(connection, number, None, reason)
        give_up(connection, number, "failed")
        store.leases.end(f"r{number}")


def failures(store: Store, run: str) -> list[Failure]:
    """What failed in ``run``, oldest first; nothing where the file is from before it was kept."""
    connection = store.connection
    if not connection.rows("select 1 from sqlite_master where name = 'failures'"):
        return []
    found = connection.rows(
        "select number, reason, made from failures left join trials on trials.id = trial"
        " where failures.run = ? order by failures.id",
        [run_id(connection, run)],
    )
    return [Failure(*row) for row in found]


def insert_failure(connection: Connection, run: int, trial_id: int | None, reason: str) -> None:
    """Keep the ``reason`` why a run failed, or one of its trials; inside a transaction."""
    connection.execute(
        "insert into failures (run, trial, reason, made) values (?, ?, ?, ?)",
        [run, trial_id, as_text(reason), timestamp()],
    )
