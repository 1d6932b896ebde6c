"""``clin distill``: a small model from experience. Needs the extra ``[distill]`` except for
collecting."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import CommandGroup, GroupedCommand, folder, option
from clin.cli.terminal import echo


@click.group(cls=CommandGroup)
def distill() -> None:
    """Make a small model from experience: collect, train, export, evaluate (docs/distill.md)."""


@distill.command(cls=GroupedCommand)
@folder("--run", "Model", "Folder of a training run.")
@option(
    "--out",
    group="Model",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The GGUF file to write.",
)
@option("--type", "kind", group="Model", default="f16", show_default=True, help="f16, q8_0 or f32.")
@option(
    "--name",
    group="Model",
    default="clin-distilled",
    show_default=True,
    help="The model's name on its card.",
)
@option(
    "--merged",
    group="Model",
    is_flag=True,
    help="Write the base with its adapter in it, a whole model, instead of the adapter alone.",
)
def export(run: Path, out: Path, kind: str, name: str, merged: bool) -> None:
    """Write a GGUF file with its card inside. It is then held against torch: tokens and logits."""
    from clin.distill import needed

    for package in ("torch", "tokenizers", "gguf"):
        needed(package)
    from clin.distill import checking
    from clin.distill import export as exporting

    found = exporting.trained(run)
    exporting.export(found, out, kind, name, merged=merged)
    checked = checking.check(found, out)
    echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, after {found.step} updates; {checked}")
    if checked.unlike:
        raise RuntimeError("llama.cpp does not tokenise as training did")


def _register() -> None:
    """The other subcommands live beside this file."""
    from clin.cli.distill_collect import collect
    from clin.cli.distill_evaluate import evaluate
    from clin.cli.distill_train import train

    for command in (collect, train, evaluate):
        distill.add_command(command)


_register()
