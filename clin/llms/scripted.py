"""The shipped fake: replies from a file, for tests and demonstrations.

The file is JSON: a list of rules, tried in order for each question. A rule ``{"when": REGEX,
"reply": TEXT}`` applies when REGEX is found in the last 2,000 characters of what the model would
read (``when`` may be left out); for a question with choices the reply is the choice that holds
TEXT, or ``{"pick": K}`` takes the K-th. ``"role"`` limits a rule to one role, and ``"times"`` to so
many uses. Tokens are words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.llms.gguf_file import sha256
from memory.spelling import did_you_mean

KEYS = {"when": str, "reply": str, "pick": int, "role": str, "times": int}


class Scripted:
    """See :class:`clin.llms.LLM`. ModelError when no rule fits a question, or a reply is no
    choice."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelError(f"no script file '{path}'")
        try:
            rules = json.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise ModelError(f"script '{path}' is not JSON: {error}") from None
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise ModelError(
                f'script \'{path}\' is not a list of rules such as {{"when": "...", "reply": '
                f'"..."}}'
            )
        for number, rule in enumerate(rules, 1):
            if wrong := _wrong(rule):
                raise ModelError(f"script '{path}', rule {number}: {wrong}")
        self.card = ModelCard(name=path.stem, sha256=sha256(path))
        self._rules: list[dict[str, Any]] = rules
        self._uses = [0] * len(rules)
        self._queue: list[tuple[int, Question]] = []

    def submit(self, question: Question, *, lane: int) -> None:
        self.card.check(question)
        self._queue.append((lane, question))

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        found: list[tuple[int, Answer]] = []
        while self._queue:
            lane, question = self._queue[0]
            try:
                found.append((lane, self._answer(question)))
            except ModelError as error:
                if found:
                    break  # told the next time
                del self._queue[0]
                error.lane = lane
                raise
            del self._queue[0]
        return found

    def count(self, text: str) -> int:
        return len(text.split())

    def cancel(self, lane: int) -> None:
        self._queue = [each for each in self._queue if each[0] != lane]

    def close(self) -> None:
        self._queue.clear()

    def _answer(self, question: Question) -> Answer:
        read = self.count(question.text)
        for number, rule in enumerate(self._rules):
            if not self._fits(number, rule, question):
                continue
            self._uses[number] += 1
            text = self._reply(rule, question)
            finish = "choice" if question.choices else "stop"
            return Answer(text, read=read, written=self.count(text), finish=finish)
        raise ModelError(f"script '{self.card.name}' has no rule for: …{question.text[-80:]!r}")

    def _fits(self, number: int, rule: dict[str, Any], question: Question) -> bool:
        if rule.get("role", question.role) != question.role:
            return False
        if self._uses[number] >= rule.get("times", float("inf")):
            return False
        if "reply" in rule and question.choices and not _holding(question.choices, rule["reply"]):
            return False
        return bool(re.search(rule.get("when", ""), question.text[-2000:]))

    def _reply(self, rule: dict[str, Any], question: Question) -> str:
        if not question.choices:
            return str(rule.get("reply", ""))
        if "pick" in rule:
            return question.choices[int(rule["pick"]) % len(question.choices)]
        return _holding(question.choices, rule["reply"])[0]


def _wrong(rule: dict[str, Any]) -> str:
    """What is wrong with a rule, or an empty string."""
    for key, value in rule.items():
        if key not in KEYS:
            return f"no key '{key}'{did_you_mean(key, KEYS)} (keys: {', '.join(KEYS)})"
        if type(value) is not KEYS[key]:
            return f"'{key}' is {'a number' if KEYS[key] is int else 'a text'}, not {value!r}"
    if not rule.keys() & {"reply", "pick"}:
        return "it has neither 'reply' nor 'pick'"
    try:
        re.compile(rule.get("when", ""))
    except re.error as error:
        return f"'when' is no regular expression ({error})"
    return ""


def _holding(choices: Sequence[str], text: str) -> list[str]:
    """The choices that are ``text``; where none is, those that hold it."""
    same = [choice for choice in choices if choice.strip() == text]
    return same or [choice for choice in choices if text in choice]
