"""The copy drill's sequences: a memory of random lines, then each as actions; where each token was
copied from."""

from __future__ import annotations

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


def copies(random: Random, encode: Encode, vocabulary: int) -> Copies:
    """A memory of three to eight lines of random tokens, then all of them three times as actions,
    with noise between."""
    dash, ask, end = encode("- "), encode(">"), encode("\n")
    suffixes = [
        encode(f" {words}\n")
        for words in (
            "SHOULD BE NECESSARY to make progress",
            "MAY BE NECESSARY to make progress",
            "SHOULD BE NECESSARY to complete the task",
        )
    ]

    def draw(count: int) -> list[int]:
        return [
            random.randrange(258, vocabulary)
            if vocabulary > 300
            else random.randrange(2, vocabulary)
            for _ in range(count)
        ]

    several = (
        random.random() < 0.5
    )  # whether a token may stand in several lines, so that more than one before it decides
    pool = draw(30)
    lines = [
        random.choices(pool, k=random.randint(2, 7)) if several else draw(random.randint(2, 7))
        for _ in range(random.randint(3, 8))
    ]
    tokens, starts = [BOS, *draw(random.randint(0, 12))], []
    for line in lines:
        tokens += dash
        starts.append(len(tokens))
        tokens += [*line, *random.choice(suffixes)]
    weights, sources = [0.0] * len(tokens), [NOWHERE] * len(tokens)
    order = list(zip(lines, starts, strict=True))
    for line, start in [
        *order,
        *random.sample(order, len(order)),
        *random.sample(order, len(order)),
    ]:  # in order, then in any
        tokens += [*ask, *line, *end]
        weights += [*[0.0] * len(ask), 0.3, *[1.0] * (len(line) - 1), *[1.0] * len(end)]
        sources += [
            *[NOWHERE] * (len(ask) - 1),
            start,
            *range(start + 1, start + len(line)),
            NOWHERE,
            *[NOWHERE] * len(end),
        ]
        if random.random() < 0.4:
            noise = [*random.choices(pool, k=random.randint(2, 6)), *end]
            tokens += noise
            weights += [0.0] * len(noise)
            sources += [NOWHERE] * len(noise)
    return Copies(tokens, weights, sources)
