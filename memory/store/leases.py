"""Leases: which process plays a run, or a cell of an experiment.

A lease is a row with a random token, the process that has it, and when that last gave a sign of
life. It is taken in the transaction that begins or claims a run, and checked and renewed in that of
every step. A thread renews it too, so a step may take as long as it likes.

Who may take a lease that another process has?

- On the same machine the process itself is asked, whatever the time of its last sign: one that runs
  keeps its lease, and one that has gone has none. A number that was given to another process does
  not count, since the lease says when its process started.
- Of another machine, another container or another boot nothing can be asked. There a lease is free
  after :data:`STALE_SECONDS` without a sign. The clocks of the machines must agree to minutes.

Files of before have a process number and a host name in the run's row instead.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memory.processes import Process, alive, may_be_clin, running, this
from memory.store.encoding import timestamp
from memory.store.opening import StoreError

if TYPE_CHECKING:
    from memory.store import Store
    from memory.store.connection import Connection

BEAT_SECONDS = 30.0
"""Between two signs of life."""
STALE_SECONDS = 300.0
"""Without a sign of life, after which a lease of another machine is free."""


class HeldElsewhere(StoreError):
    """``what`` is played by another process: nothing of it is to be written, or marked, here."""

    def __init__(self, what: str, said: str) -> None:
        super().__init__(said)
        self.what = what


@dataclass(frozen=True)
class Lease:
    """Who has ``what`` (a run's name, or a cell): the ``process``, ``since`` when, and when it gave
    its last sign of life (``beat``, seconds since 1970). A claim of before there were leases has no
    ``token``, and knows neither the process's start nor a sign: there a Python program of that
    number on this machine is taken for it."""

    what: str
    token: str
    process: Process
    since: str
    beat: float

    @property
    def free(self) -> bool:
        """Whether another process may take it."""
        if not self.token:
            there = self.process.host == this().host and alive(self.process.pid)
            return not (there and may_be_clin(self.process.pid))
        runs = running(self.process)
        return time.time() - self.beat > STALE_SECONDS if runs is None else not runs

    @property
    def elsewhere(self) -> bool:
        """Whether another process has it that is not known to be gone."""
        return not (self.ours or self.free)

    @property
    def ours(self) -> bool:
        """Whether this process has it, through whatever store."""
        if not self.token:
            return (self.process.host, self.process.pid) == (this().host, this().pid)
        return self.process.is_this

    def __str__(self) -> str:
        quiet = time.time() - self.beat
        sign = "" if not self.token or quiet < BEAT_SECONDS * 2 else f", silent for {quiet:.0f} s"
        when = self.since[:19].replace("T", " ")
        return f"process {self.process.pid} on {self.process.host}, since {when} UTC{sign}"


RECENT = "select what, token, host, machine, pid, began, since, beat from leases"
"""Leases, as :func:`lease_of` reads them."""
OLD = (
    "select 'r' || id as what, '' as token, host, '' as machine, pid, 0.0 as began,"
    " started as since, 0.0 as beat from runs where pid is not null"
)
"""The claims of before there were leases, likewise."""


def lease_of(row: Sequence[Any]) -> Lease:
    """A lease from the columns of :data:`RECENT`."""
    what, token, host, machine, pid, began, since, beat = row
    return Lease(what, token, Process(host or "", machine, pid, began), since, beat)


def read_leases(connection: Connection, what: str | None = None) -> list[Lease]:
    """All leases of a file, or that of ``what``."""
    there = connection.rows("select 1 from sqlite_master where name = 'leases'")
    every = f"{RECENT} union all {OLD}" if there else OLD
    found = connection.rows(
        f"select * from ({every}) where ? is null or what = ? order by token = ''", [what, what]
    )
    return [lease_of(row) for row in found]


def cell(identity: str) -> str:
    """What a lease of the cell with this ``identity`` is of."""
    return f"cell {identity}"


class Leases:
    """The leases of one open store. What writes is called inside a transaction, but for
    :meth:`beat`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._token = secrets.token_hex(8)
        self._had: set[str] = set()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, what: str, told: str = "") -> None:
        """Take the lease of ``what`` (``told`` are the user's words for it); HeldElsewhere names
        the process that has it."""
        for lease in read_leases(self._connection, what):
            if lease.elsewhere:
                run = "" if what.startswith("cell ") else f", or watch it with `clin show {what}`"
                raise HeldElsewhere(
                    what, f"{told or what} is being played by {lease}; stop that one first{run}"
                )
        mine = this()
        self._connection.execute(
            "insert or replace into leases (what, token, host, machine, pid, began, since, beat)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                what,
                self._token,
                mine.host,
                mine.machine,
                mine.pid,
                mine.began,
                timestamp(),
                time.time(),
            ],
        )
        self._had.add(what)
        self._live()

    def renew(self, what: str) -> None:
        """Check that ``what`` is still this process's, and give a sign of life; HeldElsewhere where
        another process took it. What nobody has becomes this store's, unless it had it before."""
        found = next(iter(read_leases(self._connection, what)), None)
        if found is not None and found.token and found.ours:
            self._connection.execute(
                "update leases set beat = ? where what = ?", [time.time(), what]
            )
        elif what in self._had:
            who = f"taken over by {found}" if found else "let go of by another process"
            name = "a cell of the experiment" if what.startswith("cell ") else what
            raise HeldElsewhere(what, f"{name} was {who}; nothing more of it is written here")
        else:
            self.take(what)

    def end(self, what: str) -> None:
        """Let go of ``what``, where this store has it."""
        self._connection.execute(
            "delete from leases where what = ? and token = ?", [what, self._token]
        )
        self._had.discard(what)

    def beat(self) -> None:
        """Give a sign of life, in a transaction of its own. Where the file is busy the next one
        will do."""
        with suppress(StoreError, sqlite3.Error):
            self._connection.write(
                "update leases set beat = ? where token = ?", [time.time(), self._token]
            )

    def close(self) -> None:
        """Let go of everything, and give no more signs. Closing cannot fail: where the store takes
        nothing any more, the leases end with this process."""
        self._over.set()
        if self._had:
            self._had.clear()
            with suppress(StoreError, sqlite3.Error):
                self._connection.write("delete from leases where token = ?", [self._token])

    def _live(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=_beat, args=(weakref.ref(self), self._over), name="leases", daemon=True
            )
            self._thread.start()


