"""What the folder of a training run holds: ``recipe.json``, ``tokens.json`` (a model with words of
its own), ``checkpoint.pt`` and ``curves.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from clin.distill.episodes import opened
from clin.errors import UserError


def checkpoint(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The last checkpoint of the run in ``folder``; UserError if it has none."""
    try:
        state: dict[str, Any] = torch.load(
            folder / "checkpoint.pt", map_location=device, weights_only=True
        )
        return state
    except OSError:
        raise UserError(f"the run in '{folder}' has no checkpoint yet") from None


def read_run(folder: Path) -> dict[str, Any]:
    """A run's ``recipe.json``."""
    try:
        recipe: dict[str, Any] = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
        return recipe
    except (OSError, ValueError):
        raise UserError(f"no training run in '{folder}' (it has no readable recipe.json)") from None


def described(data: Path) -> dict[str, Any]:
    """What a folder of episodes holds, and the hash of its index."""
    shards = opened(data)
    rows = list(shards.rows.values())
    worlds = sorted({row["world"] for row in rows})
    return {
        "folder": data.name,
        "sha256": sha256("\n".join(sorted(map(json.dumps, rows))).encode()).hexdigest(),
        "places": len(rows),
        "worlds": worlds,
        "episodes": sum(row["episodes"] for row in rows),
        "steps": sum(row["steps"] for row in rows),
    }


class Curves:
    """The losses of a run, as means over the updates between two rows. What a killed run had
    written after its last checkpoint, at ``step``, is dropped."""

    def __init__(self, file: Path, step: int) -> None:
        self._file = file
        self._losses: dict[str, list[float]] = {}
        if file.exists():
            lines = file.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= step]
            file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def add(self, losses: Mapping[str, float]) -> None:
        """One more update."""
        for name, value in losses.items():
            self._losses.setdefault(name, []).append(value)

    def note(self) -> str:
        """The means since the last row, in words."""
        return ", ".join(f"{name} {mean:.3f}" for name, mean in self._means().items())

    def write(self, step: int, tokens: int) -> None:
        """A row, and begin anew."""
        losses = {name: round(mean, 4) for name, mean in self._means().items()}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "tokens": tokens, **losses}) + "\n")
        self._losses = {}

    def _means(self) -> dict[str, float]:
        return {name: sum(values) / len(values) for name, values in self._losses.items()}
