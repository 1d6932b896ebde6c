"""Training: by seed, resumable at any checkpoint, its recipe and curves stored beside the weights.

A run is a folder: ``recipe.json``, ``tokens.json``, ``checkpoint.pt``, ``curves.jsonl``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from clin.distill import tokens as tokenising
from clin.distill.batches import Batch, rounds
from clin.distill.copies import copies
from clin.distill.copying import copy_loss
from clin.distill.episodes import opened
from clin.distill.form import EOS
from clin.distill.mix import Bank, Mixer
from clin.distill.model import Llama, Shape
from clin.distill.muon import Muon
from clin.distill.precision import half_is_fast, half_precision
from clin.distill.presets import Recipe, of_dict
from clin.errors import UserError

if TYPE_CHECKING:
    from clin.distill.start import Start

CURVE_EVERY = 20
TOKENISER_SAMPLES = 3000
ATTENTION_WEIGHT = 0.5
Tell = Callable[[int, int, str, int], None]


@dataclass
class Trainer:
    """The state of a training run: what a checkpoint holds. ``step`` updates are done."""

    recipe: Recipe
    folder: Path
    encode: tokenising.Tokens
    device: torch.device

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.model = Llama(shape(self.recipe, self.encode.size)).to(self.device)
        self.optimisers = optimisers(self.model, self.recipe)
        self.step, self.read = 0, 0

    def update(self, batch: Batch) -> dict[str, float]:
        """One update; returns the losses. In the first ones, and in a share of the later ones by
        the step's draw, copying is drilled; ``batch`` is learned from in all but the first."""
        random = Random(f"{self.recipe.seed} step {self.step}")
        first = self.step < self.recipe.copy_first
        for group, base in self._rates():
            group["lr"] = base * rate(self.step, self.recipe)
        told = {}
        if first or random.random() < self.recipe.copy_share:
            drills = [
                copies(random, self.encode, self.model.shape.vocabulary)
                for _ in range(self.recipe.copy_batch)
            ]
            copied, astray = copy_loss(self.model, drills, self.device)
            (copied + ATTENTION_WEIGHT * astray).backward()
            told = {"copy": copied.item(), "attention": astray.item()}
        if not first:
            loss = act_loss(self.model, batch, self.device)
            loss.backward()
            told["act"] = loss.item()
            self.read += sum(len(each.tokens) for each in batch)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return told

    def _rates(self) -> Iterator[tuple[dict[str, Any], float]]:
        for optimiser, base in zip(
            self.optimisers, (self.recipe.matrix_rate, self.recipe.other_rate), strict=True
        ):
            for group in optimiser.param_groups:
                yield group, base

    def save(self) -> None:
        """Write the checkpoint; a kill while writing leaves the one before."""
        state = {
            "step": self.step,
            "read": self.read,
            "model": self.model.state_dict(),
            "shape": self.model.shape.dict(),
            "optimisers": [each.state_dict() for each in self.optimisers],
        }
        fresh = self.folder / "checkpoint.fresh"
        torch.save(state, fresh)
        os.replace(fresh, self.folder / "checkpoint.pt")

    def load(self) -> None:
        state = checkpoint(self.folder, self.device)
        self.model.load_state_dict(state["model"])
        for optimiser, stored in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(stored)
        self.step, self.read = state["step"], state["read"]


def shape(recipe: Recipe, vocabulary: int) -> Shape:
    return Shape(
        vocabulary,
        recipe.width,
        recipe.layers,
        recipe.heads,
        recipe.feed,
        recipe.context,
        recipe.theta,
    )


