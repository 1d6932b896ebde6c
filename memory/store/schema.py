"""The store's tables, as sqlite-utils migrations: only ever added to, applied forward, one
transaction each."""

from __future__ import annotations

import sqlite3

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


_SECOND = """
create table corrections (
    id integer primary key autoincrement,
    run integer not null references runs (id),
    version integer not null references versions (id),
    kind text not null check (kind in (
        'add', 'drop', 'edit', 'pin', 'unpin', 'ban', 'unban', 'import'
    )),
    link text not null,
    who text not null,
    made text not null
);
create index corrections_of_run on corrections (run);
create virtual table steps_text using fts5 (
    action, observation, content = 'steps', content_rowid = 'id'
);
create virtual table links_text using fts5 (cause, effect, content = 'links', content_rowid = 'id');
create virtual table trials_text using fts5 (task, goal, content = 'trials', content_rowid = 'id');
insert into steps_text (steps_text) values ('rebuild');
insert into links_text (links_text) values ('rebuild');
insert into trials_text (trials_text) values ('rebuild');
create trigger steps_are_searched after insert on steps begin
    insert into steps_text (rowid, action, observation) values (new.id, new.action,
        new.observation); end;
create trigger links_are_searched after insert on links begin
    insert into links_text (rowid, cause, effect) values (new.id, new.cause, new.effect); end;
create trigger trials_are_searched after insert on trials begin
    insert into trials_text (rowid, task, goal) values (new.id, new.task, new.goal); end;
"""


_EVIDENCE = """
create table evidence (
    version integer not null references versions (id),
    link integer not null references links (id),
    together integer not null,
    without integer not null,
    alone integer not null,
    lost integer not null,
    neither integer not null,
    primary key (version, link)
) without rowid;
create table refusals (
    version integer not null references versions (id),
    position integer not null,
    link text not null,
    reason text not null,
    primary key (version, position)
) without rowid;
"""


_REQUESTS = """
create table requests (
    id integer primary key autoincrement,
    run integer not null references runs (id),
    kind text not null check (kind in ('pause', 'act', 'step', 'go', 'stop')),
    value text not null,
    who text not null,
    made text not null,
    heard text
);
create index requests_of_run on requests (run, heard);
create table offers (
    id integer primary key autoincrement,
    trial integer not null references trials (id),
    position integer not null,
    actions text not null,
    scores text not null,
    choice text not null,
    made text not null,
    decided text
);
create index offers_of_trial on offers (trial, position);
"""


_BATCHES = """
create table batches (
    id integer primary key,
    document text not null unique,
    began text not null
);
"""


_SCOPES = """
create table scopes (
    version integer not null references versions (id),
    link integer not null references links (id),
    world text not null,
    task text not null,
    variation integer not null,
    places integer not null,
    primary key (version, link)
) without rowid;
"""


_RECALLS = """
create table recalls (
    call integer primary key references calls (id),
    said text not null,
    plain_logprob real not null
);
"""


_ADMISSIBLE = """
create table admissible (
    step integer primary key references steps (id),
    packed blob not null
);
"""


_FAILURES = """
create table failures (
    id integer primary key autoincrement,
    run integer not null references runs (id),
    trial integer references trials (id),
    reason text not null,
    made text not null
);
create index failures_of_run on failures (run);
"""


_LEASES = """
create table leases (
    what text primary key,
    token text not null,
    host text not null,
    machine text not null,
    pid integer not null,
    began real not null,
    since text not null,
    beat real not null
) without rowid;
"""


_MATCHED = """
create table matched (
    call integer primary key references calls (id),
    said text not null
);
"""


@migrations(name="1 runs, trials, steps, calls, versions, links")
def first(db: Database) -> None:
    """Everything that one run leaves."""
    _execute(db, _FIRST)


@migrations(name="2 corrections by people, full-text search")
def second(db: Database) -> None:
    """What a person changed, and words that can be searched."""
    _execute(db, _SECOND)


@migrations(name="3 tallies of links, refused proposals")
def third(db: Database) -> None:
    """What the record of the trials says of each link, and what it refused."""
    _execute(db, _EVIDENCE)


@migrations(name="4 requests by people")
def fourth(db: Database) -> None:
    """What a person asks of a live run, and what a paused run offers to choose from."""
    _execute(db, _REQUESTS)


@migrations(name="5 batches")
def fifth(db: Database) -> None:
    """Experiments that were begun in this file, so that they can be gone on with."""
    _execute(db, _BATCHES)


@migrations(name="6 scopes of links")
def sixth(db: Database) -> None:
    """In which one place a link held that is offered in another."""
    _execute(db, _SCOPES)


@migrations(name="7 what memory said at a step")
def seventh(db: Database) -> None:
    """What memory said at a step, and how likely its action was without that."""
    _execute(db, _RECALLS)


@migrations(name="8 what was admissible before a step")
def eighth(db: Database) -> None:
    """What the world admitted before a step, whatever a mask left out."""
    _execute(db, _ADMISSIBLE)


@migrations(name="9 why runs failed")
def ninth(db: Database) -> None:
    """Why a run failed, or a trial of it crashed."""
    _execute(db, _FAILURES)


@migrations(name="10 leases")
def tenth(db: Database) -> None:
    """Which process plays a run, or a cell of an experiment."""
    _execute(db, _LEASES)


@migrations(name="11 replies that were none of the actions")
def eleventh(db: Database) -> None:
    """What a model replied where the nearest action was taken for it."""
    _execute(db, _MATCHED)


def _execute(db: Database, script: str) -> None:
    """Statement by statement: sqlite3's executescript would commit the transaction around it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
