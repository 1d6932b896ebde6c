"""What a GGUF file says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clin.llms import ModelCard
from clin.llms.built_in import format_of
from clin.llms.chat_format import ChatFormat
from clin.llms.gguf_file import checked, sha256
from clin.llms.native import Native

DETAILS = (
    "general.architecture",
    "general.description",
    "general.license",
    "clin.data",
    "clin.recipe",
    "clin.training",
    "clin.weights",
    "clin.limits",
)
"""Keys that a card repeats; those of ``clin`` are written by `clin distill export`."""


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
    details = {key: metadata[key] for key in DETAILS if key in metadata}
    return ModelCard(
        name=metadata.get("general.name") or path.stem,
        sha256=sha256(path),
        prompt=metadata.get("clin.prompt", ModelCard.prompt),
        roles=named or ModelCard.roles,
        context=context,
        template=template,
        details=details,
    )
