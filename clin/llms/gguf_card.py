"""What a GGUF file says of itself."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from clin.errors import ModelError
from clin.llms import ModelCard
from clin.llms.built_in import format_of
from clin.llms.chat_format import ChatFormat
from clin.llms.gguf_file import checked, sha256
from clin.llms.native import Native

DETAILS = (
    "general.architecture",
    "general.description",
    "general.license",
    "clin.base",
    "clin.data",
    "clin.recipe",
    "clin.training",
    "clin.weights",
    "clin.limits",
)
"""Keys that a card repeats; those of ``clin`` are written by `clin distill export`."""

PLAIN = ("compact-2", "compact-3")
"""Prompts that were trained as plain text: no chat template stands around them, though the base of
an adapter has one."""
SMALL = 400_000_000
"""Parameters up to which a model does not read a list in its prompt's head, and is guided by what
memory says at each step. Measured for 135 million (docs/results/recall.md); what larger ones need
is unmeasured."""
GUIDANCE = 4.0
"""The weight for these, chosen on places of the dev split."""


def read_card(path: Path) -> ModelCard:
    """What the file says of itself, without loading its weights; ModelError if it is no model."""
    native = Native(checked(path), gpu_layers=0, vocabulary_only=True)
    try:
        metadata = native.metadata()
        architecture = metadata.get("general.architecture", "")
        trained = int(metadata.get(f"{architecture}.context_length", 0))
        context = int(metadata.get("clin.context", 0)) or trained
        template, notes = format_of(native, architecture)
        return replace(card(path, metadata, context, template), notes=notes)
    finally:
        native.close()


def card(path: Path, metadata: dict[str, str], context: int, template: ChatFormat) -> ModelCard:
    """The card of an opened file: its ``metadata``, the context it is given, and what its chat
    template puts around a prompt."""
    roles = [role.strip() for role in metadata.get("clin.roles", "").split(",")]
    named = tuple(role for role in roles if role)
    prompt = metadata.get("clin.prompt", ModelCard.prompt)
    details = {key: metadata[key] for key in DETAILS if key in metadata}
    return ModelCard(
        name=metadata.get("general.name") or path.stem,
        sha256=sha256(path),
        prompt=prompt,
        roles=named or ModelCard.roles,
        context=context,
        template=ChatFormat() if prompt in PLAIN else template,
        details=details,
        guidance=guidance_of(metadata),
    )


def guidance_of(metadata: dict[str, str]) -> float:
    """The weight that the file names (``clin.guidance``), else what its size needs. None for the
    prompt of the bundled model, which has no place for what memory says."""
    if metadata.get("clin.prompt") == "compact-2":
        return 0.0
    named = metadata.get("clin.guidance", "")
    try:
        weight = float(named) if named else -1.0
    except ValueError:
        raise ModelError(f"clin.guidance in the file is no number: '{named}'") from None
    if named and not (weight >= 0 and math.isfinite(weight)):
        raise ModelError(f"clin.guidance in the file is a number of at least 0, not {named}")
    return weight if named else GUIDANCE if 0 < parameters(metadata) <= SMALL else 0.0


def parameters(metadata: dict[str, str]) -> int:
    """Parameters in the layers, by width and depth: about 12 d^2 a layer. 0 where the file does not
    say."""
    architecture = metadata.get("general.architecture", "")
    width = metadata.get(f"{architecture}.embedding_length", "")
    depth = metadata.get(f"{architecture}.block_count", "")
    if not (width.isdigit() and depth.isdigit()):
        return 0
    return 12 * int(width) ** 2 * int(depth)
