"""The chat template of a model file, rendered. A template is a stranger's program: it runs in a
sandbox, and whatever it does wrong is one ModelError."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from clin.errors import ModelError

MESSAGE, ANSWER, THOUGHT = "\u2063CLIN\u2063", "\u2063SAID\u2063", "\u2063THOUGHT\u2063"
"""Stand for the user's message, for the answer and for what was thought before it. An invisible
separator keeps them out of any template's own text."""

TODAY = datetime(2025, 1, 1)
"""A prompt does not depend on the day."""

ABSENT: tuple[Mapping[str, Any], ...] = (
    {"tools": None, "documents": None},
    {},
    {"tools": [], "documents": [], "functions": "[]", "datetime": TODAY.strftime("%Y-%m-%d")},
)
"""Ways to say that there are no tools and no documents, that of the transformers library first."""

SYSTEMS = ("", "You are a helpful assistant.")
"""None, and one for templates that want one."""

Messages = list[dict[str, Any]]


class _Generation(Extension):
    """``{% generation %}`` marks what the assistant wrote, which changes nothing in the text."""

    tags = {"generation"}  # noqa: RUF012 (the base class has it so)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Template:
    """A chat template; ModelError if it cannot be read. ``begin`` and ``end`` are the texts of the
    tokens that begin and end a sequence."""

    def __init__(self, source: str, begin: str = "", end: str = "") -> None:
        sandbox = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", _Generation],
        )
        sandbox.filters["tojson"] = _json
        sandbox.globals.update(raise_exception=_refuse, strftime_now=TODAY.strftime)
        self._names = {"bos_token": begin, "eos_token": end}
        self.source = source
        try:
            self._template = sandbox.from_string(source)
        except Exception as error:
            raise _failed(error) from None

    def asked(self, *systems: str, **switches: object) -> tuple[str, str]:
        """What stands before and after a message to which an answer is wanted, after the first of
        ``systems`` that the template takes."""
        failure: Exception | None = None
        for messages in _asking(systems or SYSTEMS):
            try:
                text = self._rendered(messages, add_generation_prompt=True, **switches)
            except ModelError as error:
                failure = failure or error
                continue
            if text.count(MESSAGE) == 1:
                opening, _, closing = text.partition(MESSAGE)
                return opening, closing
        raise failure or ModelError("the model's chat template leaves the user's message out")

    def told(self, reply: Mapping[str, Any], **switches: object) -> str:
        """What stands after a message to which ``reply`` is the answer; empty where the template
        takes no such reply."""
        for messages in _asking(SYSTEMS):
            try:
                text = self._rendered(
                    [*messages, {"role": "assistant", **reply}],
                    add_generation_prompt=False,
                    **switches,
                )
            except ModelError:
                continue
            if MESSAGE in text:
                return text.partition(MESSAGE)[2]
        return ""

    def _rendered(self, messages: Messages, **names: object) -> str:
        failure: Exception | None = None
        for absent in ABSENT:
            given = {**self._names, **absent, **names, "messages": messages}
            try:
                return self._template.render(given)
            except Exception as error:
                failure = failure or error
        assert failure is not None
        raise _failed(failure) from None


def _asking(systems: Sequence[str]) -> Iterator[Messages]:
    """One user's message in the forms that templates take: text or a list of parts."""
    contents: tuple[Any, ...] = (MESSAGE, [{"type": "text", "text": MESSAGE}])
    for system, content in itertools.product(systems, contents):
        before = [{"role": "system", "content": system}] if system else []
        yield [*before, {"role": "user", "content": content}]


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _json(value: object, **options: Any) -> str:
    """JSON as the transformers library writes it, without escapes for HTML."""
    return json.dumps(value, **{"ensure_ascii": False, **options})


def _failed(error: Exception) -> ModelError:
    told = " ".join(str(error).split())[:160] or type(error).__name__
    return ModelError(f"the model's chat template cannot be rendered: {told}")
