"""What a warm start begins with: the weights and tokeniser of a training run, or of a GGUF file of
the same make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from clin.distill import needed
from clin.distill import tokens as tokenising
from clin.distill.adapter_file import read_adapter
from clin.distill.base import Base, base_tokens, numbers
from clin.distill.lora import Adapted
from clin.distill.model import Llama
from clin.distill.presets import PRESETS, Recipe, of_dict
from clin.distill.run_folder import checkpoint, read_run
from clin.distill.train import shape
from clin.errors import UserError
from clin.llms.open import model_file


@dataclass(frozen=True)
class Start:
    """``weights`` by the names of :class:`clin.distill.model.Llama`, their ``encode`` and the
    recipe that they came from."""

    weights: dict[str, torch.Tensor]
    encode: tokenising.Encoder
    recipe: Recipe


def full_start(reference: str, base: Base, upper: int) -> Start:
    """What the training of all weights of ``base``, or of its last ``upper`` layers, goes on from:
    a run that trained the same. UserError for anything else."""
    folder = Path(reference)
    if folder.is_dir():
        recipe = of_dict(read_run(folder)["recipe"])
        same = (recipe.full, recipe.base_sha256, recipe.upper_layers)
        if same == (True, base.sha256, upper):
            return Start(checkpoint(folder)["model"], base_tokens(base), recipe)
    raise UserError(
        f"cannot start from '{reference}': it is no run of --full with '{base.reference}' and the "
        "same --upper-layers; a whole model that `export` wrote can be the --base"
    )


def adapter_start(reference: str, base: Base, rank: int) -> Start:
    """What the training of an adapter of ``rank`` for ``base`` goes on from: a run of its own kind,
    or an adapter in a GGUF file. UserError where it is neither, or does not fit."""
    folder = Path(reference)
    if folder.is_dir():
        recipe = of_dict(read_run(folder)["recipe"])
        weights = checkpoint(folder)["model"]
    else:
        recipe, weights = PRESETS["lora"], read_adapter(folder)
    wanted = _sizes(Adapted(base.sizes, base.weights, rank).state_dict())
    if _sizes(weights) != wanted:
        raise UserError(
            f"cannot start from '{reference}': it is no adapter of rank {rank} for "
            f"'{base.reference}' with all of its matrices"
        )
    return Start(weights, base_tokens(base), recipe)


def start(reference: str) -> Start:
    """The run in the folder ``reference``, or the model ``bundled`` or ``PATH.gguf``. UserError
    where it is neither, or a model that these recipes could not have made."""
    folder = Path(reference)
    if folder.is_dir():
        recipe = of_dict(read_run(folder)["recipe"])
        if recipe.base:
            raise UserError(
                f"cannot start from '{reference}': it was trained on top of a model, which --base "
                f"names ('{recipe.base}')"
            )
        encode = tokenising.load(folder / "tokens.json")
        return Start(checkpoint(folder)["model"], encode, recipe)
    return _of_gguf(model_file(reference), reference)


def _of_gguf(file: Path, reference: str) -> Start:
    gguf = needed("gguf")
    try:
        reader = gguf.GGUFReader(file)
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot start from '{reference}': neither a run's folder nor a GGUF file ({error})"
        ) from None
    card = {name: field.contents() for name, field in reader.fields.items()}
    recipe = _recipe(card, reference)
    model = Llama(shape(recipe, len(card["tokenizer.ggml.tokens"])))
    weights = {tensor.name: numbers(gguf, tensor) for tensor in reader.tensors}
    if _sizes(weights) != _sizes(model.state_dict()):
        raise UserError(
            f"cannot start from '{reference}': its weights are not laid out as `clin distill "
            "export` does it"
        )
    return Start(weights, _tokens(card), recipe)


def _sizes(weights: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}


def _recipe(card: dict[str, Any], reference: str) -> Recipe:
    """The stored recipe; for a file without one, the preset ``cpu`` in the file's shape."""
    ours = card.get("general.architecture") == "llama" and card.get("clin.prompt")
    if not ours or card.get("tokenizer.ggml.pre") != "gpt-2":
        raise UserError(
            f"cannot start from '{reference}': only from models that `clin distill` made (Llama, "
            "compact prompt)"
        )
    stored = card.get("clin.recipe")
    recipe = of_dict(json.loads(stored)) if stored else PRESETS["cpu"]
    return replace(
        recipe,
        width=card["llama.embedding_length"],
        layers=card["llama.block_count"],
        heads=card["llama.attention.head_count"],
        feed=card["llama.feed_forward_length"],
        context=card["llama.context_length"],
        theta=card["llama.rope.freq_base"],
        vocabulary=len(card["tokenizer.ggml.tokens"]),
    )


def _tokens(card: dict[str, Any]) -> tokenising.Tokens:
    """llama.cpp's byte-level BPE as `tokenizers` has it. No token holds a space, so it parts the
    two halves of a merge."""
    vocabulary = {piece: number for number, piece in enumerate(card["tokenizer.ggml.tokens"])}
    merges = [tuple(merge.split(" ")) for merge in card["tokenizer.ggml.merges"]]
    return tokenising.made(vocabulary, merges)
