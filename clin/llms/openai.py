"""``openai:MODEL@URL``: any server that speaks OpenAI's chat protocol (llama-server, vLLM, Ollama, a hosted one).

The key comes from OPENAI_API_KEY and goes into the request's header alone: never into the card, an error or a record.
A choice is constrained through what servers offer: a GBNF grammar (llama.cpp), guided choice (vLLM), else a JSON schema;
a reply that is none of the choices all the same is matched to the nearest, and the answer says so.
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
        self._plain = False
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
        said, thinking = without_thinking(message)
        finish = "stop"
        if question.choices:
            said, finish = chosen(said, question.choices)
        read = getattr(used, "prompt_tokens", None) or self.count(question.text)
        written = getattr(used, "completion_tokens", None) or self.count(message)
        cached = getattr(getattr(used, "prompt_tokens_details", None), "cached_tokens", None) or 0
        return Answer(said, read, cached, written, 0.0, time.perf_counter() - began, finish, thinking=thinking)

    def _ask(self, question: Question) -> tuple[str, Any]:
        """The reply's text and the server's count of tokens; a server that refuses our extras is asked without them."""
        text = "".join(question.parts)
        if question.begun:
            text += f"\n\nYour reply begins as follows; write only what comes next:\n{''.join(question.begun)}"
        if question.choices and self._plain:
            text += "\n\nReply with one of these, word for word:\n" + "".join(f"- {c.strip()}\n" for c in question.choices[:MOST_LISTED])
        request = {**self._sampling, "messages": [{"role": "user", "content": text}], "max_tokens": question.max_tokens}
        if question.stop:
            request["stop"] = list(question.stop[:4])
        extras = {} if self._plain else constraints(question)
        try:
            reply = self._guarded(lambda: self._client.chat.completions.create(**request, **extras))
        except self._errors.BadRequestError as error:
            if not extras:
                raise ModelError(self._told(error)) from None
            self._plain = True
            return self._ask(question)
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
    """What makes servers keep to the choices or the grammar; each takes what it knows and ignores the rest."""
    if question.choices:
        texts = [choice.strip() for choice in question.choices]
        return {"extra_body": {"grammar": "root ::= " + " | ".join(map(json.dumps, texts)), "guided_choice": texts}}
    if question.grammar:
        return {"extra_body": {"grammar": question.grammar, "guided_grammar": question.grammar}}
    return {}


def chosen(said: str, choices: Sequence[str]) -> tuple[str, str]:
    """The choice that ``said`` is, or the nearest to it."""
    by_text = {choice.strip(): choice for choice in choices}
    line = next((line.strip().strip('"') for line in said.splitlines() if line.strip()), "")
    if line in by_text:
        return by_text[line], "choice"
    close = difflib.get_close_matches(line, list(by_text), n=1, cutoff=0.0)
    return by_text[close[0]], "match"
