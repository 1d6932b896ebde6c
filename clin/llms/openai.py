"""``openai:MODEL@URL``: any server that speaks OpenAI's chat protocol (llama-server, vLLM, Ollama, a hosted one).

The key comes from OPENAI_API_KEY and goes into the request's header alone: never into the card, an error or a record.
A choice is constrained through what servers offer: a GBNF grammar (llama.cpp) or guided choice (vLLM), else a JSON schema,
else words; a reply that is none of the choices all the same is matched to the nearest, and the answer says so.
"""

from __future__ import annotations

import difflib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import urlsplit

from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.llms.thinking import without_thinking

TIMEOUT, RETRIES = 120.0, 4
"""Seconds for one request, and how often the client tries again, with growing pauses."""
MOST_LISTED = 500
"""Choices that a JSON schema may list (OpenAI's own bound on enum values)."""


class OpenAI:
    """See :class:`clin.llms.LLM`. Requests of several lanes run at the same time. Tokens that a server does not report
    are counted as a quarter of the characters."""

    def __init__(self, reference: str, *, lanes: int = 1, ctx: int = 0, seed: int = 0, temperature: float = 0.0, **_: object) -> None:
        name, url = address(reference)
        try:
            import openai
        except ImportError:
            raise ModelError("endpoints need the openai client: pip install 'clin[openai]'") from None
        self._key = os.environ.get("OPENAI_API_KEY", "")
        self._errors = openai
        self._client = openai.OpenAI(
            base_url=url or None, api_key=self._key or "none", timeout=TIMEOUT, max_retries=RETRIES
        )
        self._sampling = {"model": name, "seed": seed, "temperature": temperature}
        self._pool = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="endpoint")
        self._pending: dict[Future[Answer], int] = {}
        self._way = 0
        self.card = ModelCard(name=name, context=ctx, exact=False, details={"endpoint": url or "the client's default"})

    def count(self, text: str) -> int:
        return len(text) // 4 + 1

    def submit(self, question: Question, *, lane: int) -> None:
        self._pending[self._pool.submit(self._answer, question)] = lane

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        done: set[Future[Answer]] = set()
        while self._pending and not done:
            done, _ = wait(self._pending, timeout=0.05, return_when=FIRST_COMPLETED)
            if until():
                break
        return [(self._pending.pop(future), future.result()) for future in sorted(done, key=lambda f: self._pending[f])]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _answer(self, question: Question) -> Answer:
        began = time.perf_counter()
        message, used = self._ask(question)
        if question.choices and not without_thinking(message)[0].strip():
            message, used = self._asked(question, IN_WORDS)
        said, thinking = without_thinking(message)
        finish = "stop"
        if question.choices:
            if not said.strip():
                raise ModelError(f"{self.card.name} answered twice without a word, where it had {len(question.choices)} actions to choose from")
            said, finish = chosen(said, question.choices)
        read = getattr(used, "prompt_tokens", None) or self.count(question.text)
        written = getattr(used, "completion_tokens", None) or self.count(message)
        cached = getattr(getattr(used, "prompt_tokens_details", None), "cached_tokens", None) or 0
        return Answer(said, read, cached, written, 0.0, time.perf_counter() - began, finish, thinking=thinking)

    def _ask(self, question: Question) -> tuple[str, Any]:
        """Ask in the first way of constraining that the server takes, from the last one that worked on. A request that it
        takes in no way is bad in itself, and the ways stay as they were."""
        refused: list[tuple[dict[str, Any], Exception]] = []
        for way in range(self._way, len(WAYS)):
            extras = WAYS[way](question)
            if any(extras == tried for tried, _ in refused):
                continue
            try:
                answer = self._asked(question, way)
            except self._errors.BadRequestError as error:
                refused.append((extras, error))
                continue
            if refused:
                self._way = way
            return answer
        raise ModelError(self._told(refused[0][1])) from None

    def _asked(self, question: Question, way: int) -> tuple[str, Any]:
        """The reply's text and the server's count of tokens."""
        text = "".join(question.parts)
        if question.begun:
            text += f"\n\nYour reply begins as follows; write only what comes next:\n{''.join(question.begun)}"
        if question.choices and way == IN_WORDS:
            text += "\n\nReply with one of these, word for word:\n" + "".join(f"- {c.strip()}\n" for c in question.choices[:MOST_LISTED])
        request = {**self._sampling, "messages": [{"role": "user", "content": text}], "max_tokens": question.max_tokens}
        if question.stop:
            request["stop"] = list(question.stop[:4])
        reply = self._guarded(lambda: self._client.chat.completions.create(**request, **WAYS[way](question)))
        if not reply.choices:
            raise ModelError(f"{self.card.details['endpoint']} answered without a reply")
        return reply.choices[0].message.content or "", reply.usage

    def _guarded(self, request: Callable[[], Any]) -> Any:
        try:
            return request()
        except self._errors.BadRequestError:
            raise
        except self._errors.AuthenticationError:
            raise ModelError(f"{self.card.details['endpoint']} refuses the key in OPENAI_API_KEY") from None
        except self._errors.NotFoundError as error:
            raise ModelError(f"{self.card.details['endpoint']} does not know '{self.card.name}': {self._told(error)}") from None
        except self._errors.APITimeoutError:
            raise ModelError(f"{self.card.details['endpoint']} did not answer within {TIMEOUT:.0f} s, {RETRIES + 1} times") from None
        except self._errors.APIConnectionError:
            raise ModelError(f"{self.card.details['endpoint']} cannot be reached ({RETRIES + 1} tries); is the server running?") from None
        except self._errors.APIError as error:
            raise ModelError(f"{self.card.details['endpoint']}: {self._told(error)}") from None

    def _told(self, error: Exception) -> str:
        said = " ".join(str(error).split())
        return (said.replace(self._key, "***") if self._key else said)[:300]


