"""Making a small model from experience: collect, train, export, evaluate (``docs/distill.md``).

One subject per file. Nothing outside this folder imports torch, tokenizers or gguf; the extra
``[distill]`` brings them.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from clin.errors import UserError


def needed(package: str) -> ModuleType:
    """The module ``package`` of the extra; UserError in one line where it is not installed."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise UserError(
            f"`clin distill` needs {package}, which is not installed: pip install 'clin[distill]'"
        ) from None


def training_device(name: str) -> Any:
    """The torch device for ``auto``, ``cpu`` or ``cuda``; UserError where there is no such
    device."""
    torch = needed("torch")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UserError("torch finds no CUDA device here; use --device cpu")
    return torch.device("cuda" if there and name != "cpu" else "cpu")
