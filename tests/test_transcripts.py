"""Every task of every world answers as it did when its golden transcript was written."""

from __future__ import annotations

import pytest
from generated import marks, options
from transcripts import ALIKE, transcripts

from worlds import open_world, world_module, world_names

ROWS = transcripts()


QUICK = 5
"""ScienceWorld tasks that daily work looks at."""
SCIENCE = [row for row in ROWS if row["world"] == "scienceworld"]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row,
            id=f"{row['world']}-{row['task']}",
            marks=[*marks(row["world"]), *([pytest.mark.slow] if row in SCIENCE[QUICK:] else [])],
        )
        for row in ROWS
    ],
)
def test_a_golden_transcript_is_answered_as_before(row) -> None:
    chosen = {**options(row["world"]), **row["options"]}
    world = open_world(row["world"], row["task"], row["variation"], **chosen)
    seen = world.reset()
    for number, (action, text, score, done) in enumerate(row["steps"]):
        seen = world.step(action) if number else seen
        assert (seen.text, seen.score, seen.done) == (text, score, done), f"step {number}: {action}"
    world.close()


def test_every_task_has_a_transcript() -> None:
    every = {(name, task.name) for name in world_names() for task in world_module(name).tasks()}
    assert {(row["world"], row["task"]) for row in ROWS} == every - ALIKE
