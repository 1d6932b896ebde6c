"""Trials and their steps, as rows.

What writes is called inside a transaction of the connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from memory.store.admissible import read_admissible
from memory.store.connection import Connection
from memory.store.encoding import as_json, as_text, from_json, timestamp
from memory.store.opening import StoreError
from memory.store.recalled import NewTrial, no_trial, read_recalled, recalled_column
from memory.trials import Ending, Step, Trial


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
            recalled_column(new),
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


def run_of(connection: Connection, trial_id: int) -> str:
    """The name of the run that a trial belongs to; StoreError if there is no such trial."""
    run = connection.value("select run from trials where id = ?", [trial_id])
    if run is None:
        raise no_trial(connection, trial_id)
    return f"r{run}"


def steps_so_far(connection: Connection, trial_id: int) -> int:
    """How many steps a trial under way has; StoreError where it has ended."""
    found = connection.row("select ending, steps from trials where id = ?", [trial_id])
    if found is None:
        raise no_trial(connection, trial_id)
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
        raise no_trial(connection, trial_id)
    return _trial(found)


def read_trial(connection: Connection, trial_id: int) -> Trial:
    """A trial with its steps, what it had read and what was admissible; one that is under way
    counts as stopped."""
    row = read_trial_row(connection, trial_id)
    return Trial(
        row.number,
        row.goal,
        row.opening,
        read_steps(connection, trial_id),
        row.ending or Ending.STOPPED,
        read_recalled(connection, trial_id),
        read_admissible(connection, trial_id),
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
        ending=ending_of(ending, number),
        score=score,
        steps=steps,
    )


def ending_of(text: str | None, trial_id: int) -> Ending | None:
    """A trial's ending as its row has it; StoreError where there is no such ending."""
    try:
        return Ending(text) if text else None
    except ValueError:
        raise StoreError(f"the ending of the trial with id {trial_id} is none: '{text}'") from None


STEP = "steps.action, steps.observation, steps.score, steps.thought, steps.cited"
"""The columns that :func:`step_of` reads."""


def step_of(columns: Sequence[Any]) -> Step:
    """A step from the columns ``STEP``. Nearly no step cites anything, so that is not parsed."""
    action, observation, score, thought, cited = columns
    return Step(
        action,
        observation,
        score,
        thought,
        () if cited == "[]" else tuple(from_json(cited, "what a step cites", list)),
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
