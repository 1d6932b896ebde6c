"""A reply that is one of the admissible actions: a walk down their token trie.

The walks are generators that ask for tokens to be evaluated and are sent the logits after them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from clin.llms.trie import Node, forced

Feed = tuple[Sequence[int], bool]
"""Tokens to evaluate, and whether the logits after them are wanted."""
Pair = tuple[np.ndarray | None, np.ndarray | None]
"""The logits of both branches of a guided question."""
Returned = TypeVar("Returned")
Pick = Callable[[np.ndarray], int]
"""From log-probabilities to an index."""


class Feeds(NamedTuple):
    """What to evaluate in the branch that reads what memory recalled, and in the plain one."""

    recalled: Feed | None
    plain: Feed | None


def choose(
    root: Node, logits: np.ndarray, pick: Pick
) -> Generator[Feed, np.ndarray, tuple[str, int, float]]:
    """The text that ``pick`` leads to, the tokens it took, and its log-probability.

    Tokens that must follow are fed without a decision. Among allowed ones the lowest comes first,
    so that equals are settled always alike.
    """
    node, logprob, written = root, 0.0, 0
    pending: list[int] = []
    while True:
        tokens, node = forced(node)
        pending += tokens
        written += len(tokens)
        if node.choices:
            return node.choices[0], written, logprob
        if pending:
            logits = yield pending, True
        allowed = sorted(node.children)
        shares = log_softmax(logits[allowed])
        best = pick(shares)
        logprob += float(shares[best])
        pending, node = [allowed[best]], node.children[allowed[best]]
        written += 1


def choose_guided(
    root: Node, logits: Pair, pick: Pick, guidance: float
) -> Generator[Feeds, Pair, tuple[str, int, float, float]]:
    """As :func:`choose`, in step with the plain branch: the text, its tokens, and its
    log-probabilities with what memory recalled and without it."""
    node, with_it, without, written = root, 0.0, 0.0, 0
    pending: list[int] = []
    while True:
        tokens, node = forced(node)
        pending += tokens
        written += len(tokens)
        if node.choices:
            return node.choices[0], written, with_it, without
        if pending:
            logits = yield Feeds((pending, True), (pending, True))
        allowed = sorted(node.children)
        recalled, plain = (log_softmax(each[allowed]) for each in logits if each is not None)
        best = pick(contrasted(recalled, plain, guidance))
        with_it += float(recalled[best])
        without += float(plain[best])
        pending, node = [allowed[best]], node.children[allowed[best]]
        written += 1


def contrasted(recalled: np.ndarray, plain: np.ndarray, guidance: float) -> np.ndarray:
    """Log-probabilities of context-aware decoding (Shi et al. 2023, arXiv 2305.14739; the same as
    classifier-free guidance, arXiv 2306.17806): (1 + a) ``recalled`` - a ``plain``, normalised.

    It is summed so that equal branches give ``recalled`` itself.
    """
    difference = recalled.astype(np.float64) - plain
    return log_softmax(recalled + guidance * difference)


def aside(
    reading: Generator[Feed, np.ndarray | None, Returned],
) -> Generator[Feeds, Pair, Returned]:
    """``reading`` in the plain branch, while the other waits."""
    feed = next(reading)
    while True:
        _, logits = yield Feeds(None, feed)
        try:
            feed = reading.send(logits)
        except StopIteration as stop:
            found: Returned = stop.value
            return found


def scored(
    root: Node, logits: np.ndarray, rewind: Callable[[], Generator[Feed, np.ndarray, None]]
) -> Generator[Feed, np.ndarray, dict[str, float]]:
    """The log-probability of every choice when only choices can be drawn.

    The whole trie is walked, depth first; ``rewind`` drops what was fed on the way back. Of texts
    that the tokeniser does not tell apart, the first has the share.
    """
    scores: dict[str, float] = {}
    stack: list[tuple[Node, list[int], float]] = [(root, [], 0.0)]
    while stack:
        node, path, logprob = stack.pop()
        tokens, node = forced(node)
        path = path + tokens
        if node.choices:
            scores[node.choices[0]] = logprob
            continue
        if path:
            logits = yield path, True
            yield from rewind()
        allowed = sorted(node.children)
        shares = log_softmax(logits[allowed])
        for token, share in reversed(list(zip(allowed, shares, strict=True))):
            stack.append((node.children[token], [*path, token], logprob + float(share)))
    return scores


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities of unnormalised ones."""
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))
