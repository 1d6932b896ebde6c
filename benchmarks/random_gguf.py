"""A GGUF of a real architecture with random weights and a real model's vocabulary, for measuring
speed.

    python benchmarks/random_gguf.py VOCABULARY.gguf OUT.gguf [--size 500m] [--type q4_k_m]

VOCABULARY.gguf is one of llama.cpp's models/ggml-vocab-*.gguf (in llama-cpp-python's source
archive); needs the extra [bench].
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np


@dataclass(frozen=True)
class Size:
    """The sizes of a Llama."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    feed: int

    def matrices(self, tokens: int) -> dict[str, tuple[int, int]]:
        """The shapes of its matrices, by llama.cpp's names."""
        width, kv = self.width, self.width // self.heads * self.kv_heads
        shapes = {"token_embd": (tokens, width)}
        for n in range(self.layers):
            shapes |= {
                f"blk.{n}.attn_q": (width, width),
                f"blk.{n}.attn_k": (kv, width),
                f"blk.{n}.attn_v": (kv, width),
                f"blk.{n}.attn_output": (width, width),
                f"blk.{n}.ffn_gate": (self.feed, width),
                f"blk.{n}.ffn_up": (self.feed, width),
                f"blk.{n}.ffn_down": (width, self.feed),
            }
        return shapes

    def norms(self) -> list[str]:
        """The names of its norms."""
        parts = ("attn_norm", "ffn_norm")
        return ["output_norm", *(f"blk.{n}.{part}" for n in range(self.layers) for part in parts)]


SIZES = {
    "120m": Size(768, 12, 12, 12, 2048),
    "500m": Size(1280, 24, 20, 4, 3584),
    "8b": Size(4096, 32, 32, 8, 14336),
}

Q4, Q6 = gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K


def plain(draw: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Weights of a standard deviation of 0.02, as F16."""
    return (draw.standard_normal(shape, dtype=np.float32) * np.float32(0.02)).astype(np.float16)


def blocks(
    draw: np.random.Generator, shape: tuple[int, int], kind: gguf.GGMLQuantizationType
) -> np.ndarray:
    """Blocks of 256 weights with about the same deviation (bytes [rows, bytes of a row]).

    The weights and scales of each are random bits; only the factors that all of a block are
    multiplied by are set. Layout: llama.cpp's ggml-common.h, block_q4_K and block_q6_K.
    """
    size = gguf.GGML_QUANT_SIZES[kind][1]
    bits = draw.integers(0, 256, (shape[0] * shape[1] // 256, size), dtype=np.uint8)
    if kind is Q4:  # d, dmin, twelve bytes of scales, the weights; dmin takes off the mean
        bits[:, :4] = halves(7e-5, 7.5 * 7e-5)
    else:  # the weights, sixteen scales, d
        bits[:, -2:] = halves(1.5e-5)
    return bits.reshape(shape[0], -1)


def halves(*numbers: float) -> np.ndarray:
    """``numbers`` as F16, byte by byte."""
    return np.frombuffer(np.array(numbers, dtype=np.float16).tobytes(), dtype=np.uint8)


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
    reader = gguf.GGUFReader(vocabulary)
    writer = gguf.GGUFWriter(out, "llama")
    copy_tokeniser(reader, writer)
    writer.add_name(f"random-{size}")
    writer.add_context_length(context)
    tokens = len(reader.fields["tokenizer.ggml.tokens"].data)
    describe(writer, SIZES[size], tokens, kind)
    shapes = SIZES[size].matrices(tokens)
    draw = np.random.default_rng(0)
    shared: dict[object, np.ndarray] = {}
    for name, shape in shapes.items():
        if kind == "f16":
            writer.add_tensor(f"{name}.weight", plain(draw, shape))
            continue
        form = kind_of(name, SIZES[size].layers)
        if (shape, form) not in shared:
            shared[shape, form] = blocks(draw, shape, form)
        writer.add_tensor(f"{name}.weight", shared[shape, form], raw_dtype=form)
    for name in SIZES[size].norms():
        writer.add_tensor(f"{name}.weight", np.ones(SIZES[size].width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sum(rows * columns for rows, columns in shapes.values())


def copy_tokeniser(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    for key, field in reader.fields.items():
        if key.startswith("tokenizer."):
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=sub)


def describe(writer: gguf.GGUFWriter, size: Size, tokens: int, kind: str) -> None:
    """The keys that llama.cpp builds the model from."""
    writer.add_embedding_length(size.width)
    writer.add_block_count(size.layers)
    writer.add_feed_forward_length(size.feed)
    writer.add_head_count(size.heads)
    writer.add_head_count_kv(size.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(size.width // size.heads)
    writer.add_vocab_size(tokens)
    half, quantised = gguf.LlamaFileType.MOSTLY_F16, gguf.LlamaFileType.MOSTLY_Q4_K_M
    writer.add_file_type(half if kind == "f16" else quantised)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("vocabulary", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="120m")
    parser.add_argument("--type", choices=("f16", "q4_k_m"), default="f16")
    given = parser.parse_args()
    count = write(given.vocabulary, given.out, given.size, given.type)
    print(f"{given.out}: {count / 1e6:.0f} M parameters")
