"""GGUF files that are no model that can act: what they are instead, and what to give."""

from __future__ import annotations

import re
from pathlib import Path

from clin.llms.gguf_header import Header

KINDS = {
    "adapter": "a LoRA adapter, which only changes a model: give it as --lora beside one",
    "imatrix": "an importance matrix, which only helps to quantise a model",
    "mmproj": "a multimodal projector, which only lets a model see",
}
"""What a file may call itself (``general.type``) besides a model."""
ENCODERS = ("t5", "t5encoder")
"""Architectures that read with an encoder, besides those that are named after BERT."""
PART = re.compile(r"(?P<name>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf")
"""How the parts of a split file are named."""


def unplayable(path: Path, header: Header) -> str:
    """Why ``path`` cannot act, to be put after its name; empty where nothing is known against
    it."""
    kind = str(header.keys.get("general.type", ""))
    if header.architecture == "clip":
        kind = "mmproj"
    if kind in KINDS:
        return f"is {KINDS[kind]}; give the model's own file"
    split = _split(path, header)
    if split or header.number("split.count") > 1:
        return split
    if not header.tensors:
        return "holds a vocabulary and no weights; give a whole model"
    if _reads_both_ways(header):
        return (
            f"is an encoder or embedding model ({header.architecture}), which writes no text "
            "here; give an instruct model"
        )
    return ""


def _reads_both_ways(header: Header) -> bool:
    name = header.architecture
    return (
        "bert" in name
        or name in ENCODERS
        or header.keys.get(f"{name}.attention.causal") is False
        or header.number(f"{name}.pooling_type") > 0
    )


def parts(name: str) -> list[str]:
    """The names of all parts of a split file whose first part is called ``name``; of any other file
    its own."""
    named = PART.fullmatch(name)
    if not named or int(named["part"]) != 1:
        return [name]
    return [
        f"{named['name']}-{part:05}-of-{named['parts']}.gguf"
        for part in range(1, int(named["parts"]) + 1)
    ]


def middle(path: Path) -> str:
    """Why a file that is named as a later part of a split one is not to be opened; empty for any
    other."""
    named = PART.fullmatch(path.name)
    if not named or int(named["part"]) <= 1:
        return ""
    first = path.with_name(f"{named['name']}-00001-of-{named['parts']}.gguf")
    there = "" if first.is_file() else ", which is not there"
    return f"is part {int(named['part'])} of a split file; give part 1, '{first}'{there}"


def _split(path: Path, header: Header) -> str:
    """What is wrong with a part of a split file; empty for part 1 with all others beside it."""
    number, parts = header.number("split.no"), header.number("split.count")
    if number > 0:
        return f"is part {number + 1} of {parts} of a split file; give part 1"
    named = PART.fullmatch(path.name)
    if parts < 2 or not named:
        return ""
    names = [f"{named['name']}-{part:05}-of-{parts:05}.gguf" for part in range(2, parts + 1)]
    missing = [each for each in names if not path.with_name(each).is_file()]
    if not missing:
        return ""
    return f"is part 1 of {parts}, and {len(missing)} of the others are missing: '{missing[0]}'" + (
        " and so on" if len(missing) > 1 else ""
    )
