"""The store's tables, as sqlite-utils migrations: only ever added to, applied forward, one transaction each."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("clin")

_FIRST = """
create table runs (
    id integer primary key,
    uid text not null unique,
    config text not null,
    state text not null,
    pid integer,
    host text,
    started text not null,
    ended text
);
create table links (
    id integer primary key,
    cause text not null,
    hedge text not null,
    relation text not null,
    effect text not null,
    unique (cause, hedge, relation, effect)
);
create table trials (
    id integer primary key,
    run integer not null references runs (id),
    number integer not null,
    world text not null,
    task text not null,
    variation integer not null,
    goal text not null,
    opening text not null,
    recalled text not null,
    version integer references versions (id),
    ending text,
    score real not null default 0,
    steps integer not null default 0,
    started text not null,
    ended text,
    unique (run, number)
);
create table steps (
    id integer primary key autoincrement,
    trial integer not null references trials (id),
    position integer not null,
    action text not null,
    observation text not null,
    score real not null,
    thought text not null,
    cited text not null,
    unique (trial, position)
);
create table calls (
    id integer primary key autoincrement,
    trial integer not null references trials (id),
    step integer,
    role text not null,
    kept integer not null,
    parts text not null,
    reply text not null,
    read integer not null,
    reused integer not null,
    written integer not null,
    logprob real not null,
    seconds real not null,
    choices integer not null
);
create index calls_of_trial on calls (trial, step);
create table versions (
    id integer primary key autoincrement,
    run integer not null references runs (id),
    trial integer references trials (id),
    writer text not null,
    notes text not null,
    unreadable text not null,
    written text not null
);
create index versions_of_trial on versions (trial);
create index versions_of_run on versions (run);
create table version_links (
    version integer not null references versions (id),
    position integer not null,
    link integer not null references links (id),
    primary key (version, position)
) without rowid;
create index versions_of_link on version_links (link);
create table version_parents (
    version integer not null references versions (id),
    parent integer not null references versions (id),
    primary key (version, parent)
) without rowid;
"""


@migrations(name="1 runs, trials, steps, calls, versions, links")
def first(db: Database) -> None:
    """Everything that one run leaves."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)
