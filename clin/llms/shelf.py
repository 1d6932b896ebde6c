"""The GGUF files at hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clin.llms.packages import packaged

BUNDLED = Path(__file__).parent / "bundled"


@dataclass(frozen=True)
class OnShelf:
    """A model file: what to give to ``--model``, where it lies, its size in bytes, and the licence
    that its package names."""

    reference: str
    path: Path
    bytes: int
    licence: str = ""


def shelf(folder: Path) -> list[OnShelf]:
    """The bundled model, the GGUF files of other installed packages, those in ``folder``, and
    those in the Hugging Face cache."""
    found = [("bundled", path, "") for path in sorted(BUNDLED.glob("*.gguf"))]
    found += [("bundled", path, "") for path in sorted(BUNDLED.glob("adapters/*.gguf"))]
    found += [
        (each.reference, each.path, each.licence)
        for each in packaged()
        if BUNDLED not in each.path.parents
    ]
    found += [(str(path), path, "") for path in sorted(folder.glob("*.gguf"))]
    found += [
        (_reference(path), path, "")
        for path in sorted(hub_cache().glob("models--*/snapshots/*/**/*.gguf"))
    ]
    return [OnShelf(name, path, path.stat().st_size, licence) for name, path, licence in found]


def hub_cache() -> Path:
    """Where huggingface-hub keeps its files (its own environment variables are honoured)."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    return Path(os.environ.get("HF_HUB_CACHE", home / "hub"))


def _reference(path: Path) -> str:
    model, _, _, *inside = path.relative_to(hub_cache()).parts
    return f"hf:{model.removeprefix('models--').replace('--', '/', 1)}:{'/'.join(inside)}"


def card_text(reference: str) -> str:
    """The bundled model's card; other models carry theirs in their metadata alone."""
    return (BUNDLED / "README.md").read_text(encoding="utf-8") if reference == "bundled" else ""
