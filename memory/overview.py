"""What a watcher asks of a live file again and again: small questions, answered from indexes
alone."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Collection
from dataclasses import dataclass

from memory.encoding import step_of
from memory.processes import alive
from memory.rows import Version
from memory.store import Store
from memory.trials import Ending, Step


@dataclass(frozen=True)
class TrialLine:
    """A trial in one line: ``ending`` is None while it is under way, ``score`` in points after
    ``steps`` steps."""

    id: int
    run: str
    number: int
    ending: Ending | None
    score: float
    steps: int


@dataclass(frozen=True)
class Cursors:
    """Where a file ends now: the last step and the last memory version."""

    step: int
    version: int


def commits(store: Store) -> int:
    """A number that changes when another process has written the file; asking costs
    microseconds."""
    return int(store.rows("pragma data_version")[0][0])


def ends(store: Store) -> Cursors:
    """The cursors behind everything that is stored."""
    [(step, version)] = store.rows(
        "select (select max(id) from steps), (select max(id) from versions)"
    )
    return Cursors(step or 0, version or 0)


def trial_lines(store: Store, after: int = 0, also: Collection[int] = ()) -> list[TrialLine]:
    """The trials whose id is above ``after`` and those named in ``also``, in order."""
    marks = ", ".join("?" * len(also))
    rows = store.rows(
        "select id, run, number, ending, score, steps from trials where id > ? or id in "
        f"({marks}) order by id",
        [after, *also],
    )
    return [
        TrialLine(n, f"r{run}", number, Ending(ending) if ending else None, *rest)
        for n, run, number, ending, *rest in rows
    ]


def orphans(store: Store) -> set[str]:
    """Runs that call themselves running although their process has gone (on this machine)."""
    rows = store.rows("select id, pid, host from runs where state = 'running'")
    here = socket.gethostname()
    return {
        f"r{run}"
        for run, pid, host in rows
        if host == here and (not pid or not (pid == os.getpid() or alive(pid)))
    }


def steps_between(store: Store, trial: int, first: int, last: int) -> list[Step]:
    """The steps of a trial from position ``first`` up to but not with ``last``."""
    rows = store.rows(
        "select action, observation, score, thought, cited from steps where trial = ? and "
        "position >= ? and position < ?"
        " order by position",
        [trial, first, last],
    )
    return [step_of(*row) for row in rows]


def outline(store: Store, trial: int) -> list[tuple[float, bool]]:
    """Of each step of a trial: the score after it, and whether the model thought before it."""
    rows = store.rows(
        "select score, thought != '' from steps where trial = ? order by position", [trial]
    )
    return [(score, bool(thought)) for score, thought in rows]


@dataclass(frozen=True)
class Cost:
    """A model call without its words: tokens read, reused of them and written, the reply's
    log-probability, seconds, and among how many actions it chose."""

    role: str
    read: int
    reused: int
    written: int
    logprob: float
    seconds: float
    choices: int


def costs(store: Store, trial: int, step: int) -> list[Cost]:
    """What the calls of one step cost; a step that a person chose has a call of role ``person``."""
    rows = store.rows(
        "select role, read, reused, written, logprob, seconds, choices from calls where trial = "
        "? and step = ? order by id",
        [trial, step],
    )
    return [Cost(*row) for row in rows]


def steps_with(store: Store, trial: int, words: str) -> list[int]:
    """Positions of the steps in whose action, thought or observation ``words`` stand as they are,
    case aside."""
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = store.rows(
        "select position from steps where trial = ? and (action like ? escape '\\' or "
        "observation like ? escape '\\'"
        " or thought like ? escape '\\') order by position",
        [trial, pattern, pattern, pattern],
    )
    return [position for (position,) in rows]


def latest_versions(store: Store, run: str, most: int) -> list[Version]:
    """The last ``most`` versions of the memory of ``run``, oldest first."""
    rows = store.rows(
        "select id from versions where run = ? order by id desc limit ?", [int(run[1:]), most]
    )
    return [store.memory_version(version) for (version,) in reversed(rows)]


def cuts(store: Store, trial: int) -> set[int]:
    """The steps of a trial before which its prompt had outgrown the model's context, so that its
    earliest turns went."""
    rows = store.rows(
        "select step, min(id), kept + json_array_length(parts) from calls where trial = ? and "
        "step is not null group by step"
        " order by step",
        [trial],
    )
    return {step for (_, _, before), (step, _, parts) in itertools.pairwise(rows) if parts < before}


def by_person(store: Store, trial: int) -> set[int]:
    """The steps of a trial whose action a person chose."""
    return {
        step
        for (step,) in store.rows(
            "select step from calls where trial = ? and role = 'person'", [trial]
        )
    }
