"""Trials as chat messages, one JSON object for each: tools that fine-tune models read this."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clin.language import words_of_run
from clin.llms import ModelCard
from clin.prompts import STYLES, style
from clin.prompts.conversation import Message, messages
from memory.private import write_private
from memory.store import Store, TrialRow

ENDING = ".jsonl"


def write(store: Store, run: str, path: Path) -> int:
    """Write the trials of ``run`` that have ended and have steps; how many. OSError where it
    cannot."""
    told = [json.dumps(each, ensure_ascii=False) + "\n" for each in _trials(store, run)]
    if told:
        write_private(path, "".join(told))
    return len(told)


def _trials(store: Store, run: str) -> Iterator[dict[str, Any]]:
    uid = store.run(run).uid
    for row, said in conversations(store, run):
        yield {
            "messages": said,
            "run": uid,
            "trial": row.number,
            "world": row.world,
            "task": row.task,
            "variation": row.variation,
            "score": row.score,
            "ending": str(row.ending),
        }


def conversations(store: Store, run: str) -> Iterator[tuple[TrialRow, list[Message]]]:
    """The trials that have ended and have steps, in order, each with its messages."""
    model = store.run(run).config.get("model") or {}
    named = model.get("prompt")
    layout = style(named if named in STYLES else ModelCard.prompt)(words_of_run(store, run))
    for row in store.trials(run):
        if row.ending is None or not row.steps:
            continue
        asked = {number: store.calls(row.id, number) for number in range(row.steps)}
        prompts = {
            number: next(call.parts for call in calls if call.role == "act")
            for number, calls in asked.items()
            if any(call.role == "act" for call in calls)
        }
        yield row, messages(store.trial(row.id), prompts, layout)
