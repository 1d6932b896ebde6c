"""A reply that is one of the admissible actions: a walk down their token trie.

Both walks are generators that ask for tokens to be evaluated and are sent the logits after them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np

from clin.llms.trie import Node, forced

Feed = tuple[Sequence[int], bool]
"""Tokens to evaluate, and whether the logits after them are wanted."""
Pick = Callable[[np.ndarray], int]
"""From log-probabilities to an index."""


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
