"""A base Llama in torch: frozen, with a LoRA adapter that is trained (Hu et al. 2021, arXiv
2106.09685), or trained itself, where the adapter's rank is 0.

Each of a layer's seven matrices has an adapter of its own. Matrices that read the same are one
product, which is faster. Heads may share keys and values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clin.distill.base import NORMS, Sizes
from clin.distill.model import Tree, rotated, turns


def hold(module: nn.Module, name: str, weight: Tensor | None, *, learns: bool) -> None:
    """Make a copy of ``weight`` a parameter of ``module`` where it ``learns``. What is frozen is no
    part of the state that is saved."""
    if learns and weight is not None:
        module.register_parameter(name, nn.Parameter(weight.clone()))
    else:
        module.register_buffer(name, weight, persistent=False)


class Matrices(nn.Module):
    """Matrices that read the same, as one. Either they are trained themselves (``learns``), or
    frozen, each with a trained product of two thin ones of ``rank``; with rank 0 nothing learns."""

    def __init__(self, layer: int, named: Mapping[str, Tensor], rank: int, learns: bool) -> None:
        super().__init__()
        self.layer, self.rank = layer, rank
        self.rows = {name: len(weight) for name, weight in named.items()}
        hold(self, "weight", torch.cat(list(named.values())), learns=learns)
        read = self.weight.shape[1]
        adapted = self.rows if rank else {}
        self.lora_a = nn.ParameterDict(
            {name: nn.Parameter(torch.randn(rank, read) / math.sqrt(read)) for name in adapted}
        )
        self.lora_b = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(rows, rank)) for name, rows in adapted.items()}
        )

    def forward(self, x: Tensor) -> Tensor:
        if not self.rank:
            return F.linear(x, self.weight)
        thin = F.linear(x, torch.cat(list(self.lora_a.values()))).split(self.rank, -1)
        added = [F.linear(part, b) for part, b in zip(thin, self.lora_b.values(), strict=True)]
        return F.linear(x, self.weight) + torch.cat(added, -1)

    def adapters(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Each adapted tensor, with its two thin matrices: (rank, in) and (out, rank)."""
        for name, a in self.lora_a.items():
            yield f"blk.{self.layer}.{name}.weight", a, self.lora_b[name]

    def merged(self) -> Iterator[tuple[str, Tensor]]:
        """Each tensor with its adapter in it."""
        changes = {name: b @ a for name, a, b in self.adapters()}
        weights = self.weight.split(list(self.rows.values()))
        for part, weight in zip(self.rows, weights, strict=True):
            name = f"blk.{self.layer}.{part}.weight"
            yield name, weight + changes[name] if name in changes else weight


OUTER = {
    "embedding": "token_embd.weight",
    "unembedding": "output.weight",
    "norm": "output_norm.weight",
}
"""The tensors outside of the layers, by their names here; ``output.weight`` may be missing."""

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

    def __init__(
        self, number: int, sizes: Sizes, weights: Mapping[str, Tensor], rank: int, learns: bool
    ) -> None:
        super().__init__()
        self.number, self.sizes = number, sizes

        def together(*names: str) -> Matrices:
            found = {name: weights[f"blk.{number}.{name}.weight"] for name in names}
            return Matrices(number, found, rank, learns)

        self.qkv = together("attn_q", "attn_k", "attn_v")
        self.output = together("attn_output")
        self.gate_up = together("ffn_gate", "ffn_up")
        self.down = together("ffn_down")
        for name in NORMS:
            hold(self, name, weights[f"blk.{number}.{name}.weight"], learns=learns)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, visible: Tensor | None) -> Tensor:
        q, k, v = self._qkv(x, cos, sin)
        attended = F.scaled_dot_product_attention(
            q, k, v, attn_mask=visible, is_causal=visible is None
        )
        x = x + self.output(attended.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self._normed(x, self.ffn_norm)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)

    def merged(self) -> Iterator[tuple[str, Tensor]]:
        """Each tensor of the base in this layer, with what was learned in it."""
        for part in (self.qkv, self.output, self.gate_up, self.down):
            yield from part.merged()
        for name in NORMS:
            yield f"blk.{self.number}.{name}.weight", getattr(self, name)

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
    """Tokens (batch, time) to logits (batch, time, vocabulary). The parameters are the adapter's,
    or with ``rank`` 0 the base's own weights, which otherwise are no part of the state."""

    def __init__(
        self, sizes: Sizes, weights: Mapping[str, Tensor], rank: int, upper: int = 0
    ) -> None:
        """``upper``: only so many of the last layers learn, which costs less; 0: all. With rank 0
        the last norm learns as well, and embedding and output matrix where all layers do."""
        super().__init__()
        self.shape, self.rank = sizes, rank
        first = sizes.layers - upper if upper else 0
        self.layers = nn.ModuleList(
            Layer(n, sizes, weights, rank, not rank and n >= first) for n in range(sizes.layers)
        )
        for name, tensor in OUTER.items():
            learns = not rank and (name == "norm" or not upper)
            hold(self, name, weights.get(tensor), learns=learns)
        self.register_buffer("speeds", _speeds(sizes, weights), persistent=False)
        self.layers[:first].requires_grad_(False)

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

    def merged(self) -> dict[str, Tensor]:
        """The tensors of the base by their names, with what was learned in them."""
        found = {tensor: getattr(self, name) for name, tensor in OUTER.items()}
        for layer in self.layers:
            found.update(layer.merged())
        return {name: weight.detach() for name, weight in found.items() if weight is not None}

    def size(self) -> int:
        """Parameters that are trained."""
        return sum(parameter.numel() for parameter in self.parameters())


def _speeds(sizes: Sizes, weights: Mapping[str, Tensor]) -> Tensor:
    """How fast each pair turns; Llama 3.1 and later slow some down (``rope_freqs``)."""
    half = sizes.head // 2
    speeds = sizes.theta ** (-torch.arange(half).float() / half)
    slower = weights.get("rope_freqs.weight")
    return speeds if slower is None else speeds / slower
