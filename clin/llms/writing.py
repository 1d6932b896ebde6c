"""A reply in free text, or in text that matches a grammar, token by token."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np

from clin.llms import Question
from clin.llms.choosing import Feed, log_softmax
from clin.llms.native import Native
from clin.llms.thinking import thinks, without_thinking

THINKING = 1024
"""Tokens that a reasoning model may think in ``<think>`` marks, beyond a question's max_tokens."""


def write(
    native: Native, question: Question, logits: np.ndarray, room: int, pick: Callable[[np.ndarray], int]
) -> Generator[Feed, np.ndarray, tuple[str, int, float, str]]:
    """Text until a stop string, the model's own end, max_tokens or ``room`` tokens; with the tokens it took, its
    log-probability and how it ended. A token is sampled first and held against the grammar then: masking the whole
    vocabulary is slow, and seldom needed."""
    grammar = native.grammar(question.grammar) if question.grammar else None
    raw, written, logprob, finish = b"", 0, 0.0, "length"
    try:
        while written < min(room, question.max_tokens + (THINKING if thinks(raw) else 0)):
            shares = log_softmax(logits)
            token = pick(shares)
            if grammar and not grammar.allows(token):
                token = pick(grammar.mask(shares))
            logprob += float(shares[token])
            written += 1
            if native.ends(token):
                finish = "stop"
                break
            if grammar:
                grammar.accept(token)
            piece = native.piece(token)
            raw += piece
            if _stopped(raw, len(piece), question.stop):
                finish = "stop"
                break
            logits = yield [token], True
    finally:
        if grammar:
            grammar.close()
    return _before_stop(raw.decode("utf-8", "replace"), question.stop), written, logprob, finish


def _stopped(raw: bytes, new: int, stops: tuple[str, ...]) -> bool:
    """Whether a stop string has come to stand outside the thinking with the ``new`` last bytes."""
    if not any(stop.encode() in raw[-(len(stop.encode()) + new) :] for stop in stops) or thinks(raw):
        return False
    said, _ = without_thinking(raw.decode("utf-8", "ignore"))
    return any(stop in said for stop in stops)


def _before_stop(text: str, stops: tuple[str, ...]) -> str:
    begin = text.rfind("</think>") + 1
    ends = [text.index(stop, begin) for stop in stops if stop in text[begin:]]
    return text[: min(ends)] if ends else text
