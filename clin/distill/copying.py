"""The copy drill: lines of random tokens to be written again in order, with the attention that
copying needs supervised.

Plain imitation learns scripts but does not copy a name from task or memory; two heads of layer 0
that look at the previous token and two heads of the next layers that look at what followed the same
token last time broke that plateau within minutes (the first experiment).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from clin.distill.copies import NOWHERE, Copies
from clin.distill.form import EOS
from clin.distill.model import Llama
from clin.distill.precision import half_precision

SUPERVISED_HEADS = 2


def copy_loss(model: Llama, drills: list[Copies], device: torch.device) -> tuple[Tensor, Tensor]:
    """Cross-entropy of what is copied, and how far the supervised heads are from looking where they
    should (both scalars)."""
    length = max(len(drill.tokens) for drill in drills)

    def padded(rows: Sequence[Sequence[float]], fill: float) -> Tensor:
        return torch.tensor([[*row, *[fill] * (length - len(row))] for row in rows], device=device)

    tokens = padded([drill.tokens for drill in drills], EOS)
    weights = padded([drill.weights for drill in drills], 0.0)
    sources = padded([drill.sources for drill in drills], NOWHERE)
    with half_precision(device):
        hidden, logs = model.watched(tokens, min(3, len(model.blk)))
        wanted = weights[:, 1:] > 0
        logits = model.logits(hidden[:, :-1][wanted])
    loss = F.cross_entropy(logits.float(), tokens[:, 1:][wanted], reduction="none")
    share = weights[:, 1:][wanted]
    return (loss * share).sum() / share.sum(), _astray(logs, sources)


def _astray(logs: list[Tensor], sources: Tensor) -> Tensor:
    """Layer 0 shall look at the previous token; layers 1 and 2 at the source of the next, except
    for a line's first token, whose line only order tells."""
    before = logs[0][:, :SUPERVISED_HEADS, 1:].diagonal(dim1=-2, dim2=-1)
    lost = -before.mean()
    known = (sources >= 0) & (torch.roll(sources, 1, 1) >= 0)
    for log in logs[1:]:
        at = sources.clamp(min=0)[:, None, :, None].expand(-1, SUPERVISED_HEADS, -1, -1)
        found = log[:, :SUPERVISED_HEADS].gather(-1, at)[..., 0]
        lost = lost - (found * known[:, None]).sum() / (SUPERVISED_HEADS * known.sum().clamp(min=1))
    return lost
