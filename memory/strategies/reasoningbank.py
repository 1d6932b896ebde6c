"""``reasoningbank``: titled items from solved and failed trials; those of similar tasks are read
(ReasoningBank: Ouyang et al. 2025, arXiv 2509.25140).

Where it departs: solved is 100 points (the paper asks a model); items are found by SQLite's full
text instead of dense vectors; there is no scaling over parallel trials. ``writer="rules"`` puts
what :mod:`memory.rules` reads in the trial into items of fixed titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memory.language import Language
from memory.rules.reading import lesson
from memory.strategies import Episode, Revised, Revision, Size
from memory.strategies._free_text import Noted, about_trials, asked, carried, grammar, lines_of
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.strategies._trajectories import alike, quoted, unquoted
from memory.trials import Memory, Trial

MOST, MOST_ITEMS, MOST_ACTIONS, LONGEST = 60, 3, 12, 400
"""Items that are kept, items of a trial, actions of an item, and characters of a field."""
FIELDS = ("Title", "Description", "Content")

HOW = f"""Read the trial of an agent in a text world, which {{how}}. {{think}} Write at most \
{MOST_ITEMS} lessons that hold for similar tasks too, each in three lines: Title (a few words), \
Description (one sentence), Content (what to do, in one to three sentences).
"""
SOLVED = ("solved its task", "Think about why it did.")
FAILED = ("failed at its task", "Think about why, and what would prevent it.")
_NOTE = re.compile(
    r'(?P<how>Solved|Failed) the task (?P<goal>"(?:[^"\\]|\\.)*") \| (?P<title>[^|]*) \| '
    r"(?P<description>[^|]*) \| (?P<content>[^|]*)"
)


def open(
    *,
    language: Language,
    writer: str = "model",
    shown: int = 3,
    budget: int = 6500,
    max_tokens: int = 500,
) -> ReasoningBank:
    """``shown`` items are read by a trial (the paper's code reads those of one earlier task, which
    are at most three); ``budget`` tokens has the question to the writer."""
    check_writer(writer)
    check_counts("reasoningbank", shown=shown, budget=budget, max_tokens=max_tokens)
    return ReasoningBank(language, writer, shown, budget, max_tokens)


@dataclass(frozen=True)
class Item:
    """A lesson of a trial with this ``goal``, which ``solved`` it or not."""

    goal: str
    solved: bool
    title: str
    description: str
    content: str

    def note(self) -> str:
        """The item as it is kept; :func:`read` is its inverse."""
        fields = (self.title, self.description, self.content)
        told = (" ".join(each.replace("|", "/").split())[:LONGEST] for each in fields)
        how = "Solved" if self.solved else "Failed"
        return " | ".join((f"{how} the task {quoted(self.goal.replace('|', '/'))}", *told))

    def told(self) -> str:
        """The item as a trial reads it."""
        fields = filter(None, (self.title, self.description, self.content))
        return " ".join(text if text[-1] in ".!?" else f"{text}." for text in fields)


def read(note: str) -> Item | None:
    """The item of a note; None for a note that is none."""
    found = _NOTE.fullmatch(note)
    if not found:
        return None
    fields = (found["title"], found["description"], found["content"])
    return Item(unquoted(found["goal"]), found["how"] == "Solved", *fields)


class ReasoningBank(Noted):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone, one for each item."""

    def recall(self, memory: Memory, goal: str) -> Memory:
        """The most similar last: where there is no room for all, the first ones give way. Of equals
        what solved its task comes before what failed."""
        items = [item for note in memory.notes if (item := read(note))]
        about = [f"{item.goal} {item.title} {item.description}" for item in items]
        best = alike(about, goal, [float(item.solved) for item in items], self.shown)
        return Memory(notes=tuple(items[at].told() for at in reversed(best)))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if not trials or not trials[-1].steps:
            return Revised(memory)
        trial, unreadable = trials[-1], tuple[str, ...]()
        if self.writer == "rules":
            items = list(_by_rules(trial, self._language))
        else:
            how, think = SOLVED if trial.score >= 100 else FAILED
            task = " ".join(trial.goal.split())
            before = f"{HOW.format(how=how, think=think)}\nTask: {task}\n"
            within = about_trials(before, [trial], "Lessons:\n", self._language, size)
            fields = " ".join(f'"{name}: " text "\\n"' for name in FIELDS)
            rules = grammar(f"item{{1,{MOST_ITEMS}}}", f"item ::= {fields}\n")
            reply = yield asked(within, self.budget, rules, self.max_tokens)
            items, unreadable = _items(reply, trial)
        notes = dict.fromkeys((*memory.notes, *(item.note() for item in items)))
        return Revised(Memory(notes=tuple(notes)[-MOST:]), unreadable)

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The items of the earlier episodes: which of them fit is decided later."""
        check_setting(setting)
        return Revised(Memory(notes=carried(past)[-MOST:]))
        yield  # a generator that asks nothing


def _items(reply: str, trial: Trial) -> tuple[list[Item], tuple[str, ...]]:
    """The whole items of a ``reply``, and its other lines."""
    found: list[dict[str, str]] = []
    unreadable = []
    for line in lines_of(reply):
        name, _, said = line.lstrip("#*- ").partition(":")
        field = name.strip("* ").capitalize()
        if field == FIELDS[0]:
            found.append({})
        if field in FIELDS and found and field not in found[-1] and said.strip("* "):
            found[-1][field] = said.strip("* ")
        else:
            unreadable.append(line)
    solved = trial.score >= 100
    whole = [each for each in found if len(each) == len(FIELDS)][:MOST_ITEMS]
    return [Item(trial.goal, solved, *map(each.__getitem__, FIELDS)) for each in whole], tuple(
        unreadable
    )


def _by_rules(trial: Trial, language: Language) -> Iterator[Item]:
    """What lost points, and what gained some or solved the task."""
    found = lesson(trial, language)
    for action in list(dict.fromkeys(found.lost))[: MOST_ITEMS - 1]:
        lost = f"'{action}' was a mistake."
        yield Item(trial.goal, False, "What lost points", lost, "Do not do it again.")
    useful = list(dict.fromkeys(each.action for each in found.useful))[-MOST_ACTIONS:]
    if found.won and useful:
        told = f"Do this in its order: {'; '.join(useful)}."
        yield Item(trial.goal, True, "A way that works", "It led to all points.", told)
    elif useful:
        told = f"Begin with this: {'; '.join(useful)}."
        yield Item(trial.goal, False, "A way that begins well", "It led to some points.", told)
