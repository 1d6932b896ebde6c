"""What the world admitted before each step, as rows.

A row holds a whole set of actions, or what was added to and removed from the latest set before it
in the same trial, whichever names fewer actions: JSON, compressed with zlib. A step before which
nobody asked the world has no row. What writes is called inside a transaction of the connection.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from memory.store.connection import Connection
from memory.store.encoding import as_json, as_text
from memory.store.opening import StoreError

Admissible = frozenset[str]


class AdmissibleWriter:
    """Writes what was admissible before the steps of trials that are under way.

    It remembers the latest set of each, so that the next one need not be held against all that are
    stored. What it remembers ends with the connection's epoch.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._epoch = connection.epoch
        self._latest: dict[int, Admissible | None] = {}

    def append(self, trial_id: int, position: int, admissible: Admissible | None) -> None:
        """Store what was admissible before the trial's last step, at ``position``."""
        if admissible is None:
            return
        if self._epoch != self._connection.epoch:
            self._epoch = self._connection.epoch
            self._latest.clear()
        if trial_id not in self._latest:
            self._latest[trial_id] = _latest(read_admissible(self._connection, trial_id))
        before = self._latest[trial_id]
        self._latest[trial_id] = _insert(self._connection, trial_id, position, admissible, before)

    def forget(self, trial_id: int) -> None:
        """The trial has ended, or its rows were written by others."""
        self._latest.pop(trial_id, None)


def fill_in(
    connection: Connection, trial_id: int, sets: Sequence[Admissible | None]
) -> tuple[int, ...]:
    """Store the ``sets``, one for each step, where the trial has none yet; returns the positions of
    those that were filled in. All its rows are written anew, since a set that is filled in changes
    what the next one differs from."""
    stored = _by_step(connection, trial_id)
    both = [*enumerate(zip(stored, sets, strict=True))]
    filled = tuple(at for at, (mine, given) in both if mine is None and given is not None)
    if not filled:
        return ()
    connection.execute(
        "delete from admissible where step in (select id from steps where trial = ?)", [trial_id]
    )
    before: Admissible | None = None
    for position, (mine, given) in both:
        admissible = given if mine is None else mine
        if admissible is not None:
            before = _insert(connection, trial_id, position, admissible, before)
    return filled


def _insert(
    connection: Connection,
    trial_id: int,
    position: int,
    admissible: Admissible,
    before: Admissible | None,
) -> Admissible:
    """Make a row that differs from ``before``; the set as it can be read again."""
    stored = frozenset(map(as_text, admissible))
    connection.execute(
        "insert into admissible (step, packed)"
        " select id, ? from steps where trial = ? and position = ?",
        [_packed(stored, before), trial_id, position],
    )
    return stored


def _latest(sets: Sequence[Admissible | None]) -> Admissible | None:
    return next((each for each in reversed(sets) if each is not None), None)


# --- reading


def read_admissible(connection: Connection, trial_id: int) -> tuple[Admissible | None, ...]:
    """What was admissible before each step of a trial, None where nobody asked; empty where nothing
    is stored for the trial. StoreError names the step whose row cannot be read."""
    if not _has_table(connection):
        return ()
    found = _by_step(connection, trial_id)
    return () if _latest(found) is None else found


def _has_table(connection: Connection) -> bool:
    """Whether the file is of a version that knows of this; a reader may meet one that does not."""
    return bool(connection.rows("select 1 from sqlite_master where name = 'admissible'"))


def read_on(
    connection: Connection, trial_id: int, first: int, latest: Admissible | None
) -> tuple[Admissible | None, ...]:
    """As :func:`read_admissible`, from step ``first`` on, before which ``latest`` was the last set
    that is stored (None for none): a trial that grows is not read again from its beginning."""
    return _by_step(connection, trial_id, first, latest) if _has_table(connection) else ()


def _by_step(
    connection: Connection, trial_id: int, first: int = 0, latest: Admissible | None = None
) -> tuple[Admissible | None, ...]:
    """What is stored for each step of a trial from ``first`` on, None where nothing is."""
    rows = connection.rows(
        "select position, packed from steps left join admissible on step = steps.id"
        " where trial = ? and position >= ? order by position",
        [trial_id, first],
    )
    found: list[Admissible | None] = []
    for position, packed in rows:
        if packed is not None:
            latest = _read(packed, latest, f"step {position} of trial {trial_id}")
        found.append(None if packed is None else latest)
    return tuple(found)


def unreadable(connection: Connection) -> list[str]:
    """For each trial with a row that cannot be read, what is wrong with the first."""
    if not _has_table(connection):
        return []
    trials = connection.rows(
        "select distinct trial from steps join admissible on step = steps.id order by trial"
    )
    found = []
    for (trial_id,) in trials:
        try:
            read_admissible(connection, trial_id)
        except StoreError as error:
            found.append(str(error))
    return found


# --- a row's value


def _packed(admissible: Admissible, before: Admissible | None) -> bytes:
    """``admissible`` as it stands in a row after ``before``."""
    return zlib.compress(as_json(_shorter(admissible, before)).encode())


def _shorter(admissible: Admissible, before: Admissible | None) -> object:
    """A list of all, or what was added and removed."""
    if before is not None:
        added, removed = admissible - before, before - admissible
        if len(added) + len(removed) < len(admissible):
            return {"added": sorted(added), "removed": sorted(removed)}
    return sorted(admissible)


def _read(packed: object, before: Admissible | None, where: str) -> Admissible:
    """The inverse of :func:`_packed`; StoreError says ``where`` a row is that is none."""
    try:
        value = json.loads(zlib.decompress(packed))  # type: ignore[arg-type]  # a column may hold anything
        if isinstance(value, list):
            return _strings(value)
        added, removed = _strings(value["added"]), _strings(value["removed"])
        if before is None or removed - before or added & before:
            raise ValueError("it does not fit the set before it")
    except (zlib.error, ValueError, TypeError, KeyError) as error:
        said = " ".join(str(error).split())
        raise StoreError(f"what was admissible before {where} cannot be read: {said}") from None
    return (before - removed) | added


def _strings(value: object) -> Admissible:
    """The set that a JSON list of strings is; ValueError for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("it is no list of actions")
    return frozenset(value)
