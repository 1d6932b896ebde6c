"""A reply in free text, or in text that matches a grammar, token by token."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

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
    new: list[int] = []
    raw, thought, logprob, finish = b"", 0, 0.0, "length"
    try:
        while len(new) < room and len(new) - thought < question.max_tokens and thought < THINKING:
            shares = log_softmax(logits)
            likely = shares
            if sampling.repeat_penalty != 1.0:
                likely = log_softmax(sampling.penalised(logits, prompt + new))
            token = _next(likely, pick, grammar)
            logprob += float(shares[token])
            new.append(token)
            if native.ends(token):
                finish = "stop"
                break
            if grammar:
                grammar.accept(token)
            piece = native.piece(token)
            raw += piece
            thought += thinks(raw)
            if _stopped(raw, len(piece), question.stop):
                finish = "stop"
                break
            logits = yield [token], True
    finally:
        if grammar:
            grammar.close()
    said, thinking = without_thinking(raw.decode("utf-8", "replace"))
    return Written(before_stop(said, question.stop), thinking, len(new), logprob, finish)


def _next(shares: np.ndarray, pick: Pick, grammar: Grammar | None) -> int:
    """The next token by ``shares``, log-probabilities.

    It is taken first and held against the grammar then: masking the whole vocabulary is slow, and
    seldom needed.
    """
    token = pick(shares)
    if grammar and not grammar.allows(token):
        token = pick(grammar.mask(shares))
    return token


def _stopped(raw: bytes, new: int, stops: tuple[str, ...]) -> bool:
    """Whether a stop string has come to stand outside the thinking with the ``new`` last bytes."""
    marks = [stop.encode() for stop in stops]
    if thinks(raw) or not any(mark in raw[-(len(mark) + new) :] for mark in marks):
        return False
    said, _ = without_thinking(raw.decode("utf-8", "ignore"))
    return any(stop in said for stop in stops)
