"""The statements by which rows of another database file come over (:mod:`memory.store.merging`).

Each row has an id there and another here. A table ``map_…`` says which: ``theirs``, ``here``, and
whether it is ``new`` here. Rows of runs that are in both files are matched by what numbers them
within their run.
"""

from __future__ import annotations

NUMBERED = ("runs", "trials", "steps", "calls", "versions", "corrections")
"""Tables whose new ids move up by what is here already."""
MAPS = tuple(f"map_{table}" for table in NUMBERED)


def _by_rank(table: str, owner: str) -> str:
    """The map of a table whose rows are numbered by nothing but their order within their
    ``owner``."""
    rank = f"row_number() over (partition by {owner} order by id) as rank"
    owners = f"map_{owner}s"
    return f"""
create temp table map_{table} as
    select theirs.id as theirs, coalesce(ours.id, theirs.id + :{table}) as here,
        ours.id is null as new
    from (select id, {owners}.here as owner, {rank} from other.{table}
        join {owners} on {owners}.theirs = {owner}) as theirs
    left join (select id, {owner} as owner, {rank} from main.{table}
        where {owner} in (select here from {owners} where not new)) as ours using (owner, rank);
create index temp.map_{table}_theirs on map_{table} (theirs);
"""


MATCHES = f"""
create temp table map_trials as
    select theirs.id as theirs, coalesce(ours.id, theirs.id + :trials) as here,
        ours.id is null as new
    from other.trials as theirs join map_runs on map_runs.theirs = theirs.run
    left join main.trials as ours on ours.run = map_runs.here and ours.number = theirs.number;
create index temp.map_trials_theirs on map_trials (theirs);
create temp table map_steps as
    select theirs.id as theirs, coalesce(ours.id, theirs.id + :steps) as here,
        ours.id is null as new
    from other.steps as theirs join map_trials on map_trials.theirs = theirs.trial
    left join main.steps as ours
        on ours.trial = map_trials.here and ours.position = theirs.position;
create index temp.map_steps_theirs on map_steps (theirs);
{_by_rank("calls", "trial")}{_by_rank("versions", "run")}{_by_rank("corrections", "run")}"""
"""One statement per map; ``map_runs`` is there already."""


def _from(table: str, *others: str) -> str:
    """The new rows of a table of the other file, and the maps of what they point to."""
    joined = "".join(f" join map_{other}s on map_{other}s.theirs = old.{other}" for other in others)
    return (
        f"from other.{table} as old join map_{table} as map on map.theirs = old.id{joined}"
        " where map.new order by old.id"
    )


_LINK_HERE = """
    join other.links as theirs on theirs.id = old.link
    join main.links on (links.cause, links.hedge, links.relation, links.effect)
        = (theirs.cause, theirs.hedge, theirs.relation, theirs.effect)
"""
"""From a row that names a link of the other file to the same link here."""
_OF_NEW_VERSION = "join map_versions as map on map.theirs = old.version and map.new"

