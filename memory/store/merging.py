"""Runs of another database file, whole: they are merged into this one, or sent to one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.store import Store
from memory.store.connection import Connection
from memory.store.copies import COPIES, MAPS, MATCHES, NUMBERED, PARTED
from memory.store.encoding import as_json
from memory.store.leases import read_leases


@dataclass(frozen=True)
class Merged:
    """What a merge did, by the runs' names here: those that are new, those that had gone on in the
    other file, and those that had gone on in both (``parted``) or are being played here (``live``),
    which stay as they are."""

    copied: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    parted: tuple[str, ...] = ()
    live: tuple[str, ...] = ()


def merge(store: Store, other: Path, only: Sequence[str] | None = None) -> list[str]:
    """As :func:`update`; the names of the runs that are new here or have gone on."""
    found = update(store, other, only)
    return [*found.copied, *found.updated]


def update(store: Store, other: Path, only: Sequence[str] | None = None) -> Merged:
    """Copy from the database ``other`` the runs that ``store`` does not have yet, whole, under new
    names, and of those that it has what they have there in addition. ``only`` these uids, if given.

    A run is the same wherever it was copied to (its uid), so merging twice adds nothing. A run that
    is being played there arrives as stopped, and goes on here with a later merge. ``other`` is only
    read.
    """
    connection = store.connection
    with connection.attached(other), connection.transaction():
        try:
            return _merge(connection, only)
        finally:
            for name in MAPS:
                connection.execute(f"drop table if exists temp.{name}")


def parcel(store: Store, runs: Sequence[str] | None = None) -> bytes:
    """A database with ``runs`` alone (all by default) as bytes: what is sent to another machine,
    and :func:`merge` reads."""
    only = None if runs is None else [store.run(name).uid for name in runs]
    with tempfile.TemporaryDirectory() as folder:
        loose, packed = Path(folder) / "parcel.db", Path(folder) / "packed.db"
        with Store(loose) as part:
            merge(part, store.path, only)
            part.connection.pack(packed)
        return packed.read_bytes()


def _merge(connection: Connection, only: Sequence[str] | None) -> Merged:
    """Bring over the runs of the attached file (``only`` those of these uids)."""
    shift = {
        table: connection.value(f"select coalesce(max(id), 0) from main.{table}")
        for table in NUMBERED
    }
    wanted = [None if only is None else 1, as_json(only or ())]
    first = connection.value(f"select min(id) from other.runs where {_NEW}", wanted) or 1
    # Runs are what people name: the copies follow on the last one here without a gap.
    shift["runs"] -= first - 1
    connection.execute(
        "create temp table map_runs as select id as theirs, id + ? as here, 1 as new"
        f" from other.runs where {_NEW}",
        [shift["runs"], *wanted],
    )
    copied = [here for (here,) in connection.rows("select here from map_runs order by here")]
    sorted_out = _known(connection, only)
    for theirs, here in sorted_out.ahead:
        connection.execute("insert into map_runs values (?, ?, 0)", [theirs, here])
    for statement in filter(str.strip, (MATCHES + COPIES).split(";\n")):
        named = {name: by for name, by in shift.items() if f":{name}" in statement}
        connection.execute(statement, named)
    connection.epoch += bool(sorted_out.ahead)  # somebody may remember the rows that were there
    updated = [here for _, here in sorted_out.ahead]
    return Merged(*map(_names, (copied, updated, sorted_out.parted, sorted_out.live)))


_WANTED = "(? is null or uid in (select value from json_each(?)))"
_NEW = f"{_WANTED} and uid not in (select uid from main.runs)"


@dataclass(frozen=True)
class _Known:
    """Runs that are in both files and further in the other one, by their ids there and here: those
    to bring over, and by their ids here those that stay."""

    ahead: tuple[tuple[int, int], ...]
    parted: tuple[int, ...]
    live: tuple[int, ...]


def _known(connection: Connection, only: Sequence[str] | None) -> _Known:
    found = connection.rows(
        "select theirs.id, ours.id from other.runs as theirs"
        " join main.runs as ours using (uid)"
        f" where {_WANTED} order by ours.id",
        [None if only is None else 1, as_json(only or ())],
    )
    ahead: list[tuple[int, int]] = []
    parted: list[int] = []
    live: list[int] = []
    played = {each.what for each in read_leases(connection) if each.elsewhere}
    for theirs, here in found:
        if not _is_ahead(connection, theirs, here):
            continue
        if f"r{here}" in played:
            live.append(here)
        elif any(connection.rows(query, {"theirs": theirs, "here": here}) for query in PARTED):
            parted.append(here)
        else:
            ahead.append((theirs, here))
    return _Known(tuple(ahead), tuple(parted), tuple(live))


def _is_ahead(connection: Connection, theirs: int, here: int) -> bool:
    """Whether the other file has more of a run in any respect."""
    there, ours = _progress(connection, "other", theirs), _progress(connection, "main", here)
    return any(more > less for more, less in zip(there, ours, strict=True))


def _progress(connection: Connection, schema: str, run: int) -> tuple[int, ...]:
    """How far a run is: finished or not, its trials, those that have ended, steps, versions,
    corrections, and what failed."""
    [counts] = connection.rows(
        f"select (select state = 'finished' from {schema}.runs where id = :run),"
        f" count(*), count(ending), coalesce(sum(steps), 0),"
        f" (select count(*) from {schema}.versions where run = :run),"
        f" (select count(*) from {schema}.corrections where run = :run),"
        f" (select count(*) from {schema}.failures where run = :run)"
        f" from {schema}.trials where run = :run",
        {"run": run},
    )
    return tuple(counts)


def _names(runs: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"r{run}" for run in runs)
