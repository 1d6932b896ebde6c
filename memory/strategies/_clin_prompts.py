"""Every word that the ``clin`` strategy's model reads, and what is left out when it would be too
much."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence

from memory.strategies import Size
from memory.trials import Memory, Step, Trial

BANDS = (
    (-100.0, "the trial ended at once because of a critical mistake: nothing was achieved"),
    (0.0, "the score fell below zero: mistakes outweigh what was done"),
    (20.0, "hardly any of the task was done"),
    (50.0, "a smaller part of the task was done"),
    (90.0, "a good part of the task was done, and important steps are missing"),
    (100.0, "almost all of the task was done"),
)
"""Final scores in words: each band ends below its bound, the first at it (the paper's seven bands;
the last is 100)."""
DONE = "the task was solved"
LONGEST_SENTENCE = 200
"""Characters of an observation that was cut to its first sentence."""

FORMS = """A learning is one line in one of these forms, with X an action or what it brings about, \
and Y likewise:
X MAY BE NECESSARY to Y
X SHOULD BE NECESSARY to Y
X MAY CONTRIBUTE to Y
X DOES NOT CONTRIBUTE to Y
"""

HOW = f"""You look back on trials of an agent in a text world and write down what it should know \
the next time: which \
actions are necessary for which results, which contribute, and which do not.
{FORMS}
- Name actions and things as the world does. Prefer what is true of the world in general over what \
was so by chance.
- Use MAY for what one trial suggests and SHOULD for what several trials or a rise in score support.
- Keep earlier learnings that still hold, strengthen those that were confirmed, correct or leave \
out those that were not.
- Record mistakes: an action that lost points or never had an effect DOES NOT CONTRIBUTE.
"""

RELATIONS = (
    "MAY BE NECESSARY to",
    "SHOULD BE NECESSARY to",
    "MAY CONTRIBUTE to",
    "SHOULD CONTRIBUTE to",
    "MAY NOT CONTRIBUTE to",
    "DOES NOT CONTRIBUTE to",
)
GRAMMAR = rf"""
root ::= line{{1,30}}
line ::= words " " relation " " words "\n"
relation ::= {" | ".join(map(json.dumps, RELATIONS))}
words ::= word (" " word){{0,11}}
word ::= [a-zA-Z0-9] [a-zA-Z0-9'(),/-]{{0,23}}
"""
"""Every line of the reply is a link (GBNF). The bounds keep a small model from going on for ever
and each side below the longest that a link may have. A word can still spell a second relation; such
a line counts as unreadable."""


def in_words(score: float) -> str:
    """A final score as the writer reads it."""
    if score >= 100:
        return DONE
    if score <= BANDS[0][0]:
        return BANDS[0][1]
    return next(words for bound, words in BANDS[1:] if score < bound)


def reflection(trials: Sequence[Trial], k: int, budget: int, size: Size) -> str:
    """The prompt after the last of ``trials``, within ``budget`` tokens: over it, memory from other
    episodes goes first, then the oldest memories, then observations are cut to their first
    sentence, then the oldest steps go."""
    last = trials[-1]
    memories = [(after.recalled, before.score) for before, after in itertools.pairwise(trials)]
    memories = memories[max(len(memories) - k, 0) :]
    meta = trials[0].recalled if trials[0].recalled.links else None
    while True:
        text = _reflection(last, last.steps, memories, meta)
        if size(text) <= budget:
            return text
        if meta is not None:
            meta = None
        elif memories:
            memories = memories[1:]
        else:
            return _shortened(last, budget, size)


def _shortened(trial: Trial, budget: int, size: Size) -> str:
    steps = tuple(
        Step(s.action, _first_sentence(s.observation), s.score, s.thought, s.cited)
        for s in trial.steps
    )
    while size(text := _reflection(trial, steps, [], None)) > budget and len(steps) > 1:
        steps = steps[(len(steps) + 9) // 10 :]
    return text


def _reflection(
    trial: Trial,
    steps: Sequence[Step],
    memories: Sequence[tuple[Memory, float]],
    meta: Memory | None,
) -> str:
    parts = [HOW]
    if meta is not None:
        parts.append(
            "\nLearnings from other environments or tasks, which may or may not hold "
            f"here:\n{_list(meta)}"
        )
    for memory, score in memories:
        parts.append(
            f"\nLearnings after an earlier trial ({in_words(score)}; score "
            f"{score:g}):\n{_list(memory)}"
        )
    left_out = len(trial.steps) - len(steps)
    parts.append(f"\nThe latest trial.\nTask: {trial.goal}\n")
    if left_out:
        parts.append(f"(The first {left_out} steps are left out.)\n")
    parts += [f"> {step.action}\n{step.observation}\n" for step in steps]
    parts.append(f"\nIt ended: {in_words(trial.score)}; score {trial.score:g} of 100.\n")
    parts.append("\nThe learnings now, all that the next trial should read, one per line:\n")
    return "".join(parts)


SETTINGS = {
    "gen-env": (
        "The next environment has the same task, but rooms, things and their places "
        "differ: keep what holds anywhere."
    ),
    "gen-task": (
        "The next task is another one in the same environment: keep what is true of the "
        "environment and its things."
    ),
}


def generalisation(
    best: Sequence[tuple[Trial, Memory]], goal: str, setting: str, budget: int, size: Size
) -> str:
    """The prompt for a meta-memory from earlier episodes' best memories; over ``budget`` the first
    ones go."""
    while True:
        told = "".join(
            f"\nTask: {trial.goal}\nIt ended: {in_words(trial.score)}.\nLearnings:\n{_list(memory)}"
            for trial, memory in best
        )
        text = (
            f"{HOW}\nBelow are learnings from earlier episodes. {SETTINGS[setting]}\n{told}\nThe "
            f"next task: {goal}\n"
            "\nThe learnings that will help there, one per line:\n"
        )
        if size(text) <= budget or len(best) <= 1:
            return text
        best = best[1:]


def _list(memory: Memory) -> str:
    return "".join(f"{number}. {link}\n" for number, link in enumerate(memory.links, 1)) or "none\n"


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0][:LONGEST_SENTENCE]
