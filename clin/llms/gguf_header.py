"""The header of a GGUF file: its keys and what its tensors are stored in, read by ggml itself."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llama_cpp
from llama_cpp._ctypes_extensions import load_shared_library

from clin.llms.native import log

Value = str | int | float | bool

STRING = 8
SCALARS: dict[int, Any] = {
    0: ctypes.c_uint8,
    1: ctypes.c_int8,
    2: ctypes.c_uint16,
    3: ctypes.c_int16,
    4: ctypes.c_uint32,
    5: ctypes.c_int32,
    6: ctypes.c_float,
    7: ctypes.c_bool,
    10: ctypes.c_uint64,
    11: ctypes.c_int64,
    12: ctypes.c_double,
}
"""GGUF's numbers for the types of values. Arrays are left out: they hold the vocabulary."""


@dataclass(frozen=True)
class Header:
    """``keys`` with a single value, the number of ``tensors``, and of those in the layers the bytes
    by type (``q4_1``)."""

    keys: dict[str, Value]
    tensors: int
    bytes_by_type: dict[str, int]

    @property
    def architecture(self) -> str:
        return str(self.keys.get("general.architecture", ""))

    def number(self, key: str) -> int:
        """The whole number under ``key``; 0 where there is none."""
        found = self.keys.get(key, 0)
        return found if isinstance(found, int) else 0


class _Wanted(ctypes.Structure):
    """ggml's gguf_init_params."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


def read_header(path: Path) -> Header | None:
    """The header of ``path``; None where ggml cannot read it (llama.cpp says why)."""
    log()
    ggml = _ggml()
    file = ggml.gguf_init_from_file(str(path).encode(), _Wanted(True, None))
    if not file:
        return None
    try:
        sizes: Counter[str] = Counter()
        count = ggml.gguf_get_n_tensors(file)
        for index in range(count):
            if not ggml.gguf_get_tensor_name(file, index).startswith(b"blk."):
                continue
            kind = ggml.ggml_type_name(ggml.gguf_get_tensor_type(file, index)).decode()
            sizes[kind] += ggml.gguf_get_tensor_size(file, index)
        return Header(dict(_keys(ggml, file)), count, dict(sizes))
    finally:
        ggml.gguf_free(file)


def _keys(ggml: Any, file: int) -> Iterator[tuple[str, Value]]:
    for index in range(ggml.gguf_get_n_kv(file)):
        key = ggml.gguf_get_key(file, index).decode("utf-8", "replace")
        kind = ggml.gguf_get_kv_type(file, index)
        if kind == STRING:
            yield key, ggml.gguf_get_val_str(file, index).decode("utf-8", "replace")
        elif kind in SCALARS:
            at = ggml.gguf_get_val_data(file, index)
            yield key, SCALARS[kind].from_address(at).value


@cache
def _ggml() -> Any:
    """The library that llama.cpp stands on, with the signatures of what is called here."""
    ggml = llama_cpp.llama_cpp._lib  # a second copy of the library would have a log of its own
    if not hasattr(ggml, "gguf_free"):  # Windows does not look into what a library stands on
        ggml = load_shared_library("ggml-base", Path(llama_cpp.__file__).parent / "lib")
    file, index = ctypes.c_void_p, ctypes.c_int64
    for name, takes, gives in (
        ("gguf_init_from_file", (ctypes.c_char_p, _Wanted), file),
        ("gguf_free", (file,), None),
        ("gguf_get_n_kv", (file,), index),
        ("gguf_get_key", (file, index), ctypes.c_char_p),
        ("gguf_get_kv_type", (file, index), ctypes.c_int),
        ("gguf_get_val_str", (file, index), ctypes.c_char_p),
        ("gguf_get_val_data", (file, index), ctypes.c_void_p),
        ("gguf_get_n_tensors", (file,), index),
        ("gguf_get_tensor_name", (file, index), ctypes.c_char_p),
        ("gguf_get_tensor_type", (file, index), ctypes.c_int),
        ("gguf_get_tensor_size", (file, index), ctypes.c_size_t),
        ("ggml_type_name", (ctypes.c_int,), ctypes.c_char_p),
    ):
        function = getattr(ggml, name)
        function.argtypes, function.restype = takes, gives
    return ggml
