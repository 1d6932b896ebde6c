"""A Z-machine story, as the child process plays it (:mod:`worlds._host`)."""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any

import jericho

from worlds._child import LONGEST, Refused
from worlds.jericho.search import Search

_STATUS = re.compile(r"\s*>?[ ]{40,}[^\n]*$")
"""The status line that some stories print after each answer."""
_PROMPT = re.compile(r"^\s*>\s*\n|\n\s*>\s*$")
_POSSIBLE = re.compile(r"(-?\d+)[^.]{0,40}?(?:possible|total of) (\d+)|total of (\d+)")
_FIRST_NUMBER = re.compile(r"-?\d+")
_THE_END = re.compile(r"\*\*\*+\s*(?P<how>[^*\n]{1,80}?)\s*\*\*\*+")
_WON = re.compile(r"\bw[io]n\b|the end", re.IGNORECASE)
_ASKS_ON = re.compile(r"\s*(?:Would you like to|Do you want to) RESTART\b.*", re.DOTALL | re.I)
_YES_OR_NO = re.compile(
    r"(?:answer yes or no?\W*|yes or no\W*|Y is affirmative\W*|\(Y/N\)\W*|\[y/n\]\W*"
    r"|Are you sure[^?\n]*\?)\s*$",
    re.IGNORECASE,
)
_MORE_THAN_COMMANDS = re.compile(
    r"(?:press|hit|push) (?:any|a|the|return|enter|space)|any key|your name\W*$|who are you\W*$",
    re.IGNORECASE,
)
_FOR_THE_INTERPRETER = re.compile(
    r"(?:^|[.,;]|\bthen\b|\band\b)\s*(?:save|restore|restart|quit|q|undo|script|noscript|unscript"
    r"|transcript|recording|replay|record|verify|#\w*|\$\w*|tw-[\w-]*)\b",
    re.IGNORECASE,
)
MOST_SAVED = 64
"""States that a story keeps: each is as large as the story's memory, 128 kB at most, and its
stack."""
_NUMBERS = itertools.count()
NOT_FOR_THE_STORY = "That is for the interpreter and not for the story."
GOAL = "Play the story '{}' and score as many of its {} points as you can."
NO_SCORE = "Play the story '{}'. It counts no points, so its score stays 0."


class Game:
    """One story file; ``chance`` (1 or more) seeds the interpreter, and ``name`` is what it is
    called."""

    def __init__(self, path: str, chance: int, name: str) -> None:
        warnings.simplefilter("ignore")  # Jericho warns of each story that it does not know
        self._story = jericho.FrotzEnv(path, seed=chance)
        self._known = bool(self._story.is_fully_supported and self._story.act_gen)
        opening = self._story.reset()[0]
        self._expects_commands(path, opening)
        self._points, self._most = 0, self._maximum()
        self._saved: dict[int, tuple[Any, tuple[bool, bool, bool, int]]] = {}
        self._search = Search(self._story, known=self._known)
        goal = GOAL.format(name, self._most) if self._most else NO_SCORE.format(name)
        self.opened = {"goal": goal, "most": self._most, "known": self._known}

    def reset(self) -> dict[str, Any]:
        text = self._story.reset()[0]
        self._won = self._over = False
        return self._told(_plain(text))

    def step(self, action: str) -> dict[str, Any]:
        if _FOR_THE_INTERPRETER.search(action):
            return self._told(NOT_FOR_THE_STORY)
        raw = self._story.step(action)[0]
        self._judge(raw)
        return self._told(_plain(raw))

    def actions(self) -> list[str]:
        if self._asks:
            return ["no", "yes"]
        return self._search.admissible()

    def save(self) -> int:
        """Keep the state as it is now; its number, which no other state of this process has. The
        oldest goes where there are more than ``MOST_SAVED``."""
        number = next(_NUMBERS)
        told = (self._won, self._over, self._asks, self._points)
        self._saved[number] = (self._story.get_state(), told)
        if len(self._saved) > MOST_SAVED:
            del self._saved[min(self._saved)]
        return number

    def load(self, number: int) -> bool:
        """Be in the state of that number; false where it is not kept."""
        if number not in self._saved:
            return False
        state, told = self._saved[number]
        self._story.set_state(state)
        self._won, self._over, self._asks, self._points = told
        return True

    def close(self) -> None:
        self._story.close()

    def _judge(self, raw: str) -> None:
        """Whether the story has ended, and how."""
        ended = _THE_END.search(raw)
        if self._known:
            self._won = self._story.victory()
            self._over = self._won or self._story.game_over()
        elif ended and _ASKS_ON.search(raw):
            self._won, self._over = bool(_WON.search(ended["how"])), True
        self._over = self._over or self._story._emulator_halted()

    def _told(self, text: str) -> dict[str, Any]:
        self._asks = bool(_YES_OR_NO.search(text))
        share = self._score() / self._most if self._most else 0.0
        points = round(max(-1.0, min(1.0, share)) * 100, 6)
        points = 100.0 if self._won and self._most else points
        done = self._over or abs(points) == 100
        seen = text if done or self._asks else self._around()
        return {"text": text, "score": points, "done": bool(done), "seen": seen}

    def _around(self) -> str:
        """What looking and taking stock would show; nothing has happened afterwards."""
        return "\n".join(self._aside(each) for each in ("look", "inventory"))[:LONGEST]

    def _aside(self, action: str) -> str:
        state = self._story.get_state()
        text = self._story.step(action)[0]
        self._story.set_state(state)
        return _plain(text)

    def _score(self) -> int:
        if self._known:
            return int(self._story.get_score())
        if self._most and not self._over:
            found = _FIRST_NUMBER.search(self._aside("score"))
            self._points = int(found[0]) if found else self._points
        return self._points

    def _maximum(self) -> int:
        """The points of the whole story; 0 where it counts none, or nobody knows."""
        if self._known:
            return max(0, int(self._story.get_max_score()))
        found = _POSSIBLE.search(self._aside("score"))
        return int(found[2] or found[3]) if found else 0

    def _expects_commands(self, path: str, opening: str) -> None:
        """Refused where the story asks for something else before it can be played."""
        said = " ".join(_plain(opening).split())
        if self._story._emulator_halted():
            raise Refused(f"'{path}' is broken: the interpreter gave up before its first line")
        look = self._aside("look")
        if _MORE_THAN_COMMANDS.search(said[-200:]) or _YES_OR_NO.search(look) or not look:
            raise Refused(
                f"'{path}' asks for more than commands before it can be played: …{said[-60:]}"
            )


def _plain(raw: str) -> str:
    """What the story says, without status line, prompts and the question at the end."""
    text = _PROMPT.sub("", _STATUS.sub("", raw[:LONGEST]))
    return re.sub(r"\n\s*\n", "\n\n", _ASKS_ON.sub("", text)).strip()
