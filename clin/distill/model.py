"""A small Llama in torch: rotary positions on interleaved pairs, RMS norms, SwiGLU, tied
embeddings.

The parameters' names are those that :mod:`clin.distill.export` maps to GGUF; shapes are
llama.cpp's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-5


@dataclass(frozen=True)
class Shape:
    """Sizes.

    ``width`` and ``feed`` are multiples of 32, or Q8_0 cannot store the rows; ``theta`` is the
    rotary base.
    """

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 8
    feed: int = 704
    context: int = 2048
    theta: float = 10_000.0

    def __post_init__(self) -> None:
        if self.width % 32 or self.feed % 32 or self.width % (2 * self.heads):
            raise ValueError("width and feed are multiples of 32, and a head has an even width")

    def dict(self) -> dict[str, int | float]:
        return asdict(self)


@dataclass(frozen=True)
class Tree:
    """Windows that branch: the position of each token (batch, time), and which tokens it reads
    (batch, 1, time, time)."""

    positions: Tensor
    visible: Tensor


class Norm(nn.Module):
    """Root-mean-square norm over the last dimension."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), EPSILON)


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on interleaved pairs, as llama.cpp's architecture ``llama`` wants them. x:
    batch, heads, time, head."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def turns(tokens: Tensor, speeds: Tensor, tree: Tree | None) -> Tensor:
    """The angle of each pair at each position: (time, pairs), or (batch, 1, time, pairs) where
    windows branch."""
    if tree:
        return (tree.positions.unsqueeze(-1).float() * speeds).unsqueeze(1)
    return torch.outer(torch.arange(tokens.shape[1], device=tokens.device).float(), speeds)


class Block(nn.Module):
    """Attention and feed-forward, each added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = Norm(shape.width), Norm(shape.width)
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (
            nn.Linear(shape.width, shape.width, bias=False) for _ in range(4)
        )
        self.ffn_gate, self.ffn_up = (
            nn.Linear(shape.width, shape.feed, bias=False) for _ in range(2)
        )
        self.ffn_down = nn.Linear(shape.feed, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, visible: Tensor | None = None) -> Tensor:
        q, k, v = self._qkv(x, cos, sin)
        attended = F.scaled_dot_product_attention(
            q, k, v, attn_mask=visible, is_causal=visible is None
        )
        return self._rest(x, attended)

    def watched(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the log of the attention weights (batch, heads, time, time) for
        supervision."""
        q, k, v = self._qkv(x, cos, sin)
        length = x.shape[1]
        hidden = torch.full((length, length), float("-inf"), device=x.device).triu(1)
        likeness = (q.float() @ k.float().transpose(-1, -2)) / q.shape[-1] ** 0.5
        logs = (likeness + hidden).log_softmax(-1)
        return self._rest(x, logs.exp().to(v.dtype) @ v), logs

    def _qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, length, _ = x.shape
        y = self.attn_norm(x)
        q, k, v = (
            part(y).view(batch, length, self.heads, -1).transpose(1, 2)
            for part in (self.attn_q, self.attn_k, self.attn_v)
        )
        return rotated(q, cos, sin), rotated(k, cos, sin), v

    def _rest(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.attn_output(attended.transpose(1, 2).reshape(x.shape))
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Llama(nn.Module):
    """Tokens (batch, time) to logits (batch, time, vocabulary)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, 0, 0.02 if "embd" in name else 0.7 * shape.width**-0.5)
            if name.endswith(("attn_output.weight", "ffn_down.weight")):
                nn.init.zeros_(parameter)  # each block begins as the identity

    def hidden(self, tokens: Tensor, tree: Tree | None = None) -> Tensor:
        """What the last norm gives (batch, time, width); :meth:`logits` of chosen rows costs less
        than of all. ``tree``: how windows branch, where some do."""
        x, cos, sin = self._begun(tokens, tree)
        for block in self.blk:
            x = block(x, cos, sin, tree.visible if tree else None)
        return self.output_norm(x)

    def watched(self, tokens: Tensor, layers: int) -> tuple[Tensor, list[Tensor]]:
        """:meth:`hidden`, and the log attention of the first ``layers``."""
        x, cos, sin = self._begun(tokens)
        logs = []
        for number, block in enumerate(self.blk):
            if number < layers:
                x, log = block.watched(x, cos, sin)
                logs.append(log)
            else:
                x = block(x, cos, sin)
        return self.output_norm(x), logs

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.token_embd.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.logits(self.hidden(tokens))

    def _begun(self, tokens: Tensor, tree: Tree | None = None) -> tuple[Tensor, Tensor, Tensor]:
        half = self.shape.width // self.shape.heads // 2
        speeds = self.shape.theta ** (-torch.arange(half, device=tokens.device).float() / half)
        angles = turns(tokens, speeds, tree)
        x, cos, sin = self.token_embd(tokens), angles.cos(), angles.sin()
        if torch.is_autocast_enabled(tokens.device.type):
            x, cos, sin = x.bfloat16(), cos.bfloat16(), sin.bfloat16()
        return x, cos, sin

    def size(self) -> int:
        """Parameters; the embedding counts once."""
        return sum(parameter.numel() for parameter in self.parameters())
