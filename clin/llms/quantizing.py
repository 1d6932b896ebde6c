"""Writing a model file anew in another type of weights, as llama.cpp does it, and when that
pays."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import llama_cpp

from clin.errors import ModelError
from clin.llms.engine import Engine
from clin.llms.gguf_file import checked
from clin.llms.gguf_header import Header, read_header
from clin.llms.native import log
from memory.spelling import did_you_mean

TYPES = (
    *("f32", "f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q5_k_s", "q5_1", "q5_0", "q4_k_m", "q4_k_s"),
    *("q4_1", "q4_0", "iq4_nl", "iq4_xs", "q3_k_l", "q3_k_m", "q3_k_s", "q2_k"),
)
"""llama.cpp's names of the types that it writes without an importance matrix, largest first."""
SLOW = ("q4_1", "q5_1")
"""Types whose prompts llama.cpp reads without its fast kernels on x86 (docs/engine.md)."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the file that was read and of the one that was written."""

    before: int
    after: int


def quantize(source: Path, target: Path, kind: str) -> Sizes:
    """Write ``source`` with weights of type ``kind`` to ``target``; ModelError, in one line, for
    what makes no sense.

    What is not finished lies beside ``target`` under another name.
    """
    kind = kind.lower()
    if kind not in TYPES:
        raise ModelError(f"no type '{kind}'{did_you_mean(kind, TYPES)} (types: {', '.join(TYPES)})")
    if target.suffix != ".gguf":
        raise ModelError(f"'{target}' does not end with .gguf, as model files do")
    if target.exists():
        raise ModelError(f"'{target}' is there already; name a new file")
    if not target.parent.is_dir():
        raise ModelError(f"no folder '{target.parent}' to write '{target.name}' to")
    header = read_header(checked(source))
    if header and header.keys.get("general.file_type") == _number(kind):
        raise ModelError(f"'{source}' is of type {kind} already")
    part = target.with_name(f"{target.name}.part")
    try:
        _written(source, part, kind)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Sizes(source.stat().st_size, target.stat().st_size)


def _written(source: Path, target: Path, kind: str) -> None:
    noise = log()
    noise.lines.clear()
    llama_cpp.llama_backend_init()
    wanted = llama_cpp.llama_model_quantize_default_params()
    wanted.ftype = _number(kind)
    wanted.nthread = Engine().cores
    wanted.allow_requantize = True
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), wanted):
        raise ModelError(f"'{source}' cannot be written as {kind}: {noise.reason()}")


def _number(kind: str) -> int:
    name = "ALL_F32" if kind == "f32" else f"MOSTLY_{kind.upper()}"
    return int(getattr(llama_cpp, f"LLAMA_FTYPE_{name}"))


def slow_on_cpu(path: Path, reference: str, gpu_layers: int) -> str:
    """A line for the user where a file of another type would be read much faster on this machine;
    else empty. ``reference`` is what the user calls the file."""
    if gpu_layers and llama_cpp.llama_supports_gpu_offload():
        return ""
    system = llama_cpp.llama_print_system_info().decode(errors="replace")
    if not {"AVX2 = 1", "REPACK = 1"} <= {each.strip() for each in system.split("|")}:
        return ""
    header = read_header(path)
    slow = _mostly(header) if header else ""
    if slow not in SLOW:
        return ""
    name = re.sub(rf"[-._]?{slow}$", "", path.stem, flags=re.IGNORECASE)
    faster = shlex.quote(f"{name}-q4_0.gguf")
    return (
        f"on a CPU, weights of type {slow} read prompts much more slowly than q4_0; `clin models "
        f"quantize {shlex.quote(reference)} {faster}` makes such a file"
    )


def _mostly(header: Header) -> str:
    """The type that most bytes of the layers are of."""
    return max(header.bytes_by_type, key=lambda kind: header.bytes_by_type[kind], default="")
