"""Runs of another database file, whole: they are merged into this one, or sent to one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from memory.store import Store
from memory.store.connection import Connection
from memory.store.encoding import as_json


def merge(store: Store, other: Path, only: Sequence[str] | None = None) -> list[str]:
    """Copy the runs of the database ``other`` that ``store`` does not have yet, whole, under new
    names; returns those. ``only`` these uids, if given.

    A run is the same wherever it was copied to (its uid), so merging twice adds nothing. A run that
    is being played there arrives as stopped.
    """
    Store(other).close()  # brings its schema up to date, or says what is wrong with it
    connection = store.connection
    with connection.attached(other), connection.transaction():
        return _copy_new_runs(connection, only)


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


def _copy_new_runs(connection: Connection, only: Sequence[str] | None) -> list[str]:
    """Copy the runs of the attached file (``only`` those of these uids) that are new here; returns
    their names here."""
    connection.execute(
        "create temp table new_runs as select id from other.runs"
        " where uid not in (select uid from main.runs)"
        " and (? is null or uid in (select value from json_each(?)))",
        [None if only is None else 1, as_json(list(only or ()))],
    )
    shift = {
        table: connection.value(f"select coalesce(max(id), 0) from main.{table}")
        for table in _NUMBERED
    }
    # Runs are what people name: the copies follow on the last one here without a gap.
    shift["runs"] -= (connection.value("select min(id) from new_runs") or 1) - 1
    for statement in filter(str.strip, _COPIES.split(";\n")):
        named = {name: by for name, by in shift.items() if f":{name}" in statement}
        connection.execute(statement, named)
    copied = connection.rows("select id from new_runs order by id")
    connection.execute("drop table new_runs")
    return [f"r{number + shift['runs']}" for (number,) in copied]


_NUMBERED = ("runs", "trials", "steps", "calls", "versions", "corrections")
"""Tables whose ids move up by what is here already."""
_LINK_HERE = """
    join other.links as theirs on theirs.id = link
    join links on (links.cause, links.hedge, links.relation, links.effect)
        = (theirs.cause, theirs.hedge, theirs.relation, theirs.effect)
"""
"""From a row that names a link of the other file to the same link here."""
_OF_NEW_RUNS = "where run in (select id from new_runs)"
_OF_NEW_TRIALS = f"where trial in (select id from other.trials {_OF_NEW_RUNS})"
_OF_NEW_VERSIONS = f"where version in (select id from other.versions {_OF_NEW_RUNS})"
_COPIES = f"""
insert into links (cause, hedge, relation, effect)
    select cause, hedge, relation, effect
    from other.links where true on conflict do nothing;
insert into runs (id, uid, config, state, pid, host, started, ended)
    select id + :runs, uid, config,
        case state when 'running' then 'stopped' else state end,
        null, null, started, ended
    from other.runs where id in (select id from new_runs);
insert into versions (id, run, trial, writer, notes, unreadable, written)
    select id + :versions, run + :runs, null, writer, notes, unreadable, written
    from other.versions {_OF_NEW_RUNS};
insert into trials (id, run, number, world, task, variation, goal, opening, recalled, version,
        ending, score, steps, started, ended)
    select id + :trials, run + :runs, number, world, task, variation, goal, opening, recalled,
        version + :versions, ending, score, steps, started, ended
    from other.trials {_OF_NEW_RUNS};
update versions set trial = (
        select trial + :trials from other.versions as old where old.id = versions.id - :versions
    ) where run in (select id + :runs from new_runs);
insert into steps (id, trial, position, action, observation, score, thought, cited)
    select id + :steps, trial + :trials, position, action, observation, score, thought, cited
    from other.steps {_OF_NEW_TRIALS};
insert into admissible (step, packed)
    select step + :steps, packed
    from other.admissible
    where step in (select id from other.steps {_OF_NEW_TRIALS});
insert into calls (id, trial, step, role, kept, parts, reply, read, reused, written, logprob,
        seconds, choices)
    select id + :calls, trial + :trials, step, role, kept, parts, reply, read, reused, written,
        logprob, seconds, choices
    from other.calls {_OF_NEW_TRIALS};
insert into recalls (call, said, plain_logprob)
    select call + :calls, said, plain_logprob
    from other.recalls
    where call in (select id from other.calls {_OF_NEW_TRIALS});
insert into version_links (version, position, link)
    select version + :versions, position, links.id
    from other.version_links {_LINK_HERE} {_OF_NEW_VERSIONS};
insert into evidence (version, link, together, without, alone, lost, neither)
    select version + :versions, links.id, together, without, alone, lost, neither
    from other.evidence {_LINK_HERE} {_OF_NEW_VERSIONS};
insert into refusals (version, position, link, reason)
    select version + :versions, position, link, reason
    from other.refusals {_OF_NEW_VERSIONS};
insert into scopes (version, link, world, task, variation, places)
    select version + :versions, links.id, world, task, variation, places
    from other.scopes {_LINK_HERE} {_OF_NEW_VERSIONS};
insert into version_parents (version, parent)
    select version + :versions, parent + :versions
    from other.version_parents {_OF_NEW_VERSIONS};
insert into corrections (id, run, version, kind, link, who, made)
    select id + :corrections, run + :runs, version + :versions, kind, link, who, made
    from other.corrections {_OF_NEW_RUNS};
"""
"""One statement per table: the rows of ``new_runs`` from the database ``other``, with ``:table`` as
how far that table's ids move."""
