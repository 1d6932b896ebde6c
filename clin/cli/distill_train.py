"""``clin distill train``: a model from collected episodes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import GroupedCommand, folder, gathered, number, option, words
from clin.cli.terminal import echo
from clin.errors import UserError

if TYPE_CHECKING:
    from clin.distill.base import Base
    from clin.distill.presets import Recipe
    from clin.distill.start import Start


@dataclass(frozen=True)
class Mix:
    """What is learned from, and what it starts from."""

    data: tuple[Path, ...]
    shares: list[str]
    without: list[str]
    start: str | None
    base: str | None
    lora: int | None
    full: bool
    upper_layers: int | None


@dataclass(frozen=True)
class Changes:
    """What is different from the preset; None: nothing."""

    steps: int | None
    width: int | None
    layers: int | None
    context: int | None
    batch_tokens: int | None
    experts_only: bool
    seed: int


@dataclass(frozen=True)
class Stops:
    """When to stop and to keep a checkpoint, and whether to go on."""

    stop_at: int
    checkpoint_every: int
    resume: bool


@dataclass(frozen=True)
class Machine:
    """What trains."""

    threads: int
    workers: int
    device: str


@click.command(cls=GroupedCommand)
@gathered(
    "mix",
    Mix,
    option(
        "--data",
        group="Data",
        multiple=True,
        required=True,
        type=click.Path(path_type=Path),
        help="A folder of `collect`; may be given several times.",
    ),
    words(
        "--shares",
        "Data",
        "",
        "Shares of the worlds, by commas: causal=0.3,scienceworld=0.7.  [default: the recipe's]",
    ),
    words(
        "--without",
        "Data",
        "",
        "Kinds of samples to leave out, by commas: own, elimination ... (ablations).",
    ),
    option(
        "--start-from",
        "start",
        group="Data",
        help="Take over weights and tokeniser: a run's folder, bundled or PATH.gguf. With --base: "
        "a run's folder or an adapter's file; with --full a run of --full.",
    ),
    option(
        "--base",
        group="Data",
        help="Train on top of this model instead, an adapter or with --full all of it: smollm2, "
        "PATH.gguf or hf:..., as --model.",
    ),
    number("--lora", "Data", None, 1, "The adapter's rank, with --base.  [default: 32]"),
    option(
        "--full",
        group="Data",
        is_flag=True,
        help="With --base: train all of its weights, and no adapter.",
    ),
    number(
        "--upper-layers",
        "Data",
        None,
        1,
        "With --base: only so many of the last layers learn (with --full the last norm too, not "
        "the embedding).  [default: all]",
    ),
)
@option("--preset", group="Recipe", default="cpu", show_default=True, help="cpu, gpu or tiny.")
@gathered(
    "changes",
    Changes,
    number("--steps", "Recipe", None, 1, "Updates.  [default: the preset's]"),
    number("--width", "Recipe", None, 32, "Width, a multiple of 32.  [default: the preset's]"),
    number("--layers", "Recipe", None, 1, "Layers.  [default: the preset's]"),
    number("--context", "Recipe", None, 128, "Tokens of context.  [default: the preset's]"),
    number(
        "--batch-tokens",
        "Recipe",
        None,
        64,
        "Tokens of a batch, padding included.  [default: the preset's]",
    ),
    option(
        "--experts-only",
        group="Recipe",
        is_flag=True,
        help="Leave the imperfect episodes out (an ablation).",
    ),
    option("--seed", group="Recipe", default=0, show_default=True, type=int),
)
@gathered(
    "machine",
    Machine,
    number("--threads", "Machine", 1, 1, "CPU threads."),
    number("--workers", "Machine", 0, 0, "Processes that prepare batches."),
    option(
        "--device",
        group="Machine",
        default="auto",
        show_default=True,
        type=click.Choice(("auto", "cpu", "cuda")),
    ),
)
@folder("--out", "Output", "Folder of the run: recipe, tokeniser, checkpoint, curves.")
@gathered(
    "stops",
    Stops,
    option(
        "--stop-at",
        group="Output",
        default=10**9,
        type=click.IntRange(1),
        metavar="N",
        help="Stop after this update, to go on later with --resume.",
    ),
    number("--checkpoint-every", "Output", 100, 1, "Updates between checkpoints."),
    option(
        "--resume",
        group="Output",
        is_flag=True,
        help="Go on with the run in --out, with the recipe that it began with.",
    ),
)
def train(
    mix: Mix, preset: str, changes: Changes, machine: Machine, out: Path, stops: Stops
) -> None:
    """Train a model on collected episodes, from nothing or on top of another. An interrupted
    training goes on with --resume."""
    from dataclasses import replace

    from clin.distill import needed

    torch = needed("torch")
    needed("tokenizers")
    from clin.distill import presets, training_device
    from clin.distill import train as training
    from clin.distill.progress import Line

    torch.set_num_threads(machine.threads)
    where = training_device(machine.device)
    if stops.resume:
        trainer, bank = training.resume(out, mix.data, where)
    else:
        wanted, begun, base = _recipe(mix, preset, changes)
        wanted = replace(wanted, shares=presets.without(wanted.shares, mix.without))
        trainer, bank = training.begin(out, mix.data, wanted, where, start=begun, base=base)
    echo(
        f"{trainer.model.size() / 1e6:.2f} M parameters, vocabulary {trainer.encode.size}, "
        f"{len(bank)} places, on {where}"
    )
    with Line(trainer.recipe.steps, "updates", start=trainer.step) as line:
        training.train(
            trainer,
            bank,
            until=stops.stop_at,
            every=stops.checkpoint_every,
            workers=machine.workers,
            tell=lambda done, of, note, read: line.to(done, note, read),
        )
    echo(f"{out}: {trainer.step} of {trainer.recipe.steps} updates, {trainer.read} tokens read")


def _recipe(mix: Mix, preset: str, changes: Changes) -> tuple[Recipe, Start | None, Base | None]:
    """What is trained, what it goes on from, and the base that it is trained on."""
    from clin.distill import presets
    from clin.distill import start as starting
    from clin.distill.export import weights_hash

    given = {**asdict(changes), "worlds": presets.world_shares(mix.shares)}
    if mix.base:
        base = _base(mix, preset, changes)
        given |= {"lora": mix.lora, "full": mix.full, "upper_layers": mix.upper_layers}
        begun = _start(mix, base)
        started_from = weights_hash(begun.weights) if begun else ""
        return presets.adapting(base, started_from, **given), begun, base
    on_a_base = {"--lora": mix.lora, "--full": mix.full, "--upper-layers": mix.upper_layers}
    on_a_base |= {f"--preset {preset}": preset in ("lora", "full")}
    for option_name, value in on_a_base.items():
        if value:
            raise UserError(f"{option_name} trains on top of a model: name its model with --base")
    if mix.start:
        begun = starting.start(mix.start)
        return presets.warm(begun.recipe, weights_hash(begun.weights), **given), begun, None
    return presets.recipe(preset, **given), None, None


def _base(mix: Mix, preset: str, changes: Changes) -> Base:
    """The base; UserError for what its recipe has no place for."""
    from clin.distill.base import opened

    if mix.full and mix.lora:
        raise UserError("--full trains all weights, --lora an adapter: leave one of them out")
    if preset not in ("cpu", "full" if mix.full else "lora"):
        raise UserError(f"--base has a recipe of its own: leave --preset {preset} out")
    for name in ("width", "layers"):
        if getattr(changes, name):
            raise UserError(f"--base keeps the {name} of its model: leave --{name} out")
    base = opened(mix.base or "")
    if (mix.upper_layers or 0) > base.sizes.layers:
        raise UserError(f"--upper-layers is at most {base.sizes.layers}, the model's layers")
    return base


def _start(mix: Mix, base: Base) -> Start | None:
    """What the training on ``base`` goes on from."""
    from clin.distill import presets
    from clin.distill.start import adapter_start, full_start

    if not mix.start:
        return None
    if mix.full:
        return full_start(mix.start, base, mix.upper_layers or 0)
    return adapter_start(mix.start, base, mix.lora or presets.PRESETS["lora"].lora)
