"""The child process that plays the games of a simulator which may take its process down.

It is told what to do by :class:`worlds._host.Host`: a line of JSON per question, a line per answer.
It ends when its standard input does, so it never outlives who started it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

LONGEST = 20_000
"""Characters of an answer that are passed on."""


class Refused(Exception):
    """What a simulator cannot be asked for; its text is one line that a user can act on."""


def serve(module: str) -> None:
    """Answer questions about the games of ``module``, which offers a class ``Game``.

    A question is ``[game, method, arguments]``: ``open`` makes the game of that number, ``close``
    drops it, any other name is a method of it. An answer is ``[kind, value]``, where ``kind`` is
    ``ok``, ``refused`` or ``failed``; the value of the last two is a line of text.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a simulator prints is no answer
    games: dict[int, Any] = {}
    for line in sys.stdin:
        answer = _answered(partial(_asked, module, games, *json.loads(line)))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _asked(module: str, games: dict[int, Any], number: int, method: str, told: list[Any]) -> Any:
    if method == "open":
        games[number] = importlib.import_module(module).Game(**told[0])
        return games[number].opened
    if method == "close":
        found = games.pop(number, None)
        return found and found.close()
    return getattr(games[number], method)(*told)


def _answered(ask: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "ok", ask()
    except Refused as error:
        return "refused", str(error)
    except Exception as error:  # of whatever kind: the one who asked decides what becomes of it
        return "failed", " ".join(f"{type(error).__name__}: {error}".split())[:300]
