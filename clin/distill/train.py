"""Training: by seed, resumable at any checkpoint, its recipe and curves stored beside the weights.

What a run's folder holds, :mod:`clin.distill.run_folder` says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from clin.distill import tokens as tokenising
from clin.distill.base import Base, base_of, base_tokens
from clin.distill.batches import Batch, rounds
from clin.distill.copies import copies
from clin.distill.copying import copy_loss
from clin.distill.episodes import Episode, opened
from clin.distill.form import EOS
from clin.distill.lora import Adapted
from clin.distill.mix import Bank, Mixer
from clin.distill.model import Llama, Shape
from clin.distill.muon import Muon
from clin.distill.precision import half_is_fast, half_precision
from clin.distill.presets import Recipe, of_dict
from clin.distill.run_folder import Curves, checkpoint, described, read_run
from clin.distill.trees import parents_of, tree_of
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
    encode: tokenising.Encoder
    device: torch.device
    base: Base | None = None

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.model = made(self.recipe, self.encode.size, self.base).to(self.device)
        self.optimisers = optimisers(self.model, self.recipe)
        self.step, self.read = 0, 0

    def update(self, batch: Batch) -> dict[str, float]:
        """One update; returns the losses.

        In the first ones, and in a share of the later ones by the step's draw, copying is drilled;
        ``batch`` is learned from in all but the first.
        """
        random = Random(f"{self.recipe.seed} step {self.step}")
        first = self.step < self.recipe.copy_first
        self._set_rates()
        losses = {}
        if first or random.random() < self.recipe.copy_share:
            losses = self._drilled(random)
        if not first:
            loss = act_loss(self.model, batch, self.device)
            loss.backward()
            losses["act"] = loss.item()
            self.read += sum(len(window.tokens) for window in batch)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return losses

    def _set_rates(self) -> None:
        share = rate(self.step, self.recipe)
        bases = (self.recipe.matrix_rate, self.recipe.other_rate)[-len(self.optimisers) :]
        for optimiser, base in zip(self.optimisers, bases, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = base * share

    def _drilled(self, random: Random) -> dict[str, float]:
        """The gradient of a batch of copy drills; its losses."""
        assert isinstance(self.model, Llama)
        vocabulary, count = self.model.shape.vocabulary, self.recipe.copy_batch
        drills = [copies(random, self.encode, vocabulary) for _ in range(count)]
        copied, astray = copy_loss(self.model, drills, self.device)
        (copied + ATTENTION_WEIGHT * astray).backward()
        return {"copy": copied.item(), "attention": astray.item()}

    def save(self) -> None:
        """Write the checkpoint; a kill while writing leaves the one before."""
        state = {
            "step": self.step,
            "read": self.read,
            "model": self.model.state_dict(),
            "shape": self.model.shape.dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
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
    """The sizes of the model that ``recipe`` makes."""
    return Shape(
        vocabulary=vocabulary,
        width=recipe.width,
        layers=recipe.layers,
        heads=recipe.heads,
        feed=recipe.feed,
        context=recipe.context,
        theta=recipe.theta,
    )


def made(recipe: Recipe, vocabulary: int, base: Base | None) -> Llama | Adapted:
    """The model that is trained: a new one, or ``base`` with an adapter or without."""
    if base is None:
        return Llama(shape(recipe, vocabulary))
    return Adapted(base.sizes, base.weights, recipe.lora, recipe.upper_layers)


def optimisers(model: Llama | Adapted, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for matrices (Jordan et al. 2024), AdamW for embedding and norms; AdamW alone on
    top of a base."""
    if isinstance(model, Adapted):
        learning = [each for each in model.parameters() if each.requires_grad]
        adam = torch.optim.AdamW(
            learning, lr=recipe.other_rate, betas=(0.9, 0.98), weight_decay=0.0
        )
        return [adam]
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.dim() == 2 and "embd" not in name
        (matrices if is_matrix else others).append(parameter)
    muon = Muon(
        matrices,
        lr=recipe.matrix_rate,
        weight_decay=0.05,
        momentum=0.95,
        half=half_is_fast(matrices[0].device),
    )
    adam = torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.95), weight_decay=0.0)
    return [muon, adam]


def rate(step: int, recipe: Recipe) -> float:
    """The share of the learning rate: a warm-up, then level, then down to a fiftieth over the last
    70 %."""
    gone = step / max(1, recipe.steps)
    return min(1.0, (step + 1) / recipe.warm_up) * max(0.02, min(1.0, (1 - gone) / 0.7))


