"""A reply that is one of the admissible actions: a walk down their token trie.

The walks are generators that ask for tokens to be evaluated and are sent the logits after them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from clin.llms.trie import Node, forced

Feed = tuple[Sequence[int], bool]
"""Tokens to evaluate, and whether the logits after them are wanted."""
Pair = tuple[np.ndarray | None, np.ndarray | None]
"""The logits of both branches of a guided question."""
Logits = tuple[np.ndarray, ...]
"""Those of each branch: of one, or of two where the question is guided."""
Returned = TypeVar("Returned")
Walk = Generator[Feed, Logits, Returned]
"""It feeds every branch alike."""
Pick = Callable[[np.ndarray], int]
"""From log-probabilities to an index."""


class Feeds(NamedTuple):
    """What to evaluate in the branch that reads what memory recalled, and in the plain one."""

    recalled: Feed | None
    plain: Feed | None


@dataclass(frozen=True)
class Chosen:
    """A choice, the tokens it took, and its log-probability in each branch; ``scores`` has those of
    all choices where they were asked for."""

    text: str
    tokens: int
    logprobs: tuple[float, ...]
    scores: Mapping[str, float] = field(default_factory=dict)


def choose(root: Node, logits: Logits, pick: Pick, guidance: float = 0.0) -> Walk[Chosen]:
    """The choice that ``pick`` leads to, token by token.

    Tokens that must follow are fed without a decision. Among allowed ones the lowest comes first,
    so that equals are settled always alike.
    """
    node, written = root, 0
    logprobs = [0.0] * len(logits)
    pending: list[int] = []
    while True:
        tokens, node = forced(node)
        pending += tokens
        written += len(tokens)
        if node.choices:
            return Chosen(node.choices[0], written, tuple(logprobs))
        if pending:
            logits = yield pending, True
        allowed = sorted(node.children)
        shares = [log_softmax(each[allowed]) for each in logits]
        recalled, plain = shares[0], shares[-1]
        best = pick(recalled if len(shares) == 1 else contrasted(recalled, plain, guidance))
        logprobs = [
            so_far + float(share[best]) for so_far, share in zip(logprobs, shares, strict=True)
        ]
        pending, node = [allowed[best]], node.children[allowed[best]]
        written += 1


def weigh(
    root: Node, logits: Logits, rewind: Callable[[], Walk[None]], pick: Pick, guidance: float = 0.0
) -> Walk[Chosen]:
    """A choice, and the log-probability of every choice; ``rewind`` drops what was fed. In two
    branches it is made by what guidance makes of whole choices, in one as :func:`choose` does."""
    whole = yield from scored(root, logits, rewind)
    if len(logits) == 1:
        chosen = yield from choose(root, logits, pick)
        return replace(chosen, scores={each.text: each.logprobs[0] for each in whole})
    recalled, plain = np.array([each.logprobs for each in whole]).T
    weights = contrasted(recalled, plain, guidance)
    scores = {each.text: float(weight) for each, weight in zip(whole, weights, strict=True)}
    return replace(whole[pick(weights)], scores=scores)


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


def in_step(walk: Walk[Returned], branches: int) -> Generator[Feed | Feeds, Any, Returned]:
    """``walk`` in one branch, or in two at once."""
    logits: Any = None
    while True:
        try:
            feed = walk.send(logits)
        except StopIteration as stop:
            found: Returned = stop.value
            return found
        if branches == 1:
            logits = ((yield feed),)
        else:
            logits = yield Feeds(feed, feed)


def scored(root: Node, logits: Logits, rewind: Callable[[], Walk[None]]) -> Walk[list[Chosen]]:
    """Every choice with its log-probabilities when only choices can be drawn.

    The whole trie is walked, depth first and the lowest token first; ``rewind`` drops what was fed
    on the way back. Of texts that the tokeniser does not tell apart, the first has the share.
    """
    found: list[Chosen] = []
    stack: list[tuple[Node, list[int], tuple[float, ...]]] = [(root, [], (0.0,) * len(logits))]
    while stack:
        node, path, logprobs = stack.pop()
        tokens, node = forced(node)
        path = path + tokens
        if node.choices:
            found.append(Chosen(node.choices[0], len(path), logprobs))
            continue
        if path:
            logits = yield path, True
            yield from rewind()
        allowed = sorted(node.children)
        shares = [log_softmax(each[allowed]) for each in logits]
        for at, token in reversed(list(enumerate(allowed))):
            below = [
                so_far + float(share[at]) for so_far, share in zip(logprobs, shares, strict=True)
            ]
            stack.append((node.children[token], [*path, token], tuple(below)))
    return found


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities of unnormalised ones."""
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))
