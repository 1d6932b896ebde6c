"""``hf:ORG/REPO:FILE``: a file of the Hugging Face hub, in the hub's own cache.

The download itself is ours: newer versions of the hub's client throw away what has come when the
process ends, and a model is gigabytes. What has come lies beside the cache's files until the rest
is there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    list_repo_files,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.file_download import HfFileMetadata, http_get, repo_folder_name
from huggingface_hub.utils import WeakFileLock, build_hf_headers

from clin.errors import ModelError
from clin.llms.unplayable import parts
from memory.spelling import did_you_mean

NETWORK: tuple[type[Exception], ...] = (
    *(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception)),
    OSError,
)
"""What the client raises when the hub cannot be reached: errors of the HTTP library that its
version uses."""
UNFETCHED: tuple[type[Exception], ...] = (*NETWORK, ValueError)
"""What can come of a download; it may be tried again."""
LARGEST = 50_000_000_000
"""Bytes that the hub sends as a plain file; larger ones are left to its client."""


def fetched(reference: str) -> Path:
    """The file behind ``hf:ORG/REPO:FILE``, from the cache or fetched with a progress bar.

    Of a split file all parts are fetched, where the first is named. A download that was cut off
    goes on where it was. ModelError, in one line, if the file cannot be
    had.
    """
    repository, _, file = reference.removeprefix("hf:").partition(":")
    if repository.count("/") != 1 or not file or ".." in file.split("/"):
        raise ModelError(f"'{reference}' is not of the form hf:ORG/REPO:FILE")
    folder, slash, name = file.rpartition("/")
    names = [f"{folder}{slash}{part}" for part in parts(name)]
    paths = [_had(repository, each) for each in names]
    return paths[0]


def _had(repository: str, file: str) -> Path:
    """One file of a repository; errors as of :func:`fetched`."""
    reference = f"hf:{repository}:{file}"
    try:
        with _quiet():
            return _fetched(repository, file)
    except LocalEntryNotFoundError:
        raise ModelError(
            f"{reference} is not in the cache and the hub cannot be reached; give a local PATH.gguf"
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"the hub has no repository '{repository}', or it needs HF_TOKEN"
        ) from None
    except EntryNotFoundError:
        raise ModelError(f"{repository} has no file '{file}'{_others(repository, file)}") from None
    except UNFETCHED as error:
        if isinstance(error, ModelError):
            raise
        said = " ".join(str(error).split())[:160] or type(error).__name__
        raise ModelError(
            f"{reference} could not be fetched ({said}); what has come is kept, and the same "
            "command goes on"
        ) from None


def _fetched(repository: str, file: str) -> Path:
    token = os.environ.get("HF_TOKEN") or None
    try:
        about = get_hf_file_metadata(hf_hub_url(repository, file), token=token)
    except (RepositoryNotFoundError, EntryNotFoundError):
        raise
    except NETWORK:
        about = None  # perhaps it is in the cache
    if about and about.size and about.size <= LARGEST:
        etag = about.etag or ""
        if re.fullmatch("[0-9a-f]{40,64}", etag):
            _download(repository, file, about, etag, token)
    return Path(hf_hub_download(repository, file, token=token, local_files_only=about is None))


def _download(
    repository: str, file: str, about: HfFileMetadata, etag: str, token: str | None
) -> None:
    """Put the file where the hub's client looks for it before it downloads."""
    cache = Path(constants.HF_HUB_CACHE)
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    whole = cache / folder / "blobs" / etag
    part = whole.with_name(f"{etag}.part")
    lock = cache / ".locks" / folder / f"{etag}.part.lock"
    whole.parent.mkdir(parents=True, exist_ok=True)
    lock.parent.mkdir(parents=True, exist_ok=True)
    headers = build_hf_headers(token=token)
    if urlsplit(about.location).netloc != urlsplit(constants.ENDPOINT).netloc:
        # A token is the hub's business, not that of the server where the file lies.
        headers.pop("authorization", None)
    with WeakFileLock(lock):
        if whole.exists():
            return
        with part.open("ab") as out:
            begun = out.tell()
            http_get(
                about.location,
                out,
                resume_size=begun,
                headers=headers,
                expected_size=about.size,
                displayed_filename=file,
            )
        if begun and not _is(part, etag):
            part.unlink()
            raise ModelError(
                f"what came of {file} in pieces is not the hub's file; it is thrown away, and "
                "the same command begins anew"
            )
        part.replace(whole)


def _is(file: Path, etag: str) -> bool:
    """Whether the content is what the hub has: large files are named by their sha256, others by
    git's hash, which is left alone."""
    with file.open("rb") as content:
        return len(etag) != 64 or hashlib.file_digest(content, "sha256").hexdigest() == etag


def _others(repository: str, file: str) -> str:
    """What GGUF files the repository has instead, if the hub says so."""
    try:
        there = [name for name in list_repo_files(repository) if name.endswith(".gguf")]
    except NETWORK:
        return ""
    return did_you_mean(file, there) or f" (it has: {', '.join(there[:8]) or 'no GGUF file'})"


@contextmanager
def _quiet() -> Iterator[None]:
    """The client's log stays silent: what is wrong is told once, at the end."""
    log = logging.getLogger("huggingface_hub")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
