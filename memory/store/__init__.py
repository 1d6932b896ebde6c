"""The store: one SQLite file that holds runs, trials, steps, model calls and every version of the
memory.

A step is one committed transaction; a trial's ending and its new memory are one. Nothing is updated
but a run's state and a trial's progress, nothing is deleted. WAL: one writer at a time, any number
of readers.

:class:`Store` is the door. Beside it, over a store:

- :mod:`memory.store.overview`: what a watcher asks of a live file;
- :mod:`memory.store.leases`: which process plays what;
- :mod:`memory.store.requests`: what a person asks of a live run;
- :mod:`memory.store.failures`: why runs failed;
- :mod:`memory.store.search`: full-text search;
- :mod:`memory.store.merging`: runs of another file;
- :mod:`memory.store.housekeeping`: counts, doubts, and what could be removed.

The other modules are its inside, one per subject. SQL stands in this package and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from memory.corrections import Overrides, Ruling
from memory.evidence.tally import Tally
from memory.language import Language
from memory.links import Link
from memory.meaning import PLAIN
from memory.store import calls, corrections, integrity, recalled, runs, trials, versions
from memory.store.admissible import AdmissibleWriter, fill_in, read_admissible, read_on
from memory.store.connection import Connection
from memory.store.corrections import Correction
from memory.store.failures import insert_failure
from memory.store.leases import HeldElsewhere, Leases
from memory.store.opening import StoreError
from memory.store.recalled import LinkTest, NewTrial, Ranked, StoredRoute
from memory.store.runs import RunRow
from memory.store.schema import migrations
from memory.store.trials import StepRow, TrialRow
from memory.store.versions import NewVersion, Version
from memory.trials import Call, Ending, Memory, Step, Trial

__all__ = [
    "Correction",
    "HeldElsewhere",
    "NewTrial",
    "NewVersion",
    "Ranked",
    "RunRow",
    "StepRow",
    "Store",
    "StoreError",
    "StoredRoute",
    "TrialRow",
    "Version",
]


class Store:
    """Open ``path``; a new file is made unless ``read_only``. StoreError says in one line what is
    wrong with it.

    Safe to share between threads. ``connection`` is for the modules of this package.
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
        self.connection = Connection(self.path, read_only=read_only, patience=patience)
        self.leases = Leases(self.connection)
        self._calls = calls.CallWriter(self.connection)
        self._admissible = AdmissibleWriter(self.connection)
        self._scoped = versions.has_scopes(self.connection)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; closing twice is closing once."""
        self.leases.close()
        self.connection.close()

    @property
    def version(self) -> int:
        """How many migrations the file has seen."""
        return len(migrations.applied(self.connection.db))

    def check(self) -> list[str]:
        """What is wrong with the file, in words; empty when it is sound."""
        return integrity.problems(self.connection)

    # --- runs and batches

    def begin_run(
        self, config: Mapping[str, Any], initial: NewVersion | None = None, cell: str = ""
    ) -> str:
        """A new run, claimed by this process; returns its name in this file. ``initial`` is what
        its first trial starts from, with what earlier runs counted for it, what was withheld from
        it, and what people ruled there. ``cell`` is the lease under which it begins, if any:
        HeldElsewhere where another process has taken that."""
        with self.connection.transaction():
            if cell:
                self.leases.renew(cell)
            run = runs.insert_run(self.connection, config)
            self.leases.take(f"r{run}")
            if initial is not None:
                version = versions.insert_version(self.connection, run, None, initial)
                corrections.insert_rulings(self.connection, run, version, initial.rulings)
            return f"r{run}"

    def claim_run(self, run: str) -> None:
        """Take ``run`` for this process; HeldElsewhere names the live process that already drives
        it."""
        with self.connection.transaction():
            number = self._run_id(run)
            self.leases.take(f"r{number}")
            runs.go_on(self.connection, number)

    def finish_run(self, run: str, state: str) -> None:
        """Set the run's state: finished, stopped or failed; its claim ends. HeldElsewhere where
        another process plays it."""
        with self.connection.transaction():
            number = self._run_id(run)
            self.leases.renew(f"r{number}")
            runs.finish(self.connection, number, state)
            self.leases.end(f"r{number}")

    def runs(self) -> list[RunRow]:
        """All runs that can be read, oldest first."""
        return runs.read_runs(self.connection)

    def unreadable_runs(self) -> list[str]:
        """Of each run whose row cannot be read, what is wrong with it."""
        return runs.unreadable_runs(self.connection)

    def run(self, name: str) -> RunRow:
        """The run called ``name``; StoreError says which there are."""
        return runs.read_run(self.connection, name)

    def _run_id(self, name: str) -> int:
        return runs.run_id(self.connection, name)

    def begin_batch(self, document: Mapping[str, Any]) -> str:
        """The experiment of this document, new or as it was begun before, so that ``clin resume``
        can go on with it; returns its name, such as ``b1``."""
        with self.connection.transaction():
            return runs.begin_batch(self.connection, document)

    def batch(self, name: str) -> dict[str, Any]:
        """The document of the batch called ``name``; StoreError says which there are."""
        return runs.read_batch(self.connection, name)

    # --- trials

    def begin_trial(self, run: str, new: NewTrial) -> int:
        """Store a trial that begins; returns its id. HeldElsewhere where another process plays
        its run, as for steps and endings."""
        with self.connection.transaction():
            number = self._run_id(run)
            self.leases.renew(f"r{number}")
            return trials.insert_trial(self.connection, number, new)

    def append_step(
        self,
        trial_id: int,
        step: Step,
        calls: Sequence[Call] = (),
        *,
        admissible: frozenset[str] | None = None,
    ) -> int:
        """Store the next step of a trial, the calls that led to it, and what was ``admissible``
        before it (None where nobody asked), in one transaction; returns its position."""
        with self.connection.transaction():
            self.leases.renew(trials.run_of(self.connection, trial_id))
            position = trials.insert_step(self.connection, trial_id, step)
            self._admissible.append(trial_id, position, admissible)
            self._calls.append(trial_id, position, calls)
            return position

    def finish_trial(
        self,
        trial_id: int,
        ending: Ending,
        written: NewVersion,
        calls: Sequence[Call] = (),
        *,
        language: Language = PLAIN,
        reason: str = "",
    ) -> int:
        """End a trial and store the memory ``written`` after it, with the calls of its writing, in
        one transaction; returns the new version's id.

        What people pinned and banned holds for it, in all words that mean the same in the
        ``language`` of the trial's world. Without ``parents`` it comes from the version
        that the trial read and from the latest before it. Of its tallies those are kept whose link
        it holds. ``reason`` is why it crashed.
        """
        with self.connection.transaction():
            self.leases.renew(trials.run_of(self.connection, trial_id))
            trials.end_trial(self.connection, trial_id, ending)
            self._admissible.forget(trial_id)
            self._calls.append(trial_id, None, calls)
            row = trials.read_trial_row(self.connection, trial_id)
            run = self._run_id(row.run)
            if reason:
                insert_failure(self.connection, run, trial_id, reason)
            new = self._overridden(run, written, language)
            latest = versions.latest_id(self.connection, run, row.number - 1)
            parents = new.parents or tuple(each for each in (row.version, latest) if each)
            new = replace(new, parents=parents)
            return versions.insert_version(self.connection, run, trial_id, new)

    def _overridden(self, run: int, written: NewVersion, language: Language) -> NewVersion:
        """``written`` with what people pinned, without what they banned."""
        overrides = corrections.read_overrides(self.connection, run, language)
        memory = replace(written.memory, links=overrides.applied(written.memory.links))
        tallies = [(link, tally) for link, tally in written.tallies if link in memory.links]
        return replace(written, memory=memory, tallies=tallies)

    def trials(self, run: str) -> list[TrialRow]:
        """The trials of ``run`` in order."""
        return trials.read_trials(self.connection, self._run_id(run))

    def trial_row(self, trial_id: int) -> TrialRow:
        """A trial without its steps."""
        return trials.read_trial_row(self.connection, trial_id)

    def trial(self, trial_id: int) -> Trial:
        """A trial with its steps, what it had read and what was admissible; one that is under way
        counts as stopped."""
        return trials.read_trial(self.connection, trial_id)

    def steps(self, trial_id: int) -> tuple[Step, ...]:
        """The stored steps of a trial in order."""
        return trials.read_steps(self.connection, trial_id)

    def admissible(self, trial_id: int) -> tuple[frozenset[str] | None, ...]:
        """What was admissible before each step of a trial, None where nobody asked; empty where
        nothing is stored for the trial."""
        return read_admissible(self.connection, trial_id)

    def admissible_from(
        self, trial_id: int, first: int, latest: frozenset[str] | None
    ) -> tuple[frozenset[str] | None, ...]:
        """As :meth:`admissible`, from step ``first`` on; ``latest`` is the last set before it."""
        return read_on(self.connection, trial_id, first, latest)

    def fill_in_admissible(
        self, trial_id: int, sets: Sequence[frozenset[str] | None]
    ) -> tuple[int, ...]:
        """Store the ``sets``, one for each step of a trial, where none is stored yet; returns the
        positions of the steps that were filled in."""
        with self.connection.transaction():
            self._admissible.forget(trial_id)
            return fill_in(self.connection, trial_id, sets)

    def steps_after(self, cursor: int, limit: int = 1000) -> list[StepRow]:
        """Up to ``limit`` steps of all runs that were stored after ``cursor`` (0 is the beginning);
        the last one's id is the next cursor."""
        return trials.read_steps_after(self.connection, cursor, limit)

    def recalled(self, trial_id: int) -> Memory:
        """What a trial had read of the memory."""
        return recalled.read_recalled(self.connection, trial_id)

    def ranking(self, trial_id: int) -> list[Ranked]:
        """How a trial's share of a long memory was chosen, best first; empty if all fitted."""
        return recalled.read_ranking(self.connection, trial_id)

    def link_test(self, trial_id: int) -> LinkTest | None:
        """The link that a trial of an older version tested, if it did."""
        return recalled.read_link_test(self.connection, trial_id)

    def route(self, trial_id: int) -> StoredRoute | None:
        """Where a trial goes first, if it does (:func:`memory.archive.route_of` has the steps)."""
        return recalled.read_route(self.connection, trial_id)

    def calls(self, trial_id: int, step: int | None = None) -> list[Call]:
        """The model calls of a trial in order; with ``step`` those of that step alone."""
        return calls.read_calls(self.connection, trial_id, step)

    def writer_calls(self, trial_id: int) -> list[Call]:
        """The calls that wrote the memory after a trial."""
        return calls.read_writer_calls(self.connection, trial_id)

    # --- versions of the memory

    def memory_version(self, version: int) -> Version:
        """The version with this id."""
        found = versions.read_version(self.connection, version, scoped=self._scoped)
        if found is None:
            raise StoreError(f"no memory version {version} in {self.path}")
        return found

    def version_after(self, run: str, number: int) -> Version:
        """The memory after trial ``number`` of ``run``, corrections included; with -1, the memory
        that it began with. StoreError if there is none."""
        found = self.latest_version(run, number)
        if found is None and number < 0:
            raise StoreError(f"{run} began with no memory")
        if found is None:
            raise StoreError(f"no memory after trial {number} of {run}")
        return found

    def latest_version(self, run: str, number: int) -> Version | None:
        """As :meth:`version_after`, or None if there is none."""
        version = versions.latest_id(self.connection, self._run_id(run), number)
        return None if version is None else self.memory_version(version)

    def current_version(self, run: str) -> int | None:
        """The version of the memory of ``run`` that its next trial would find; None if there is
        none."""
        ended = [row.number for row in self.trials(run) if row.ending is not None]
        number = ended[-1] if ended else -1
        return versions.latest_id(self.connection, self._run_id(run), number)

    def current_memory(self, run: str) -> Memory:
        """The memory of ``run`` as its next trial would find it."""
        version = self.current_version(run)
        return Memory() if version is None else self.memory_version(version).memory

    def versions(self, run: str) -> list[Version]:
        """Every version of the memory of ``run``, oldest first."""
        return [*map(self.memory_version, versions.version_ids(self.connection, self._run_id(run)))]

    def versions_after(self, cursor: int, limit: int = 1000) -> list[Version]:
        """Up to ``limit`` memory versions of all runs written after version ``cursor``, oldest
        first."""
        return [
            *map(self.memory_version, versions.version_ids_after(self.connection, cursor, limit))
        ]

    def tallies(self, run: str, number: int) -> dict[Link, Tally]:
        """The tallies that the writer counted after trial ``number``; empty where it did not count.
        With -1, those that the run carried over from earlier ones."""
        return versions.read_tallies(self.connection, self._run_id(run), number)

    def refusals(self, run: str, number: int) -> list[tuple[str, str]]:
        """What the writer proposed after trial ``number`` and the record refused, with the reason;
        with -1, what was withheld from the memory that the run began with."""
        return versions.read_refusals(self.connection, self._run_id(run), number)

    # --- corrections by people

    def correct(
        self,
        run: str,
        kind: str,
        link: Link,
        *,
        new: Link | None = None,
        who: str = "",
        language: Language = PLAIN,
    ) -> Memory:
        """Make one correction (:mod:`memory.corrections` has the kinds) of the memory of ``run``,
        by this user unless ``who`` is given; returns the memory after it. It is about all words
        that mean the same in ``language``. StoreError if the link is not there where it must be."""
        asked = corrections.Asked(kind, link, new, who, language)
        with self.connection.transaction():
            version = corrections.insert_correction(self.connection, self._run_id(run), asked)
        return self.memory_version(version).memory

    def replace_memory(self, run: str, memory: Memory, *, who: str = "") -> Memory:
        """Replace the memory of ``run`` by ``memory``, as an import does; returns it."""
        with self.connection.transaction():
            number = self._run_id(run)
            version = corrections.insert_import(self.connection, number, memory, who)
        return self.memory_version(version).memory

    def corrections(self, run: str) -> list[Correction]:
        """What people changed in ``run``, oldest first."""
        return corrections.read_corrections(self.connection, self._run_id(run))

    def overrides(self, run: str, language: Language = PLAIN) -> Overrides:
        """What people have pinned and banned in ``run`` so far, as its world's ``language`` reads
        it."""
        return corrections.read_overrides(self.connection, self._run_id(run), language)

    def rulings(
        self, run: str, language: Language = PLAIN, version: int | None = None
    ) -> list[Ruling]:
        """The pins and bans that hold in ``run`` (at ``version``, where it is given): what a run
        that starts from it takes over."""
        return corrections.read_rulings(self.connection, self._run_id(run), language, version)
