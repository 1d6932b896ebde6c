"""The llama.cpp build that is installed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

REBUILD = (
    f'CMAKE_ARGS="-DGGML_CUDA=on" {shlex.quote(sys.executable)} -m pip install --force-reinstall '
    "--no-deps --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python"
)
"""The one line that makes a build which offloads to an NVIDIA GPU (llama-cpp-python's README,
"CUDA"), in this environment."""


FUNCTIONS = [
    "llama_backend_init",
    "llama_batch",
    "llama_chat_apply_template",
    "llama_chat_message",
    "llama_context_default_params",
    "llama_decode",
    "llama_free",
    "llama_get_logits_ith",
    "llama_get_memory",
    "llama_init_from_model",
    "llama_log_callback",
    "llama_log_set",
    "llama_memory_seq_cp",
    "llama_memory_seq_rm",
    "llama_model_chat_template",
    "llama_model_default_params",
    "llama_model_free",
    "llama_model_get_vocab",
    "llama_model_is_hybrid",
    "llama_model_is_recurrent",
    "llama_model_kv_override",
    "llama_model_load_from_file",
    "llama_model_meta_count",
    "llama_model_meta_key_by_index",
    "llama_model_meta_val_str_by_index",
    "llama_model_n_ctx_train",
    "llama_model_quantize",
    "llama_model_quantize_default_params",
    "llama_print_system_info",
    "llama_sampler_accept",
    "llama_sampler_apply",
    "llama_sampler_free",
    "llama_sampler_init_grammar",
    "llama_supports_gpu_offload",
    "llama_token",
    "llama_token_data",
    "llama_token_data_array",
    "llama_token_to_piece",
    "llama_tokenize",
    "llama_vocab_bos",
    "llama_vocab_eos",
    "llama_vocab_get_add_bos",
    "llama_vocab_get_attr",
    "llama_vocab_get_text",
    "llama_vocab_is_eog",
    "llama_vocab_n_tokens",
    "llama_vocab_type",
    "LLAMA_KV_OVERRIDE_TYPE_BOOL",
    "LLAMA_TOKEN_ATTR_CONTROL",
    "LLAMA_TOKEN_ATTR_USER_DEFINED",
]
"""What is used of llama-cpp-python's low-level API."""
ADAPTERS = (
    "llama_adapter_lora_init",
    "llama_adapter_lora_p_ctypes",
    "llama_set_adapters_lora",
)
"""What is used besides where there are LoRA adapters; older versions do not have all of it."""
FIELDS = {
    "llama_model_params": ("n_gpu_layers", "vocab_only", "kv_overrides"),
    "llama_context_params": (
        *("n_ctx", "n_seq_max", "kv_unified", "n_batch", "n_ubatch", "n_threads"),
        *("n_threads_batch", "no_perf", "type_k", "type_v", "flash_attn_type"),
    ),
}
"""What is set in its structures. Python lets a field be set that a structure does not have, and
llama.cpp never hears of it."""


@dataclass(frozen=True)
class Build:
    """``version`` of llama-cpp-python, what its llama.cpp was compiled with, whether it can offload
    to a GPU."""

    version: str
    system: str
    offloads: bool


def missing() -> list[str]:
    """Those of :data:`FUNCTIONS` and :data:`FIELDS` that the installed version does not have;
    ImportError where there is none."""
    import llama_cpp

    lacking = _lacking(FUNCTIONS)
    for structure, fields in FIELDS.items():
        known = {field[0] for field in getattr(getattr(llama_cpp, structure, None), "_fields_", ())}
        lacking += [f"{structure}.{field}" for field in fields if field not in known]
    return lacking


def unfit() -> str:
    """Why the installed version cannot be used, in a line; empty where it can."""
    return _told(missing())


def unfit_for_adapters() -> str:
    """Why the installed version can put on no LoRA adapter; empty where it can."""
    return _told(_lacking(ADAPTERS))


def _lacking(names: Iterable[str]) -> list[str]:
    import llama_cpp

    return [name for name in names if not hasattr(llama_cpp, name)]


def _told(lacking: Sequence[str]) -> str:
    import llama_cpp

    version, names = llama_cpp.__version__, ", ".join(lacking)
    return f"llama-cpp-python {version} lacks {names}: install a newer one" if lacking else ""


def build() -> Build:
    """The installed build; ImportError where there is none."""
    import llama_cpp

    system = llama_cpp.llama_print_system_info().decode(errors="replace").strip()
    return Build(llama_cpp.__version__, system, llama_cpp.llama_supports_gpu_offload())
