"""The prompt ``compact-2``, on which the bundled model was trained.

``Task: …``, ``Memory:``, a line ``- link`` per learning or ``none``, what is seen at first unless
it is a room that one can look around in, then per step ``> action`` and the shortened observation.
Its pieces are tokenised one by one, exactly as in training: ``>``, `` action\\n``,
``observation\\n``.
"""

from __future__ import annotations

from collections.abc import Generator

from clin.llms import Answer, Question
from clin.prompts import Move, weightiest
from memory.links import Link
from memory.rules import express, wording
from memory.trials import Memory, Step
from worlds import World

ASK = ">"
LONGEST_ROOM, LONGEST_READ, LONGEST_HELD, LONGEST_OBSERVATION = 900, 1200, 480, 160
"""Characters that are left of a room's description, of what was read, of what is held and of any
other observation."""
_MENU = "Please enter the number for the action you intended (or blank to cancel):"


def head(goal: str, memory: Memory, opening: str = "") -> tuple[str, ...]:
    """Task and memory; notes stand like links, one line each. An ``opening`` that ``look around``
    would repeat is left out."""
    task = " ".join(goal.split()).replace("Your task is to ", "")
    lines = [*map(str, memory.links), *(" ".join(note.split()) for note in memory.notes)]
    begun = shortened("", opening) if opening and wording.room(opening) is None else ""
    return (
        f"Task: {task}\n",
        "Memory:\n",
        *([f"- {line}\n" for line in lines] or ["none\n"]),
        *([f"{begun}\n"] if begun else []),
    )


def turn(action: str, observation: str) -> tuple[str, ...]:
    """A step that is over, after its :data:`ASK`."""
    return (choice(action), f"{shortened(action, observation)}\n")


def choice(action: str) -> str:
    """An admissible action as the model writes it."""
    return f" {action}\n"


def shortened(action: str, observation: str) -> str:
    """The observation as the model was trained to read it: one line, bounded."""
    if told := wording.described(observation):
        entered = observation.removesuffix(told).strip()
        seen = f"{wording.room(told)}: {'; '.join(wording.contents(told))}"
        return f"{entered} {seen}".strip()[:LONGEST_ROOM]
    if room := express.room(observation):
        return room[:LONGEST_ROOM]
    line = " ".join(observation.split())
    return (line.replace(_MENU, "") if wording.ambiguous(line) else line)[: _longest(action)]


def _longest(action: str) -> int:
    """Characters that are left of an answer to ``action`` that describes no room."""
    if action.startswith("look around"):
        return LONGEST_ROOM
    return (
        LONGEST_READ
        if action.startswith("read ")
        else LONGEST_HELD
        if action == "inventory"
        else LONGEST_OBSERVATION
    )


class Compact:
    """The prompt on which the bundled model was trained; no thought, the action at once."""

    name = "compact-2"
    reserve = 64
    thinks = False
    own_form = True

    def head(self, goal: str, memory: Memory, opening: str) -> tuple[str, ...]:
        return head(goal, memory, opening)

    def learning(self, memory: Memory, link: Link) -> str:
        return str(link)  # it was trained on bare links

    def turn(self, step: Step) -> tuple[str, ...]:
        return (ASK, *turn(step.action, step.observation))

    def gap(self, left_out: int) -> tuple[str, ...]:
        return ("...\n",)

    def ask(
        self, world: World, parts: tuple[str, ...], memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        choices = tuple(map(choice, world.actions()))
        if len(choices) == 1:
            return Move(choices[0].strip())
        answer = yield Question((*parts, ASK), choices=choices, score_choices=weigh)
        return Move(weightiest(choices, answer) if weigh else answer.text.strip())
