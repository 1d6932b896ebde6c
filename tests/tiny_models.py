"""Random-weight GGUF files of a few hundred kilobytes, for what the bundled model cannot show."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np

WIDTH, LAYERS, FEED, STATE = 32, 2, 64, 8
TENSORS = 2 + 9 * LAYERS
"""Those of a llama."""
BUNDLED = next((Path(__file__).parent.parent / "clin/llms/bundled").glob("*.gguf"))


def tiny(  # noqa: PLR0913 (each is a kind of model)
    out: Path,
    architecture: str = "llama",
    *,
    template: str = "",
    context: int = 512,
    name: str = "",
    control: tuple[str, ...] = (),
    spm: bool = False,
    parts: int = 1,
    kv_heads: int = 4,
    tied: bool = True,
    licence: str = "",
    plus: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write a model of ``architecture`` (``llama`` or the recurrent ``mamba``), with a chat
    template if one is given. Its vocabulary is the bundled model's, with ``control`` tokens in the
    place of its last ones, or with ``spm`` one like Llama 2's. Of a model in ``parts`` each has a
    file. Its four heads may share ``kv_heads``, and it has an output matrix of its own unless
    ``tied`` (llama). ``plus`` is added to its weights, by tensor."""
    split = -(-TENSORS // parts) if parts > 1 else 0
    writer = gguf.GGUFWriter(out, architecture, split_max_tensors=split)
    tokens = _spm(writer) if spm else _bundled(writer, control)
    if template:
        writer.add_chat_template(template)
    if licence:
        writer.add_license(licence)
    writer.add_name(name or f"tiny-{architecture}")
    writer.add_vocab_size(tokens)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0 if architecture == "mamba" else FEED)
    writer.add_head_count(0 if architecture == "mamba" else 4)
    writer.add_layer_norm_rms_eps(1e-5)
    draw = np.random.default_rng(0)
    made = _mamba(writer, tokens) if architecture == "mamba" else _llama(writer, tokens, kv_heads)
    if not tied:
        made["output.weight"] = (tokens, WIDTH)
    for name, shape in made.items():
        weights = np.ones(shape) if "norm" in name else draw.standard_normal(shape) * 0.3
        if name.endswith("ssm_a"):
            weights = -np.abs(weights) - 0.1
        weights = weights + (plus or {}).get(name, 0.0)
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out


def adapter(out: Path, seed: int, *, rank: int = 4, **keys: str) -> dict[str, np.ndarray]:
    """Write a LoRA adapter for the tiny llama; what it adds to the base's weights, by tensor. Of a
    key's name ``__`` is a dot."""
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0 * rank)  # llama.cpp scales by alpha / rank
    for name, value in keys.items():
        writer.add_string(name.replace("__", "."), value)
    draw, added = np.random.default_rng(seed), {}
    for name in (f"blk.{n}.attn_{each}.weight" for n in range(LAYERS) for each in ("q", "v")):
        a, b = (draw.standard_normal(shape) * 0.3 for shape in ((rank, WIDTH), (WIDTH, rank)))
        writer.add_tensor(f"{name}.lora_a", a.astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", b.astype(np.float32))
        added[name] = 2.0 * b @ a
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return added


def odd(out: Path, architecture: str = "llama", tensors: bool = True, **keys: object) -> Path:
    """Write a file that is no whole model: a header, with one tensor or none. Of a key's name
    ``__`` is a dot."""
    writer = gguf.GGUFWriter(out, architecture)
    for name, value in keys.items():
        add = {str: writer.add_string, bool: writer.add_bool, int: writer.add_uint32}[type(value)]
        add(name.replace("__", "."), value)
    if tensors:
        writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out


def _bundled(writer: gguf.GGUFWriter, control: tuple[str, ...]) -> int:
    reader = gguf.GGUFReader(BUNDLED)
    for key, field in reader.fields.items():
        if key.startswith("tokenizer.") and key != "tokenizer.chat_template":
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            value = field.contents()
            if control and key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
                kinds = [int(gguf.TokenType.CONTROL)] * len(control)
                value[-len(control) :] = control if key.endswith("tokens") else kinds
            writer.add_key_value(key, value, field.types[0], sub_type=sub)
    return len(reader.fields["tokenizer.ggml.tokens"].data)


def _spm(writer: gguf.GGUFWriter) -> int:
    """Control tokens, all bytes, letters, and words with every beginning of theirs."""
    words = ("look", "around", "frog", "the", "door")
    whole = [word[:end] for word in words for end in range(2, len(word) + 1)]
    texts = [*string.ascii_lowercase, "\u2581", *whole, *(f"\u2581{each}" for each in whole)]
    texts += [f"\u2581{word[0]}" for word in words]
    control = ["<s>", "</s>", "<|user|>", "<|end|>"]
    tokens = ["<unk>", *control, *(f"<0x{byte:02X}>" for byte in range(256)), *dict.fromkeys(texts)]
    kind = gguf.TokenType
    types = [kind.UNKNOWN, *[kind.CONTROL] * len(control), *[kind.BYTE] * 256]
    types += [kind.NORMAL] * (len(tokens) - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(len(each)) for each in tokens])
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    return len(tokens)


def _llama(writer: gguf.GGUFWriter, tokens: int, kv_heads: int) -> dict[str, tuple[int, ...]]:
    writer.add_rope_dimension_count(WIDTH // 4)
    writer.add_head_count_kv(kv_heads)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (tokens, WIDTH),
        "output_norm.weight": (WIDTH,),
    }
    for n in range(LAYERS):
        rows = {"q": WIDTH, "k": WIDTH // 4 * kv_heads, "v": WIDTH // 4 * kv_heads, "output": WIDTH}
        shapes |= {f"blk.{n}.attn_{each}.weight": (out, WIDTH) for each, out in rows.items()}
        shapes |= {f"blk.{n}.{each}_norm.weight": (WIDTH,) for each in ("attn", "ffn")}
        shapes |= {f"blk.{n}.ffn_{each}.weight": (FEED, WIDTH) for each in ("gate", "up")}
        shapes[f"blk.{n}.ffn_down.weight"] = (WIDTH, FEED)
    return shapes


def _mamba(writer: gguf.GGUFWriter, tokens: int) -> dict[str, tuple[int, ...]]:
    inner, rank = 2 * WIDTH, 4
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(rank)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (tokens, WIDTH),
        "output_norm.weight": (WIDTH,),
    }
    for n in range(LAYERS):
        block = {
            "attn_norm.weight": (WIDTH,),
            "ssm_in.weight": (2 * inner, WIDTH),
            "ssm_conv1d.weight": (inner, 4),
            "ssm_conv1d.bias": (inner,),
            "ssm_x.weight": (rank + 2 * STATE, inner),
            "ssm_dt.weight": (inner, rank),
            "ssm_dt.bias": (inner,),
            "ssm_a": (inner, STATE),
            "ssm_d": (inner,),
            "ssm_out.weight": (WIDTH, inner),
        }
        shapes |= {f"blk.{n}.{name}": shape for name, shape in block.items()}
    return shapes
