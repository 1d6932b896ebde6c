"""What a watcher asks of a live file again and again: small questions, answered from indexes
alone."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

from memory.store import Store, StoreError, Version
from memory.store.leases import read_leases
from memory.store.trials import ending_of, read_steps
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
    version = int(store.connection.value("pragma data_version"))
    return (store.connection.epoch << 32) + version  # each connection counts for itself


def ends(store: Store) -> Cursors:
    """The cursors behind everything that is stored."""
    [(step, version)] = store.connection.rows(
        "select (select max(id) from steps), (select max(id) from versions)"
    )
    return Cursors(step or 0, version or 0)


def trial_lines(store: Store, after: int = 0, also: Collection[int] = ()) -> list[TrialLine]:
    """The trials whose id is above ``after`` and those named in ``also``, in order."""
    marks = ", ".join("?" * len(also))
    found = store.connection.rows(
        "select id, run, number, ending, score, steps from trials"
        f" where id > ? or id in ({marks}) order by id",
        [after, *also],
    )
    lines = []
    for number, run, in_run, ending, score, steps in found:
        try:
            ended = ending_of(ending, number)
        except StoreError:
            continue  # one bad row costs no other; `clin memory check` tells of it
        lines.append(TrialLine(number, f"r{run}", in_run, ended, score, steps))
    return lines


def orphans(store: Store) -> set[str]:
    """Runs that call themselves running although no process plays them: theirs has gone, or has
    let go of them, or was silent too long (:mod:`memory.store.leases`)."""
    found = store.connection.rows("select id from runs where state = 'running'")
    played = {each.what for each in read_leases(store.connection) if not each.free}
    return {f"r{run}" for (run,) in found} - played


def steps_between(store: Store, trial: int, first: int, last: int) -> list[Step]:
    """The steps of a trial from position ``first`` up to but not with ``last``."""
    return [*read_steps(store.connection, trial, first, last)]


def outline(store: Store, trial: int, first: int = 0) -> list[tuple[float, bool]]:
    """Of each step of a trial from ``first`` on: the score after it, and whether the model thought
    before it."""
    found = store.connection.rows(
        "select score, thought != '' from steps where trial = ? and position >= ?"
        " order by position",
        [trial, first],
    )
    return [(score, bool(thought)) for score, thought in found]


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
    found = store.connection.rows(
        "select role, read, reused, written, logprob, seconds, choices from calls"
        " where trial = ? and step = ? order by id",
        [trial, step],
    )
    return [Cost(*row) for row in found]


@dataclass(frozen=True)
class Said:
    """What memory said at a step, a line for each link or passage of a note with its reason; the
    log-probability of the action with that, and without it (0 where the choice was not guided)."""

    links: str
    logprob: float
    plain_logprob: float

    @property
    def moved(self) -> str:
        """How much it moved the choice, in words; empty where the choice was not guided."""
        if not self.plain_logprob:
            return ""
        return (
            f"log-probability of the action {self.logprob:.1f} with it, "
            f"{self.plain_logprob:.1f} without"
        )


def said(store: Store, trial: int, step: int | None = None) -> dict[int, Said]:
    """What memory said at the steps of a trial, or at one ``step``; steps at which it was silent
    are not in it."""
    if not store.connection.has("recalls"):
        return {}
    found = store.connection.rows(
        "select step, said, logprob, plain_logprob from recalls join calls on call = id"
        " where trial = ?1 and step is not null and (?2 is null or step = ?2) order by id",
        [trial, step],
    )
    return {step: Said(*rest) for step, *rest in found}


@dataclass(frozen=True)
class Spent:
    """What all model calls of a trial cost: tokens read, reused of them and written, seconds. And
    how many of them chose an action (``choices``), and how many of those replied with none of the
    actions, so that the nearest was taken (``matched``)."""

    read: int = 0
    reused: int = 0
    written: int = 0
    seconds: float = 0.0
    choices: int = 0
    matched: int = 0


def spent_by_trial(store: Store) -> dict[int, Spent]:
    """What the models cost, by the id of the trial; trials without a call are left out."""
    matched, joined = "0", ""
    if store.connection.has("matched"):
        matched, joined = "count(call)", "left join matched on call = id"
    found = store.connection.rows(
        "select trial, sum(read), sum(reused), sum(written), sum(seconds),"
        f" sum(choices > 0), {matched} from calls {joined} group by trial"
    )
    return {trial: Spent(*sums) for trial, *sums in found}


def spent_since(store: Store, trial: int, step: int) -> Spent:
    """What the models' calls of a trial cost from ``step`` on."""
    [(calls, read, reused, written, seconds, choices)] = store.connection.rows(
        "select count(*), sum(read), sum(reused), sum(written), sum(seconds), sum(choices > 0)"
        " from calls where trial = ? and step >= ? and role != 'person'",
        [trial, step],
    )
    return Spent(read, reused, written, seconds, choices) if calls else Spent()


def steps_with(store: Store, trial: int, words: str) -> list[int]:
    """Positions of the steps in whose action, thought or observation ``words`` stand as they are,
    case aside."""
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = store.connection.rows(
        "select position from steps where trial = ? and (action like ? escape '\\'"
        " or observation like ? escape '\\' or thought like ? escape '\\') order by position",
        [trial, pattern, pattern, pattern],
    )
    return [position for (position,) in found]


def latest_versions(store: Store, run: str, most: int) -> list[Version]:
    """The last ``most`` versions of the memory of ``run``, oldest first."""
    found = store.connection.rows(
        "select id from versions where run = ? order by id desc limit ?", [int(run[1:]), most]
    )
    return [store.memory_version(version) for (version,) in reversed(found)]


def cuts(store: Store, trial: int) -> set[int]:
    """The steps of a trial before which its prompt had outgrown the model's context, so that its
    earliest turns went."""
    found = store.connection.rows(
        "select step, min(id), kept + json_array_length(parts) from calls"
        " where trial = ? and step is not null and json_valid(parts) group by step order by step",
        [trial],
    )
    return {
        step for (_, _, before), (step, _, parts) in itertools.pairwise(found) if parts < before
    }


def by_person(store: Store, trial: int, first: int = 0) -> set[int]:
    """The steps of a trial, from ``first`` on, whose action a person chose."""
    found = store.connection.rows(
        "select step from calls where trial = ? and step >= ? and role = 'person'", [trial, first]
    )
    return {step for (step,) in found}


def asked_at(store: Store, trial: int) -> list[int]:
    """The steps of a trial at which a model was asked for an action, in order."""
    found = store.connection.rows(
        "select distinct step from calls where trial = ? and step is not null"
        " and role != 'person' order by step",
        [trial],
    )
    return [step for (step,) in found]
