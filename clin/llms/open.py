"""From a model reference to a model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from clin.errors import ModelError
from clin.llms import LLM
from clin.llms.packages import SHORT, packaged_file
from clin.llms.shelf import BUNDLED

FORMS = (
    f"bundled, {', '.join(SHORT)}, PATH.gguf, pkg:MODULE, hf:ORG/REPO:FILE, openai:MODEL@URL, "
    "scripted:FILE"
)
OF_ENDPOINTS = ("allowed", "endpoint_timeout", "endpoint_wait", "tell", "think")
"""Options that say nothing to a model in this process; there a question asks for thinking."""
NO_FILE = ("openai", "scripted")
"""Kinds of references behind which no file of weights lies."""


def open_model(reference: str, **options: Any) -> LLM:
    """The model behind ``reference``: ``bundled``, ``smollm2``, ``PATH.gguf``, ``pkg:MODULE``,
    ``hf:ORG/REPO:FILE``, ``openai:MODEL@URL`` or ``scripted:FILE``.

    ``options`` are those of :class:`clin.llms.llamacpp.LlamaCpp` (gpu_layers, ctx, lanes, threads,
    seed, temperature …), and for an endpoint of :class:`clin.llms.openai.OpenAI`. ``allowed`` are
    the hosts that the user's key may go to: by default its own, since whoever calls this names it.
    ModelError says in one line what is wrong with the reference or the file.
    """
    kind, _, rest = reference.partition(":")
    if kind in NO_FILE and options.get("lora"):
        raise ModelError(f"'{reference}' is no model file, so --lora cannot change it")
    if kind == "scripted":
        from clin.llms.scripted import Scripted

        return Scripted(Path(rest))
    if kind == "openai":
        from clin.llms.openai import OpenAI

        return OpenAI(rest, **options)
    from clin.llms.llamacpp import LlamaCpp

    own = {name: each for name, each in options.items() if name not in OF_ENDPOINTS}
    return LlamaCpp(model_file(reference), reference=reference, **own)


def model_file(reference: str) -> Path:
    """The GGUF file behind ``reference``, fetched from the Hugging Face hub where that is asked
    for; ModelError for a model that is no file."""
    if not reference.strip():
        raise ModelError(f"an empty model reference (forms: {FORMS})")
    if reference == "bundled":
        return next(iter(sorted(BUNDLED.glob("*.gguf"))))
    if reference in SHORT or reference.startswith("pkg:"):
        return packaged_file(reference)
    if reference.partition(":")[0] in NO_FILE:
        raise ModelError(f"'{reference}' is no model file")
    if reference.startswith("hf:"):
        from clin.llms.hub import fetched

        return fetched(reference)
    return Path(os.path.expanduser(reference))  # pathlib raises where there is no such user
