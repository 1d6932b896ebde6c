"""From a model reference to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clin.errors import ModelError
from clin.llms import LLM
from clin.llms.shelf import BUNDLED

FORMS = "bundled, PATH.gguf, hf:ORG/REPO:FILE, openai:MODEL@URL, scripted:FILE"


def open_model(reference: str, **options: Any) -> LLM:
    """The model behind ``reference``: ``bundled``, ``PATH.gguf``, ``hf:ORG/REPO:FILE``,
    ``openai:MODEL@URL`` or ``scripted:FILE``.

    ``options`` are those of :class:`clin.llms.llamacpp.LlamaCpp` (gpu_layers, ctx, lanes, threads,
    seed, temperature …). ModelError says in one line what is wrong with the reference or the file.
    """
    kind, _, rest = reference.partition(":")
    if kind == "scripted":
        from clin.llms.scripted import Scripted

        return Scripted(Path(rest))
    if kind == "openai":
        from clin.llms.openai import OpenAI

        return OpenAI(rest, **options)
    from clin.llms.llamacpp import LlamaCpp

    options.pop("think", None)  # of a model in this process a question itself asks for it
    return LlamaCpp(model_file(reference), **options)


def model_file(reference: str) -> Path:
    """The GGUF file behind ``reference``, fetched from the Hugging Face hub where that is asked
    for."""
    if not reference.strip():
        raise ModelError(f"an empty model reference (forms: {FORMS})")
    if reference == "bundled":
        return next(iter(sorted(BUNDLED.glob("*.gguf"))))
    if reference.startswith("hf:"):
        from clin.llms.hub import fetched

        return fetched(reference)
    return Path(reference).expanduser()
