"""What a memory says about what to do now, as the tail of a prompt tells it, whatever a strategy
keeps: links, or notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clin.prompts import Ask
from memory import passages, recall
from memory.language import Language
from memory.trials import Memory


@dataclass(frozen=True)
class Reminder:
    """What is ``said``, for the record a line for each link or passage with its reason, and the
    ``actions`` that links speak for; all are empty where memory is silent."""

    said: str = ""
    reasons: str = ""
    actions: tuple[str, ...] = ()


def reminder(
    memory: Memory,
    goal: str,
    asked: Ask,
    actions: Sequence[str],
    language: Language,
    most: int = recall.MOST,
) -> Reminder:
    """What ``memory`` says where these ``actions`` are admissible: its links, at most so many, and
    its notes where these say nothing."""
    trial = (goal, asked.opening, asked.steps, actions, language)
    if links := recall.recall(memory, *trial, asked.moves)[:most]:
        reasons = "\n".join(f"{each.link} ({each.reason})" for each in links)
        return Reminder(recall.told(links), reasons, tuple(each.action for each in links))
    found = passages.retrieve(memory.notes, *trial)
    reasons = "\n".join(f"{each.text} ({each.reason})" for each in found)
    return Reminder(passages.told(found), reasons)
