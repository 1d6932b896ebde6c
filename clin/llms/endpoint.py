"""One model on a server: a question is put in the first way that the server takes and keeps to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.chat_reply import Reply
from clin.llms.chat_request import Form, message
from clin.llms.constraining import (
    IN_WORDS,
    MOST_IN_SCHEMA,
    WAYS,
    Extras,
    chosen,
    efforts,
    is_beginning,
)
from clin.llms.server import Refused, Server
from clin.llms.thinking import THINKING, before_stop

THINKING_FIELDS = ("reasoning_effort", "chat_template_kwargs")
"""What a server names when it is these that it refuses."""
NO_WORD = "the server takes no word on thinking (--think): it is left to the server"
MOST_SAID = 300
"""Characters that are kept of a reply that was none of the choices."""


@dataclass
class _Asking:
    """A question under way, as long as its answer is ``wanted``; the last reply is the one that
    counts."""

    question: Question
    wanted: Callable[[], bool]
    replies: list[Reply] = field(default_factory=list)


class Endpoint:
    """Answers questions one at a time in each thread. What it learns of the server holds for all
    threads: which words on thinking it takes, and in which way a choice is constrained.

    ``think`` is the room for thinking beyond a reply's tokens, 0 asks for none, and None leaves it
    to the server. ``note`` is given a line that the user should know.
    """

    def __init__(
        self,
        server: Server,
        form: Form,
        name: str,
        think: int | None,
        note: Callable[[str], None],
    ) -> None:
        self._server, self._form, self._name, self._note = server, form, name, note
        self._way = self._effort = 0
        self._efforts = efforts(think)
        self._thinks, self._room = bool(think), think or THINKING

    def answer(self, question: Question, wanted: Callable[[], bool]) -> Answer:
        """The answer to ``question``; ModelError where there is none. A server that is away is
        waited for while the answer is ``wanted``."""
        began = time.perf_counter()
        asking = _Asking(question, wanted)
        said, finish = self._choose(asking) if question.choices else self._write(asking)
        text = "".join((*question.parts, *question.begun))
        replies, last = asking.replies, asking.replies[-1]
        return Answer(
            text=said,
            read=sum(each.read or count(text) for each in replies),
            reused=sum(each.reused for each in replies),
            written=sum(each.written or count(each.thinking + each.said) for each in replies),
            seconds=time.perf_counter() - began,
            finish=finish,
            thinking=last.thinking,
            said=last.said[:MOST_SAID] if finish == "match" else "",
        )

    def _write(self, asking: _Asking) -> tuple[str, str]:
        """Free text, and how it ended. A model whose thinking filled its reply is asked once
        more, with room for it."""
        knew = self._thinks
        reply = self._ask(asking, self._way)
        if not reply.said.strip() and self._thinks and not knew:
            reply = self._ask(asking, self._way)
        said = before_stop(reply.said, asking.question.stop)
        return said, "length" if reply.cut and said == reply.said else "stop"

    def _choose(self, asking: _Asking) -> tuple[str, str]:
        """One of the choices, and whether the reply was that or is only near to it.

        A reply outside the choices says that the server does not keep to what constrains them. Then
        the next way is tried, and remembered.
        """
        choices, way = asking.question.choices, self._way
        while True:
            reply = self._ask(asking, way)
            if not reply.said.strip():  # such as where its thinking took all the room
                if way == IN_WORDS and len(asking.replies) > 1:
                    raise ModelError(
                        f"{self._name} answered {len(asking.replies)} times without a word, where "
                        f"it had {len(choices)} actions to choose from"
                    )
                way = IN_WORDS
                continue
            said, finish = chosen(reply.said, choices)
            outside = finish == "match" and not (reply.cut and is_beginning(reply.said, choices))
            if not outside or way >= IN_WORDS:
                return said, finish
            way = min(max(way, self._way) + 1, IN_WORDS)
            self._way = max(self._way, way)

    def _ask(self, asking: _Asking, first: int) -> Reply:
        """Ask with the first words on thinking, and in the ``first`` way of constraining or a later
        one, that the server takes.

        A request that the server takes in no way is bad in itself, and everything stays as it was.
        """
        refused: list[Refused] = []
        for effort in range(self._effort, len(self._efforts)):
            tried: list[Extras] = []
            for way in range(first, len(WAYS)):
                extras = WAYS[way](asking.question)
                if extras in tried:
                    continue
                tried.append(extras)
                try:
                    reply = self._asked(asking, way, effort)
                except Refused as error:
                    refused.append(error)
                    if any(name in str(error) for name in THINKING_FIELDS):
                        break
                    continue
                if refused:
                    self._remember(asking.question, way, effort)
                asking.replies.append(reply)
                return reply
        raise ModelError(str(refused[0])) from None

    def _asked(self, asking: _Asking, way: int, effort: int) -> Reply:
        """One request, and what came of it. A field that the model takes otherwise is put right,
        and the request is made again."""
        question = asking.question
        while True:
            request = self._form.request(
                message(question, listed=way == IN_WORDS),
                # A model that was seen to think gets room for it, and no stop string, which might
                # end its thinking.
                room=question.max_tokens + (self._room if self._thinks else 0),
                stop=() if self._thinks else question.stop,
                constraint=WAYS[way](question),
                effort=self._efforts[effort],
            )
            try:
                reply = self._server.reply(request, asking.wanted)
            except Refused as error:
                if self._form.learn(error, request):
                    continue
                raise
            self._thinks = self._thinks or bool(reply.thinking)
            return reply

    def _remember(self, question: Question, way: int, effort: int) -> None:
        """Keep to what the server took. A schema may be refused for its length alone."""
        if len(question.choices) <= MOST_IN_SCHEMA:
            self._way = max(self._way, way)
        if effort > self._effort and not self._efforts[effort]:
            self._note(NO_WORD)
        self._effort = max(effort, self._effort)


def count(text: str) -> int:
    """Tokens of ``text``, about: a quarter of its characters."""
    return len(text) // 4 + 1
