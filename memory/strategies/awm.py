"""``awm``: workflows induced from the trials that solved their task (Agent Workflow Memory: Wang et
al. 2024, arXiv 2409.07429).

Where it departs: solved is 100 points (the paper asks a model). What the goal names is a slot, in
braces, that is filled from the next goal where both are of one form (:mod:`memory.lifting`), so the
actor reads no variables. The workflows of the most similar tasks are read, not all of them.
``writer="rules"`` keeps a trial's accepted actions, and of two trials of one form what they have in
common; a model chooses the sub-routines of a trial and names them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from memory.language import Language
from memory.lifting import Renaming
from memory.rules.naming import verb
from memory.rules.reading import acts
from memory.strategies import Episode, Revised, Revision, Size
from memory.strategies._free_text import (
    Noted,
    about_trials,
    asked,
    carried,
    grammar,
    in_order,
    lines_of,
)
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.strategies._trajectories import alike, quoted, unquoted
from memory.trials import Memory, Trial

MOST, MOST_STEPS, FEWEST_STEPS, LONGEST = 30, 40, 2, 900
"""Workflows that are kept, steps of one at most and at least, and characters of its steps."""
SHARED = 0.5
"""The share of the shorter of two workflows that both must have for them to become one."""
UNTITLED = "all of it"

HOW = """An agent in a text world solved its task. Name the sub-routines of this trial that will \
help in similar tasks: for each a line "Workflow: " and what it is for in a few words, then its \
actions, one per line, as they were done. Leave out what was not needed.

Example. Task: sound the foghorn.
> wave at ship
Nothing happens.
> climb lighthouse
You are in the lantern room. A brass windlass is here.
> turn windlass
The foghorn sounds.
Workflow: reach the windlass and use it
climb lighthouse
turn windlass
End of the example.
"""
_NOTE = re.compile(
    r'Workflow of the task (?P<goal>"(?:[^"\\]|\\.)*"), (?P<title>[^:]*): (?P<steps>.+)', re.DOTALL
)
_SLOT = re.compile(r"\{([^{}]*)\}")
_PARTS = re.compile(r"\b(?:to|into|inside|in|on|with|from|at|containing)\b")


def open(
    *,
    language: Language,
    writer: str = "model",
    shown: int = 3,
    budget: int = 6500,
    max_tokens: int = 400,
) -> AWM:
    """``shown`` workflows are read by a trial; ``budget`` tokens has the question to the writer."""
    check_writer(writer)
    check_counts("awm", shown=shown, budget=budget, max_tokens=max_tokens)
    return AWM(language, writer, shown, budget, max_tokens)


@dataclass(frozen=True)
class Workflow:
    """``steps`` for tasks like ``goal``, both with what the goal names in braces."""

    goal: str
    title: str
    steps: tuple[str, ...]

    def note(self) -> str:
        """The workflow as it is kept; :func:`read` is its inverse."""
        head = f"Workflow of the task {quoted(self.goal)}, {self.title}: "
        return head + "; ".join(self.steps)

    def numbered(self) -> tuple[str, tuple[str, ...]]:
        """Goal and steps with numbers in the slots: equal for goals of one form."""
        names = dict.fromkeys(_SLOT.findall(self.goal))
        number = {name.lower(): str(at) for at, name in enumerate(names, 1)}

        def filled(text: str) -> str:
            return _SLOT.sub(lambda slot: f"{{{number.get(slot[1].lower(), slot[1])}}}", text)

        return filled(self.goal), tuple(map(filled, self.steps))

    def told(self, goal: str) -> str:
        """The workflow as a trial with this ``goal`` reads it, in that goal's words."""
        renaming = Renaming.between(_SLOT.sub(r"\1", self.goal), goal)
        steps = [_SLOT.sub(lambda slot: renaming.text(slot[1]), step) for step in self.steps]
        title = "" if self.title == UNTITLED else f" ({self.title})"
        return f"What solved a task like this{title}: {'; '.join(steps)}"


def read(note: str) -> Workflow | None:
    """The workflow of a note; None for a note that is none."""
    found = _NOTE.fullmatch(note)
    if not found or not (goal := unquoted(found["goal"])):
        return None
    return Workflow(goal, found["title"], tuple(found["steps"].split("; ")))


