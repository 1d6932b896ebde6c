"""The store: one SQLite file that holds runs, trials, steps, model calls and every version of the
memory.

A step is one committed transaction; a trial's ending and its new memory are one. Nothing is updated
but a run's state and a trial's progress, nothing is deleted. WAL: one writer at a time, any number
of readers.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from memory.calls import CallWriter, read_calls, read_writer_calls
from memory.encoding import as_json, as_text, memory_of, new_id, reading, step_of, timestamp
from memory.evidence.link_tests import LinkTest
from memory.evidence.tally import Tally
from memory.links import Link, parse
from memory.merging import copy_runs
from memory.opening import connect, refused
from memory.overrides import Overrides, read_overrides
from memory.processes import alive
from memory.rows import Correction, RunRow, StepRow, StoreError, TrialRow, Version
from memory.schema import migrations
from memory.trials import Call, Ending, Memory, Step, Trial
from memory.versions import (
    has_scopes,
    latest_id,
    read_refusals,
    read_tallies,
    read_version,
    write_version,
)

__all__ = ["Correction", "RunRow", "StepRow", "Store", "StoreError", "TrialRow", "Version"]


class Store:
    """Open ``path``; a new file is made unless ``read_only``. StoreError says in one line what is
    wrong with it.

    Safe to share between threads: every method takes the store's own lock.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        patience: float | None = None,
    ) -> None:
        """``patience``: seconds to wait for a file that another process holds before StoreError
        says so (20)."""
        self.path = Path(path)
        self.read_only = read_only
        self._patience = patience
        self._lock = threading.RLock()
        self._db: Database = connect(self.path, read_only=read_only, patience=patience)
        self._calls = CallWriter(self._db)
        self._has_scopes = has_scopes(self.rows)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; closing twice is closing once."""
        with self._lock:
            self._db.conn.close()

    @property
    def version(self) -> int:
        """How many migrations the file has seen."""
        return len(migrations.applied(self._db))

    # --- writing

    def begin_run(
        self,
        config: Mapping[str, Any],
        memory: Memory | None = None,
        source: str = "",
        tallies: Mapping[Link, Tally] | None = None,
        refused: Sequence[tuple[str, str]] = (),
    ) -> str:
        """A new run, claimed by this process; returns its name in this file. ``memory`` is what its
        first trial starts from, ``source`` where that came from, ``tallies`` what earlier runs
        counted for it, and ``refused`` what was withheld from it, with the reason."""
        with self._writing() as db:
            made = db.execute(
                "insert into runs (uid, config, state, pid, host, started) values (?, ?, "
                "'running', ?, ?, ?)",
                [
                    secrets.token_hex(8),
                    as_json(config),
                    os.getpid(),
                    socket.gethostname(),
                    timestamp(),
                ],
            )
            run = new_id(made)
            if memory is not None:
                writer = f"from {source}" if source else "given"
                write_version(
                    db,
                    run,
                    None,
                    memory,
                    writer,
                    tallies=tuple((tallies or {}).items()),
                    refused=refused,
                )
            return f"r{run}"

    def claim_run(self, run: str) -> None:
        """Take ``run`` for this process; StoreError names the live process that already drives
        it."""
        with self._writing() as db:
            number = self._run_id(run)
            pid, host = db.execute("select pid, host from runs where id = ?", [number]).fetchone()
            if pid and pid != os.getpid() and host == socket.gethostname() and alive(pid):
                raise StoreError(
                    f"{run} is being played by process {pid}; stop that one first, or watch it "
                    f"with `clin show {run}`"
                )
            db.execute(
                "update runs set state = 'running', ended = null, pid = ?, host = ? where id = ?",
                [os.getpid(), socket.gethostname(), number],
            )

    def finish_run(self, run: str, state: str) -> None:
        """Set the run's state: finished, stopped or failed; its claim ends."""
        with self._writing() as db:
            db.execute(
                "update runs set state = ?, pid = null, ended = ? where id = ?",
                [state, timestamp(), self._run_id(run)],
            )

    def begin_trial(
        self,
        run: str,
        number: int,
        *,
        task_goal: str,
        opening: str,
        recalled: Memory,
        version: int | None,
        world: str,
        task: str,
        variation: int,
        ranking: Sequence[Sequence[object]] = (),
        test: LinkTest | None = None,
        way: Mapping[str, object] | None = None,
    ) -> int:
        """A new trial that has read ``recalled`` of memory ``version``; returns its id. ``ranking``
        says how that was chosen where the memory was too long: (link, score, reasons, read) per
        link; ``test`` what it is to test, ``way`` where it goes back to first
        (:mod:`memory.archive`)."""
        read = reading(recalled, ranking, test, way)
        with self._writing() as db:
            made = db.execute(
                "insert into trials (run, number, world, task, variation, goal, opening, "
                "recalled, version, started)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    self._run_id(run),
                    number,
                    world,
                    task,
                    variation,
                    as_text(task_goal),
                    as_text(opening),
                    read,
                    version,
                    timestamp(),
                ],
            )
            return new_id(made)

    def append_step(self, trial_id: int, step: Step, calls: Sequence[Call] = ()) -> int:
        """Store the next step of a trial and the calls that led to it, in one transaction; returns
        its position."""
        with self._writing() as db:
            position = self._unfinished(trial_id)
            db.execute(
                "insert into steps (trial, position, action, observation, score, thought, cited) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                [
                    trial_id,
                    position,
                    as_text(step.action),
                    as_text(step.observation),
                    step.score,
                    as_text(step.thought),
                    as_json(step.cited),
                ],
            )
            db.execute(
                "update trials set steps = ?, score = ? where id = ?",
                [position + 1, step.score, trial_id],
            )
            self._calls.append(self.rows, trial_id, position, calls)
            return position

    def finish_trial(
        self,
        trial_id: int,
        ending: Ending,
        memory: Memory | None,
        *,
        writer: str,
        unreadable: Sequence[str] = (),
        calls: Sequence[Call] = (),
        parents: Sequence[int] = (),
        tallies: Sequence[tuple[Link, Tally]] = (),
        refused: Sequence[tuple[str, str]] = (),
    ) -> int | None:
        """End a trial and write the memory after it, in one transaction; returns the new version's
        id.

        Without ``parents`` the version comes from the one that the trial read. ``tallies`` are kept
        of the links that the version holds, ``refused`` are proposals that it does not hold, with
        the reason.
        """
        with self._writing() as db:
            self._unfinished(trial_id)
            db.execute(
                "update trials set ending = ?, ended = ? where id = ?",
                [str(ending), timestamp(), trial_id],
            )
            self._calls.append(self.rows, trial_id, None, calls)
            if memory is None:
                return None
            run, number, read = db.execute(
                "select run, number, version from trials where id = ?", [trial_id]
            ).fetchone()
            latest = latest_id(self.rows, run, number - 1)
            corrected = replace(memory, links=read_overrides(self.rows, run).applied(memory.links))
            parents = parents or [each for each in (read, latest) if each]
            held = [each for each in tallies if each[0] in corrected.links]
            return write_version(
                db, run, trial_id, corrected, writer, parents, unreadable, held, refused
            )

    def correct(
        self,
        run: str,
        made: Sequence[tuple[str, Link | None]],
        change: Callable[[Memory], Memory],
        who: str,
    ) -> int:
        """A person's correction, in one transaction: what was ``made`` (kind, link) is recorded
        with who and when, and ``change`` of the memory as it then is becomes a new version after
        the run's last ended trial. What ``change`` raises leaves everything as it was.
        :mod:`memory.corrections` has the kinds; returns the version's id."""
        with self._writing() as db:
            number = self._run_id(run)
            row = db.execute(
                "select id, number from trials where run = ? and ending is not null order by "
                "number desc limit 1",
                [number],
            )
            trial, after = row.fetchone() or (None, -1)
            parent = latest_id(self.rows, number, after)
            memory = change(self.memory_version(parent).memory if parent else Memory())
            version = write_version(
                db, number, trial, memory, f"person {who}", [parent] if parent else []
            )
            for kind, link in made:
                db.execute(
                    "insert into corrections (run, version, kind, link, who, made) values (?, ?, "
                    "?, ?, ?, ?)",
                    [number, version, kind, str(link) if link else "", as_text(who), timestamp()],
                )
            return version

    def rulings(self, run: str) -> Overrides:
        """What people have pinned and banned in ``run`` so far."""
        return read_overrides(self.rows, self._run_id(run))

    def pack(self, path: Path) -> None:
        """Write the whole file as one new file at ``path``, in one moment."""
        with self._lock, self._telling(path):
            self._db.conn.execute("vacuum into ?", [str(path)])

    def absorb(
        self, other: Path, numbered: Sequence[str], copies: str, only: Sequence[str] | None = None
    ) -> list[str]:
        """Copy the runs of ``other`` (``only`` those of these uids) that are new here with the
        statements ``copies``, in one transaction; the ids of the ``numbered`` tables move up by
        what is here already. Returns the new runs' names."""
        with self._lock:
            with self._telling(other):
                self._db.execute("attach database ? as other", [str(other)])
            try:
                with self._writing() as db:
                    return copy_runs(db, self.rows, numbered, copies, only)
            finally:
                self._db.execute("detach database other")

    def write(self, sql: str, values: Sequence[object]) -> int:
        """One statement of this package's own in a transaction of its own; the id of the row that
        it made."""
        with self._writing() as db:
            return int(db.execute(sql, list(values)).lastrowid or 0)

    def vacuum(self, statements: Sequence[str]) -> None:
        """Run the deleting ``statements`` of :mod:`memory.housekeeping` in one transaction and give
        the space back."""
        with self._writing() as db:
            for statement in statements:
                db.execute(statement)
        with self._lock, self._telling(self.path):
            self._calls.forget()
            self._db.execute("vacuum")
            self._db.execute("pragma wal_checkpoint(truncate)")

    def _unfinished(self, trial_id: int) -> int:
        row = self._db.execute(
            "select ending, steps from trials where id = ?", [trial_id]
        ).fetchone()
        if row is None:
            raise StoreError(f"no trial with id {trial_id} in {self.path}")
        if row[0] is not None:
            raise StoreError(f"trial {trial_id} has ended ({row[0]}) and takes no more")
        return int(row[1])

    @contextmanager
    def _writing(self) -> Iterator[Database]:
        """One transaction, taken for writing at once; the process that holds the file is named when
        it stays busy."""
        if self.read_only:
            raise StoreError(f"{self.path} was opened for reading only")
        with self._lock, self._telling(self.path):
            self._db.conn.execute("begin immediate")
            try:
                yield self._db
                self._db.conn.execute("commit")
            except BaseException:
                self._calls.forget()
                if self._db.conn.in_transaction:
                    self._db.conn.execute("rollback")
                raise

    @contextmanager
    def _telling(self, path: Path) -> Iterator[None]:
        """What SQLite refuses is said in our words, of the file at ``path``."""
        try:
            yield
        except sqlite3.Error as error:
            raise refused(path, error, self._holders(), self._patience) from None

    def _holders(self) -> list[int]:
        try:
            rows = self._db.execute(
                "select distinct pid from runs where pid is not null"
            ).fetchall()
        except sqlite3.Error:
            return []  # the error that led here is what gets reported
        return [pid for (pid,) in rows if pid != os.getpid() and alive(pid)]

    # --- reading

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query of this package's own; no other package writes SQL."""
        with self._lock:
            try:
                return self._db.execute(sql, list(values)).fetchall()
            except sqlite3.Error as error:
                raise refused(self.path, error, [], self._patience) from None

    def runs(self) -> list[RunRow]:
        """All runs, oldest first."""
        rows = self.rows("select id, uid, config, state, started, ended from runs order by id")
        return [RunRow(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def run(self, name: str) -> RunRow:
        """The run called ``name``; StoreError says which there are."""
        number = self._run_id(name)
        return next(row for row in self.runs() if row.id == number)

    def _run_id(self, name: str) -> int:
        number = name[1:] if name[:1] == "r" else name
        if (
            number.isascii()
            and number.isdigit()
            and self.rows("select 1 from runs where id = ?", [int(number[:18])])
        ):
            return int(number)
        last = self.rows("select max(id) from runs")[0][0]
        there = f"it has r1 to r{last}" if last else "it has none yet"
        raise StoreError(f"no run '{name}' in {self.path}: {there}")

    def trials(self, run: str) -> list[TrialRow]:
        """The trials of ``run`` in order."""
        return [
            self._trial_row(row)
            for row in self.rows(
                f"select {_COLUMNS} from trials where run = ? order by number", [self._run_id(run)]
            )
        ]

    @staticmethod
    def _trial_row(row: tuple[Any, ...]) -> TrialRow:
        values = dict(zip(_COLUMNS.split(", "), row, strict=True))
        values["run"] = f"r{values['run']}"
        values["ending"] = Ending(values["ending"]) if values["ending"] else None
        return TrialRow(**values)

    def steps(self, trial_id: int) -> tuple[Step, ...]:
        """The stored steps of a trial in order."""
        rows = self.rows(
            "select action, observation, score, thought, cited from steps where trial = ? order "
            "by position",
            [trial_id],
        )
        return tuple(step_of(*row) for row in rows)

    def trial(self, trial_id: int) -> Trial:
        """A trial with its steps and what it had read; one that is under way counts as stopped."""
        rows = self.rows(f"select recalled, {_COLUMNS} from trials where id = ?", [trial_id])
        if not rows:
            raise StoreError(f"no trial with id {trial_id} in {self.path}")
        row = self._trial_row(rows[0][1:])
        recalled = memory_of(rows[0][0])
        return Trial(
            row.number,
            row.goal,
            row.opening,
            self.steps(trial_id),
            row.ending or Ending.STOPPED,
            recalled,
        )

    def recalled(self, trial_id: int) -> Memory:
        """What a trial had read of the memory."""
        return memory_of(self._read(trial_id))

    def _read(self, trial_id: int) -> str:
        rows = self.rows("select recalled from trials where id = ?", [trial_id])
        if not rows:
            raise StoreError(f"no trial with id {trial_id} in {self.path}")
        return str(rows[0][0])

    def ranking(self, trial_id: int) -> list[list[Any]]:
        """How a trial's share of a long memory was chosen: (link, score, reasons, read) per link;
        empty if all fitted."""
        ranking: list[list[Any]] = json.loads(self._read(trial_id)).get("ranking", [])
        return ranking

    def link_test(self, trial_id: int) -> LinkTest | None:
        """The link that a trial tests, if it does."""
        found = json.loads(self._read(trial_id)).get("test")
        return LinkTest(parse(found["link"]), found["steps"]) if found else None

    def version_after(self, run: str, number: int) -> Version:
        """The memory after trial ``number`` of ``run``, corrections included; with -1, the memory
        that it began with. StoreError if there is none."""
        found = self.latest_version(run, number)
        if found is None:
            raise StoreError(
                f"no memory after trial {number} of {run}"
                if number >= 0
                else f"{run} began with no memory"
            )
        return found

    def latest_version(self, run: str, number: int) -> Version | None:
        """As :meth:`version_after`, or None if there is none."""
        version = latest_id(self.rows, self._run_id(run), number)
        return None if version is None else self.memory_version(version)

    def versions(self, run: str) -> list[Version]:
        """Every version of the memory of ``run``, oldest first."""
        rows = self.rows("select id from versions where run = ? order by id", [self._run_id(run)])
        return [self.memory_version(version) for (version,) in rows]

    def corrections(self, run: str) -> list[Correction]:
        """What people changed in ``run``, oldest first."""
        rows = self.rows(
            "select version, kind, link, who, made from corrections where run = ? order by id",
            [self._run_id(run)],
        )
        return [Correction(*row) for row in rows]

    def steps_after(self, cursor: int, limit: int = 1000) -> list[StepRow]:
        """Up to ``limit`` steps of all runs that were stored after ``cursor`` (0 is the beginning);
        the last one's id is the next cursor."""
        rows = self.rows(
            "select steps.id, run, number, position, action, observation, steps.score, thought, "
            "cited from steps"
            " join trials on trials.id = steps.trial where steps.id > ? order by steps.id limit ?",
            [cursor, limit],
        )
        return [
            StepRow(number, f"r{run}", trial, position, step_of(*columns))
            for number, run, trial, position, *columns in rows
        ]

    def versions_after(self, cursor: int, limit: int = 1000) -> list[Version]:
        """Up to ``limit`` memory versions of all runs written after version ``cursor``, oldest
        first."""
        rows = self.rows(
            "select id from versions where id > ? order by id limit ?", [cursor, limit]
        )
        return [self.memory_version(version) for (version,) in rows]

    def memory_version(self, version: int) -> Version:
        """The version with this id."""
        found = read_version(self.rows, version, scoped=self._has_scopes)
        if found is None:
            raise StoreError(f"no memory version {version} in {self.path}")
        return found

    def tallies(self, run: str, number: int) -> dict[Link, Tally]:
        """The tallies that the writer counted after trial ``number``; empty where it did not count.
        With -1, those that the run carried over from earlier ones."""
        return read_tallies(self.rows, self._run_id(run), number)

    def refusals(self, run: str, number: int) -> list[tuple[str, str]]:
        """What the writer proposed after trial ``number`` and the record refused, with the reason;
        with -1, what was withheld from the memory that the run began with."""
        return read_refusals(self.rows, self._run_id(run), number)

    def calls(self, trial_id: int, step: int | None = None) -> list[Call]:
        """The model calls of a trial in order; with ``step`` those of that step alone."""
        return read_calls(self.rows, trial_id, step)

    def writer_calls(self, trial_id: int) -> list[Call]:
        """The calls that wrote the memory after a trial."""
        return read_writer_calls(self.rows, trial_id)

    def check(self) -> list[str]:
        """What is wrong with the file, in words; empty when it is sound."""
        from memory.integrity import problems

        with self._lock:
            return problems(self._db)


_COLUMNS = "id, run, number, world, task, variation, goal, opening, version, ending, score, steps"
