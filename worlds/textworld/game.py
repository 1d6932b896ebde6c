"""A TextWorld game, as the child process plays it (:mod:`worlds._host`).

TextWorld's own bookkeeping says what is admissible, and its games print what is seen and held with
each answer.
"""

from __future__ import annotations

import re
from typing import Any

import textworld

from worlds._child import LONGEST

_ASKED = textworld.EnvInfos(
    score=True,
    max_score=True,
    won=True,
    lost=True,
    description=True,
    inventory=True,
    objective=True,
    admissible_commands=True,
    extras=["walkthrough"],
)
_STATUS = re.compile(r"\s*>?[ ]{40,}(?:-=[^\n]*)?\s*$")
"""What the interpreter prints of its status line after each answer."""
_ASKS_ON = re.compile(r"\s*Would you like to RESTART,.*", re.DOTALL)
_BLANK = re.compile(r"\n\s*\n")
_YES_OR_NO = re.compile(r"(?:Are you sure you want to [a-z ]+\?|Please answer yes or no\.>?)$")
_FOR_THE_INTERPRETER = re.compile(
    r"(?:^|[.,;]|\bthen\b|\band\b)\s*(?:save|restore|restart|quit|q|undo|script|noscript|unscript"
    r"|transcript|recording|replay|verify|tw-[\w-]*)\b",
    re.IGNORECASE,
)
"""What speaks to the interpreter or to TextWorld's bookkeeping: it would write a file, end the
game, or show what nobody in it can see."""
NOT_UNDERSTOOD = "That's not a verb I recognise."
"""The game's own words."""
NO_GOAL = "Nobody says what is to be done here. Find out what gains points."


class Game:
    """One game file; ``chance`` (1 or more) seeds the interpreter."""

    def __init__(self, path: str, chance: int) -> None:
        self._env = textworld.start(path, _ASKED)
        self._env.seed(chance)
        self._state = self._env.reset()
        self._most = self._state.max_score or 0
        self.opened: dict[str, Any] = {
            "goal": " ".join((self._state.objective or "").split()) or NO_GOAL,
            "most": self._most,
            "walkthrough": list(self._state.get("extra.walkthrough") or ()),
        }

    def reset(self) -> dict[str, Any]:
        self._state = self._env.reset()
        return self._told(self._state.description)

    def step(self, action: str) -> dict[str, Any]:
        if _FOR_THE_INTERPRETER.search(action):
            return self._told(NOT_UNDERSTOOD)
        self._state, _, _ = self._env.step(action)
        text = _answer(self._state.feedback)
        if _YES_OR_NO.search(text):  # the game waits for no action but for an answer: no
            self._env.unwrapped._send("no")
        return self._told(text)

    def actions(self) -> list[str]:
        return list(self._state.admissible_commands)

    def close(self) -> None:
        self._env.close()

    def _told(self, text: str) -> dict[str, Any]:
        state = self._state
        share = state.score / self._most if self._most else 0.0
        points = 100.0 if state.won else round(min(1.0, share) * 100, 6)
        return {
            "text": _plain(text),
            "score": points,
            "done": bool(state.won or state.lost or points >= 100),
            "seen": _plain(f"{state.description}\n{state.inventory}"),
        }


def _answer(feedback: str) -> str:
    """What the game says, without the interpreter's status line and its question at the end."""
    return _ASKS_ON.sub("", _STATUS.sub("", feedback)).strip()


def _plain(text: str) -> str:
    """``text`` of bounded length, with one blank line at most between paragraphs."""
    return _BLANK.sub("\n\n", text[:LONGEST]).strip()