class AWM(Noted):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone."""

    def recall(self, memory: Memory, goal: str) -> Memory:
        """The most similar last: where there is no room for all, the first ones give way."""
        held = [flow for note in memory.notes if (flow := read(note))]
        best = alike([flow.goal for flow in held], goal, [0.0] * len(held), self.shown)
        return Memory(notes=tuple(held[at].told(goal) for at in reversed(best)))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        done = self._accepted(trials[-1]) if trials and trials[-1].score >= 100 else []
        if len(done) < FEWEST_STEPS:
            return Revised(memory)
        trial, unreadable = trials[-1], tuple[str, ...]()
        routines = [(UNTITLED, done)]
        if self.writer == "model":
            before = f"{HOW}\nTask: {' '.join(trial.goal.split())}\n"
            within = about_trials(before, [trial], "", self._language, size)
            chosen = in_order("step", done)
            rules = grammar("flow flow? flow?", f'flow ::= "Workflow: " text "\\n" step\n{chosen}')
            reply = yield asked(within, self.budget, rules if chosen else "", self.max_tokens)
            routines, unreadable = _routines(reply, done)
        held = [flow for note in memory.notes if (flow := read(note))]
        for title, steps in routines:
            held = _joined(held, _abstract(trial.goal, title, steps))
        return Revised(Memory(notes=tuple(flow.note() for flow in held[-MOST:])), unreadable)

    def _accepted(self, trial: Trial) -> list[str]:
        done = [act.action for act in acts(trial.steps, self._language) if not act.refused]
        told = [" ".join(action.replace(";", ",").split()) for action in done]
        return [action for action in told if action][:MOST_STEPS]

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The workflows of the earlier episodes: which of them fit is decided later."""
        check_setting(setting)
        held: list[Workflow] = []
        for note in carried(past):
            held = _joined(held, flow) if (flow := read(note)) else held
        return Revised(Memory(notes=tuple(flow.note() for flow in held[-MOST:])))
        yield  # a generator that asks nothing


def _routines(
    reply: str, done: Sequence[str]
) -> tuple[list[tuple[str, list[str]]], tuple[str, ...]]:
    """The sub-routines that a ``reply`` names, of actions that were ``done``, and its other
    lines."""
    known = {action.lower(): action for action in done}
    found: list[tuple[str, list[str]]] = []
    unreadable = []
    for line in lines_of(reply):
        if line.lower().startswith("workflow:"):
            title = re.sub(r"[:;.{}]", "", line.partition(":")[2]).strip()
            found.append((title[:80] or UNTITLED, []))
        elif found and (action := known.get(line.lstrip("> ").lower())):
            found[-1][1].append(action)
        else:
            unreadable.append(line)
    return [each for each in found if len(each[1]) >= FEWEST_STEPS], tuple(unreadable)


def _abstract(goal: str, title: str, steps: Sequence[str]) -> Workflow:
    """The workflow of ``steps`` with what ``goal`` names in braces."""
    plain = " ".join(_braceless(goal).split())
    done = [_braceless(step) for step in steps]
    named = {
        part.lower()
        for part in _things(done)
        if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", plain, re.IGNORECASE)
    }
    if named:
        longest = "|".join(map(re.escape, sorted(named, key=len, reverse=True)))
        slot = re.compile(rf"(?<!\w)(?:{longest})(?!\w)", re.IGNORECASE)
        plain, done = slot.sub(r"{\g<0>}", plain), [slot.sub(r"{\g<0>}", step) for step in done]
    room = itertools.accumulate(map(len, done))
    fitting = sum(1 for length in room if length <= LONGEST)
    return Workflow(plain, title, tuple(done[:fitting]))


def _braceless(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _things(steps: Sequence[str]) -> Iterator[str]:
    """What the ``steps`` are done to and with."""
    for step in steps:
        for part in _PARTS.split(step[len(verb(step)) :]):
            if len(thing := part.strip().removeprefix("the ")) > 2:
                yield thing


def _joined(held: Sequence[Workflow], new: Workflow) -> list[Workflow]:
    """``held`` and ``new``; what is for goals of one form, has the same title and shares enough
    becomes its common part."""
    goal, steps = new.numbered()
    for at, other in enumerate(held):
        its_goal, its_steps = other.numbered()
        if (its_goal, other.title) != (goal, new.title):
            continue
        blocks = SequenceMatcher(None, its_steps, steps, autojunk=False).get_matching_blocks()
        common = [new.steps[block.b + n] for block in blocks for n in range(block.size)]
        if len(common) >= max(FEWEST_STEPS, SHARED * min(len(steps), len(its_steps))):
            joined = Workflow(new.goal, new.title, tuple(common))
            return [*held[:at], *held[at + 1 :], joined]
    return [*held, new]
