"""A base to specialise: the weights and the vocabulary of a Llama in anybody's GGUF file.

The weights are dequantised to float32, by the names that the file gives them. Its tokens are
llama.cpp's own, so nothing is tokenised otherwise than when the model plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from clin.distill import needed
from clin.distill.presets import Recipe
from clin.distill.tokens import MOST_KNOWN
from clin.errors import UserError
from clin.llms.gguf_file import sha256
from clin.llms.native import Native
from clin.llms.open import model_file

IN_RECIPES = ("vocabulary", "width", "layers", "heads", "feed", "theta")
MATRICES = (
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
)
"""The matrices of a layer, by llama.cpp's names."""
NORMS = ("attn_norm", "ffn_norm")
ENDS = ("token_embd.weight", "output_norm.weight")
OPTIONAL = ("output.weight", "rope_freqs.weight")


@dataclass(frozen=True)
class Sizes:
    """A base's sizes. ``kv_heads`` may be fewer than ``heads`` (grouped-query attention), ``theta``
    is the rotary base, ``epsilon`` of the norms."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    feed: int
    context: int
    theta: float
    epsilon: float

    @property
    def head(self) -> int:
        """The width of a head."""
        return self.width // self.heads

    def dict(self) -> dict[str, int | float]:
        return asdict(self)

    def of_a_recipe(self) -> Mapping[str, Any]:
        """What a recipe tells of a model's sizes too, all but the context, which may be shorter in
        training."""
        return {name: getattr(self, name) for name in IN_RECIPES}


@dataclass(frozen=True)
class Base:
    """The model in ``file``: its ``sizes``, and its ``weights`` (float32, rows are outputs)."""

    reference: str
    file: Path
    sizes: Sizes
    weights: dict[str, Tensor]

    @property
    def sha256(self) -> str:
        return sha256(self.file)


class BaseTokens:
    """Encodes parts of a prompt with the base's own vocabulary; remembers what it has seen."""

    def __init__(self, file: Path) -> None:
        self._native = Native(file, gpu_layers=0, vocabulary_only=True)
        self._known: dict[str, tuple[int, ...]] = {}
        self.size: int = self._native.vocabulary
        self.begin: tuple[int, ...] = self._native.first()

    def __call__(self, part: str) -> tuple[int, ...]:
        tokens = self._known.get(part)
        if tokens is None:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            tokens = self._known[part] = self._native.tokenize(part)
        return tokens


def base_tokens(base: Base) -> BaseTokens:
    """The tokens of ``base``."""
    return BaseTokens(base.file)


def base_of(recipe: Recipe) -> Base | None:
    """The base of a recipe that has one, else None; UserError where it is another file now."""
    if not recipe.base:
        return None
    base = opened(recipe.base)
    if base.sha256 != recipe.base_sha256:
        raise UserError(
            f"the run began with another file for '{recipe.base}' (sha256 "
            f"{recipe.base_sha256[:12]}…, now {base.sha256[:12]}…)"
        )
    return base


def opened(reference: str) -> Base:
    """The base that ``reference`` names, as `--model` does: PATH.gguf, smollm2, hf:... UserError
    for one that is laid out otherwise than Llama."""
    gguf = needed("gguf")
    file = model_file(reference)
    try:
        reader = gguf.GGUFReader(file)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot specialise '{reference}': {error}") from None
    sizes = _sizes(reader, reference)
    if why := _odd(reader, sizes):
        raise UserError(f"cannot specialise '{reference}': {why}")
    weights = {tensor.name: numbers(gguf, tensor) for tensor in reader.tensors}
    return Base(reference, file, sizes, weights)


def _sizes(reader: Any, reference: str) -> Sizes:
    """The sizes that the file's header tells."""
    keys = dict(reader.fields)

    def said(key: str, default: Any = None) -> Any:
        if key not in keys and default is None:
            raise UserError(f"cannot specialise '{reference}': its header does not tell {key}")
        return keys[key].contents() if key in keys else default

    architecture = said("general.architecture")
    if architecture != "llama":
        raise UserError(
            f"cannot specialise '{reference}': its architecture is {architecture}, and only llama "
            "is known (Llama 1 to 3, SmolLM, TinyLlama, Mistral and others use it)"
        )
    heads = int(said("llama.attention.head_count"))
    return Sizes(
        vocabulary=len(said("tokenizer.ggml.tokens")),
        width=int(said("llama.embedding_length")),
        layers=int(said("llama.block_count")),
        heads=heads,
        kv_heads=int(said("llama.attention.head_count_kv", heads)),
        feed=int(said("llama.feed_forward_length")),
        context=int(said("llama.context_length")),
        theta=float(said("llama.rope.freq_base", 10_000.0)),
        epsilon=float(said("llama.attention.layer_norm_rms_epsilon", 1e-5)),
    )


def _odd(reader: Any, sizes: Sizes) -> str:
    """What this file has that a plain Llama has not, or lacks; empty for nothing."""
    scaling = reader.fields.get("llama.rope.scaling.type")
    if scaling and scaling.contents() != "none":
        return f"its positions are scaled ({scaling.contents()}), which training does not know"
    turned = reader.fields.get("llama.rope.dimension_count")
    if turned and int(turned.contents()) != sizes.head:
        return f"positions turn {turned.contents()} of {sizes.head} numbers of a head"
    layers = range(sizes.layers)
    wanted = {f"blk.{n}.{name}.weight" for n in layers for name in (*MATRICES, *NORMS)} | {*ENDS}
    there = {tensor.name for tensor in reader.tensors}
    if missing := sorted(wanted - there):
        return f"it has no tensor '{missing[0]}'"
    if other := sorted(there - wanted - {*OPTIONAL}):
        return f"training does not know its tensor '{other[0]}'"
    return ""


def numbers(gguf: Any, tensor: Any) -> Tensor:
    """A GGUF file's ``tensor`` as float32, in torch's order of dimensions."""
    flat = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    rows = [int(size) for size in reversed(tensor.shape)]
    return torch.from_numpy(np.array(flat, np.float32).reshape(rows))
