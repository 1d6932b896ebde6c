"""Runs, and the experiments that several of them belong to, as rows.

What writes is called inside a transaction of the connection.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from memory.store.connection import Connection
from memory.store.encoding import as_json, from_json, timestamp
from memory.store.opening import StoreError


@dataclass(frozen=True)
class RunRow:
    """A run: ``name`` ("r1") is its name in this file, ``uid`` its name anywhere; ``config`` all
    that decides it."""

    id: int
    uid: str
    config: Mapping[str, Any]
    state: str
    started: str
    ended: str | None

    @property
    def name(self) -> str:
        return f"r{self.id}"


def insert_run(connection: Connection, config: Mapping[str, Any]) -> int:
    """A new run; returns its id."""
    return connection.execute(
        "insert into runs (uid, config, state, started) values (?, ?, 'running', ?)",
        [secrets.token_hex(8), as_json(config), timestamp()],
    )


def go_on(connection: Connection, run: int) -> None:
    """The run is played again. Its claim of before there were leases is over."""
    connection.execute(
        "update runs set state = 'running', ended = null, pid = null where id = ?", [run]
    )


def finish(connection: Connection, run: int, state: str) -> None:
    """Set the run's state."""
    connection.execute(
        "update runs set state = ?, pid = null, ended = ? where id = ?", [state, timestamp(), run]
    )


def give_up(connection: Connection, run: int, state: str) -> None:
    """As :func:`finish`, but a run that has finished stays finished."""
    if connection.value("select state from runs where id = ?", [run]) != "finished":
        finish(connection, run, state)


def read_runs(connection: Connection) -> list[RunRow]:
    """All runs that can be read, oldest first."""
    return [row for row in _judged(connection) if isinstance(row, RunRow)]


def unreadable_runs(connection: Connection) -> list[str]:
    """Of each run that cannot be read, what is wrong with it."""
    return [str(row) for row in _judged(connection) if isinstance(row, StoreError)]


def _judged(connection: Connection) -> Iterator[RunRow | StoreError]:
    """Each run, or what is wrong with its row: one bad row costs no other."""
    for row in connection.rows(f"select {_COLUMNS} from runs order by id"):
        try:
            yield _run(row)
        except StoreError as error:
            yield error


def read_run(connection: Connection, name: str) -> RunRow:
    """The run called ``name``; StoreError says which there are."""
    [row] = connection.rows(f"select {_COLUMNS} from runs where id = ?", [run_id(connection, name)])
    return _run(row)


_COLUMNS = "id, uid, config, state, started, ended"


def _run(row: tuple[Any, ...]) -> RunRow:
    number, uid, config, state, started, ended = row
    told = from_json(config, f"the configuration of r{number}", dict)
    return RunRow(number, uid, told, state, started, ended)


def run_id(connection: Connection, name: str) -> int:
    """The id of the run called ``name``, with or without its r; StoreError says which there are."""
    number = _number(name.removeprefix("r"))
    if number and connection.rows("select 1 from runs where id = ?", [number]):
        return number
    last = connection.value("select max(id) from runs")
    there = f"it has r1 to r{last}" if last else "it has none yet"
    raise StoreError(f"no run '{name}' in {connection.path}: {there}")


def begin_batch(connection: Connection, document: Mapping[str, Any]) -> str:
    """The batch of this document, new or as it was begun before; returns its name ("b1")."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    number = connection.value("select id from batches where document = ?", [text])
    if number is None:
        number = connection.execute(
            "insert into batches (document, began) values (?, ?)",
            [text, datetime.now(UTC).isoformat(timespec="seconds")],
        )
    return f"b{number}"


def read_batch(connection: Connection, name: str) -> dict[str, Any]:
    """The document of the batch called ``name``; StoreError says which there are."""
    number = _number(name[1:]) if name[:1] == "b" else None
    if number is not None:
        found = connection.value("select document from batches where id = ?", [number])
        if found is not None:
            return from_json(found, f"the batch {name}", dict)
    last = connection.value("select max(id) from batches")
    there = f"it has b1 to b{last}" if last else "it has none yet"
    raise StoreError(f"no batch '{name}' in {connection.path}: {there}")


def _number(digits: str) -> int | None:
    """``digits`` as an id that SQLite can hold; None for anything else."""
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits[:18])
