"""Trials and their steps, as rows.

What writes is called inside a transaction of the connection.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from memory.evidence.link_tests import LinkTest
from memory.links import Link, parse
from memory.store.connection import Connection
from memory.store.encoding import as_json, as_text, timestamp
from memory.store.opening import StoreError
from memory.trials import Ending, Memory, Scope, Step, Trial


@dataclass(frozen=True)
class Ranked:
    """A link's place among those that a trial could read of a memory that was too long for it:
    ``score`` sums what speaks for the link, ``reasons`` says what, ``read`` whether it was read."""

    link: Link
    score: float
    reasons: tuple[str, ...]
    read: bool


@dataclass(frozen=True)
class StoredRoute:
    """Where a trial goes first: to ``points``, by the first ``steps`` steps of an earlier
    ``trial`` of its run; without those of them that changed nothing, if ``short``."""

    trial: int
    steps: int
    points: float
    short: bool


@dataclass(frozen=True)
class NewTrial:
    """A trial as it begins: where, what it read (``recalled`` of memory ``version``, by
    ``ranking`` where not all of it fitted), which link it tests, and which ``route`` it takes
    first."""

    number: int
    world: str
    task: str
    variation: int
    goal: str
    opening: str
    recalled: Memory = field(default_factory=Memory)
    version: int | None = None
    ranking: Sequence[Ranked] = ()
    test: LinkTest | None = None
    route: StoredRoute | None = None


@dataclass(frozen=True)
class TrialRow:
    """A trial without its steps; ``ending`` is None while it is under way, ``steps`` counts what is
    stored."""

    id: int
    run: str
    number: int
    world: str
    task: str
    variation: int
    goal: str
    opening: str
    version: int | None
    ending: Ending | None
    score: float
    steps: int


@dataclass(frozen=True)
class StepRow:
    """A step with where it belongs: ``id`` grows over all runs of the file and is the readers'
    cursor."""

    id: int
    run: str
    trial: int
    position: int
    step: Step


# --- writing


def insert_trial(connection: Connection, run: int, new: NewTrial) -> int:
    """Store a trial that begins; returns its id."""
    return connection.execute(
        "insert into trials (run, number, world, task, variation, goal, opening, recalled,"
        " version, started) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run,
            new.number,
            new.world,
            new.task,
            new.variation,
            as_text(new.goal),
            as_text(new.opening),
            _recalled_column(new),
            new.version,
            timestamp(),
        ],
    )


def insert_step(connection: Connection, trial_id: int, step: Step) -> int:
    """Store the next step of a trial; returns its position. StoreError where the trial has
    ended."""
    position = steps_so_far(connection, trial_id)
    connection.execute(
        "insert into steps (trial, position, action, observation, score, thought, cited)"
        " values (?, ?, ?, ?, ?, ?, ?)",
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
    connection.execute(
        "update trials set steps = ?, score = ? where id = ?", [position + 1, step.score, trial_id]
    )
    return position


def end_trial(connection: Connection, trial_id: int, ending: Ending) -> None:
    """Write the trial's ending; StoreError where it has ended already."""
    steps_so_far(connection, trial_id)
    connection.execute(
        "update trials set ending = ?, ended = ? where id = ?",
        [str(ending), timestamp(), trial_id],
    )


def steps_so_far(connection: Connection, trial_id: int) -> int:
    """How many steps a trial under way has; StoreError where it has ended."""
    found = connection.row("select ending, steps from trials where id = ?", [trial_id])
    if found is None:
        raise _no_trial(connection, trial_id)
    ending, steps = found
    if ending is not None:
        raise StoreError(f"trial {trial_id} has ended ({ending}) and takes no more")
    return int(steps)


# --- reading


_TRIAL = "id, run, number, world, task, variation, goal, opening, version, ending, score, steps"


def read_trials(connection: Connection, run: int) -> list[TrialRow]:
    """The trials of a run in order."""
    found = connection.rows(f"select {_TRIAL} from trials where run = ? order by number", [run])
    return [_trial(row) for row in found]


def read_trial_row(connection: Connection, trial_id: int) -> TrialRow:
    """The trial with this id, without its steps; StoreError if there is none."""
    found = connection.row(f"select {_TRIAL} from trials where id = ?", [trial_id])
    if found is None:
        raise _no_trial(connection, trial_id)
    return _trial(found)


def read_trial(connection: Connection, trial_id: int) -> Trial:
    """A trial with its steps and what it had read; one that is under way counts as stopped."""
    row = read_trial_row(connection, trial_id)
    return Trial(
        row.number,
        row.goal,
        row.opening,
        read_steps(connection, trial_id),
        row.ending or Ending.STOPPED,
        read_recalled(connection, trial_id),
    )


