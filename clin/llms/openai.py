"""``openai:MODEL@URL``: any server that speaks OpenAI's chat protocol (llama-server, vLLM, Ollama,
a hosted one).

The key comes from OPENAI_API_KEY and goes into the request's header alone: never into the card, an
error or a record. To which hosts it goes is in :mod:`clin.llms.addresses`, how one question is put
in :mod:`clin.llms.endpoint`, and what a failure means in :mod:`clin.llms.server`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clin.errors import ModelError, Refusal, refusal
from clin.llms import Answer, ModelCard, Question
from clin.llms.addresses import address, key_for
from clin.llms.chat_request import Form
from clin.llms.endpoint import Endpoint, count
from clin.llms.sampling import Sampling
from clin.llms.server import Server

TIMEOUT, PATIENCE = 120.0, 1800.0
"""Seconds for one request, and for which a server that went away is waited for."""


@dataclass(eq=False)
class _Request:
    """A question that a thread of its own puts; nobody waits for a ``dropped`` one."""

    lane: int
    question: Question
    dropped: threading.Event = field(default_factory=threading.Event)


class OpenAI:
    """See :class:`clin.llms.LLM`. Requests of several lanes run at the same time.

    Of ``options`` the fields of :class:`clin.llms.sampling.Sampling` are read. Tokens that a server
    does not report are counted as a quarter of the characters. ``think`` is as of
    :class:`clin.llms.endpoint.Endpoint`, ``endpoint_timeout``, ``endpoint_wait`` (seconds) and
    ``tell`` as of :class:`clin.llms.server.Server`. ``allowed`` are the hosts that the user's key
    may go to; None for a caller that names the reference itself. ModelError if the key may not go
    there, or if the server cannot be reached or refuses the key, so that a run does not begin with
    it.
    """

    def __init__(
        self,
        reference: str,
        *,
        ctx: int = 0,
        think: int | None = None,
        allowed: Collection[str] | None = None,
        endpoint_timeout: float = TIMEOUT,
        endpoint_wait: float = PATIENCE,
        tell: Callable[[str], None] = lambda line: None,
        **options: Any,
    ) -> None:
        name, url = address(reference)
        fields = Sampling.__dataclass_fields__.keys() & options.keys()
        sampling = Sampling(**{field: options[field] for field in fields})
        key = key_for(reference, allowed)
        self._tell = tell
        self._server = Server(
            name, url, key, timeout=endpoint_timeout, patience=endpoint_wait, tell=tell
        )
        form = Form(name, sampling, self._note)
        self._endpoint = Endpoint(self._server, form, name, think, self._note)
        self._asked: dict[int, _Request] = {}
        self._done: queue.SimpleQueue[tuple[_Request, Answer | Refusal]] = queue.SimpleQueue()
        self._failures: list[Refusal] = []
        self.card = ModelCard(
            name=name, context=ctx, exact=False, details={"endpoint": self._server.where}
        )
        try:
            self._server.greet()
        except ModelError:
            self._server.close()
            raise

    def count(self, text: str) -> int:
        return count(text)

    def submit(self, question: Question, *, lane: int) -> None:
        self.card.check(question)
        if question.guidance:
            raise ModelError(
                f"{self.card.name} does not tell log-probabilities of both, so it cannot be "
                "guided; give --guidance 0"
            )
        request = self._asked[lane] = _Request(lane, question)
        # A daemon, so that a request under way holds up neither close() nor the process's end.
        thread = threading.Thread(
            target=self._answer, args=(request,), name=f"endpoint-{lane}", daemon=True
        )
        thread.start()

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        found: list[tuple[int, Answer]] = []
        while self._asked and not found and not self._failures:
            for request, done in self._arrived():
                if self._asked.get(request.lane) is not request:
                    continue  # it was cancelled
                del self._asked[request.lane]
                if isinstance(done, Answer):
                    found.append((request.lane, done))
                else:
                    self._failures.append(done)
            if until():
                break
        if self._failures and not found:
            raise self._failures.pop(0)
        return sorted(found, key=lambda each: each[0])

    def cancel(self, lane: int) -> None:
        self._failures = [each for each in self._failures if each.lane != lane]
        if request := self._asked.pop(lane, None):
            request.dropped.set()

    def close(self) -> None:
        for lane in [*self._asked]:
            self.cancel(lane)
        self._server.close()

    def _answer(self, request: _Request) -> None:
        done: Answer | Refusal
        try:
            done = self._endpoint.answer(request.question, lambda: not request.dropped.is_set())
        except Exception as error:  # told by the thread that waits for it
            done = refusal(error, request.lane)
        self._done.put((request, done))

    def _arrived(self) -> list[tuple[_Request, Answer | Refusal]]:
        """What has come since the last look; waits a moment where that is nothing."""
        found = []
        try:
            found.append(self._done.get(timeout=0.05))
            while True:
                found.append(self._done.get_nowait())
        except queue.Empty:
            return found

    def _note(self, line: str) -> None:
        """Tell the user, and keep the line in the card."""
        self.card = replace(self.card, notes=(*self.card.notes, line))
        self._tell(f"Note: {line}")
