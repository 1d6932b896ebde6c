"""A GGUF of a real architecture with random weights and a real model's vocabulary, for measuring
speed.

    python benchmarks/random_gguf.py VOCABULARY.gguf OUT.gguf [--size 120m|500m|8b] [--type
    f16|q4_k_m]

VOCABULARY.gguf is one of llama.cpp's models/ggml-vocab-*.gguf (in llama-cpp-python's source
archive); needs the extra [bench].
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np

SIZES = {  # width, layers, heads, key-value heads, feed-forward
    "120m": (768, 12, 12, 12, 2048),
    "500m": (1280, 24, 20, 4, 3584),
    "8b": (4096, 32, 32, 8, 14336),
}


Q4, Q6 = gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K


def plain(draw: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Weights of a standard deviation of 0.02, as F16."""
    return (draw.standard_normal(shape, dtype=np.float32) * np.float32(0.02)).astype(np.float16)


def blocks(
    draw: np.random.Generator, shape: tuple[int, int], kind: gguf.GGMLQuantizationType
) -> np.ndarray:
    """Blocks of 256 weights with about the same deviation (bytes [rows, bytes of a row]): the
    weights and scales of each are random bits, only the factors that all of a block are multiplied
    by are set. Layout: llama.cpp's ggml-common.h, block_q4_K and block_q6_K."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    found = draw.integers(0, 256, (shape[0] * shape[1] // 256, size), dtype=np.uint8)
    if kind is Q4:  # d, dmin, twelve bytes of scales, the weights; dmin takes off the mean
        found[:, :4] = np.frombuffer(
            np.array([7e-5, 7.5 * 7e-5], dtype=np.float16).tobytes(), dtype=np.uint8
        )
    else:  # the weights, sixteen scales, d
        found[:, -2:] = np.frombuffer(
            np.array([1.5e-5], dtype=np.float16).tobytes(), dtype=np.uint8
        )
    return found.reshape(shape[0], -1)


def kind_of(name: str, layers: int) -> gguf.GGMLQuantizationType:
    """Q4_K_M's mixture, as llama.cpp's quantiser has it: the output, and attn_v and ffn_down of the
    first and last eighth and of every third layer between, are Q6_K."""
    if name == "token_embd":
        return Q6  # tied, so it is the output too
    number, part = int(name.split(".")[1]), name.split(".")[2]
    more = number < layers // 8 or number >= 7 * layers // 8 or (number - layers // 8) % 3 == 2
    return Q6 if more and part in ("attn_v", "ffn_down") else Q4


def write(vocabulary: Path, out: Path, size: str, kind: str = "f16", context: int = 8192) -> int:
    """Write the model (tied embeddings, llama architecture); returns the number of its parameters.
    Of ``q4_k_m`` equal shapes share their bits."""
    width, layers, heads, kv_heads, feed = SIZES[size]
    reader = gguf.GGUFReader(vocabulary)
    writer = gguf.GGUFWriter(out, "llama")
    for key, field in reader.fields.items():
        if key.startswith("tokenizer."):
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=sub)
    tokens = len(reader.fields["tokenizer.ggml.tokens"].data)
    writer.add_name(f"random-{size}")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(tokens)
    writer.add_file_type(
        gguf.LlamaFileType.MOSTLY_F16 if kind == "f16" else gguf.LlamaFileType.MOSTLY_Q4_K_M
    )
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    draw, count = np.random.default_rng(0), 0
    made: dict[tuple, np.ndarray] = {}
    kv = width // heads * kv_heads
    shapes = {"token_embd": (tokens, width)}
    for n in range(layers):
        shapes |= {
            f"blk.{n}.attn_q": (width, width),
            f"blk.{n}.attn_k": (kv, width),
            f"blk.{n}.attn_v": (kv, width),
            f"blk.{n}.attn_output": (width, width),
            f"blk.{n}.ffn_gate": (feed, width),
            f"blk.{n}.ffn_up": (feed, width),
            f"blk.{n}.ffn_down": (width, feed),
        }
    for name, shape in shapes.items():
        if kind == "f16":
            writer.add_tensor(f"{name}.weight", plain(draw, shape))
        else:
            form = kind_of(name, layers)
            if (shape, form) not in made:
                made[shape, form] = blocks(draw, shape, form)
            writer.add_tensor(f"{name}.weight", made[shape, form], raw_dtype=form)
        count += shape[0] * shape[1]
    for name in [
        "output_norm",
        *(f"blk.{n}.{each}" for n in range(layers) for each in ("attn_norm", "ffn_norm")),
    ]:
        writer.add_tensor(f"{name}.weight", np.ones(width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("vocabulary", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="120m")
    parser.add_argument("--type", choices=("f16", "q4_k_m"), default="f16")
    given = parser.parse_args()
    print(
        f"{given.out}: {write(given.vocabulary, given.out, given.size, given.type) / 1e6:.0f} M "
        "parameters"
    )
