"""Is a database file sound? What SQLite can say, and what only we know."""

from __future__ import annotations

from memory.store.admissible import unreadable
from memory.store.connection import Connection

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
                join runs on runs.id = versions.run and json_extract(config, '$.read_only_memory')
                left join version_links on version_links.version = versions.id
                where writer not like 'person %' order by versions.id, position)
            group by run, version)
        group by run having count(distinct coalesce(held, '')) > 1""",
    "a memory's links are not numbered without gaps": """
        select version from version_links group by version having count(*) != max(position) + 1""",
}


def problems(connection: Connection) -> list[str]:
    """What is wrong, in words; empty when the file is sound."""
    said = [line for (line,) in connection.rows("pragma integrity_check")]
    found = [f"SQLite: {line}" for line in said if line != "ok"]
    for table, row, parent, _ in connection.rows("pragma foreign_key_check"):
        found.append(f"row {row} of {table} points to a missing row of {parent}")
    for meaning, query in _FAULTS.items():
        ids = [str(row[0]) for row in connection.rows(query)]
        if ids:
            found.append(f"{meaning} ({', '.join(ids[:5])})")
    return [*found, *unreadable(connection)]
