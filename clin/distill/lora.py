"""A base Llama in torch, frozen, with a LoRA adapter that is trained (Hu et al. 2021, arXiv
2106.09685).

Each of a layer's seven matrices has an adapter of its own. Matrices that read the same are one
product, which is faster. Heads may share keys and values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clin.distill.base import Sizes
from clin.distill.model import Tree, rotated, turns


class Matrices(nn.Module):
    """Frozen matrices that read the same, as one; each with a trained product of two thin ones."""

    def __init__(self, layer: int, named: Mapping[str, Tensor], rank: int) -> None:
        super().__init__()
        self.layer, self.rank = layer, rank
        weight = torch.cat(list(named.values()))
        self.register_buffer("weight", weight, persistent=False)
        read = weight.shape[1]
        self.lora_a = nn.ParameterDict(
            {name: nn.Parameter(torch.randn(rank, read) / math.sqrt(read)) for name in named}
        )
        self.lora_b = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(len(rows), rank)) for name, rows in named.items()}
        )

    def forward(self, x: Tensor) -> Tensor:
        thin = F.linear(x, torch.cat(list(self.lora_a.values()))).split(self.rank, -1)
        added = [F.linear(part, b) for part, b in zip(thin, self.lora_b.values(), strict=True)]
        return F.linear(x, self.weight) + torch.cat(added, -1)

    def adapters(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Each adapted tensor, with its two thin matrices: (rank, in) and (out, rank)."""
        for name, a in self.lora_a.items():
            yield f"blk.{self.layer}.{name}.weight", a, self.lora_b[name]


GROUPS = {
    "attn_q": "qkv",
    "attn_k": "qkv",
    "attn_v": "qkv",
    "attn_output": "output",
    "ffn_gate": "gate_up",
    "ffn_up": "gate_up",
    "ffn_down": "down",
}
"""In which product of a layer a matrix is."""


def parameter_name(tensor: str, half: str) -> str:
    """The parameter of :class:`Adapted` for ``half`` (lora_a, lora_b) of the base's ``tensor``,
    such as blk.0.attn_q.weight; the tensor's own name for one that is not adapted here."""
    parts = tensor.split(".")
    if len(parts) != 4 or parts[2] not in GROUPS:
        return tensor
    return f"layers.{parts[1]}.{GROUPS[parts[2]]}.{half}.{parts[2]}"


class Layer(nn.Module):
    """Attention and feed-forward, each added to the stream."""

    def __init__(self, number: int, sizes: Sizes, weights: Mapping[str, Tensor], rank: int) -> None:
        super().__init__()
        self.sizes = sizes

        def together(*names: str) -> Matrices:
            found = {name: weights[f"blk.{number}.{name}.weight"] for name in names}
            return Matrices(number, found, rank)

        self.qkv = together("attn_q", "attn_k", "attn_v")
        self.output = together("attn_output")
        self.gate_up = together("ffn_gate", "ffn_up")
        self.down = together("ffn_down")
        for name in ("attn_norm", "ffn_norm"):
            self.register_buffer(name, weights[f"blk.{number}.{name}.weight"], persistent=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, visible: Tensor | None) -> Tensor:
        q, k, v = self._qkv(x, cos, sin)
        attended = F.scaled_dot_product_attention(
            q, k, v, attn_mask=visible, is_causal=visible is None
        )
        x = x + self.output(attended.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self._normed(x, self.ffn_norm)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)

    def _qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, heads, time, head) each; keys and values once for each head that reads them."""
        heads, shared, head = self.sizes.heads, self.sizes.kv_heads, self.sizes.head
        found = self.qkv(self._normed(x, self.attn_norm)).unflatten(-1, (-1, head)).transpose(1, 2)
        q, k, v = found.split((heads, shared, shared), 1)
        k, v = (each.repeat_interleave(heads // shared, 1) for each in (rotated(k, cos, sin), v))
        return rotated(q, cos, sin), k, v

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight.to(x.dtype), self.sizes.epsilon)


class Adapted(nn.Module):
    """Tokens (batch, time) to logits (batch, time, vocabulary). The parameters are the adapter's;
    the base's weights are no part of the state that is saved."""

    def __init__(
        self, sizes: Sizes, weights: Mapping[str, Tensor], rank: int, upper: int = 0
    ) -> None:
        """``upper``: only so many of the last layers learn, which costs less; 0: all."""
        super().__init__()
        self.shape, self.rank = sizes, rank
        self.layers = nn.ModuleList(Layer(n, sizes, weights, rank) for n in range(sizes.layers))
        embedding, norm = weights["token_embd.weight"], weights["output_norm.weight"]
        self.register_buffer("embedding", embedding, persistent=False)
        self.register_buffer("unembedding", weights.get("output.weight"), persistent=False)
        self.register_buffer("norm", norm, persistent=False)
        self.register_buffer("speeds", _speeds(sizes, weights), persistent=False)
        for layer in self.layers[: sizes.layers - upper] if upper else ():
            layer.requires_grad_(False)

    def hidden(self, tokens: Tensor, tree: Tree | None = None) -> Tensor:
        """What the last norm gives (batch, time, width); :meth:`logits` of chosen rows costs less
        than of all."""
        angles = turns(tokens, self.speeds, tree)
        x, cos, sin = F.embedding(tokens, self.embedding), angles.cos(), angles.sin()
        if torch.is_autocast_enabled(tokens.device.type):
            x, cos, sin = x.bfloat16(), cos.bfloat16(), sin.bfloat16()
        for layer in self.layers:
            x = layer(x, cos, sin, tree.visible if tree else None)
        return F.rms_norm(x, self.norm.shape, self.norm.to(x.dtype), self.shape.epsilon)

    def logits(self, hidden: Tensor) -> Tensor:
        weight = self.embedding if self.unembedding is None else self.unembedding
        return F.linear(hidden, weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.logits(self.hidden(tokens))

    def adapters(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Each adapted tensor of the base, with its two thin matrices."""
        for module in self.modules():
            if isinstance(module, Matrices):
                yield from module.adapters()

    def size(self) -> int:
        """Parameters that are trained."""
        return sum(parameter.numel() for parameter in self.parameters())


def _speeds(sizes: Sizes, weights: Mapping[str, Tensor]) -> Tensor:
    """How fast each pair turns; Llama 3.1 and later slow some down (``rope_freqs``)."""
    half = sizes.head // 2
    speeds = sizes.theta ** (-torch.arange(half).float() / half)
    slower = weights.get("rope_freqs.weight")
    return speeds if slower is None else speeds / slower
