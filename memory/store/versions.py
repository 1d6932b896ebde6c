"""The versions of a run's memory, as rows: links and their scopes, the versions that each came
from, tallies, and proposals that were refused.

What writes is called inside a transaction of the connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from memory.corrections import Ruling
from memory.evidence.tally import Tally
from memory.links import Hedge, Link, Relation
from memory.store.connection import Connection
from memory.store.encoding import as_json, as_text, from_json, timestamp
from memory.trials import Memory, Scope


@dataclass(frozen=True)
class NewVersion:
    """A memory to be stored: who wrote it, from which versions (``parents``), which lines of the
    writer's could not be read, what was counted for its links, and which proposals it does not hold
    (link, reason). A run's first one may bring ``rulings`` of the run that it comes from."""

    memory: Memory
    writer: str
    parents: tuple[int, ...] = ()
    unreadable: Sequence[str] = ()
    tallies: Sequence[tuple[Link, Tally]] = ()
    refused: Sequence[tuple[str, str]] = ()
    rulings: Sequence[Ruling] = ()


@dataclass(frozen=True)
class Version:
    """A version of a run's memory: after which trial, by whom, from which versions, and what could
    not be read."""

    id: int
    run: str
    trial: int | None
    memory: Memory
    writer: str
    parents: tuple[int, ...] = ()
    unreadable: tuple[str, ...] = ()


# --- writing


def insert_version(connection: Connection, run: int, trial: int | None, new: NewVersion) -> int:
    """Store ``new`` as the memory of ``run`` after ``trial`` (None: before the first); returns its
    id."""
    version = connection.execute(
        "insert into versions (run, trial, writer, notes, unreadable, written)"
        " values (?, ?, ?, ?, ?, ?)",
        [
            run,
            trial,
            as_text(new.writer),
            as_json(new.memory.notes),
            as_json(new.unreadable),
            timestamp(),
        ],
    )
    _insert_memory(connection, version, new.memory)
    for parent in dict.fromkeys(new.parents):
        connection.execute(
            "insert into version_parents (version, parent) values (?, ?)", [version, parent]
        )
    _insert_evidence(connection, version, new)
    return version


def _insert_memory(connection: Connection, version: int, memory: Memory) -> None:
    for position, link in enumerate(memory.links):
        connection.execute(
            "insert into version_links (version, position, link) values (?, ?, ?)",
            [version, position, _link_id(connection, link)],
        )
    for link, scope in memory.scopes:
        connection.execute(
            "insert into scopes (version, link, world, task, variation, places)"
            " values (?, ?, ?, ?, ?, ?)",
            [
                version,
                _link_id(connection, link),
                as_text(scope.world),
                as_text(scope.task),
                scope.variation,
                scope.places,
            ],
        )


def _insert_evidence(connection: Connection, version: int, new: NewVersion) -> None:
    for link, tally in new.tallies:
        connection.execute(
            "insert into evidence (version, link, together, without, alone, lost, neither)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [version, _link_id(connection, link), *astuple(tally)],
        )
    for position, (proposal, reason) in enumerate(new.refused):
        connection.execute(
            "insert into refusals (version, position, link, reason) values (?, ?, ?, ?)",
            [version, position, as_text(proposal), as_text(reason)],
        )


def _link_id(connection: Connection, link: Link) -> int:
    """The id of the link's row, which is made if there is none."""
    columns = [link.cause, str(link.hedge), str(link.relation), link.effect]
    connection.execute(
        "insert or ignore into links (cause, hedge, relation, effect) values (?, ?, ?, ?)", columns
    )
    number: int = connection.value(
        "select id from links where (cause, hedge, relation, effect) = (?, ?, ?, ?)", columns
    )
    return number


# --- reading


LINK = "links.cause, links.hedge, links.relation, links.effect"
"""The columns that :func:`link_of` reads."""


def link_of(columns: Sequence[Any]) -> Link:
    """A link from the columns ``LINK``."""
    cause, hedge, relation, effect = columns
    return Link(cause, Hedge(hedge), Relation(relation), effect)