def _beat(leases: weakref.ref[Leases], over: threading.Event) -> None:
    """Give a sign for ``leases`` now and then, until they are closed or forgotten."""
    while not over.wait(BEAT_SECONDS):
        found = leases()
        if found is None:
            return
        found.beat()
        del found


def let_go(store: Store, what: str) -> None:
    """Let go of ``what``, where ``store`` has it, whatever state it is in."""
    with store.connection.transaction():
        store.leases.end(what)


def left(store: Store, run: str) -> None:
    """Let go of a run that ends before its time, as far as the store can still take it; the error
    that ended it is what is told."""
    with suppress(Exception):
        let_go(store, run)


def has_free(store: Store, held: Sequence[str]) -> bool:
    """Whether one of what is ``held`` by other processes has become free."""
    leases = {lease.what: lease for lease in read_leases(store.connection)}
    return any(what not in leases or not leases[what].elsewhere for what in held)


def take_cell(store: Store, identity: str, told: str) -> str:
    """Take the lease of the cell with this ``identity`` (``told`` are the user's words for it) for
    ``store``; returns what it is of. HeldElsewhere where another process plays it."""
    what = cell(identity)
    with store.connection.transaction():
        store.leases.take(what, told)
    return what


@contextmanager
def cell_of(store: Store, identity: str, told: str) -> Iterator[None]:
    """Hold the lease of a cell while it is played; see :func:`take_cell`."""
    what = take_cell(store, identity, told)
    try:
        yield
    except BaseException:
        with suppress(Exception):  # a store that broke cannot take it; the first error is told
            let_go(store, what)
        raise
    let_go(store, what)
