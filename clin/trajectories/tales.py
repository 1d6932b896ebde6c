"""What TALES writes of a game: ``benchmark.py`` of microsoft/tale-suite, commit fdbdf2b.

One JSON object for each step, in ``LOGS/tales_AGENT/GAME/a0_sSEED_stepsN.jsonl``. Where a game
ended and began anew, the next observation is the last one, a mark, and the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from clin.trajectories import Given, GivenStep
from clin.trajectories._objects import Found
from memory.trials import Ending

MARKS = {"Step", "Max Score", "Action", "Feedback"}
RESTART = "\n\n-= Restarting =-\n"
NAMED = re.compile(r"a[01]_s(\d{1,9}|None)(_steps\d+)?$")
"""The name of a file that TALES gave it; the game is its folder's then."""
WORLDS = {
    "ALFWorld": "alfworld",
    "JerichoEnv": "jericho",
    "ScienceWorld": "scienceworld",
    "TWCooking": "textworld",
    "TWX": "textworldexpress",
}
"""How the names of games begin, and the world that this means."""
TELLS_TASK = ("scienceworld", "textworldexpress")
"""Where TALES puts the task before the first observation, as a paragraph."""
FULL = 100.0


class Line(BaseModel):
    """A step as TALES writes it, of which this much is read."""

    model_config = ConfigDict(strict=True)

    score: float = Field(alias="Score", allow_inf_nan=False)
    most: float = Field(alias="Max Score", gt=0, allow_inf_nan=False)
    observation: str = Field(alias="Observation")
    action: str = Field(alias="Action")
    feedback: str = Field(alias="Feedback")

    @property
    def points(self) -> float:
        """The score after the step, of 100."""
        return FULL * self.score / self.most


def read(path: Path, found: Sequence[Found]) -> list[Given]:
    """The trials of a game, one for each time that it began."""
    lines = [each.as_a(Line) for each in found]
    for line, each in zip(lines, found, strict=True):
        if abs(line.points) > FULL:
            raise each.wrong(f"Score: {line.score:g} of {line.most:g} is more than all")
    game, variation = _game(path)
    world = next((name for begins, name in WORLDS.items() if game.startswith(begins)), "tales")
    parts = list(_parts(lines))
    return [
        _trial(part, after, Given(world, game, variation, "", "", ()), number < len(parts) - 1)
        for number, (part, after) in enumerate(parts)
    ]


def _game(path: Path) -> tuple[str, int]:
    """The game that a file is of, and its seed (0 where TALES had the game's own)."""
    named = NAMED.fullmatch(path.stem)
    if named is None:
        return path.stem, 0
    return path.absolute().parent.name, 0 if named[1] == "None" else int(named[1])


def _parts(lines: Sequence[Line]) -> Iterator[tuple[list[Line], list[str]]]:
    """The steps of each trial, with what was observed after each of them."""
    part: list[Line] = []
    after: list[str] = []
    for number, line in enumerate(lines):
        last = number + 1 == len(lines)
        seen, again, _ = ("", "", "") if last else lines[number + 1].observation.partition(RESTART)
        part.append(line)
        after.append(line.feedback if last else seen)
        if again or last:
            yield part, after
            part, after = [], []


def _trial(part: Sequence[Line], after: Sequence[str], place: Given, ended: bool) -> Given:
    """One trial. An action of several lines never reached the game, and an empty one says nothing:
    they are left out."""
    opening = part[0].observation.rpartition(RESTART)[2]
    steps = tuple(
        GivenStep(line.action.strip(), seen, line.points)
        for line, seen in zip(part, after, strict=True)
        if line.action.strip() and "\n" not in line.action.strip()
    )
    lost = ended and bool(steps) and steps[-1].score != FULL
    return Given(
        place.world,
        place.task,
        place.variation,
        _goal(place, opening),
        opening,
        steps,
        ending=Ending.LOST if lost else None,
        left_out=len(part) - len(steps),
    )


def _goal(place: Given, opening: str) -> str:
    """TALES writes no goal. It is the first paragraph where that is the task, else the score."""
    told = opening.strip().partition("\n\n")[0] if place.world in TELLS_TASK else ""
    return " ".join(told.split()) or f"Finish {place.task} with the highest score."
