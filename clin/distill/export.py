"""From a training run to a GGUF file that llama.cpp reads, with its card inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from clin.distill import needed
from clin.distill import tokens as tokenising
from clin.distill.adapter_file import FILE_TYPES, add_tensor, write_adapter, write_merged
from clin.distill.base import Base, base_of, base_tokens
from clin.distill.form import BOS, EOS
from clin.distill.lora import Adapted
from clin.distill.model import EPSILON, Llama, Shape
from clin.distill.presets import Recipe, of_dict
from clin.distill.run_folder import checkpoint, read_run
from clin.distill.train import made
from clin.errors import UserError
from memory.spelling import did_you_mean

KINDS = ("f16", "q8_0", "f32")
LIMITS = (
    "What it writes of a memory is less often right than what rules write, which do so unless "
    "--writer model is given. It does not think in words and knows no other worlds than those "
    "named here."
)

LIMITS_ON_A_BASE = (
    "It acts at once, and rules write its memory. It knows the worlds that are named here, under "
    "the names that the simulators have for things."
)


@dataclass(frozen=True)
class Trained:
    """A run's result: the model with its weights, the tokeniser, and what is known of how they were
    made. An adapter belongs to a ``base``, and so does what all of its weights were trained."""

    model: Llama | Adapted
    tokens: tokenising.Encoder
    tokeniser_file: Path
    about: dict[str, Any]
    step: int
    read: int
    curve: dict[str, float]
    base: Base | None = None

    @property
    def recipe(self) -> Recipe:
        return of_dict(self.about["recipe"])


def trained(folder: Path) -> Trained:
    """The run in ``folder`` at its last checkpoint; UserError if it has none."""
    about = read_run(folder)
    state = checkpoint(folder)
    recipe = of_dict(about["recipe"])
    base = base_of(recipe)
    file = folder / "tokens.json"
    tokens = base_tokens(base) if base else tokenising.load(file)
    model = made(recipe, tokens.size, base)
    model.load_state_dict(state["model"])
    curves = folder / "curves.jsonl"
    rows = (
        [json.loads(line) for line in curves.read_text(encoding="utf-8").splitlines()]
        if curves.exists()
        else []
    )
    return Trained(
        model=model.eval(),
        tokens=tokens,
        tokeniser_file=file,
        about=about,
        step=state["step"],
        read=state["read"],
        curve=rows[-1] if rows else {},
        base=base,
    )


def export(run: Trained, out: Path, kind: str, name: str, *, merged: bool = False) -> None:
    """Write ``out``. ``kind``: f16, q8_0 or f32; norms are always f32. An adapter is written by
    itself, or ``merged`` with its base into a whole model. UserError for another kind."""
    if kind not in KINDS:
        raise UserError(f"no type '{kind}'{did_you_mean(kind, KINDS)} (types: {', '.join(KINDS)})")
    if merged and not run.recipe.lora:
        raise UserError("--merged is about adapters: this run trained a whole model")
    if isinstance(run.model, Adapted):
        assert run.base is not None
        if merged or run.recipe.full:
            write_merged(run.model, run.base, out, kind, card(run, name))
        else:
            write_adapter(run.model, out, kind, card(run, name))
        return
    gguf = needed("gguf")
    writer = gguf.GGUFWriter(str(out), "llama")
    for key, value in card(run, name).items():
        writer.add_string(key, value)
    writer.add_uint32("clin.context", run.model.shape.context)
    _shape(writer, gguf, run.model.shape, kind)
    _vocabulary(writer, run.tokeniser_file)
    for key, value in run.model.state_dict().items():
        add_tensor(writer, gguf, key, value.float().numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def card(run: Trained, name: str) -> dict[str, str]:
    """The card, by the keys of the file: `clin models show FILE` prints it. What an adapter says of
    its context is in it; a whole model's header tells that."""
    recipe = run.recipe
    told = {
        "general.name": name,
        "general.description": _description(run),
        "general.license": "MIT",
        "clin.prompt": recipe.prompt,
        "clin.roles": ", ".join(roles(recipe.dict())),
        "clin.data": f"train places only: {'; '.join(map(_source, run.about['data']))}",
        "clin.recipe": json.dumps(run.about["recipe"], sort_keys=True),
        "clin.training": _training(run),
        "clin.weights": f"sha256 {weights_hash(run.model.state_dict())} (float32, before rounding)",
        "clin.limits": LIMITS_ON_A_BASE if run.base else LIMITS,
    }
    if run.base:
        told["clin.base"] = f"{run.base.reference} (sha256 {run.base.sha256})"
        told["clin.context"] = str(recipe.context)
    return told


def _description(run: Trained) -> str:
    recipe, count = run.recipe, run.model.size()
    if run.base and recipe.full:
        count = sum(weight.numel() for weight in run.base.weights.values())
    what = "A LoRA adapter" if recipe.lora else "A Llama"
    return (
        f"{what} of {count / 1e6:.2f} million parameters, {_origin(recipe)} by `clin distill` to "
        "act with causal links in its prompt."
    )


def _source(data: Mapping[str, Any]) -> str:
    """A folder of episodes in words."""
    return (
        f"{', '.join(data['worlds'])}: {data['places']} train places, {data['episodes']} "
        f"episodes, {data['steps']} steps (index sha256 {data['sha256'][:16]})"
    )


def _origin(recipe: Recipe) -> str:
    """What was trained on top of what."""
    part = f"the last {recipe.upper_layers} layers " if recipe.full and recipe.upper_layers else ""
    weights = f"the weights {recipe.started_from[:16]}" if recipe.started_from else ""
    if recipe.full:
        weights = f"{recipe.base}, from {weights}" if weights else recipe.base
    return f"{part}trained {f'on top of {weights}' if weights else 'from nothing'}"


def _training(run: Trained) -> str:
    """How far the training went, and its last losses."""
    done = f"{run.step} of {run.about['recipe']['steps']} updates, {run.read} tokens read"
    losses = {name: loss for name, loss in run.curve.items() if name not in ("step", "tokens")}
    last = ", ".join(f"{name} {loss}" for name, loss in losses.items())
    return f"{done}; last losses: {last or 'none recorded'}"


def roles(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """The roles that a model of this recipe was trained for."""
    return ("act", *(role for role in ("revise", "generalise") if recipe["shares"].get(role)))


def weights_hash(weights: Mapping[str, torch.Tensor]) -> str:
    """The sha256 of a model's weights in order of their names."""
    digest = sha256()
    for key, value in sorted(weights.items()):
        digest.update(key.encode() + value.float().contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def _shape(writer: Any, gguf: Any, shape: Shape, kind: str) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(shape.theta)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(getattr(gguf.LlamaFileType, FILE_TYPES[kind]))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _vocabulary(writer: Any, file: Path) -> None:
    """llama.cpp's names for what `tokenizers` has stored; merges are pairs joined by a space, marks
    are control tokens."""
    stored = json.loads(file.read_text(encoding="utf-8"))
    vocabulary, merges = stored["model"]["vocab"], stored["model"]["merges"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    marks = {token["id"] for token in stored["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(pieces)
    writer.add_token_types([3 if number in marks else 1 for number in range(len(pieces))])
    writer.add_token_merges(
        [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
    )
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)  # each prompt begins with it, in training too
