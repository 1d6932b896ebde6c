"""The copy drill's sequences: a memory of random lines, then each as actions; where each token was
copied from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from clin.distill.form import BOS, Encode

NOWHERE = -1


@dataclass(frozen=True)
class Copies:
    """One sequence; ``sources`` is for each token the place where the next one stands in the
    memory, or :data:`NOWHERE`."""

    tokens: list[int]
    weights: list[float]
    sources: list[int]


SUFFIXES = (
    "SHOULD BE NECESSARY to make progress",
    "MAY BE NECESSARY to make progress",
    "SHOULD BE NECESSARY to complete the task",
)
"""What ends the lines of the memory."""


class _Growing:
    """A sequence that is being made."""

    def __init__(self, tokens: list[int]) -> None:
        self.tokens = tokens
        self.weights = [0.0] * len(tokens)
        self.sources = [NOWHERE] * len(tokens)

    def add(self, tokens: Sequence[int]) -> None:
        """More of what is not learned."""
        self.tokens += tokens
        self.weights += [0.0] * len(tokens)
        self.sources += [NOWHERE] * len(tokens)

    def copy(self, ask: Sequence[int], line: Sequence[int], start: int, end: Sequence[int]) -> None:
        """The action of ``line``, which stands at ``start``. Which one it is cannot be known, so
        that its first token weighs little; its end has no source."""
        self.tokens += [*ask, *line, *end]
        self.weights += [*[0.0] * len(ask), 0.3, *[1.0] * (len(line) - 1 + len(end))]
        self.sources += [NOWHERE] * (len(ask) - 1)
        self.sources += range(start, start + len(line))
        self.sources += [NOWHERE] * (1 + len(end))


def copies(random: Random, encode: Encode, vocabulary: int) -> Copies:
    """A memory of three to eight lines of random tokens, then all of them three times as actions,
    with noise between."""
    dash, ask, end = encode("- "), encode(">"), encode("\n")
    suffixes = [encode(f" {words}\n") for words in SUFFIXES]
    pool, lines = _lines(random, vocabulary)
    growing = _Growing([BOS, *_draw(random, vocabulary, random.randint(0, 12))])
    starts = []
    for line in lines:
        growing.add(dash)
        starts.append(len(growing.tokens))
        growing.add([*line, *random.choice(suffixes)])
    in_order = list(zip(lines, starts, strict=True))
    shuffled = [*random.sample(in_order, len(lines)), *random.sample(in_order, len(lines))]
    for line, start in (*in_order, *shuffled):
        growing.copy(ask, line, start, end)
        if random.random() < 0.4:
            growing.add([*random.choices(pool, k=random.randint(2, 6)), *end])
    return Copies(growing.tokens, growing.weights, growing.sources)


def _lines(random: Random, vocabulary: int) -> tuple[list[int], list[list[int]]]:
    """The tokens of the noise, and the lines. In half of the memories the lines are made of these
    tokens too: a token may then stand in several, so that more than one before it decides."""
    shared = random.random() < 0.5
    pool = _draw(random, vocabulary, 30)
    lines = []
    for _ in range(random.randint(3, 8)):
        size = random.randint(2, 7)
        lines.append(random.choices(pool, k=size) if shared else _draw(random, vocabulary, size))
    return pool, lines


def _draw(random: Random, vocabulary: int, count: int) -> list[int]:
    """Random tokens: no single bytes where there are others."""
    least = 258 if vocabulary > 300 else 2
    return [random.randrange(least, vocabulary) for _ in range(count)]
