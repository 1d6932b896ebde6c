"""Runs of another database, whole: what :meth:`memory.store.Store.absorb` does between attaching
the file and letting go of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from memory.encoding import as_json
from memory.rows import Query

NUMBERED = ("runs", "trials", "steps", "calls", "versions", "corrections")
"""Tables whose ids move up by what is here already."""
COPIES = """
insert into links (cause, hedge, relation, effect)
    select cause, hedge, relation, effect from other.links where true on conflict do nothing;
insert into runs (id, uid, config, state, pid, host, started, ended)
    select id + :runs, uid, config, case state when 'running' then 'stopped' else state end, null,
        null, started, ended
    from other.runs where id in (select id from new_runs);
insert into versions (id, run, trial, writer, notes, unreadable, written)
    select id + :versions, run + :runs, null, writer, notes, unreadable, written from other.versions
        where run in (select id from new_runs);
insert into trials (id, run, number, world, task, variation, goal, opening, recalled, version,
    ending, score, steps, started, ended)
    select id + :trials, run + :runs, number, world, task, variation, goal, opening, recalled,
        version + :versions, ending, score,
    steps, started, ended from other.trials where run in (select id from new_runs);
update versions set trial = (select trial + :trials from other.versions as old where old.id =
    versions.id - :versions)
    where run in (select id + :runs from new_runs);
insert into steps (id, trial, position, action, observation, score, thought, cited)
    select id + :steps, trial + :trials, position, action, observation, score, thought, cited from
        other.steps
    where trial in (select id from other.trials where run in (select id from new_runs));
insert into calls (id, trial, step, role, kept, parts, reply, read, reused, written, logprob,
    seconds, choices)
    select id + :calls, trial + :trials, step, role, kept, parts, reply, read, reused, written,
        logprob, seconds, choices
    from other.calls where trial in (select id from other.trials where run in (select id from
        new_runs));
insert into version_links (version, position, link)
    select version + :versions, position, links.id from other.version_links join other.links as
        theirs on theirs.id = link
    join links on (links.cause, links.hedge, links.relation, links.effect) = (theirs.cause,
        theirs.hedge, theirs.relation, theirs.effect)
    where version in (select id from other.versions where run in (select id from new_runs));
insert into evidence (version, link, together, without, alone, lost, neither)
    select version + :versions, links.id, together, without, alone, lost, neither from
        other.evidence
    join other.links as theirs on theirs.id = link
    join links on (links.cause, links.hedge, links.relation, links.effect) = (theirs.cause,
        theirs.hedge, theirs.relation, theirs.effect)
    where version in (select id from other.versions where run in (select id from new_runs));
insert into refusals (version, position, link, reason) select version + :versions, position, link,
    reason from other.refusals
    where version in (select id from other.versions where run in (select id from new_runs));
insert into scopes (version, link, world, task, variation, places)
    select version + :versions, links.id, world, task, variation, places from other.scopes join
        other.links as theirs on theirs.id = link
    join links on (links.cause, links.hedge, links.relation, links.effect) = (theirs.cause,
        theirs.hedge, theirs.relation, theirs.effect)
    where version in (select id from other.versions where run in (select id from new_runs));
insert into version_parents (version, parent) select version + :versions, parent + :versions from
    other.version_parents
    where version in (select id from other.versions where run in (select id from new_runs));
insert into corrections (id, run, version, kind, link, who, made)
    select id + :corrections, run + :runs, version + :versions, kind, link, who, made from
        other.corrections
    where run in (select id from new_runs);
"""
"""One statement per table: the rows of ``new_runs`` from the database ``other``, with ``:table`` as
how far that table's ids move."""


def copy_runs(
    db: Database, rows: Query, numbered: Sequence[str], copies: str, only: Sequence[str] | None
) -> list[str]:
    """Run the statements ``copies`` for the runs of ``other`` (``only`` those of these uids) that
    are new here; returns their names here."""
    db.execute(
        "create temp table new_runs as select id from other.runs where uid not in (select uid "
        "from main.runs)"
        " and (? is null or uid in (select value from json_each(?)))",
        [None if only is None else 1, as_json(list(only or ()))],
    )
    shift = {
        table: rows(f"select coalesce(max(id), 0) from main.{table}")[0][0] for table in numbered
    }
    # Runs are what people name: the copies follow on the last one here without a gap.
    shift["runs"] -= (rows("select min(id) from new_runs")[0][0] or 1) - 1
    for statement in copies.split(";\n"):
        if statement.strip():
            db.execute(
                statement, {name: value for name, value in shift.items() if f":{name}" in statement}
            )
    made = [
        f"r{number + shift['runs']}" for (number,) in rows("select id from new_runs order by id")
    ]
    db.execute("drop table new_runs")
    return made
