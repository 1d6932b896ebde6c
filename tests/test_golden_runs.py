"""What the bundled model reads and does stays what it was, to the byte."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
from golden_runs import PLACES, difference, kept, play
from transcripts import transcripts

from clin.language import language_of
from clin.prompts.compact import Compact
from memory.trials import Memory

HERE = Path(__file__).parent
PLAYED = (0, 7, 13, 17, 21)
"""Places that the suite plays: a few of each world, with each way to write a memory."""


@pytest.mark.slow
@pytest.mark.parametrize("number", PLAYED, ids=lambda number: "-".join(PLACES[number][:3]))
def test_a_run_goes_as_it_went(number: int) -> None:
    assert difference(play(PLACES[number]), kept()[number]) == ""


def test_compact_2_is_what_the_bundled_model_was_trained_on() -> None:
    """``compact-2.jsonl.xz`` was written before the prompt's code was ever moved."""
    with lzma.open(HERE / "data" / "compact-2.jsonl.xz", "rt", encoding="utf-8") as file:
        pinned = [json.loads(line) for line in file]
    worlds = {world for world, *_ in pinned}
    told = [each for each in transcripts() if each["world"] in worlds]
    assert len(pinned) == len(told) > 40
    for each, (world, task, variation, head, turns) in zip(told, pinned, strict=True):
        assert (each["world"], each["task"], each["variation"]) == (world, task, variation)
        steps = each["steps"]
        memory = Memory((), ("a  note",))
        goal = "Your task is to boil  water."
        style = Compact(language_of(world))
        assert list(style.head(goal, memory, steps[0][1])) == head
        assert [style.language.shortened(action, text) for action, text, *_ in steps] == turns