def optimisers(model: Llama, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for matrices (Jordan et al. 2024), AdamW for embedding and norms."""
    matrices = [
        each for name, each in model.named_parameters() if each.dim() == 2 and "embd" not in name
    ]
    others = [each for name, each in model.named_parameters() if each.dim() != 2 or "embd" in name]
    return [
        Muon(
            matrices,
            lr=recipe.matrix_rate,
            weight_decay=0.05,
            momentum=0.95,
            half=half_is_fast(matrices[0].device),
        ),
        torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def rate(step: int, recipe: Recipe) -> float:
    """The share of the learning rate: a warm-up, then level, then down to a fiftieth over the last
    70 %."""
    gone = step / max(1, recipe.steps)
    return min(1.0, (step + 1) / recipe.warm_up) * max(0.02, min(1.0, (1 - gone) / 0.7))


def act_loss(model: Llama, batch: Batch, device: torch.device) -> Tensor:
    """Cross-entropy of what the model must write, by weight; nothing else is predicted."""
    length = max(len(each.tokens) for each in batch)
    rows, shares = (
        np.full((len(batch), length), EOS, dtype=np.int64),
        np.zeros((len(batch), length), dtype=np.float32),
    )
    for row, share, each in zip(
        rows, shares, batch, strict=True
    ):  # filled by slices: a list of lists takes torch longer than a GPU the update
        row[: len(each.tokens)], share[: len(each.weights)] = each.tokens, each.weights
    tokens, weights = torch.from_numpy(rows).to(device), torch.from_numpy(shares[:, 1:]).to(device)
    wanted = weights > 0
    with half_precision(device):
        logits = model.logits(model.hidden(tokens[:, :-1])[wanted])
    loss = F.cross_entropy(logits.float(), tokens[:, 1:][wanted], reduction="none")
    return (loss * weights[wanted]).sum() / weights[wanted].sum()


def begin(
    folder: Path,
    data: Sequence[Path],
    recipe: Recipe,
    device: torch.device,
    *,
    start: Start | None = None,
) -> tuple[Trainer, Bank]:
    """A new run in ``folder``; UserError if there is one. ``start`` is what it takes tokeniser and
    weights over from."""
    if (folder / "recipe.json").exists():
        raise UserError(
            f"'{folder}' holds a run already: go on with --resume, or name another --out"
        )
    bank = bank_of(data, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    if start:
        encode = start.encode
    else:
        random, mixer = (
            Random(f"{recipe.seed} tokeniser"),
            Mixer(bank, recipe.shares, recipe.worlds),
        )
        encode = tokenising.train(
            (mixer.draw(random) for _ in range(TOKENISER_SAMPLES)), recipe.vocabulary
        )
    encode.save(folder / "tokens.json")
    about = {"recipe": recipe.dict(), "data": [described(each) for each in data]}
    (folder / "recipe.json").write_text(json.dumps(about, indent=1))
    trainer = Trainer(recipe, folder, encode, device)
    if start:
        trainer.model.load_state_dict(start.weights)
        trainer.save()
    return trainer, bank


def checkpoint(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The last checkpoint of the run in ``folder``; UserError if it has none."""
    try:
        state: dict[str, Any] = torch.load(
            folder / "checkpoint.pt", map_location=device, weights_only=True
        )
        return state
    except OSError:
        raise UserError(f"the run in '{folder}' has no checkpoint yet") from None


def resume(folder: Path, data: Sequence[Path], device: torch.device) -> tuple[Trainer, Bank]:
    """A run that was interrupted, on the same data; UserError where either is not so."""
    about = read_run(folder)
    now = [described(each) for each in data]
    if [each["sha256"] for each in now] != [each["sha256"] for each in about["data"]]:
        raise UserError(
            f"the run in '{folder}' began with other data: give the same --data, in the same "
            "order and unchanged"
        )
    trainer = Trainer(
        of_dict(about["recipe"]), folder, tokenising.load(folder / "tokens.json"), device
    )
    if (folder / "checkpoint.pt").exists():
        trainer.load()
    return trainer, bank_of(data, trainer.recipe)


def bank_of(data: Sequence[Path], recipe: Recipe) -> Bank:
    """The episodes of the folders ``data`` that the recipe wants; UserError if nothing in them is
    worth imitating."""
    every = (episodes for each in data for episodes in opened(each))
    wanted = (
        [each for each in episodes if each.kind == "expert" or not recipe.experts_only]
        for episodes in every
    )
    return Bank.of(episodes for episodes in wanted if episodes)


def read_run(folder: Path) -> dict[str, Any]:
    """A run's ``recipe.json``."""
    try:
        recipe: dict[str, Any] = json.loads((folder / "recipe.json").read_text())
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


def train(
    trainer: Trainer, bank: Bank, *, until: int, every: int, workers: int, tell: Tell
) -> None:
    """Go on up to step ``until`` (at most the recipe's last), with a checkpoint each ``every``
    steps and at the end."""
    recipe = trainer.recipe
    curves = trainer.folder / "curves.jsonl"
    _cut(curves, trainer.step)
    first, skip = divmod(trainer.step, recipe.round_batches)
    sums: dict[str, list[float]] = {}
    for batches in rounds(bank, trainer.encode, recipe, first, workers):
        for batch in batches[skip:]:
            if trainer.step >= min(until, recipe.steps):
                trainer.save()
                return
            before = trainer.read
            for name, value in trainer.update(batch).items():
                sums.setdefault(name, []).append(value)
            note = ", ".join(
                f"{name} {sum(values) / len(values):.3f}" for name, values in sums.items()
            )
            tell(trainer.step, recipe.steps, note, trainer.read - before)
            if trainer.step % CURVE_EVERY == 0:
                row = {
                    "step": trainer.step,
                    "tokens": trainer.read,
                    **{name: round(sum(v) / len(v), 4) for name, v in sums.items()},
                }
                with curves.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                sums = {}
            if trainer.step % every == 0:
                trainer.save()
        skip = 0


def _cut(curves: Path, step: int) -> None:
    """Drop what a killed run had written after its last checkpoint."""
    if curves.exists():
        kept = [
            line for line in curves.read_text().splitlines() if json.loads(line)["step"] <= step
        ]
        curves.write_text("".join(f"{line}\n" for line in kept))
