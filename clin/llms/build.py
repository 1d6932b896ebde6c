"""The llama.cpp build that is installed."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass

REBUILD = (
    f'CMAKE_ARGS="-DGGML_CUDA=on" {shlex.quote(sys.executable)} -m pip install --force-reinstall '
    "--no-deps --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python"
)
"""The one line that makes a build which offloads to an NVIDIA GPU (llama-cpp-python's README,
"CUDA"), in this environment."""


@dataclass(frozen=True)
class Build:
    """``version`` of llama-cpp-python, what its llama.cpp was compiled with, whether it can offload
    to a GPU."""

    version: str
    system: str
    offloads: bool


def build() -> Build:
    """The installed build; ImportError where there is none."""
    import llama_cpp

    system = llama_cpp.llama_print_system_info().decode(errors="replace").strip()
    return Build(llama_cpp.__version__, system, llama_cpp.llama_supports_gpu_offload())
