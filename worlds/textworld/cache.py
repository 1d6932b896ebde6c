"""Generated games, each made once and kept.

A game's folder is named by what it was made of: challenge, settings, seed and the version of
TextWorld. It is made under another name and renamed when it is whole. So two processes that make
the same game do not meet, and a process that is killed leaves no half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from worlds import WorldError
from worlds._gateway import environment

PATIENCE = 600
"""Seconds that one game may take; ten is usual."""
_MAKE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from worlds.textworld.make_game import make; make(**json.loads(sys.argv[2]))"
)


def folder() -> Path:
    """Where generated games are kept: ``clin/textworld`` of the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "clin" / "textworld"


def version() -> str:
    """The version of TextWorld; WorldError where it is not installed."""
    try:
        return metadata.version("textworld")
    except metadata.PackageNotFoundError:
        raise WorldError(
            "the package textworld is not installed: `pip install 'clin[textworld]'`"
        ) from None


def generated(challenge: str, settings: Mapping[str, object], seed: int) -> Path:
    """The .z8 file of a game, made now where it is not kept yet (about ten seconds). WorldError
    where TextWorld is not installed or cannot make it."""
    made_of = {"challenge": challenge, "settings": dict(settings), "seed": seed}
    key = json.dumps({**made_of, "textworld": version()}, sort_keys=True)
    name = f"{challenge}-{seed}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    kept = folder() / name
    if not kept.is_dir():
        _make(made_of, kept)
    return kept / "game.z8"


def _make(made_of: Mapping[str, object], kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".making-", dir=kept.parent))
    except OSError as error:
        raise WorldError(f"no game can be kept in {kept.parent}: {error.strerror}") from None
    try:
        _run({**made_of, "path": str(making / "game.z8")})
        (making / "game.ni").unlink(missing_ok=True)
        os.rename(making, kept)
    except OSError as error:
        if not kept.is_dir():  # else another process was first
            raise WorldError(f"no game can be kept in {kept.parent}: {error.strerror}") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _run(made_of: Mapping[str, object]) -> None:
    path = json.dumps([os.path.abspath(each) for each in sys.path])
    try:
        subprocess.run(
            [sys.executable, "-c", _MAKE, path, json.dumps(made_of)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=True,
            env={**environment(os.environ), "PYTHONHASHSEED": "0"},
        )
    except subprocess.TimeoutExpired:
        raise WorldError(f"TextWorld made no game within {PATIENCE} s: {_told(made_of)}") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise WorldError(f"TextWorld cannot make {_told(made_of)}: {last[:200]}") from None


def _told(made_of: Mapping[str, object]) -> str:
    return f"{made_of['challenge']} with seed {made_of['seed']} and {made_of['settings']}"
