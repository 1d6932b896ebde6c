"""The feed: what is in a database file and what has come since, without Textual and without an
event loop.

It opens the file read-only, keeps one line per trial in memory, and is asked (``poll``) a few times
a second. A poll that finds nothing new costs microseconds: SQLite says whether anybody has written
at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from memory.store import RunRow, StepRow, Store, StoreError, Version
from memory.store.overview import Cursors, TrialLine, commits, ends, orphans, trial_lines
from memory.store.requests import Offer, open_offer

POLL_SECONDS = 0.2
"""Between two polls: what a run commits is on the screen within 0.3 seconds."""
PATIENCE = 0.1
"""Seconds that a poll waits for a locked file before it says so and goes on."""
AT_ONCE = 500
"""Steps taken from the file in one poll."""
STALE_POLLS = 10
"""Every so many polls the feed looks whether the processes behind running runs still live."""


@dataclass
class Run:
    """A run as the screens show it: its row, its trials in order, and ``state`` in one word."""

    row: RunRow
    trials: list[TrialLine] = field(default_factory=list)
    state: str = ""
    offer: Offer | None = None
    """What it waits with for a person."""

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def live(self) -> bool:
        """Whether a process is playing it now."""
        return self.state in ("running", "paused")

    def about(self, what: str) -> str:
        """A field of the run's configuration as text; empty where an old or foreign run has
        none."""
        value = self.row.config.get(what, "")
        if what == "model" and isinstance(value, dict):
            value = value.get("name", "")
        return str(value)

    @property
    def ended(self) -> list[TrialLine]:
        return [trial for trial in self.trials if trial.ending is not None]

    @property
    def scores(self) -> list[float]:
        """The final scores of the trials that have ended."""
        return [trial.score for trial in self.ended]


@dataclass(frozen=True)
class News:
    """What one poll found."""

    runs: frozenset[str] = frozenset()
    """Names of the runs whose line changed."""
    steps: tuple[StepRow, ...] = ()
    """Steps that were stored since the last poll."""
    versions: tuple[Version, ...] = ()
    """Memory versions that were stored since the last poll."""
    trouble: str = ""
    """One line about a file that cannot be read now; empty again when it can."""

    @property
    def learned(self) -> frozenset[str]:
        """Names of the runs that have a new memory version."""
        return frozenset(version.run for version in self.versions)

    def __bool__(self) -> bool:
        return bool(self.runs or self.steps or self.versions)


class Feed:
    """A file, followed. ``runs`` holds what is known; StoreError at the beginning if the file
    cannot be opened."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.store = Store(self.path, read_only=True, patience=PATIENCE)
        self.runs: dict[str, Run] = {}
        self.trouble = ""
        self.opened = 1
        """How many files have stood at the path, one after the other."""
        self._identity = self._seen()
        self._commits = -1
        self._polls = 0
        self._last_trial = 0
        self._cursors: Cursors = ends(self.store)
        self.poll()

    def close(self) -> None:
        self.store.close()

    def poll(self) -> News:
        """What is new. Never raises for a file that is locked, deleted or broken: the news say so
        in ``trouble``."""
        self._polls += 1
        try:
            self._same_file()
            number = commits(self.store)
            if number == self._commits and self._polls % STALE_POLLS:
                self.trouble = ""
                return News()
            news = self._read()
            # More may wait behind a full poll; then the next one must not be skipped.
            self._commits = -1 if len(news.steps) == AT_ONCE else number
            self.trouble = ""
            return news
        except (StoreError, OSError) as error:
            self.trouble = str(error)
            return News(trouble=self.trouble)

    def _seen(self) -> tuple[int, int]:
        found = os.stat(self.path)
        return found.st_dev, found.st_ino

    def _same_file(self) -> None:
        try:
            seen = self._seen()
        except FileNotFoundError:
            raise StoreError(
                f"'{self.path}' has been deleted or moved; what is shown is what was read before"
            ) from None
        if seen != self._identity:
            self._reopen(seen)

    def _reopen(self, seen: tuple[int, int]) -> None:
        """Another file has come in this one's place: begin again with it."""
        self.store.close()
        self.store = Store(self.path, read_only=True, patience=PATIENCE)
        self._identity, self._commits, self._last_trial, self.runs = seen, -1, 0, {}
        self._cursors = Cursors(0, 0)
        self.opened += 1

    def _read(self) -> News:
        # Steps first: a trial line that is newer than its last step does no harm, one that is older
        # would.
        steps = self.store.steps_after(self._cursors.step, AT_ONCE)
        versions = self.store.versions_after(self._cursors.version, AT_ONCE)
        changed = self._runs() | self._trials()
        self._cursors = Cursors(
            steps[-1].id if steps else self._cursors.step,
            versions[-1].id if versions else self._cursors.version,
        )
        return News(frozenset(changed), tuple(steps), tuple(versions))

    def _runs(self) -> set[str]:
        changed = set()
        gone = orphans(self.store)
        for row in self.store.runs():
            run = self.runs.setdefault(row.name, Run(row))
            state, offer = row.state, None
            if row.state == "running" and row.name in gone:
                state = "interrupted"
            elif row.state == "running":
                offer = open_offer(self.store, row.name)
                state = "paused" if offer else "running"
            if (state, offer, row.ended) != (run.state, run.offer, run.row.ended):
                run.row, run.state, run.offer = row, state, offer
                changed.add(row.name)
        return changed

    def _trials(self) -> set[str]:
        last = [run.trials[-1] for run in self.runs.values() if run.trials]
        open_now = [trial.id for trial in last if trial.ending is None]
        changed = set()
        for line in trial_lines(self.store, self._last_trial, open_now):
            if line.run not in self.runs:  # the row of its run cannot be read
                continue
            trials = self.runs[line.run].trials
            if trials and trials[-1].id == line.id:
                if trials[-1] == line:
                    continue
                trials[-1] = line
            else:
                trials.append(line)
            changed.add(line.run)
            self._last_trial = max(self._last_trial, line.id)
        return changed