def act_loss(model: Llama | Adapted, batch: Batch, device: torch.device) -> Tensor:
    """Cross-entropy of what the model must write, by weight; nothing else is predicted."""
    length = max(len(window.tokens) for window in batch)
    rows = np.full((len(batch), length), EOS, dtype=np.int64)
    shares = np.zeros((len(batch), length), dtype=np.float32)
    # Filled by slices: a list of lists takes torch longer than a GPU the update.
    for row, share, window in zip(rows, shares, batch, strict=True):
        row[: len(window.tokens)] = window.tokens
        share[: len(window.weights)] = window.weights
    tokens, weights = torch.from_numpy(rows).to(device), torch.from_numpy(shares).to(device)
    of_window, at = (weights > 0).nonzero(as_tuple=True)
    before = parents_of(batch, length, device)[of_window, at]
    with half_precision(device):
        hidden = model.hidden(tokens, tree_of(batch, length, device))
        logits = model.logits(hidden[of_window, before])
    loss = F.cross_entropy(logits.float(), tokens[of_window, at], reduction="none")
    return (loss * weights[of_window, at]).sum() / weights.sum()


def begin(
    folder: Path,
    data: Sequence[Path],
    recipe: Recipe,
    device: torch.device,
    *,
    start: Start | None = None,
    base: Base | None = None,
) -> tuple[Trainer, Bank]:
    """A new run in ``folder``; UserError if there is one. ``start`` is what it takes tokeniser and
    weights over from, ``base`` the model that is trained on, all of it or an adapter."""
    if (folder / "recipe.json").exists():
        raise UserError(
            f"'{folder}' holds a run already: go on with --resume, or name another --out"
        )
    bank = bank_of(data, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    encode = base_tokens(base) if base else start.encode if start else _tokeniser(bank, recipe)
    if isinstance(encode, tokenising.Tokens):
        encode.save(folder / "tokens.json")
    about = {"recipe": recipe.dict(), "data": [described(source) for source in data]}
    (folder / "recipe.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    trainer = Trainer(recipe, folder, encode, device, base)
    if start:
        trainer.model.load_state_dict(start.weights)
        trainer.save()
    return trainer, bank


def _tokeniser(bank: Bank, recipe: Recipe) -> tokenising.Tokens:
    """A tokeniser of its own, made from a draw of what will be learned."""
    random = Random(f"{recipe.seed} tokeniser")
    mixer = Mixer(bank, recipe.shares, recipe.worlds)
    samples = (mixer.draw(random) for _ in range(TOKENISER_SAMPLES))
    return tokenising.train(samples, recipe.vocabulary)


def resume(folder: Path, data: Sequence[Path], device: torch.device) -> tuple[Trainer, Bank]:
    """A run that was interrupted, on the same data; UserError where either is not so."""
    about = read_run(folder)
    now = [described(source)["sha256"] for source in data]
    if now != [source["sha256"] for source in about["data"]]:
        raise UserError(
            f"the run in '{folder}' began with other data: give the same --data, in the same "
            "order and unchanged"
        )
    recipe = of_dict(about["recipe"])
    base = base_of(recipe)
    encode = base_tokens(base) if base else tokenising.load(folder / "tokens.json")
    trainer = Trainer(recipe, folder, encode, device, base)
    if (folder / "checkpoint.pt").exists():
        trainer.load()
    return trainer, bank_of(data, trainer.recipe)


def bank_of(data: Sequence[Path], recipe: Recipe) -> Bank:
    """The episodes of the folders ``data`` that the recipe wants; UserError if nothing in them is
    worth imitating."""
    return Bank.of(_wanted(data, recipe))


def _wanted(data: Sequence[Path], recipe: Recipe) -> Iterator[list[Episode]]:
    """The episodes, place by place."""
    for folder in data:
        for episodes in opened(folder):
            wanted = [
                episode
                for episode in episodes
                if episode.kind == "expert" or not recipe.experts_only
            ]
            if wanted:
                yield wanted


def train(
    trainer: Trainer, bank: Bank, *, until: int, every: int, workers: int, tell: Tell
) -> None:
    """Go on up to step ``until`` (at most the recipe's last), with a checkpoint each ``every``
    steps and at the end."""
    recipe = trainer.recipe
    curves = Curves(trainer.folder / "curves.jsonl", trainer.step)
    for batch in _batches(trainer, bank, workers):
        if trainer.step >= min(until, recipe.steps):
            trainer.save()
            return
        before = trainer.read
        curves.add(trainer.update(batch))
        tell(trainer.step, recipe.steps, curves.note(), trainer.read - before)
        if trainer.step % CURVE_EVERY == 0:
            curves.write(trainer.step, trainer.read)
        if trainer.step % every == 0:
            trainer.save()


def _batches(trainer: Trainer, bank: Bank, workers: int) -> Iterator[Batch]:
    """Without end, from the trainer's next on."""
    first, skip = divmod(trainer.step, trainer.recipe.round_batches)
    for batches in rounds(bank, trainer.encode, trainer.recipe, first, workers):
        yield from batches[skip:]
        skip = 0
