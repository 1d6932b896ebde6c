"""From a model reference to a model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from clin.errors import ModelError
from clin.llms import LLM
from clin.llms.shelf import BUNDLED

FORMS = "bundled, PATH.gguf, hf:ORG/REPO:FILE, openai:MODEL@URL, scripted:FILE"


def open_model(reference: str, **options: Any) -> LLM:
    """The model behind ``reference``: ``bundled``, ``PATH.gguf``, ``hf:ORG/REPO:FILE``, ``openai:MODEL@URL`` or
    ``scripted:FILE``.

    ``options`` are those of :class:`clin.llms.llamacpp.LlamaCpp` (gpu_layers, ctx, lanes, threads, seed, temperature …).
    ModelError says in one line what is wrong with the reference or the file.
    """
    kind, _, rest = reference.partition(":")
    if kind == "scripted" and rest:
        from clin.llms.scripted import Scripted

        return Scripted(Path(rest))
    if kind == "openai":
        from clin.llms.openai import OpenAI

        return OpenAI(rest, **options)
    from clin.llms.llamacpp import LlamaCpp

    return LlamaCpp(model_file(reference), **options)


def model_file(reference: str) -> Path:
    """The GGUF file behind ``reference``, fetched from the Hugging Face hub where that is asked for."""
    if not reference.strip():
        raise ModelError(f"an empty model reference (forms: {FORMS})")
    if reference == "bundled":
        return next(iter(sorted(BUNDLED.glob("*.gguf"))))
    if reference.startswith("hf:"):
        return _fetched(reference)
    return Path(reference).expanduser()


def _fetched(reference: str) -> Path:
    repository, _, file = reference.removeprefix("hf:").partition(":")
    if repository.count("/") != 1 or not file:
        raise ModelError(f"'{reference}' is not of the form hf:ORG/REPO:FILE")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(hf_hub_download(repository, file, token=os.environ.get("HF_TOKEN") or None))
    except LocalEntryNotFoundError:
        raise ModelError(f"{reference} is not in the cache and the hub cannot be reached; give a local PATH.gguf") from None
    except RepositoryNotFoundError:
        raise ModelError(f"the hub has no repository '{repository}', or it needs HF_TOKEN") from None
    except EntryNotFoundError:
        raise ModelError(f"{repository} has no file '{file}'{_files(repository, file)}") from None
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(f"{reference} could not be fetched: {' '.join(str(error).split())[:200]}") from None


def _files(repository: str, file: str) -> str:
    """What GGUF files the repository has instead, if the hub says so."""
    from huggingface_hub import list_repo_files
    from huggingface_hub.errors import HfHubHTTPError

    from clin.errors import nearest

    try:
        there = [name for name in list_repo_files(repository) if name.endswith(".gguf")]
    except (HfHubHTTPError, OSError):
        return ""
    return nearest(file, there) or f" (it has: {', '.join(there[:8])})"
