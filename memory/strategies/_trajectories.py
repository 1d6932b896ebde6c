"""A trial as a note: its task where that is wanted, the score, the actions and what they led to.

Strategies that keep trajectories write them so, and :mod:`memory.passages` reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from memory.rules.naming import words
from memory.store.passages import ranked
from memory.trials import Memory, Trial

LONGEST, LONGEST_GOAL = 900, 300
"""Characters of a trajectory as a note, without its task, and of the task."""
MOST = 50
"""Trajectories that are kept."""
_STEP_SCORE = re.compile(r" \(score (?P<score>-?\d+(?:\.\d+)?)\)$")
_HEAD = re.compile(
    r'^An earlier trial (?:of the task (?P<goal>"(?:[^"\\]|\\.)*") )?that scored '
    r"(?P<score>-?[\d.]+)(?P<lost>, where the last action was a mistake)?: "
)


def told(trial: Trial, *, goal: bool = False) -> str:
    """The actions of ``trial``, each change of the score, how it ended, and its ``goal`` if so
    asked."""
    before, kept = 0.0, []
    for step in trial.steps:
        kept.append(
            f"{step.action} (score {step.score:g})" if step.score != before else step.action
        )
        before = step.score
    lost = ", where the last action was a mistake" if trial.score < 0 else ""
    text = "; ".join(" ".join(each.split()) for each in kept)
    task = f"of the task {quoted(trial.goal)} " if goal else ""
    head = f"An earlier trial {task}that scored {trial.score:g}{lost}: "
    return head + text[: LONGEST - len(head) + len(task)]


def added(notes: Sequence[str], trials: Iterable[Trial], *, goal: bool = False) -> Memory:
    """The ``notes`` and the ``trials`` as further ones, each once, the newest ``MOST``."""
    new = [told(trial, goal=goal) for trial in trials if trial.steps]
    return Memory(notes=tuple(dict.fromkeys((*notes, *new)))[-MOST:])


def quoted(goal: str) -> str:
    """A task as a note names it, on one line; :func:`unquoted` reads it."""
    return json.dumps(" ".join(goal.split())[:LONGEST_GOAL], ensure_ascii=False)


def unquoted(text: str) -> str:
    """The task of :func:`quoted`; empty for what is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""


def goal_of(note: str) -> str:
    """The task that a trajectory names; empty where it names none."""
    head = _HEAD.match(note)
    return unquoted(head["goal"]) if head and head["goal"] else ""


def score_of(note: str) -> float:
    """The score that a trajectory tells, in points; 0 for a note that is none."""
    head = _HEAD.match(note)
    return float(head["score"]) if head else 0.0


def gainful(note: str) -> tuple[str, ...] | None:
    """The steps that a trajectory tells up to the last one that gained points, as it tells them;
    none where nothing was gained. None for a note that is no trajectory."""
    head = _HEAD.match(note)
    if not head:
        return None
    steps, before, end = note[head.end() :].split("; "), 0.0, 0
    for number, step in enumerate(steps, 1):
        if found := _STEP_SCORE.search(step):
            end = number if float(found["score"]) > before else end
            before = float(found["score"])
    return tuple(steps[:end])


def alike(texts: Sequence[str], goal: str, worth: Sequence[float], most: int) -> list[int]:
    """The positions of the ``most`` of the ``texts`` that are most like ``goal``, the best first,
    by SQLite's full text; of equals those of greater ``worth``, then the newest. None that shares
    no word with it."""
    ranks = ranked([" ".join(sorted(words(text))) for text in texts], words(goal))
    return sorted(ranks, key=lambda at: (ranks[at], -worth[at], -at))[:most]
