"""The prompt ``compact-1``, on which the bundled model was trained.

``Task: …``, ``Memory:``, a line ``- link`` per learning or ``none``, then per step ``> action`` and the shortened
observation. Its pieces are tokenised one by one, exactly as in training: ``>``, `` action\\n``, ``observation\\n``.
"""

from __future__ import annotations

from memory.rules import wording
from memory.trials import Memory

ASK = ">"
LONGEST_ROOM, LONGEST_OBSERVATION = 900, 160
"""Characters that are left of a room's description and of any other observation."""
_MENU = "Please enter the number for the action you intended (or blank to cancel):"


def head(goal: str, memory: Memory) -> tuple[str, ...]:
    """Task and memory; notes stand like links, one line each."""
    task = " ".join(goal.split()).replace("Your task is to ", "")
    lines = [*map(str, memory.links), *(" ".join(note.split()) for note in memory.notes)]
    return (f"Task: {task}\n", "Memory:\n", *([f"- {line}\n" for line in lines] or ["none\n"]))


def turn(action: str, observation: str) -> tuple[str, ...]:
    """A step that is over, after its :data:`ASK`."""
    return (choice(action), f"{shortened(action, observation)}\n")


def choice(action: str) -> str:
    """An admissible action as the model writes it."""
    return f" {action}\n"


def shortened(action: str, observation: str) -> str:
    """The observation as the model was trained to read it: one line, bounded."""
    if action.startswith("look around"):
        room = wording.room(observation)
        seen = f"{room}: {'; '.join(wording.contents(observation))}" if room else " ".join(observation.splitlines())
        return seen[:LONGEST_ROOM]
    line = " ".join(observation.split())
    return (line.replace(_MENU, "") if wording.ambiguous(line) else line)[:LONGEST_OBSERVATION]
