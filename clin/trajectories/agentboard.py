"""What AgentBoard writes of a task: ``agentboard/utils/logging/logger.py`` of
hkust-nlp/AgentBoard, commit bb7255e.

One JSON object for each example, over several lines, in ``LOGS/logs/WORLD.jsonl``. A turn has the
action, the observation after it and the progress rate then (0 to 1). The observation before the
first action is not there: that of the first turn is written over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clin.trajectories import Given, GivenStep
from clin.trajectories._objects import Found, Name
from memory.trials import Ending

MARKS = {"is_done", "progress_rate", "trajectory"}
FULL = 100.0
Rate = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class Turn(BaseModel):
    """A turn; WebArena calls the rate a reward."""

    model_config = ConfigDict(strict=True)

    action: str | None = Field(None, alias="Action")
    observation: str | None = Field(None, alias="Observation")
    rate: Rate | None = Field(None, alias="Progress Rate")
    reward: Rate | None = Field(None, alias="Reward")


class Example(BaseModel):
    """An example, of which this much is read."""

    model_config = ConfigDict(strict=True)

    id: int = Field(ge=0, lt=1 << 31)
    task_name: Name
    goal: Name
    is_done: bool | float
    progress_rate: Rate
    trajectory: Mapping[str, Turn]


def read(path: Path, found: Sequence[Found]) -> list[Given]:
    """The trials of a file, one for each example."""
    return [_trial(path.stem, each.as_a(Example)) for each in found]


def _trial(world: str, example: Example) -> Given:
    """An example as a trial. A turn without an answer was not played, and one without an action
    could not be read: they are left out."""
    turns = list(example.trajectory.values())
    played = [
        each for each in turns if (each.action or "").strip() and each.observation is not None
    ]
    steps = [
        GivenStep((each.action or "").strip(), each.observation or "", _points(each))
        for each in played
    ]
    if steps:  # the rate of the whole is the one that AgentBoard reports
        last = steps[-1]
        steps[-1] = GivenStep(last.action, last.observation, FULL * example.progress_rate)
    done, solved = bool(example.is_done), example.progress_rate >= 1
    judged = any(each.reward is not None for each in turns)  # WebArena has a verdict of its own
    return Given(
        world,
        f"AgentBoard {example.task_name}",
        example.id,
        example.goal,
        "",
        tuple(steps),
        ending=Ending.LOST if done and not solved and not judged else None,
        success=True if done and judged and not solved else None,
        left_out=len(turns) - len(steps),
    )


def _points(turn: Turn) -> float | None:
    rate = turn.rate if turn.rate is not None else turn.reward
    return None if rate is None else FULL * rate
