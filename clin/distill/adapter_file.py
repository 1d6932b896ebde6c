"""An adapter in GGUF, in the form that llama.cpp reads: to each tensor of the base that it changes
belong ``lora_a`` (rank, in) and ``lora_b`` (out, rank), whose product is added, by alpha / rank."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from clin.distill import needed
from clin.distill.base import Base, numbers
from clin.distill.lora import Adapted, parameter_name
from clin.errors import UserError

HALVES = ("lora_a", "lora_b")
BLOCK = 32
"""Numbers that q8_0 holds together."""
FILE_TYPES = {"f32": "ALL_F32", "f16": "MOSTLY_F16", "q8_0": "MOSTLY_Q8_0"}
"""gguf's names for the types that a whole model is written in."""
SAID_ANEW = ("general.architecture", "general.file_type", "general.quantization_version")
"""Keys of the base that a merged file has in its own form."""


def write_adapter(model: Adapted, out: Path, kind: str, card: Mapping[str, str]) -> None:
    """Write the adapter of ``model`` in f16, q8_0 or f32, with ``card`` in it; alpha is its rank.
    UserError where q8_0 cannot hold rows of that rank."""
    if kind == "q8_0" and model.rank % BLOCK:
        raise UserError(
            f"q8_0 holds rows in blocks of {BLOCK}, so an adapter of rank {model.rank} is written "
            "as f16 or f32"
        )
    gguf = needed("gguf")
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(model.rank))
    for key, value in card.items():
        writer.add_string(key, value)
    for name, *halves in model.adapters():
        for half, value in zip(HALVES, halves, strict=True):
            add_tensor(writer, gguf, f"{name}.{half}", value.detach().cpu().numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_merged(model: Adapted, base: Base, out: Path, kind: str, card: Mapping[str, str]) -> None:
    """Write ``base`` with what ``model`` learned in its weights: a whole model, in f16, q8_0 or
    f32, with ``card`` in the place of what the base says of itself. Its licence stays, since the
    weights come of it."""
    gguf = needed("gguf")
    card = {key: value for key, value in card.items() if key != "general.license"}
    reader = gguf.GGUFReader(base.file)
    writer = gguf.GGUFWriter(str(out), "llama")
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key not in {*card, *SAID_ANEW}:
            many = field.types[0] == gguf.GGUFValueType.ARRAY
            inner = field.types[-1] if many else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=inner)
    for key, value in card.items():
        writer.add_string(key, value)
    writer.add_file_type(getattr(gguf.LlamaFileType, FILE_TYPES[kind]))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    for name, weight in (base.weights | model.merged()).items():
        add_tensor(writer, gguf, name, weight.numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tensor(writer: Any, gguf: Any, name: str, value: np.ndarray, kind: str) -> None:
    """One tensor as ``kind`` has it; norms are always f32. Rotary pairs are interleaved in torch
    and in the file, so nothing is permuted."""
    if value.ndim == 1 or kind == "f32":
        writer.add_tensor(name, value.astype(np.float32))
    elif kind == "f16":
        writer.add_tensor(name, value.astype(np.float16))
    else:
        q8 = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(value, q8), raw_dtype=q8)


def read_adapter(file: Path) -> dict[str, Tensor]:
    """The weights of the adapter in ``file`` by the names of :class:`clin.distill.lora.Adapted`,
    with its alpha in them; UserError if it is none."""
    gguf = needed("gguf")
    try:
        reader = gguf.GGUFReader(file)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot start from '{file}': {error}") from None
    keys = reader.fields
    if "adapter.lora.alpha" not in keys:
        raise UserError(f"cannot start from '{file}': it is no LoRA adapter")
    alpha = float(keys["adapter.lora.alpha"].contents())
    found = {}
    for tensor in reader.tensors:
        name, _, half = tensor.name.rpartition(".")
        weight = numbers(gguf, tensor)
        if half == "lora_b":
            weight = weight * (alpha / weight.shape[1])
        found[parameter_name(name, half)] = weight
    return found