def address(reference: str) -> tuple[str, str]:
    """``MODEL@URL`` as both; the URL is empty where none is given. ModelError if it is malformed or holds what may be a
    secret: the reference is stored with the run. No part of a refused URL is repeated, since it may be the key."""
    name, at, url = reference.partition("@")
    try:
        split = urlsplit(url)
        sound = bool(name) and (not at or (split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0))
    except ValueError:
        sound = False
    if not sound:
        raise ModelError(f"'openai:{name}@…' is not of the form openai:MODEL@URL (URL such as http://localhost:8080/v1)")
    if split.username is not None or split.query or split.fragment:
        raise ModelError("an endpoint's URL holds no user, password, query or fragment: give the key as OPENAI_API_KEY")
    return name, url


def constraints(question: Question) -> dict[str, Any]:
    """What makes llama.cpp and vLLM keep to the choices or the grammar; each takes what it knows and ignores the rest."""
    if question.choices:
        texts = [choice.strip() for choice in question.choices]
        return {"extra_body": {"grammar": "root ::= " + " | ".join(map(json.dumps, texts)), "guided_choice": texts}}
    if question.grammar:
        return {"extra_body": {"grammar": question.grammar, "guided_grammar": question.grammar}}
    return {}


def schema(question: Question) -> dict[str, Any]:
    """The choices as a JSON schema, which hosted servers take; for few enough of them."""
    if not 0 < len(question.choices) <= MOST_LISTED:
        return {}
    action = {"type": "string", "enum": list(dict.fromkeys(choice.strip() for choice in question.choices))}
    shape = {"type": "object", "properties": {"action": action}, "required": ["action"], "additionalProperties": False}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "choice", "strict": True, "schema": shape}}}


WAYS: tuple[Callable[[Question], dict[str, Any]], ...] = (constraints, schema, lambda _: {})
IN_WORDS = len(WAYS) - 1


def chosen(said: str, choices: Sequence[str]) -> tuple[str, str]:
    """The choice that ``said`` is, or the nearest to it."""
    by_text = {choice.strip(): choice for choice in choices}
    said = _action(said)
    line = next((line.strip().strip('"') for line in said.splitlines() if line.strip()), "")
    if line in by_text:
        return by_text[line], "choice"
    close = difflib.get_close_matches(line, list(by_text), n=1, cutoff=0.0)
    return by_text[close[0]], "match"


def _action(said: str) -> str:
    """The action of a reply that keeps to :func:`schema`; any other reply as it is."""
    try:
        found = json.loads(said)
    except ValueError:
        return said
    return found["action"] if isinstance(found, dict) and isinstance(found.get("action"), str) else said
