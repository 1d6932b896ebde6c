"""LoRA adapters: small files that change what a model does, and leave its own file as it is (Hu et
al., "LoRA: Low-Rank Adaptation of Large Language Models", arXiv 2106.09685), in the GGUF form that
llama.cpp's ``convert_lora_to_gguf.py`` writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clin.errors import ModelError
from clin.llms.gguf_file import header_of, sha256
from clin.llms.gguf_header import Value

BUNDLED = Path(__file__).parent / "bundled" / "adapters" / "smollm2-clin.gguf"
"""The adapter that ships, for ``smollm2``; named ``bundled``."""
FORM = "bundled, FILE.gguf, or FILE.gguf:SCALE as in a.gguf:0.5"
OWN = ("clin.", "general.name")
"""How keys begin in which an adapter's word goes before the base's: it was made for a prompt, and
what it makes of the base is another model."""


@dataclass(frozen=True)
class Adapter:
    """An adapter's file, and the ``scale`` by which its change is multiplied."""

    path: Path
    scale: float
    keys: dict[str, Value]

    @property
    def base(self) -> str:
        """Which file it was made for, with its SHA-256; empty where it does not say."""
        return str(self.keys.get("clin.base", ""))

    @property
    def recorded(self) -> str:
        """As a run's record names it: the SHA-256 of its file, and the scale."""
        return f"{sha256(self.path)}:{self.scale:g}"


def adapters_of(named: Sequence[str]) -> tuple[Adapter, ...]:
    """The adapters that are ``named`` as :data:`FORM` says, in this order; ModelError for what is
    no adapter."""
    found = tuple(map(_adapter, named))
    paths = [each.path.resolve() for each in found]
    for each in found:
        if paths.count(each.path.resolve()) > 1:
            raise ModelError(f"--lora '{each.path}' is named twice; give it once, with its scale")
    return found


def is_adapter(path: Path) -> bool:
    """Whether ``path`` is a GGUF file of an adapter; ModelError where it is no GGUF file."""
    header = header_of(path)
    return header is not None and header.keys.get("general.type") == "adapter"


def overridden(metadata: dict[str, str], adapters: Sequence[Adapter]) -> dict[str, str]:
    """What the base's ``metadata`` says together with its ``adapters``; the last one has the last
    word."""
    found = dict(metadata)
    for each in adapters:
        own = {key: str(value) for key, value in each.keys.items() if key.startswith(OWN)}
        found |= own
    return found


def made_for_another(adapters: Sequence[Adapter], path: Path) -> tuple[str, ...]:
    """A line for each of the ``adapters`` that says which file it was made for, where the one at
    ``path`` is another. It fits all the same, as on the same weights rounded anew."""
    lines = []
    for each in adapters:
        if each.base and sha256(path) not in each.base:
            name = each.keys.get("general.name", each.path.name)
            lines.append(
                f"the adapter '{name}' was made for another file, {each.base}: what was measured "
                "of it need not hold here"
            )
    return tuple(lines)


def _adapter(named: str) -> Adapter:
    path, scale = _parted(named)
    path = BUNDLED if str(path) == "bundled" else path
    header = header_of(path)
    kind = header.keys.get("general.type", "") if header else ""
    if header is None or kind != "adapter" or header.keys.get("adapter.type") != "lora":
        raise ModelError(
            f"--lora '{path}' is no LoRA adapter; one is made with llama.cpp's "
            "convert_lora_to_gguf.py"
        )
    return Adapter(path, scale, header.keys)


def _parted(named: str) -> tuple[Path, float]:
    """The file and the scale. A colon in the file's name is one where no number follows it."""
    before, colon, after = named.rpartition(":")
    if not named.strip():
        raise ModelError(f"an empty --lora (form: {FORM})")
    if not colon or after.endswith(".gguf"):
        return Path(named).expanduser(), 1.0
    try:
        scale = float(after)
    except ValueError:
        raise ModelError(f"--lora '{named}': '{after}' is no scale (form: {FORM})") from None
    if not math.isfinite(scale):
        raise ModelError(f"--lora '{named}': the scale is a finite number, not {after}")
    return Path(before).expanduser(), scale