def _trial(row: tuple[Any, ...]) -> TrialRow:
    number, run, *place, version, ending, score, steps = row
    in_run, world, task, variation, goal, opening = place
    return TrialRow(
        id=number,
        run=f"r{run}",
        number=in_run,
        world=world,
        task=task,
        variation=variation,
        goal=goal,
        opening=opening,
        version=version,
        ending=Ending(ending) if ending else None,
        score=score,
        steps=steps,
    )


STEP = "steps.action, steps.observation, steps.score, steps.thought, steps.cited"
"""The columns that :func:`step_of` reads."""


def step_of(columns: Sequence[Any]) -> Step:
    """A step from the columns ``STEP``. Nearly no step cites anything, so that is not parsed."""
    action, observation, score, thought, cited = columns
    return Step(
        action, observation, score, thought, () if cited == "[]" else tuple(json.loads(cited))
    )


def read_steps(
    connection: Connection, trial_id: int, first: int = 0, last: int | None = None
) -> tuple[Step, ...]:
    """The steps of a trial in order, from position ``first`` up to but not with ``last``."""
    found = connection.rows(
        f"select {STEP} from steps where trial = ? and position >= ? and position < ?"
        " order by position",
        [trial_id, first, _NO_LIMIT if last is None else last],
    )
    return tuple(map(step_of, found))


_NO_LIMIT = 2**62
"""Above every position that a step can have."""


def read_steps_after(connection: Connection, cursor: int, limit: int) -> list[StepRow]:
    """Up to ``limit`` steps of all runs with an id above ``cursor``, in order."""
    found = connection.rows(
        f"select steps.id, run, number, position, {STEP} from steps"
        " join trials on trials.id = steps.trial where steps.id > ? order by steps.id limit ?",
        [cursor, limit],
    )
    return [
        StepRow(number, f"r{run}", trial, position, step_of(columns))
        for number, run, trial, position, *columns in found
    ]


# --- what a trial read when it began


def _recalled_column(new: NewTrial) -> str:
    """What the trial reads, and what else is settled when it begins, as one column of JSON. Its
    keys are those of every file there is."""
    links = new.recalled.links
    stored: dict[str, object] = {
        "links": [str(link) for link in links],
        "notes": list(new.recalled.notes),
    }
    if new.recalled.scopes:
        stored["scopes"] = [
            [links.index(link), *astuple(scope)] for link, scope in new.recalled.scopes
        ]
    if new.ranking:
        stored["ranking"] = [
            [str(each.link), each.score, each.reasons, each.read] for each in new.ranking
        ]
    if new.test:
        stored["test"] = {"link": str(new.test.link), "steps": new.test.steps}
    if new.route:
        stored["way"] = asdict(new.route)
    return as_json(stored)


def _read_column(connection: Connection, trial_id: int) -> dict[str, Any]:
    found = connection.row("select recalled from trials where id = ?", [trial_id])
    if found is None:
        raise _no_trial(connection, trial_id)
    stored: dict[str, Any] = json.loads(found[0])
    return stored


def read_recalled(connection: Connection, trial_id: int) -> Memory:
    """What a trial had read of the memory."""
    stored = _read_column(connection, trial_id)
    links = tuple(map(parse, stored["links"]))
    scopes = tuple((links[at], Scope(*scope)) for at, *scope in stored.get("scopes", ()))
    return Memory(links, tuple(stored["notes"]), scopes)


def read_ranking(connection: Connection, trial_id: int) -> list[Ranked]:
    """How a trial's share of a long memory was chosen, best first; empty if all of it fitted."""
    stored = _read_column(connection, trial_id).get("ranking", ())
    return [
        Ranked(parse(link), score, tuple(reasons), read) for link, score, reasons, read in stored
    ]


def read_link_test(connection: Connection, trial_id: int) -> LinkTest | None:
    """The link that a trial tests, if it does."""
    stored = _read_column(connection, trial_id).get("test")
    return LinkTest(parse(stored["link"]), stored["steps"]) if stored else None


def read_route(connection: Connection, trial_id: int) -> StoredRoute | None:
    """Where a trial goes first, if it does."""
    stored = _read_column(connection, trial_id).get("way")
    return StoredRoute(**stored) if stored else None


def _no_trial(connection: Connection, trial_id: int) -> StoreError:
    return StoreError(f"no trial with id {trial_id} in {connection.path}")
