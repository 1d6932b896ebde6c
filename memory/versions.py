"""The versions of a run's memory in the database: links and scopes, the versions that each came
from, tallies and refusals.

What writes takes the database and runs inside the store's transaction; what reads takes
:meth:`memory.store.Store.rows`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from sqlite_utils import Database

from memory.encoding import as_json, as_text, new_id, timestamp
from memory.evidence.tally import Tally
from memory.links import Hedge, Link, Relation
from memory.rows import Query, Version
from memory.trials import Memory, Scope


def write_version(
    db: Database,
    run: int,
    trial: int | None,
    memory: Memory,
    writer: str,
    parents: Sequence[int] = (),
    unreadable: Sequence[str] = (),
    tallies: Sequence[tuple[Link, Tally]] = (),
    refused: Sequence[tuple[str, str]] = (),
) -> int:
    """``memory`` as a new version of ``run``, after ``trial`` (None: before the first) and from
    ``parents``, with what was counted for its links and the proposals that it does not hold (link,
    reason); returns its id."""
    made = db.execute(
        "insert into versions (run, trial, writer, notes, unreadable, written) values (?, ?, ?, "
        "?, ?, ?)",
        [run, trial, as_text(writer), as_json(memory.notes), as_json(unreadable), timestamp()],
    )
    version = new_id(made)
    for position, link in enumerate(memory.links):
        db.execute(
            "insert into version_links (version, position, link) values (?, ?, ?)",
            [version, position, _link_id(db, link)],
        )
    for link, scope in memory.scopes:
        db.execute(
            "insert into scopes (version, link, world, task, variation, places) values (?, ?, ?, "
            "?, ?, ?)",
            [
                version,
                _link_id(db, link),
                as_text(scope.world),
                as_text(scope.task),
                scope.variation,
                scope.places,
            ],
        )
    for parent in dict.fromkeys(parents):
        db.execute("insert into version_parents (version, parent) values (?, ?)", [version, parent])
    _write_evidence(db, version, tallies, refused)
    return version


def _write_evidence(
    db: Database,
    version: int,
    tallies: Sequence[tuple[Link, Tally]],
    refused: Sequence[tuple[str, str]],
) -> None:
    for link, tally in tallies:
        db.execute(
            "insert into evidence (version, link, together, without, alone, lost, neither) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            [version, _link_id(db, link), *astuple(tally)],
        )
    for position, (link_text, reason) in enumerate(refused):
        db.execute(
            "insert into refusals (version, position, link, reason) values (?, ?, ?, ?)",
            [version, position, as_text(link_text), as_text(reason)],
        )


def _link_id(db: Database, link: Link) -> int:
    row = [link.cause, str(link.hedge), str(link.relation), link.effect]
    db.execute(
        "insert or ignore into links (cause, hedge, relation, effect) values (?, ?, ?, ?)", row
    )
    found = db.execute(
        "select id from links where (cause, hedge, relation, effect) = (?, ?, ?, ?)", row
    )
    return int(found.fetchone()[0])


def latest_id(rows: Query, run: int, number: int) -> int | None:
    """The newest version after trial ``number``; with -1, the newest before any trial ended."""
    if number < 0:
        found = rows("select max(id) from versions where run = ? and trial is null", [run])
    else:
        found = rows(
            "select max(versions.id) from trials join versions on versions.trial = trials.id"
            " where trials.run = ? and trials.number = ?",
            [run, number],
        )
    newest: int | None = found[0][0]
    return newest


def read_version(rows: Query, version: int, *, scoped: bool) -> Version | None:
    """The version with this id, or None; ``scoped`` is :func:`has_scopes` of the file."""
    found = rows(
        "select id, run, trial, writer, notes, unreadable from versions where id = ?", [version]
    )
    if not found:
        return None
    number, run, trial, writer, notes, unreadable = found[0]
    links = rows(
        "select cause, hedge, relation, effect from version_links join links on links.id = link"
        " where version = ? order by position",
        [version],
    )
    parents = rows(
        "select parent from version_parents where version = ? order by parent", [version]
    )
    scopes = _scopes(rows, version) if scoped else ()
    memory = Memory(
        tuple(Link(c, Hedge(h), Relation(r), e) for c, h, r, e in links),
        tuple(json.loads(notes)),
        scopes,
    )
    return Version(
        number,
        f"r{run}",
        trial,
        memory,
        writer,
        tuple(p for (p,) in parents),
        tuple(json.loads(unreadable)),
    )


def has_scopes(rows: Query) -> bool:
    """Whether the file keeps where links held; one from before that does not, which only a reader
    meets."""
    return bool(rows("select 1 from sqlite_master where name = 'scopes'"))


def _scopes(rows: Query, version: int) -> tuple[tuple[Link, Scope], ...]:
    found = rows(
        "select cause, hedge, relation, effect, world, task, variation, places from scopes join "
        "links on links.id = link"
        " where version = ?",
        [version],
    )
    return tuple((Link(c, Hedge(h), Relation(r), e), Scope(*scope)) for c, h, r, e, *scope in found)


def read_tallies(rows: Query, run: int, number: int) -> dict[Link, Tally]:
    """The tallies after trial ``number`` of ``run``; with -1, those that it carried over."""
    found = rows(
        "select cause, hedge, relation, effect, together, without, alone, lost, neither from "
        "versions"
        " left join trials on versions.trial = trials.id join evidence on evidence.version = "
        "versions.id"
        " join links on links.id = evidence.link where versions.run = ? and "
        "coalesce(trials.number, -1) = ?",
        [run, number],
    )
    return {Link(c, Hedge(h), Relation(r), e): Tally(*counts) for c, h, r, e, *counts in found}


def read_refusals(rows: Query, run: int, number: int) -> list[tuple[str, str]]:
    """The refusals (link, reason) after trial ``number`` of ``run``; with -1, those from before the
    first."""
    return rows(
        "select refusals.link, reason from versions left join trials on versions.trial = trials.id"
        " join refusals on refusals.version = versions.id where versions.run = ? and "
        "coalesce(trials.number, -1) = ? order by position",
        [run, number],
    )
