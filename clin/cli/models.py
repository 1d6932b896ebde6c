"""``clin models``: the models at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json

if TYPE_CHECKING:
    from clin.llms.shelf import OnShelf


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """The bundled model, GGUF files in this folder and in the Hugging Face cache; with `show`, a
    model's card."""
    from clin.cli.tables import console, dump, table
    from clin.llms.shelf import shelf

    if ctx.invoked_subcommand:
        return
    rows = [_row(each) for each in shelf(Path())]
    if as_json:
        dump(rows)
        return
    head = ("model", "megabytes", "name", "roles", "prompt", "context")
    table(head, ([*row.values()] for row in rows), right=("megabytes", "context"))
    console().print(
        "\nRoles: a model without `revise` acts, and its memory is written by rules. `clin "
        "models show MODEL` prints a card; "
        "any instruct GGUF works: --model PATH.gguf or hf:ORG/REPO:FILE"
    )


def _row(each: OnShelf) -> dict[str, object]:
    from clin.errors import ModelError
    from clin.llms.gguf_card import read_card

    row: dict[str, object] = {"model": each.reference, "megabytes": round(each.bytes / 1e6, 1)}
    try:
        card = read_card(each.path)
    except ModelError as error:
        return {**row, "name": str(error), "roles": "", "prompt": "", "context": ""}
    return {
        **row,
        "name": card.name,
        "roles": " ".join(card.roles),
        "prompt": card.prompt,
        "context": card.context,
    }


@models.command()
@click.argument("model")
@as_json
def show(model: str, as_json: bool) -> None:
    """The card of MODEL: what it is, its roles, its prompt, its hash."""
    from dataclasses import asdict

    from rich.text import Text

    from clin.cli.tables import console, dump
    from clin.llms.gguf_card import read_card
    from clin.llms.open import model_file
    from clin.llms.shelf import card_text
    from memory.sanitize import sanitized

    card = read_card(model_file(model))
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
    out.print(Text(f"sha256 {card.sha256}"))
    for note in card.notes:
        out.print(Text(sanitized(note)))
    for name, value in card.details.items():
        out.print(Text(f"{name}: {sanitized(str(value))}"))
    out.print(Text(sanitized(card_text(model))))
