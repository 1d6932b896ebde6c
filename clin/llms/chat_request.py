"""The fields of a request, in the form that one model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clin.llms import Question
from clin.llms.constraining import Extras
from clin.llms.sampling import Sampling
from clin.llms.server import Refused

ROOMS = ("max_tokens", "max_completion_tokens")
"""What servers call the most tokens of a reply: nearly all the first, OpenAI's newer models the
second alone."""
DISPENSABLE = ("temperature", "top_p", "seed", "stop")
"""Fields that are left out where a model names one of them as unsupported. OpenAI's reasoning
models take neither a temperature of their user's nor stop strings."""


class Form:
    """What every request to the model ``name`` holds, and which fields it takes.

    ``note`` is given a line when a field that changes the answers is left out.
    """

    def __init__(self, name: str, sampling: Sampling, note: Callable[[str], None]) -> None:
        self._own, self._extra = fields_of(name, sampling)
        self._name, self._note = name, note
        self._room = ROOMS[0]
        self._left_out: set[str] = set()

    def request(
        self,
        text: str,
        *,
        room: int,
        stop: Sequence[str],
        constraint: Extras,
        effort: Extras,
    ) -> dict[str, Any]:
        """A request for a reply to ``text`` of at most ``room`` tokens."""
        request = {
            **self._own,
            "messages": [{"role": "user", "content": text}],
            self._room: room,
            **constraint,
            **effort,
        }
        bodies = [each.get("extra_body", {}) for each in (constraint, effort)]
        request["extra_body"] = {**self._extra, **bodies[0], **bodies[1]}
        if stop:
            request["stop"] = list(stop[:4])
        return {field: each for field, each in request.items() if field not in self._left_out}

    def learn(self, error: Refused, request: Mapping[str, Any]) -> bool:
        """Whether the refusal of ``request`` names a field that the model takes otherwise, or not
        at all. It is remembered, and the question may be asked again."""
        if ROOMS[1] in str(error) and ROOMS[0] in request:
            self._room = ROOMS[1]
            return True
        for field in DISPENSABLE:
            if field in request and _is_unsupported(field, error):
                self._leave_out(field)
                return True
        return False

    def _leave_out(self, field: str) -> None:
        if field not in self._left_out and field != "stop":  # a reply is cut at stop strings here
            self._note(f"'{self._name}' takes no {field}: it is left to the server")
        self._left_out.add(field)


def _is_unsupported(field: str, error: Refused) -> bool:
    """Whether ``error`` is about ``field``, and says "Unsupported parameter" or "Unsupported
    value"."""
    named = error.field == field or f"'{field}'" in str(error)
    return named and "nsupported" in f"{error} {error.code}"


def message(question: Question, *, listed: bool) -> str:
    """What the server's model reads; ``listed`` says that the choices stand in it too."""
    text = "".join(question.parts)
    if question.begun:
        begun = "".join(question.begun)
        text += f"\n\nYour reply begins as follows; write only what comes next:\n{begun}"
    if question.choices and listed:
        choices = "".join(f"- {choice.strip()}\n" for choice in question.choices)
        text += f"\n\nReply with one of these, word for word:\n{choices}"
    return text


def fields_of(name: str, sampling: Sampling) -> tuple[dict[str, Any], dict[str, Any]]:
    """What every request holds: OpenAI's own fields, and those that llama.cpp and vLLM add.

    What narrows nothing is left out, since a server may refuse what it does not know.
    """
    own: dict[str, Any] = {
        "model": name,
        "seed": sampling.seed,
        "temperature": sampling.temperature,
    }
    if sampling.top_p != 1.0:
        own["top_p"] = sampling.top_p
    more = {"top_k": sampling.top_k, "min_p": sampling.min_p}
    extra: dict[str, Any] = {field: value for field, value in more.items() if value}
    if sampling.repeat_penalty != 1.0:  # llama.cpp's name for it and vLLM's
        extra |= {
            "repeat_penalty": sampling.repeat_penalty,
            "repetition_penalty": sampling.repeat_penalty,
        }
    return own, extra
