"""Opening a database file, and saying in one line why it cannot be opened or written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlite_utils import Database

from memory.private import make_private
from memory.store.schema import migrations

PATIENCE = 20.0
"""Seconds that a writer waits for another before it says who holds the file."""

INDEX = 32 * 1024
"""Bytes of the index (``-shm``) that SQLite puts beside a file in WAL mode, for a reader too."""

NOT_READ = {
    "4 requests by people",
    "5 batches",
    "6 scopes of links",
    "7 what memory said at a step",
    "8 what was admissible before a step",
    "9 why runs failed",
    "10 leases",
    "11 replies that were none of the actions",
}
"""Migrations that a reader can do without: their tables hold what people ask of live runs,
experiments to go on with, where links held, what memory said and the world admitted at a step, why
runs failed, who plays them, and replies that were none of the actions. Files from before say
nothing of these, or say it elsewhere."""


class StoreError(ValueError):
    """A file or a request that the store cannot serve; one line that a user can act on."""


@dataclass(frozen=True)
class Opened:
    """An open database, and the ``moment`` at which it stands still (None where it is followed as
    it is written): see :func:`moment_of`."""

    db: Database
    moment: Moment | None = None


def opened(path: Path, *, read_only: bool, patience: float = PATIENCE) -> Opened:
    """An open database with our schema; StoreError in one line otherwise."""
    _check_place(path, read_only)
    try:
        connection, moment = _reading(path, patience) if read_only else (_writing(path), None)
        db = Database(connection)
        db.conn.execute(f"pragma busy_timeout = {int(patience * 1000)}")
        db.conn.execute("pragma foreign_keys = on")
        _check_owner(path, db)
        if read_only:
            _check_age(path, db)
        else:
            db.conn.execute("pragma journal_mode = wal")
            db.conn.execute("pragma synchronous = normal")
            _migrate(db)
        return Opened(db, moment)
    except sqlite3.Error as error:
        raise refused(path, error, [], patience) from None


def _check_place(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreError(f"'{path}' is a folder, not a database file")
    if read_only and not path.exists():
        raise StoreError(f"no database '{path}'")
    if not path.parent.is_dir():
        raise StoreError(f"no folder '{path.parent}' for the database '{path.name}'")
    if not read_only and not os.access(path if path.exists() else path.parent, os.W_OK):
        what = "the file" if path.exists() else "its folder"
        raise StoreError(f"'{path}' cannot be written: {what} is read-only")
    if not read_only and not os.access(path.parent, os.W_OK):
        raise StoreError(
            f"'{path}' cannot be written: its folder is read-only, and SQLite keeps its journal "
            "there"
        )


@contextmanager
def as_source(path: Path, patience: float = PATIENCE) -> Iterator[str]:
    """The database at ``path`` with our schema, as a URI to attach for reading: itself, or an
    upgraded copy where an older version wrote it. It is never written. StoreError in one line where
    it is none of ours."""
    _check_place(path, read_only=True)
    try:
        connection, moment = _reading(path, patience)
        with closing(connection):
            db = Database(connection)
            _check_owner(path, db)
            if not migrations.pending(db):
                still = "&immutable=1" if moment else ""
                yield f"{path.resolve().as_uri()}?mode=ro{still}"
                return
            with TemporaryDirectory() as folder:
                copy = Path(folder) / "copy.db"
                _upgraded(connection, copy)
                yield copy.as_uri()
    except sqlite3.Error as error:
        raise refused(path, error, [], patience) from None


def _upgraded(old: sqlite3.Connection, copy: Path) -> None:
    """Write what ``old`` holds into the new file ``copy``, with our schema."""
    with closing(_writing(copy)) as new:
        old.backup(new)
        _migrate(Database(new))


def _writing(path: Path) -> sqlite3.Connection:
    """Transactions are begun by hand; the store's lock makes sharing between threads safe."""
    # SQLite would give a new file the umask's mode; -wal and -shm take the mode of the file.
    if not path.exists():
        _make(path)
    return _connection(path, "", PATIENCE)


