"""Making a small model from experience: collect, train, export, evaluate (``docs/distill.md``).

One subject per file. Nothing outside this folder imports torch, tokenizers or gguf; the extra ``[distill]`` brings them.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from clin.errors import UserError


def needed(package: str) -> ModuleType:
    """The module ``package`` of the extra; UserError in one line where it is not installed."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise UserError(f"`clin distill` needs {package}, which is not installed: pip install 'clin[distill]'") from None
