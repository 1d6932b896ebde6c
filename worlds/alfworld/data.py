"""The games of a user's ``alfworld-download``."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from worlds import WorldError
from worlds.alfworld.tasks import COUNTS, SPLITS, place

GAMES = "json_2.1.1"
"""The folder of the games in the download; it kept its name when they were worded anew."""
GAME = "game.tw-pddl"
_PARTS = ("pddl_domain", "grammar", "pddl_problem")
_NOT_PLAYED = ("movable", "Sliced")
"""What the package leaves out too: games whose paths say so."""
FETCH = (
    "`alfworld-download` fetches them (archives of 143 MB and a detector of pictures, about 2 GB "
    "on disk)"
)


def folder(data: object = None) -> Path:
    """The folder of the download: ``data`` where it is given, else as the package has it, the
    variable ALFWORLD_DATA or ~/.cache/alfworld. WorldError where no games are in it."""
    named = data if data is not None else os.environ.get("ALFWORLD_DATA") or "~/.cache/alfworld"
    found = Path(os.path.abspath(os.path.expanduser(str(named))))
    if not (found / GAMES).is_dir():
        raise WorldError(
            f"no ALFWorld games in '{found}' (no {GAMES} there): {FETCH}; --world-option "
            "data=PATH or ALFWORLD_DATA names another folder"
        )
    return found


def found_game(data: Path, task: str, variation: int) -> Path:
    """The file of a variation. WorldError where the download in ``data`` does not have it."""
    split, index = place(task, variation)
    files = _solvable(data, task, SPLITS[split])
    if index < len(files):
        return files[index]
    whole = COUNTS[task][list(SPLITS).index(split)]
    raise WorldError(
        f"variation {variation} of {task} is game {index + 1} of {whole} in {SPLITS[split]}, and "
        f"'{data / GAMES}' has {len(files)} there: {FETCH}"
    )


def read_game(path: Path) -> dict[str, Any]:
    """What is in a game's file. WorldError where it is no game."""
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise WorldError(f"'{path}' cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):  # no JSON, or no text
        told = None
    if not isinstance(told, dict):
        raise _damaged(path, "it is no JSON object")
    missing = [part for part in _PARTS if not isinstance(told.get(part), str)]
    if missing:
        raise _damaged(path, f"it has no {missing[0]}")
    return told


def _damaged(path: Path, why: str) -> WorldError:
    return WorldError(
        f"'{path}' is no game of ALFWorld: {why}; `alfworld-download -f` fetches it again"
    )


def _solvable(data: Path, task: str, split: str) -> list[Path]:
    """The games that the package plays, in the order of their paths. A damaged one keeps its place,
    so that it costs no other game its number."""
    files = (data / GAMES / split).glob(f"{task}-*/*/{GAME}")
    inside = {each: each.relative_to(data).as_posix() for each in files}
    played = [each for each in inside if not any(part in inside[each] for part in _NOT_PLAYED)]
    return [each for each in sorted(played, key=inside.__getitem__) if _as_last_read(each)]


def _as_last_read(path: Path) -> bool:
    """As :func:`_is_solvable`, read again only where the file has changed."""
    try:
        changed = path.stat()
    except OSError:
        return True  # who opens it is told what is wrong
    return _is_solvable(path, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=4096)
def _is_solvable(path: Path, changed_at: int, size: int) -> bool:
    try:
        return bool(read_game(path).get("solvable"))
    except WorldError:
        return True