def latest_id(connection: Connection, run: int, number: int) -> int | None:
    """The newest version after trial ``number``; with -1, the newest before any trial ended."""
    newest: int | None
    if number < 0:
        newest = connection.value(
            "select max(id) from versions where run = ? and trial is null", [run]
        )
    else:
        newest = connection.value(
            "select max(versions.id) from trials join versions on versions.trial = trials.id"
            " where trials.run = ? and trials.number = ?",
            [run, number],
        )
    return newest


def read_version(connection: Connection, version: int, *, scoped: bool) -> Version | None:
    """The version with this id, or None; ``scoped`` is :func:`has_scopes` of the file."""
    found = connection.row(
        "select run, trial, writer, notes, unreadable from versions where id = ?", [version]
    )
    if found is None:
        return None
    run, trial, writer, notes, unreadable = found
    scopes = _read_scopes(connection, version) if scoped else ()
    memory = Memory(
        _read_links(connection, version),
        tuple(from_json(notes, f"the notes of memory version {version}", list)),
        scopes,
    )
    return Version(
        version,
        f"r{run}",
        trial,
        memory,
        writer,
        _read_parents(connection, version),
        tuple(from_json(unreadable, f"what memory version {version} could not read", list)),
    )


def _read_links(connection: Connection, version: int) -> tuple[Link, ...]:
    found = connection.rows(
        f"select {LINK} from version_links join links on links.id = link"
        " where version = ? order by position",
        [version],
    )
    return tuple(map(link_of, found))


def _read_parents(connection: Connection, version: int) -> tuple[int, ...]:
    found = connection.rows(
        "select parent from version_parents where version = ? order by parent", [version]
    )
    return tuple(parent for (parent,) in found)


def has_scopes(connection: Connection) -> bool:
    """Whether the file keeps where links held; one from before that does not, which only a reader
    meets."""
    return bool(connection.rows("select 1 from sqlite_master where name = 'scopes'"))


def _read_scopes(connection: Connection, version: int) -> tuple[tuple[Link, Scope], ...]:
    found = connection.rows(
        f"select {LINK}, world, task, variation, places from scopes"
        " join links on links.id = link where version = ?",
        [version],
    )
    return tuple((link_of(row[:4]), Scope(*row[4:])) for row in found)


def version_ids(connection: Connection, run: int) -> list[int]:
    """The versions of ``run``, oldest first."""
    found = connection.rows("select id from versions where run = ? order by id", [run])
    return [version for (version,) in found]


def version_ids_after(connection: Connection, cursor: int, limit: int) -> list[int]:
    """Up to ``limit`` versions of all runs above ``cursor``, oldest first."""
    found = connection.rows(
        "select id from versions where id > ? order by id limit ?", [cursor, limit]
    )
    return [version for (version,) in found]


def read_tallies(connection: Connection, run: int, number: int) -> dict[Link, Tally]:
    """The tallies after trial ``number`` of ``run``; with -1, those that it carried over."""
    found = connection.rows(
        f"select {LINK}, together, without, alone, lost, neither from versions"
        " left join trials on versions.trial = trials.id"
        " join evidence on evidence.version = versions.id"
        " join links on links.id = evidence.link"
        " where versions.run = ? and coalesce(trials.number, -1) = ?",
        [run, number],
    )
    return {link_of(row[:4]): Tally(*row[4:]) for row in found}


def read_refusals(connection: Connection, run: int, number: int) -> list[tuple[str, str]]:
    """The refusals (link, reason) after trial ``number`` of ``run``; with -1, those from before the
    first."""
    found = connection.rows(
        "select refusals.link, reason from versions"
        " left join trials on versions.trial = trials.id"
        " join refusals on refusals.version = versions.id"
        " where versions.run = ? and coalesce(trials.number, -1) = ? order by position",
        [run, number],
    )
    return [(link, reason) for link, reason in found]