def _reading(path: Path, patience: float) -> tuple[sqlite3.Connection, Moment | None]:
    """A connection that reads what others write meanwhile. WAL needs a shared-memory file for that.
    Where there is none and the folder takes none, nobody is writing: then the file is read as it
    stands, with its moment. StoreError where a journal says that somebody was."""
    connection = _connection(path, "?mode=ro", patience)
    try:
        connection.execute("select count(*) from sqlite_master").fetchall()
        return connection, None
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    moment = moment_of(path)
    if moment.journal:
        raise StoreError(
            f"'{path}' is being written or was not closed, and its journal cannot be read from "
            "here: its folder is read-only for you; let its owner open it once"
        )
    return _connection(path, "?mode=ro&immutable=1", patience), moment


def _connection(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path.resolve().as_uri() + mode,
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
    )


@dataclass(frozen=True)
class Moment:
    """A file at one moment: when it was changed (nanoseconds), its bytes, and the bytes of the
    journal (``-wal``) of those who write it."""

    changed: int
    size: int
    journal: int


def moment_of(path: Path) -> Moment:
    """The moment at which the file at ``path`` is now; the same again while nobody writes it.
    StoreError where there is none."""
    wal = path.with_name(path.name + "-wal")
    try:
        found = path.stat()
    except FileNotFoundError:
        raise StoreError(f"'{path}' has been deleted or moved") from None
    try:
        journal = wal.stat().st_size
    except FileNotFoundError:
        journal = 0
    return Moment(found.st_mtime_ns, found.st_size, journal)


def _make(path: Path) -> None:
    try:
        make_private(path)
    except OSError as error:
        raise StoreError(f"'{path}' cannot be written: {error.strerror}") from None


def _check_owner(path: Path, db: Database) -> None:
    """StoreError if the file belongs to another program or to a newer version of this one."""
    applied = [each.name for each in migrations.applied(db)]
    ours = [each.name for each in migrations._migrations]
    newer = [name for name in applied if name not in ours]
    if newer:
        raise StoreError(
            f"'{path}' was written by a newer version of clin (it has '{newer[0]}'); upgrade "
            "clin to open it"
        )
    if not applied and db.table_names():
        tables = ", ".join(db.table_names()[:4])
        raise StoreError(
            f"'{path}' is another program's database (tables: {tables}); name a new file"
        )


def _check_age(path: Path, db: Database) -> None:
    """StoreError if a reader meets a schema that it cannot read; only a writer may migrate it."""
    if not {each.name for each in migrations.pending(db)} - NOT_READ:
        return
    if not migrations.applied(db):
        raise StoreError(f"'{path}' is empty")
    raise StoreError(f"'{path}' was written by an older version of clin; open it once for writing")


def _migrate(db: Database) -> None:
    """Bring the schema up to date; two processes that open a new file at once do it one after the
    other."""
    if migrations.pending(db):
        db.conn.execute("begin immediate")
        try:
            if migrations.pending(db):
                migrations.apply(db)
            db.conn.execute("commit")
        except BaseException:
            if db.conn.in_transaction:
                db.conn.execute("rollback")
            raise


def refused(
    path: Path, error: sqlite3.Error, holders: Sequence[int], patience: float
) -> StoreError:
    """SQLite's complaint in our words. ``holders`` are the processes that may hold the file,
    ``patience`` the seconds that it was waited for."""
    said = str(error)
    if isinstance(error, sqlite3.OperationalError) and "locked" in said:
        who = f" (process {', '.join(map(str, holders))})" if holders else ""
        return StoreError(
            f"'{path}' is held by another process{who} for longer than {patience:g} s; try again "
            "when it is done"
        )
    if "not a database" in said or "malformed" in said:
        return StoreError(f"'{path}' is not a sound SQLite database: {said}")
    if "full" in said or ("disk I/O" in said and _is_full(path)):
        return StoreError(
            f"no space left for '{path}': free some and `clin resume`; what was stored before is "
            "safe"
        )
    if "readonly" in said or "read-only" in said:
        return StoreError(f"'{path}' cannot be written: it is read-only")
    if "unable to open" in said or "disk I/O" in said:
        return StoreError(f"'{path}' cannot be opened or written: {said}")
    return StoreError(f"'{path}': {said}")


def _is_full(path: Path) -> bool:
    """Whether the file system lacks the room that even a reader takes beside a file in WAL mode
    (its ``-shm``); SQLite speaks of an I/O error there."""
    return shutil.disk_usage(path.parent).free < INDEX
