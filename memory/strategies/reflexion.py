"""``reflexion``: free-text reflections on failed trials, the last three of which are read (Shinn et
al. 2023, arXiv 2303.11366).

Where it departs: a trial has failed when its score is below 100 (the paper asks the environment);
the actor is ours, as for every strategy here; and ``writer="rules"``, for models that can act but
not write, puts into words what :mod:`memory.rules` reads in the trial, in Reflexion's form (what
went wrong, what to do next time).
"""

from __future__ import annotations

from collections.abc import Sequence

from memory.language import Language
from memory.rules.reading import lesson
from memory.strategies import (
    Episode,
    Prompt,
    Revised,
    Revision,
    Size,
    Strategy,
    Traits,
)
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.strategies._telling import told
from memory.trials import Memory, Trial

LONGEST = 600
"""Characters of a reflection."""

HOW = """You will be given the history of a trial in which an agent in a text world failed at its \
task. In a few sentences, \
diagnose a likely reason for the failure and devise a new, concise plan that avoids it. Name \
actions and things as the world does. \
Do not summarise the world; think about the strategy that was taken.
"""


def open(
    *,
    language: Language,
    writer: str = "model",
    last: int = 3,
    budget: int = 6500,
    max_tokens: int = 250,
) -> Reflexion:
    """``last`` reflections are kept (the paper's bound for long trials is one to three)."""
    check_writer(writer)
    check_counts("reflexion", last=last, budget=budget, max_tokens=max_tokens)
    return Reflexion(language, writer, last, budget, max_tokens)


class Reflexion(Strategy):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone."""

    traits = Traits(has_writer=True)

    def __init__(
        self, language: Language, writer: str, last: int, budget: int, max_tokens: int
    ) -> None:
        self._language, self.writer = language, writer
        self.last, self.budget, self.max_tokens = last, budget, max_tokens

    def recall(self, memory: Memory, goal: str) -> Memory:
        return Memory(notes=memory.notes[-self.last :])

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if not trials or trials[-1].score >= 100:
            return Revised(memory)
        if self.writer == "rules":
            said = _by_rules(trials[-1], self._language)
        else:

            def within(budget: int) -> str:
                return _asked(memory, trials[-1], budget, size, self._language)

            said = yield Prompt(within(self.budget), max_tokens=self.max_tokens, within=within)
        note = " ".join(said.split())[:LONGEST]
        return Revised(Memory(notes=(*memory.notes, note)[-self.last :]) if note else memory)

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The last reflections of earlier episodes, as they are: Reflexion has no step that
        generalises."""
        check_setting(setting)
        notes = [
            episode.memories[-1].notes[-1]
            for episode in past
            if episode.memories and episode.memories[-1].notes
        ]
        return Revised(Memory(notes=tuple(notes[-self.last :])))
        yield  # a generator that asks nothing


def _asked(memory: Memory, trial: Trial, budget: int, size: Size, language: Language) -> str:
    """The trial stands last, in short where it would be too long."""
    earlier = "".join(f"- {note}\n" for note in memory.notes) or "none\n"
    before = f"{HOW}\nTask: {trial.goal}\nPlans from past trials:\n{earlier}\nThe trial:\n"
    after = "\nNew plan:"
    return before + told(trial, language, budget, lambda text: size(before + text + after)) + after


def _by_rules(trial: Trial, language: Language) -> str:
    found = lesson(trial, language)
    told = [
        f"I did '{action}' and that was a mistake; I will not do it again."
        for action in dict.fromkeys(found.lost)
    ]
    good = [useful.action for useful in found.useful if useful.gain > 0]
    if good:
        told.append(f"These actions helped and I will do them again: {'; '.join(good[:6])}.")
    last = trial.steps[-1].action if trial.steps else ""
    if not found.lost and last:
        told.append(f"I ended with '{last}' without success; next time I will try something else.")
    return " ".join(told)
