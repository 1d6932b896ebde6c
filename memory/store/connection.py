"""One open database file: who may use it when, and who else does."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from memory.store.leases import RECENT, lease_of
from memory.store.opening import PATIENCE, StoreError, as_source, moment_of, opened, refused

Values = Sequence[object] | dict[str, object]
"""What stands for a statement's question marks, or for its names."""


class Connection:
    """An open file with our schema. Only the modules of this package speak SQL to it.

    Threads may share it: every method takes its lock. ``epoch`` goes up when stored rows may have
    changed under somebody who remembers them: after a rollback, after rows were rewritten, and
    where the file was opened again.
    """

    def __init__(self, path: Path, *, read_only: bool, patience: float | None = None) -> None:
        """``patience``: seconds to wait for a file that another process holds (20)."""
        self.path = path
        self.read_only = read_only
        self.epoch = 0
        self._patience = PATIENCE if patience is None else patience
        self._lock = threading.RLock()
        self._open()

    def _open(self) -> None:
        found = opened(self.path, read_only=self.read_only, patience=self._patience)
        self.db: Database = found.db
        self._moment = found.moment

    def close(self) -> None:
        with self._lock:
            self.db.conn.close()

    def _catch_up(self) -> None:
        """Open a file again that was read as it stood and that somebody has written since."""
        if self._moment is not None and moment_of(self.path) != self._moment:
            self.epoch += 1
            self.db.conn.close()
            self._open()

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            try:
                self._catch_up()
                return self.db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise refused(self.path, error, [], self._patience) from None

    def row(self, sql: str, values: Values = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def value(self, sql: str, values: Values = ()) -> Any:
        """The first column of a query's first row; None where there is no row."""
        found = self.row(sql, values)
        return found[0] if found else None

    def has(self, table: str) -> bool:
        """Whether there is such a table; an older file that is only read may lack it."""
        return bool(self.rows("select 1 from sqlite_master where name = ?", [table]))

    def execute(self, sql: str, values: Values = ()) -> int:
        """One statement of the :meth:`transaction` around it; the id of the row that it made."""
        return self.db.execute(sql, values).lastrowid or 0

    def write(self, sql: str, values: Values = ()) -> int:
        """One statement in a transaction of its own; the id of the row that it made."""
        with self.transaction():
            return self.execute(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: taken for writing at once, rolled back by any exception. StoreError names
        the process that holds the file when it stays busy."""
        if self.read_only:
            raise StoreError(f"{self.path} was opened for reading only")
        with self._lock, self._in_words(self.path):
            self.db.conn.execute("begin immediate")
            try:
                yield
                self.db.conn.execute("commit")
            except BaseException:
                self.epoch += 1
                if self.db.conn.in_transaction:
                    self.db.conn.execute("rollback")
                raise

    @contextmanager
    def attached(self, other: Path) -> Iterator[None]:
        """The file ``other`` beside this one for reading, its tables under the name ``other``; one
        of an older version is read as a copy with our schema."""
        with self._lock, as_source(other, self._patience) as source:
            with self._in_words(other):
                self.db.execute("attach database ? as other", [source])
            try:
                yield
            finally:
                self.db.execute("detach database other")

    def pack(self, path: Path) -> None:
        """Write the whole file as one new file at ``path``, in one moment."""
        with self._lock, self._in_words(path):
            self.db.conn.execute("vacuum into ?", [str(path)])

    def give_back_space(self) -> None:
        """Shrink the file to what it holds, after rows were rewritten or deleted."""
        with self._lock, self._in_words(self.path):
            self.epoch += 1
            self.db.execute("vacuum")
            self.db.execute("pragma wal_checkpoint(truncate)")

    @contextmanager
    def _in_words(self, path: Path) -> Iterator[None]:
        """What SQLite refuses is said in our words, of the file at ``path``."""
        try:
            yield
        except sqlite3.Error as error:
            raise refused(path, error, self.holders(), self._patience) from None

    def holders(self) -> list[int]:
        """The other live processes that drive a run in this file."""
        try:
            found = self.db.execute(RECENT).fetchall()
        except sqlite3.Error:
            return []  # the error that led here is what gets reported
        return sorted({each.process.pid for each in map(lease_of, found) if each.elsewhere})
