"""Is a database file sound? What SQLite can say, and what only we know."""

from __future__ import annotations

from collections.abc import Sequence

from memory.store.admissible import unreadable
from memory.store.connection import Connection
from memory.trials import Ending

_FAULTS = {
    "a trial's steps are not numbered without gaps": """
        select trials.id from trials left join steps on steps.trial = trials.id group by trials.id
        having count(steps.id) != trials.steps or coalesce(max(position) + 1, 0) != trials.steps""",
    "a run goes on after a trial that has not ended": """
        select early.id from trials early join trials late on early.run = late.run and late.number >
            early.number
        where early.ending is null""",
    "a run's trials are not numbered without gaps": """
        select run from trials group by run having count(*) != max(number) + 1 or min(number) !=
            0""",
    "an ended trial wrote no memory": """
        select trials.id from trials where ending is not null
        and not exists (select 1 from versions where versions.trial = trials.id)""",
    "a trial that has not ended wrote a memory": """
        select trials.id from trials join versions on versions.trial = trials.id where ending is
            null""",
    "a memory does not come from the version that its trial read": """
        select versions.id from versions join trials on versions.trial = trials.id
        where trials.version is not null and writer not like 'person %' and not exists (
            select 1 from version_parents where version_parents.version = versions.id and parent =
                trials.version)""",
    "a version comes from a later one or from another run": """
        select child.id from version_parents join versions as child on child.id = version
        join versions as elder on elder.id = parent where elder.id >= child.id or elder.run !=
            child.run""",
    "a run with read-only memory wrote a memory that differs from the one it began with": """
        select run from (
            select run, version, group_concat(link) as held from (
                select versions.run, versions.id as version, link from versions
                join runs on runs.id = versions.run and json_valid(config)
                    and json_extract(config, '$.read_only_memory')
                left join version_links on version_links.version = versions.id
                where writer not like 'person %' order by versions.id, position)
            group by run, version)
        group by run having count(distinct coalesce(held, '')) > 1""",
    "a memory's links are not numbered without gaps": """
        select version from version_links group by version having count(*) != max(position) + 1""",
}


_JSON = {
    "runs": {"config": "object"},
    "trials": {"recalled": "object"},
    "steps": {"cited": "array"},
    "calls": {"parts": "array"},
    "versions": {"notes": "array", "unreadable": "array"},
    "offers": {"actions": "array", "scores": "array"},
    "batches": {"document": "object"},
}
"""Columns that hold JSON, and of which type."""
_STATES = ("running", "finished", "stopped", "failed")


def _unreadable(connection: Connection) -> list[str]:
    """Values that no reader can make anything of."""
    found = []
    there = {name for (name,) in connection.rows("select name from sqlite_master")}
    for table, columns in _JSON.items():
        for column, kind in columns.items() if table in there else ():
            bad = connection.rows(
                f"select id from {table} where not json_valid({column})"
                f" or json_type({column}) != '{kind}'"
            )
            if bad:
                found.append(f"{column} of {table} is no JSON {kind} ({_first(bad)})")
    for table, column, known in (
        ("runs", "state", _STATES),
        ("trials", "ending", tuple(map(str, Ending))),
    ):
        marks = ", ".join("?" * len(known))
        bad = connection.rows(f"select id from {table} where {column} not in ({marks})", known)
        if bad:
            found.append(f"{column} of {table} is none of {', '.join(known)} ({_first(bad)})")
    return found


def _first(rows: Sequence[tuple[object, ...]]) -> str:
    return ", ".join(str(row[0]) for row in rows[:5])


def problems(connection: Connection) -> list[str]:
    """What is wrong, in words; empty when the file is sound."""
    said = [line for (line,) in connection.rows("pragma integrity_check")]
    found = [f"SQLite: {line}" for line in said if line != "ok"]
    for table, row, parent, _ in connection.rows("pragma foreign_key_check"):
        found.append(f"row {row} of {table} points to a missing row of {parent}")
    for meaning, query in _FAULTS.items():
        rows = connection.rows(query)
        if rows:
            found.append(f"{meaning} ({_first(rows)})")
    return [*found, *_unreadable(connection), *unreadable(connection)]
