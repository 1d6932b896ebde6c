"""A reply in free text, or in text that matches a grammar, token by token."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from clin.llms import Question
from clin.llms.choosing import Feed, Pick, log_softmax
from clin.llms.native import Grammar, Native
from clin.llms.sampling import Sampling
from clin.llms.thinking import THINKING, before_stop, thinks, without_thinking


@dataclass(frozen=True)
class Written:
    """A reply: what was said, what was thought before it, the tokens of both, their
    log-probability, how it ended."""

    said: str
    thinking: str
    tokens: int
    logprob: float
    finish: str


@dataclass
class _Growing:
    """A reply so far."""

    tokens: list[int] = field(default_factory=list)
    raw: bytes = b""
    new: int = 0
    """Bytes of the last token."""
    thought: int = 0
    """Tokens inside the thinking."""
    logprob: float = 0.0

    def may_go_on(self, most: int) -> bool:
        """Whether there is room for a token more: ``most`` are said."""
        return len(self.tokens) - self.thought < most and self.thought < THINKING

    def say(self, piece: bytes) -> None:
        """The bytes of the next token."""
        self.raw += piece
        self.new = len(piece)
        self.thought += thinks(self.raw)

    def has_stopped(self, stops: tuple[str, ...]) -> bool:
        """Whether a stop string has come to stand outside the thinking with the last token."""
        marks = [stop.encode() for stop in stops]
        if not any(mark in self.raw[-(len(mark) + self.new) :] for mark in marks):
            return False
        if thinks(self.raw):
            return False
        said, _ = without_thinking(self.raw.decode("utf-8", "ignore"))
        return any(stop in said for stop in stops)


def write(
    native: Native,
    question: Question,
    logits: np.ndarray,
    room: int,
    prompt: list[int],
    sampling: Sampling,
) -> Generator[Feed, np.ndarray, Written]:
    """Text until a stop string, the model's own end, max_tokens or ``room`` tokens.

    What is thought in ``<think>`` marks does not count against max_tokens, and has a bound of its
    own. ``prompt`` is what was read.
    """
    grammar = native.grammar(question.grammar) if question.grammar else None
    pick = sampling.pick(prompt)
    reply, finish = _Growing(), "length"
    try:
        while len(reply.tokens) < room and reply.may_go_on(question.max_tokens):
            shares = log_softmax(logits)
            likely = _penalised(shares, logits, prompt + reply.tokens, sampling)
            token = _next(likely, pick, grammar)
            reply.logprob += float(shares[token])
            reply.tokens.append(token)
            if not native.ends(token):
                if grammar:
                    grammar.accept(token)
                reply.say(native.piece(token))
            if native.ends(token) or reply.has_stopped(question.stop):
                finish = "stop"
                break
            logits = yield [token], True
    finally:
        if grammar:
            grammar.close()
    said, thinking = without_thinking(reply.raw.decode("utf-8", "replace"))
    said = before_stop(said, question.stop)
    return Written(said, thinking, len(reply.tokens), reply.logprob, finish)


def think(
    native: Native,
    question: Question,
    mark: str,
    logits: np.ndarray,
    room: int,
    prompt: list[int],
    sampling: Sampling,
) -> Generator[Feed, np.ndarray, Written]:
    """A native thought, up to ``mark``, the model's own end, max_tokens or ``room`` tokens.

    The mark is a control token, whose piece is empty, or text of one token or several.
    """
    pick = sampling.pick(prompt)
    marked, end = native.tokenize(mark, special=True), mark.encode()
    reply, finish = _Growing(), "length"
    while len(reply.tokens) < min(room, question.max_tokens):
        shares = log_softmax(logits)
        token = pick(_penalised(shares, logits, prompt + reply.tokens, sampling))
        reply.logprob += float(shares[token])
        reply.tokens.append(token)
        reply.raw += native.piece(token)
        if native.ends(token) or (token,) == marked or end in reply.raw:
            finish = "stop"
            break
        logits = yield [token], True
    thought = reply.raw.partition(end)[0].decode("utf-8", "ignore").strip()
    return Written("", thought, len(reply.tokens), reply.logprob, finish)


def _penalised(
    shares: np.ndarray, logits: np.ndarray, read: list[int], sampling: Sampling
) -> np.ndarray:
    """Log-probabilities after the penalty for what was ``read`` before, if there is one."""
    if sampling.repeat_penalty == 1.0:
        return shares
    return log_softmax(sampling.penalised(logits, read))


def _next(shares: np.ndarray, pick: Pick, grammar: Grammar | None) -> int:
    """The next token by ``shares``, log-probabilities.

    It is taken first and held against the grammar then: masking the whole vocabulary is slow, and
    seldom needed.
    """
    token = pick(shares)
    if grammar and not grammar.allows(token):
        token = pick(grammar.mask(shares))
    return token
