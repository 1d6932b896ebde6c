"""A GGUF of a real architecture with random weights and a real model's vocabulary, for measuring speed.

    python benchmarks/random_gguf.py VOCABULARY.gguf OUT.gguf [--size 120m|500m|8b]

VOCABULARY.gguf is one of llama.cpp's models/ggml-vocab-*.gguf (in llama-cpp-python's source archive); needs the extra [bench].
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


def write(vocabulary: Path, out: Path, size: str, context: int = 8192) -> int:
    """Write the model (F16, tied embeddings, llama architecture); returns the number of its parameters."""
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
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    draw, count = np.random.default_rng(0), 0
    kv = width // heads * kv_heads
    shapes = {"token_embd": (tokens, width)}
    for n in range(layers):
        shapes |= {
            f"blk.{n}.attn_q": (width, width), f"blk.{n}.attn_k": (kv, width), f"blk.{n}.attn_v": (kv, width),
            f"blk.{n}.attn_output": (width, width), f"blk.{n}.ffn_gate": (feed, width), f"blk.{n}.ffn_up": (feed, width),
            f"blk.{n}.ffn_down": (width, feed),
        }
    for name, shape in shapes.items():
        weights = draw.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        writer.add_tensor(f"{name}.weight", weights.astype(np.float16))
        count += weights.size
    for name in ["output_norm", *(f"blk.{n}.{each}" for n in range(layers) for each in ("attn_norm", "ffn_norm"))]:
        writer.add_tensor(f"{name}.weight", np.ones(width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabulary", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="120m")
    given = parser.parse_args()
    print(f"{given.out}: {write(given.vocabulary, given.out, given.size) / 1e6:.0f} M parameters")