COPIES = f"""
insert into links (cause, hedge, relation, effect)
    select cause, hedge, relation, effect
    from other.links where true on conflict do nothing;
insert into runs (id, uid, config, state, pid, host, started, ended)
    select map.here, uid, config, case state when 'running' then 'stopped' else state end,
        null, null, started, ended
    {_from("runs")};
delete from leases where what in (select 'r' || here from map_runs where not new);
update runs set (state, ended) = (
        select case state when 'running' then 'stopped' else state end, ended
        from other.runs as old join map_runs on theirs = old.id where here = runs.id
    ), pid = null
    where id in (select here from map_runs where not new);
insert into versions (id, run, trial, writer, notes, unreadable, written)
    select map.here, map_runs.here, null, writer, notes, unreadable, written
    {_from("versions", "run")};
insert into trials (id, run, number, world, task, variation, goal, opening, recalled, version,
        ending, score, steps, started, ended)
    select map.here, map_runs.here, number, world, task, variation, goal, opening, recalled,
        (select here from map_versions where theirs = old.version),
        ending, score, steps, started, ended
    {_from("trials", "run")};
update trials set (ending, score, steps, ended) = (
        select ending, score, steps, ended
        from other.trials as old join map_trials on theirs = old.id where here = trials.id)
    where id in (select here from map_trials where not new);
update versions set trial = (
        select map_trials.here from map_versions
        join other.versions as old on old.id = map_versions.theirs
        join map_trials on map_trials.theirs = old.trial where map_versions.here = versions.id)
    where id in (select here from map_versions where new);
insert into steps (id, trial, position, action, observation, score, thought, cited)
    select map.here, map_trials.here, position, action, observation, score, thought, cited
    {_from("steps", "trial")};
insert into admissible (step, packed)
    select map.here, packed
    from other.admissible as old join map_steps as map on map.theirs = old.step
    where map.new or not exists (select 1 from main.admissible where step = map.here);
insert into calls (id, trial, step, role, kept, parts, reply, read, reused, written, logprob,
        seconds, choices)
    select map.here, map_trials.here, step, role, kept, parts, reply, read, reused, written,
        logprob, seconds, choices
    {_from("calls", "trial")};
insert into recalls (call, said, plain_logprob)
    select map.here, said, plain_logprob
    from other.recalls as old join map_calls as map on map.theirs = old.call and map.new;
insert into matched (call, said)
    select map.here, said
    from other.matched as old join map_calls as map on map.theirs = old.call and map.new;
insert into version_links (version, position, link)
    select map.here, position, links.id
    from other.version_links as old {_LINK_HERE} {_OF_NEW_VERSION};
insert into evidence (version, link, together, without, alone, lost, neither)
    select map.here, links.id, together, without, alone, lost, neither
    from other.evidence as old {_LINK_HERE} {_OF_NEW_VERSION};
insert into refusals (version, position, link, reason)
    select map.here, position, link, reason
    from other.refusals as old {_OF_NEW_VERSION};
insert into scopes (version, link, world, task, variation, places)
    select map.here, links.id, world, task, variation, places
    from other.scopes as old {_LINK_HERE} {_OF_NEW_VERSION};
insert into version_parents (version, parent)
    select map.here, parents.here
    from other.version_parents as old {_OF_NEW_VERSION}
    join map_versions as parents on parents.theirs = old.parent;
insert into corrections (id, run, version, kind, link, who, made)
    select map.here, map_runs.here, map_versions.here, kind, link, who, made
    {_from("corrections", "run", "version")};
insert into failures (run, trial, reason, made)
    select map_runs.here, map_trials.here, reason, made
    from other.failures as old join map_runs on map_runs.theirs = old.run
    left join map_trials on map_trials.theirs = old.trial
    where not exists (select 1 from main.failures as ours where ours.run = map_runs.here
        and (ours.made, ours.reason) = (old.made, old.reason))
    order by old.id;
"""
"""One statement per table."""


def _ranks(schema: str, run: str, table: str, told: str) -> str:
    return (
        f"select row_number() over (order by id) as rank, {told} as told"
        f" from {schema}.{table} where run = :{run}"
    )


def _differ(table: str, told: str) -> str:
    """A row of the run here of which the other file tells otherwise."""
    return (
        f"select 1 from ({_ranks('main', 'here', table, told)}) as ours"
        f" left join ({_ranks('other', 'theirs', table, told)}) as there using (rank)"
        " where ours.told is not there.told limit 1"
    )


PARTED = (
    """
select 1 from main.trials as ours
    left join other.trials as there on there.run = :theirs and there.number = ours.number
    where ours.run = :here and (there.id is null or ours.recalled is not there.recalled
        or ours.ending is not null and ours.ending is not there.ending) limit 1""",
    """
select 1 from main.trials as trial join main.steps as ours on ours.trial = trial.id
    left join other.trials as their on their.run = :theirs and their.number = trial.number
    left join other.steps as there on there.trial = their.id and there.position = ours.position
    where trial.run = :here and (ours.action, ours.observation, ours.score)
        is not (there.action, there.observation, there.score) limit 1""",
    _differ("versions", "writer || ' ' || written"),
    _differ("corrections", "kind || ' ' || link || ' ' || made"),
)
"""Queries that find a row of a run here that the other file does not have: the run has gone on in
both, or was corrected here."""
