"""What people corrected in a run, as rows.

What writes is called inside a transaction of the connection, so that two people who correct at once
each change the memory that the other has left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from memory.corrections import KINDS, OF_HELD, Overrides, corrected, meaning, person
from memory.links import Link, parse
from memory.store.connection import Connection
from memory.store.encoding import as_text, timestamp
from memory.store.opening import StoreError
from memory.store.versions import NewVersion, insert_version, latest_id, read_version
from memory.trials import Memory


@dataclass(frozen=True)
class Correction:
    """A person's change: which ``version`` it made, of what ``kind``, about which ``link`` (as
    text), by whom and when."""

    version: int
    kind: str
    link: str
    who: str
    made: str


@dataclass(frozen=True)
class _Place:
    """Where a correction goes: after the run's last ended ``trial`` (None: before the first), on
    top of the version ``parent``."""

    run: int
    trial: int | None
    parent: int | None


def insert_correction(
    connection: Connection, run: int, kind: str, link: Link, new: Link | None, who: str
) -> int:
    """Make one correction of the kind; ``new`` is what an edit puts in the place of ``link``.
    Returns the version that it made. StoreError for an unknown kind, and where the memory must hold
    the link and does not."""
    if kind not in KINDS:
        raise StoreError(f"no correction '{kind}' (corrections: {', '.join(KINDS)})")
    place = _next_place(connection, run)
    memory = _memory_at(connection, place)
    held = any(meaning(each) == meaning(link) for each in memory.links)
    if kind in OF_HELD and not held:
        raise StoreError(f"the memory of r{run} holds no such link: {link}")
    changed = replace(memory, links=corrected(memory.links, kind, link, new))
    edited = kind == "edit" and new is not None
    recorded = [("drop", str(link)), (kind, str(new))] if edited else [(kind, str(link))]
    return _insert(connection, place, changed, recorded, who)


def insert_import(connection: Connection, run: int, memory: Memory, who: str) -> int:
    """Replace the memory of the run by ``memory``; returns the version that it made."""
    return _insert(connection, _next_place(connection, run), memory, [("import", "")], who)


def _next_place(connection: Connection, run: int) -> _Place:
    last = connection.row(
        "select id, number from trials where run = ? and ending is not null"
        " order by number desc limit 1",
        [run],
    )
    trial, number = last or (None, -1)
    return _Place(run, trial, latest_id(connection, run, number))


def _memory_at(connection: Connection, place: _Place) -> Memory:
    if place.parent is None:
        return Memory()
    version = read_version(connection, place.parent, scoped=True)
    return version.memory if version else Memory()


def _insert(
    connection: Connection,
    place: _Place,
    memory: Memory,
    recorded: list[tuple[str, str]],
    who: str,
) -> int:
    """Store ``memory`` as a person's version, and what was ``recorded`` (kind, link as text)."""
    name = who or person()
    parents = (place.parent,) if place.parent is not None else ()
    new = NewVersion(memory, f"person {name}", parents)
    version = insert_version(connection, place.run, place.trial, new)
    for kind, link in recorded:
        connection.execute(
            "insert into corrections (run, version, kind, link, who, made)"
            " values (?, ?, ?, ?, ?, ?)",
            [place.run, version, kind, link, as_text(name), timestamp()],
        )
    return version


def read_corrections(connection: Connection, run: int) -> list[Correction]:
    """What people changed in the run, oldest first."""
    found = connection.rows(
        "select version, kind, link, who, made from corrections where run = ? order by id", [run]
    )
    return [Correction(*row) for row in found]


def read_overrides(connection: Connection, run: int) -> Overrides:
    """What the corrections of the run come to."""
    found = connection.rows(
        "select kind, link from corrections where run = ? and link != '' order by id", [run]
    )
    return Overrides.of((kind, parse(link)) for kind, link in found)
