"""Our own plain form: a JSON object for each trial, with its steps. It goes out and comes in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clin.trajectories import Given, GivenStep
from clin.trajectories._objects import Found, Name
from memory.private import write_private
from memory.store import Store, TrialRow
from memory.trials import Ending

MARKS = {"task", "goal", "steps"}
ENDING = ".jsonl"
Points = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]


class OneStep(BaseModel):
    """A step: what was done, what came of it, the points after it, what was admissible before."""

    model_config = ConfigDict(strict=True, extra="forbid")

    action: Name
    observation: str = ""
    score: Points | None = None
    actions: list[str] | None = None


class OneTrial(BaseModel):
    """A trial. ``outcome`` is needed where no step has a score."""

    model_config = ConfigDict(strict=True, extra="forbid")

    world: Name = "elsewhere"
    task: Name
    variation: int = Field(0, ge=0, lt=1 << 31)
    world_options: dict[str, int | str] = {}
    goal: Name
    observation: str = ""
    steps: list[OneStep]
    outcome: Points | Literal["success", "failure"] | None = None
    ending: Literal["won", "lost", "budget", "stuck", "stopped", "crashed"] | None = None


def read(path: Path, found: Sequence[Found]) -> list[Given]:
    """The trials of a file, one for each object."""
    return [_trial(each, each.as_a(OneTrial)) for each in found]


def _trial(found: Found, one: OneTrial) -> Given:
    scored = [each.score for each in one.steps if each.score is not None]
    if one.outcome is None and not scored:
        raise found.wrong(
            'no step has a score, so it needs an outcome: "success", "failure", points'
        )
    if one.outcome == "failure" and scored and scored[-1] == 100:
        raise found.wrong("outcome: failure, and the last score is all 100 points")
    steps = [
        GivenStep(
            each.action,
            each.observation,
            each.score,
            None if each.actions is None else frozenset(each.actions),
        )
        for each in one.steps
    ]
    if isinstance(one.outcome, float) and steps:  # points of the whole stand after the last step
        if steps[-1].score not in (None, one.outcome):
            raise found.wrong(f"outcome: {one.outcome:g}, and the last score is {scored[-1]:g}")
        last = steps[-1]
        steps[-1] = GivenStep(last.action, last.observation, one.outcome, last.actions)
    return Given(
        one.world,
        one.task,
        one.variation,
        one.goal,
        one.observation,
        tuple(steps),
        ending=None if one.ending is None else Ending(one.ending),
        success=None if isinstance(one.outcome, float | None) else one.outcome == "success",
        options=one.world_options,
    )


def write(store: Store, run: str, path: Path) -> int:
    """Write the trials of ``run`` that have ended and have steps; how many. OSError where it
    cannot."""
    options = store.run(run).config.get("world_options") or {}
    rows = [row for row in store.trials(run) if row.ending is not None and row.steps]
    told = [{**_told(store, row), "world_options": options} for row in rows]
    if told:
        lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in told]
        write_private(path, "".join(lines))
    return len(told)


def _told(store: Store, row: TrialRow) -> dict[str, Any]:
    trial = store.trial(row.id)
    actions = trial.admissible or (None,) * len(trial.steps)
    steps = [
        {"action": step.action, "observation": step.observation, "score": step.score}
        | ({} if offered is None else {"actions": sorted(offered)})
        for step, offered in zip(trial.steps, actions, strict=True)
    ]
    return {
        "world": row.world,
        "task": row.task,
        "variation": row.variation,
        "goal": trial.goal,
        "observation": trial.opening,
        "steps": steps,
        "ending": str(row.ending),
    }
