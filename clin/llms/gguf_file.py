"""What a GGUF file says of itself, and whether it is one; checked before llama.cpp is asked, whose
answer is a null pointer."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from clin.errors import ModelError
from clin.llms.gguf_header import Header, read_header
from clin.llms.packages import SHORT
from clin.llms.unplayable import middle, parts, unplayable
from memory.spelling import did_you_mean


def checked(path: Path) -> Path:
    """``path`` if a GGUF file of a model that can act is there; ModelError otherwise, naming the
    nearest file or model."""
    if path.is_dir():
        raise ModelError(f"model '{path}' is a folder; name a .gguf file in it")
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        there = sorted(each.name for each in folder.glob("*.gguf"))
        near = [*there, "bundled", *SHORT] if path.parent == Path() else there
        listed = f" (GGUF files there: {', '.join(there[:8])})" if there else ""
        raise ModelError(
            f"no model file '{path}'{did_you_mean(path.name, near)}{listed}; "
            "--model bundled needs none"
        )
    if later := middle(path):
        raise ModelError(f"'{path}' {later}")
    header = _header(path)
    if header and (why := unplayable(path, header)):
        raise ModelError(f"'{path}' {why}")
    return path


def header_of(path: Path) -> Header | None:
    """The header of any GGUF file, None where ggml cannot read it; ModelError where there is no
    such file."""
    if not path.is_file():
        near = sorted(each.name for each in path.parent.glob("*.gguf"))
        raise ModelError(f"no file '{path}'{did_you_mean(path.name, near)}")
    return _header(path)


def _header(path: Path) -> Header | None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"model file '{path}' cannot be read: {error.strerror}") from None
    if not magic:
        raise ModelError(f"model file '{path}' is empty; was its download cut off?")
    if magic != b"GGUF":
        raise ModelError(
            f"'{path}' is not a GGUF file (it begins with {magic!r}); convert the model with "
            "llama.cpp's converter"
        )
    return read_header(path)


def sha256(path: Path) -> str:
    """The file's hash, of a split one that of all parts in their order; remembered by path, size
    and time of change, since large files take seconds."""
    files = [each for name in parts(path.name) if (each := path.with_name(name)).is_file()]
    stats = [each.stat() for each in files]
    times = ",".join(f"{stat.st_size}:{stat.st_mtime_ns}" for stat in stats)
    key = f"{path.resolve()}:{times}"
    notes = _cache() / "sha256.json"
    known: dict[str, str]
    try:
        known = json.loads(notes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if key in known:
        return known[key]
    digest = hashlib.sha256()
    for each in files:
        with each.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    found = digest.hexdigest()
    if sum(stat.st_size for stat in stats) > 100_000_000:
        _remember(notes, {**known, key: found})
    return found


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "clin"


def _remember(notes: Path, known: dict[str, str]) -> None:
    try:
        notes.parent.mkdir(parents=True, exist_ok=True)
        fresh = notes.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(known), encoding="utf-8")
        fresh.replace(notes)
    except OSError:
        return  # without a cache folder the hash is computed again next time
