"""Random-weight GGUF files of a few hundred kilobytes with the bundled model's vocabulary, for what
it cannot show itself."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WIDTH, LAYERS, FEED, STATE = 32, 2, 64, 8
BUNDLED = next((Path(__file__).parent.parent / "clin/llms/bundled").glob("*.gguf"))


def tiny(
    out: Path,
    architecture: str = "llama",
    *,
    template: str = "",
    context: int = 512,
    name: str = "",
    control: tuple[str, ...] = (),
) -> Path:
    """Write a model of ``architecture`` (``llama`` or the recurrent ``mamba``), with a chat
    template if one is given. ``control`` are control tokens, in the place of the vocabulary's
    last."""
    reader, writer = gguf.GGUFReader(BUNDLED), gguf.GGUFWriter(out, architecture)
    for key, field in reader.fields.items():
        if key.startswith("tokenizer.") and key != "tokenizer.chat_template":
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            value = field.contents()
            if control and key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
                kinds = [int(gguf.TokenType.CONTROL)] * len(control)
                value[-len(control) :] = control if key.endswith("tokens") else kinds
            writer.add_key_value(key, value, field.types[0], sub_type=sub)
    if template:
        writer.add_chat_template(template)
    tokens = len(reader.fields["tokenizer.ggml.tokens"].data)
    writer.add_name(name or f"tiny-{architecture}")
    writer.add_vocab_size(tokens)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0 if architecture == "mamba" else FEED)
    writer.add_head_count(0 if architecture == "mamba" else 4)
    writer.add_layer_norm_rms_eps(1e-5)
    draw = np.random.default_rng(0)
    for name, shape in (_mamba if architecture == "mamba" else _llama)(writer, tokens).items():
        weights = np.ones(shape) if "norm" in name else draw.standard_normal(shape) * 0.3
        if name.endswith("ssm_a"):
            weights = -np.abs(weights) - 0.1
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out


def _llama(writer: gguf.GGUFWriter, tokens: int) -> dict[str, tuple[int, ...]]:
    writer.add_rope_dimension_count(WIDTH // 4)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (tokens, WIDTH),
        "output_norm.weight": (WIDTH,),
    }
    for n in range(LAYERS):
        shapes |= {
            f"blk.{n}.attn_{each}.weight": (WIDTH, WIDTH) for each in ("q", "k", "v", "output")
        }
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
