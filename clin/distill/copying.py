"""The copy drill: lines of random tokens to be written again in order, with the attention that copying needs supervised.

Plain imitation learns scripts but does not copy a name from task or memory; two heads of layer 0 that look at the previous
token and two heads of the next layers that look at what followed the same token last time broke that plateau within
minutes (the first experiment).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from clin.distill.form import BOS, EOS, Encode
from clin.distill.model import Llama

SUPERVISED_HEADS = 2
NOWHERE = -1


@dataclass(frozen=True)
class Copies:
    """One sequence; ``sources`` is for each token the place where the next one stands in the memory, or :data:`NOWHERE`."""

    tokens: list[int]
    weights: list[float]
    sources: list[int]


def copies(random: Random, encode: Encode, vocabulary: int) -> Copies:
    """A memory of three to nine lines of random tokens, then most of them as actions with noise between."""
    dash, ask, end = encode("- "), encode(">"), encode("\n")
    suffixes = [encode(f" {words}\n") for words in ("SHOULD BE NECESSARY to make progress", "MAY BE NECESSARY to make progress",
                                                    "SHOULD BE NECESSARY to complete the task")]

    def draw(count: int) -> list[int]:
        return [random.randrange(258, vocabulary) if vocabulary > 300 else random.randrange(2, vocabulary) for _ in range(count)]

    pool = draw(60)
    lines = [random.choices(pool, k=random.randint(2, 7)) for _ in range(random.randint(3, 9))]
    tokens, starts = [BOS, *draw(random.randint(0, 12))], []
    for line in lines:
        tokens += dash
        starts.append(len(tokens))
        tokens += [*line, *random.choice(suffixes)]
    weights, sources = [0.0] * len(tokens), [NOWHERE] * len(tokens)
    for line, start in zip(lines, starts, strict=True):
        if random.random() < 0.1:
            continue
        tokens += [*ask, *line, *end]
        weights += [*[0.0] * len(ask), 0.3, *[1.0] * (len(line) - 1), *[1.0] * len(end)]
        sources += [*[NOWHERE] * (len(ask) - 1), start, *range(start + 1, start + len(line)), NOWHERE, *[NOWHERE] * len(end)]
        if random.random() < 0.7:
            noise = [*random.choices(pool, k=random.randint(2, 14)), *end]
            tokens += noise
            weights += [0.0] * len(noise)
            sources += [NOWHERE] * len(noise)
    return Copies(tokens, weights, sources)


def copy_loss(model: Llama, drills: list[Copies], device: torch.device) -> tuple[Tensor, Tensor]:
    """Cross-entropy of what is copied, and how far the supervised heads are from looking where they should (both scalars)."""
    length = max(len(each.tokens) for each in drills)

    def padded(rows: list[list], fill: float) -> Tensor:
        return torch.tensor([[*row, *[fill] * (length - len(row))] for row in rows], device=device)

    tokens = padded([each.tokens for each in drills], EOS)
    weights, sources = padded([each.weights for each in drills], 0.0), padded([each.sources for each in drills], NOWHERE)
    with torch.autocast(device.type, torch.bfloat16):
        hidden, logs = model.watched(tokens, min(3, len(model.blk)))
        wanted = weights[:, 1:] > 0
        logits = model.logits(hidden[:, :-1][wanted])
    loss = F.cross_entropy(logits.float(), tokens[:, 1:][wanted], reduction="none")
    share = weights[:, 1:][wanted]
    return (loss * share).sum() / share.sum(), _astray(logs, sources)


def _astray(logs: list[Tensor], sources: Tensor) -> Tensor:
    """Layer 0 shall look at the previous token; layers 1 and 2 at the source of the next, except for a line's first token,
    whose line only order tells."""
    before = logs[0][:, :SUPERVISED_HEADS, 1:].diagonal(dim1=-2, dim2=-1)
    lost = -before.mean()
    known = (sources >= 0) & (torch.roll(sources, 1, 1) >= 0)
    for log in logs[1:]:
        at = sources.clamp(min=0)[:, None, :, None].expand(-1, SUPERVISED_HEADS, -1, -1)
        found = log[:, :SUPERVISED_HEADS].gather(-1, at)[..., 0]
        lost = lost - (found * known[:, None]).sum() / (SUPERVISED_HEADS * known.sum().clamp(min=1))
    return lost
