"""``openai:MODEL@URL``: any server that speaks OpenAI's chat protocol (llama-server, vLLM, Ollama,
a hosted one).

The key comes from OPENAI_API_KEY and goes into the request's header alone: never into the card, an
error or a record. To which hosts it goes is in :mod:`clin.llms.addresses`, and how a choice is
constrained in :mod:`clin.llms.constraining`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.llms.addresses import address, key_for, user_key
from clin.llms.constraining import IN_WORDS, MOST_LISTED, WAYS, Extras, chosen, efforts
from clin.llms.sampling import Sampling
from clin.llms.thinking import THINKING, before_stop, without_thinking

TIMEOUT, RETRIES = 120.0, 4
"""Seconds for one request, and how often the client tries again, with growing pauses."""
THINKING_FIELDS = ("reasoning_effort", "chat_template_kwargs")
"""What a server names when it is these that it refuses."""
GREETING = 10.0
"""Seconds for the first request, which only asks whether the server is there."""


@dataclass(frozen=True)
class _Reply:
    """What a server said and thought, and its count of tokens."""

    said: str
    thinking: str
    used: Any


class OpenAI:
    """See :class:`clin.llms.LLM`. Requests of several lanes run at the same time.

    Of ``options`` the fields of :class:`clin.llms.sampling.Sampling` are read. Tokens that a server
    does not report are counted as a quarter of the characters. ``think`` is the room for thinking
    beyond a reply's tokens, 0 asks for none, and None leaves it to the server. ``allowed`` are the
    hosts that the user's key may go to; None for a caller that names the reference itself.
    ModelError if the key may not go there, or if the server cannot be reached or refuses the key,
    so that a run does not begin with it.
    """

    def __init__(
        self,
        reference: str,
        *,
        lanes: int = 1,
        ctx: int = 0,
        think: int | None = None,
        allowed: Collection[str] | None = None,
        **options: Any,
    ) -> None:
        name, url = address(reference)
        fields = Sampling.__dataclass_fields__.keys() & options.keys()
        sampling = Sampling(**{field: options[field] for field in fields})
        try:
            import openai
        except ImportError:
            raise ModelError(
                "endpoints need the openai client: pip install 'clin[openai]'"
            ) from None
        self._key = key_for(reference, allowed)
        self._errors = openai
        self._client = openai.OpenAI(
            base_url=url or None, api_key=self._key or "none", timeout=TIMEOUT, max_retries=RETRIES
        )
        self._request, self._extra = fields_of(name, sampling)
        self._pending: dict[Future[Answer], int] = {}
        self._failures: list[ModelError] = []
        self._way = self._effort = 0
        self._efforts = efforts(think)
        self._thinks, self._room = bool(think), think or THINKING
        self.card = ModelCard(
            name=name, context=ctx, exact=False, details={"endpoint": url or "the client's default"}
        )
        self._reached()
        self._pool = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="endpoint")

    def count(self, text: str) -> int:
        return len(text) // 4 + 1

    def submit(self, question: Question, *, lane: int) -> None:
        self.card.check(question)
        if question.guidance:
            raise ModelError(
                f"{self.card.name} does not tell log-probabilities of both, so it cannot be "
                "guided; give --guidance 0"
            )
        self._pending[self._pool.submit(self._answer, question)] = lane

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        done: set[Future[Answer]] = set()
        while self._pending and not done and not self._failures:
            done, _ = wait(self._pending, timeout=0.05, return_when=FIRST_COMPLETED)
            if until():
                break
        found = []
        for future in sorted(done, key=lambda each: self._pending[each]):
            lane = self._pending.pop(future)
            try:
                found.append((lane, future.result()))
            except ModelError as error:
                error.lane = lane
                self._failures.append(error)
        if self._failures and not found:
            raise self._failures.pop(0)
        return found

    def cancel(self, lane: int) -> None:
        self._failures = [each for each in self._failures if each.lane != lane]
        for future in [future for future, its in self._pending.items() if its == lane]:
            future.cancel()
            del self._pending[future]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _reached(self) -> None:
        """Ask for the list of models, to see that the server is there. One that has no list, or is
        busy, may answer questions all the same."""
        client, errors = self._client.with_options(timeout=GREETING), self._errors

        def greeted() -> None:
            try:
                client.models.with_raw_response.list()
            except errors.AuthenticationError:
                raise
            except (errors.APIStatusError, errors.APITimeoutError):
                return

        try:
            self._guarded(greeted)
        except ModelError:
            self._client.close()
            raise

    def _answer(self, question: Question) -> Answer:
        began = time.perf_counter()
        knew = self._thinks
        reply = self._ask(question)
        if not reply.said.strip() and (question.choices or (self._thinks and not knew)):
            reply = self._asked(question, IN_WORDS if question.choices else self._way)
        said, finish = before_stop(reply.said, question.stop), "stop"
        if question.choices:
            if not said.strip():
                raise ModelError(
                    f"{self.card.name} answered twice without a word, where it had "
                    f"{len(question.choices)} actions to choose from"
                )
            said, finish = chosen(said, question.choices)
        said_in_all = reply.thinking + reply.said
        details = getattr(reply.used, "prompt_tokens_details", None)
        return Answer(
            text=said,
            read=getattr(reply.used, "prompt_tokens", None) or self.count(question.text),
            reused=getattr(details, "cached_tokens", None) or 0,
            written=getattr(reply.used, "completion_tokens", None) or self.count(said_in_all),
            seconds=time.perf_counter() - began,
            finish=finish,
            thinking=reply.thinking,
        )

    def _ask(self, question: Question) -> _Reply:
        """Ask with the first words on thinking, and in the first way of constraining, that the
        server takes.

        The first that is tried is what worked last. A request that the server takes in no way is
        bad in itself, and everything stays as it was.
        """
        refused: list[Exception] = []
        for effort in range(self._effort, len(self._efforts)):
            tried: list[Extras] = []
            for way in range(self._way, len(WAYS)):
                extras = WAYS[way](question)
                if extras in tried:
                    continue
                tried.append(extras)
                try:
                    reply = self._asked(question, way, effort)
                except self._errors.BadRequestError as error:
                    refused.append(error)
                    if any(name in str(error) for name in THINKING_FIELDS):
                        break
                    continue
                if refused:
                    self._way = way
                    self._leave_out(effort)
                return reply
        raise ModelError(self._told(refused[0])) from None

    def _leave_out(self, effort: int) -> None:
        """Keep to the words on thinking that the server took."""
        if effort > self._effort and not self._efforts[effort]:
            note = "the server takes no word on thinking (--think): it is left to the server"
            self.card = replace(self.card, notes=(note,))
        self._effort = max(effort, self._effort)

    def _asked(self, question: Question, way: int, effort: int | None = None) -> _Reply:
        """One request, and what came of it."""
        effort = self._effort if effort is None else effort
        request = self._request_of(question, way, self._efforts[effort])
        reply = self._guarded(lambda: self._client.chat.completions.create(**request))
        if not getattr(reply, "choices", None):
            raise ModelError(
                f"{self.card.details['endpoint']} answered without a reply; does its address end "
                "with /v1?"
            )
        message = reply.choices[0].message
        said, thinking = without_thinking(message.content or "")
        thinking = (
            getattr(message, "reasoning_content", None)
            or getattr(message, "reasoning", None)
            or thinking
        )
        self._thinks = self._thinks or bool(thinking)
        return _Reply(said, str(thinking), reply.usage)

    def _request_of(self, question: Question, way: int, effort: Extras) -> dict[str, Any]:
        """The fields of a request. A model that was seen to think gets room for it, and no stop
        string, which might end its thinking."""
        text = _message(question, in_words=way == IN_WORDS)
        room = question.max_tokens + (self._room if self._thinks else 0)
        constraint = WAYS[way](question)
        request = {
            **self._request,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": room,
            **constraint,
            **effort,
        }
        bodies = [each.get("extra_body", {}) for each in (constraint, effort)]
        request["extra_body"] = {**self._extra, **bodies[0], **bodies[1]}
        if question.stop and not self._thinks:
            request["stop"] = list(question.stop[:4])
        return request

    def _guarded(self, request: Callable[[], Any]) -> Any:
        where = self.card.details["endpoint"]
        try:
            return request()
        except self._errors.BadRequestError:
            raise
        except self._errors.AuthenticationError:
            why = "wants a key: set OPENAI_API_KEY"
            if self._key:
                why = "refuses the key in OPENAI_API_KEY"
            elif user_key():
                why = "wants a key, and its host was not named: give --allow-host"
            raise ModelError(f"{where} {why}") from None
        except self._errors.NotFoundError as error:
            raise ModelError(
                f"{where} does not know '{self.card.name}': {self._told(error)}"
            ) from None
        except self._errors.APITimeoutError:
            raise ModelError(
                f"{where} did not answer within {TIMEOUT:.0f} s, {RETRIES + 1} times"
            ) from None
        except self._errors.APIConnectionError:
            raise ModelError(
                f"{where} cannot be reached ({RETRIES + 1} tries); is the server running?"
            ) from None
        except self._errors.APIError as error:
            raise ModelError(f"{where}: {self._told(error)}") from None
        except ValueError:  # a body that is no JSON
            raise ModelError(
                f"{where} answered without a reply; does its address end with /v1?"
            ) from None

    def _told(self, error: Exception) -> str:
        said = " ".join(str(error).split())
        return (said.replace(self._key, "***") if self._key else said)[:300]


def _message(question: Question, *, in_words: bool) -> str:
    """What the server's model reads; ``in_words`` lists the choices too."""
    text = "".join(question.parts)
    if question.begun:
        begun = "".join(question.begun)
        text += f"\n\nYour reply begins as follows; write only what comes next:\n{begun}"
    if question.choices and in_words:
        listed = "".join(f"- {choice.strip()}\n" for choice in question.choices[:MOST_LISTED])
        text += f"\n\nReply with one of these, word for word:\n{listed}"
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
