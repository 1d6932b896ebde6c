"""What people corrected in a run, as rows.

What writes is called inside a transaction of the connection, so that two people who correct at once
each change the memory that the other has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from memory.corrections import (
    KINDS,
    OF_HELD,
    PINNING,
    Overrides,
    Ruling,
    corrected,
    person,
)
from memory.language import Language
from memory.links import Link, parse
from memory.meaning import meaning
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


@dataclass(frozen=True)
class Asked:
    """A correction that a person asks for: its ``kind`` and ``link``, what an edit puts in its
    place (``new``), by whom, and in which language the run's world speaks."""

    kind: str
    link: Link
    new: Link | None
    who: str
    language: Language


def insert_correction(connection: Connection, run: int, asked: Asked) -> int:
    """Make one correction; returns the version that it made. StoreError for an unknown kind, and
    where the memory must hold the link and does not."""
    kind, link, new = asked.kind, asked.link, asked.new
    if kind not in KINDS:
        raise StoreError(f"no correction '{kind}' (corrections: {', '.join(KINDS)})")
    place = _next_place(connection, run)
    memory = _memory_at(connection, place)
    wanted = meaning(link, asked.language)
    held = any(meaning(each, asked.language) == wanted for each in memory.links)
    if kind in OF_HELD and not held:
        raise StoreError(f"the memory of r{run} holds no such link: {link}")
    links = corrected(memory.links, kind, link, new, asked.language)
    edited = kind == "edit" and new is not None
    if kind in PINNING:
        overrides = read_overrides(connection, run, asked.language)
        links = overrides.superseded(links, new if edited and new else link)
    recorded = [("drop", str(link)), (kind, str(new))] if edited else [(kind, str(link))]
    return _insert(connection, place, replace(memory, links=links), recorded, asked.who)


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
        _record(connection, place.run, Correction(version, kind, link, name, timestamp()))
    return version


def insert_rulings(
    connection: Connection, run: int, version: int, rulings: Sequence[Ruling]
) -> None:
    """Record what the run takes over with its first ``version``, so that it stands by itself."""
    for ruling in rulings:
        made = Correction(version, ruling.kind, str(ruling.link), ruling.who, timestamp())
        _record(connection, run, made)


def _record(connection: Connection, run: int, made: Correction) -> None:
    connection.execute(
        "insert into corrections (run, version, kind, link, who, made) values (?, ?, ?, ?, ?, ?)",
        [run, made.version, made.kind, made.link, as_text(made.who), made.made],
    )


def read_corrections(connection: Connection, run: int) -> list[Correction]:
    """What people changed in the run, oldest first."""
    found = connection.rows(
        "select version, kind, link, who, made from corrections where run = ? order by id", [run]
    )
    return [Correction(*row) for row in found]


def read_overrides(
    connection: Connection, run: int, language: Language, version: int | None = None
) -> Overrides:
    """What the corrections of the run come to; those up to ``version`` alone where it is given."""
    found = connection.rows(
        "select version, kind, link from corrections"
        " where run = ? and link != '' and (? is null or version <= ?) order by id",
        [run, version, version],
    )
    edits = {made for made, kind, _ in found if kind == "edit"}
    rules = ((_rule(kind, made in edits), parse(link)) for made, kind, link in found)
    return Overrides.of(rules, language)


def _rule(kind: str, edited: bool) -> str:
    """What a recorded correction of this kind asks of writers. An edit is recorded as a drop and
    an edit that made one version: what it replaced stays out, or it came back beside it."""
    return "ban" if kind == "drop" and edited else kind


def read_rulings(
    connection: Connection, run: int, language: Language, version: int | None = None
) -> list[Ruling]:
    """The pins and bans that hold in the run, at ``version`` where it is given, with who made
    them: what another run takes over."""
    overrides = read_overrides(connection, run, language, version)
    made = read_corrections(connection, run)
    who = {each.link: each.who for each in made if version is None or each.version <= version}
    kept_out = [Ruling("ban", link, who[str(link)]) for link in overrides.kept_out]
    return [*kept_out, *(Ruling("pin", link, who[str(link)]) for link in overrides.pinned)]
