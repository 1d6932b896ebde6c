"""``clin models``: the models at hand."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """The bundled model, GGUF files in this folder and in the Hugging Face cache; with `show`, a model's card."""
    from clin.cli.tables import console, dump, table
    from clin.llms.shelf import shelf

    if ctx.invoked_subcommand:
        return
    rows = [{"model": each.reference, "megabytes": round(each.bytes / 1e6, 1)} for each in shelf(Path())]
    if as_json:
        dump(rows)
        return
    table(("model", "megabytes"), ([*row.values()] for row in rows), right=("megabytes",))
    console().print("`clin models show MODEL` prints a card; any instruct GGUF works: --model PATH.gguf or hf:ORG/REPO:FILE")


@models.command()
@click.argument("model")
@as_json
def show(model: str, as_json: bool) -> None:
    """The card of MODEL: what it is, its roles, its prompt, its hash."""
    from dataclasses import asdict

    from rich.text import Text

    from clin.cli.tables import console, dump
    from clin.llms.open import open_model
    from clin.llms.shelf import card_text
    from memory.inert import inert

    llm = open_model(model)
    try:
        card = llm.card
    finally:
        llm.close()
    if as_json:
        dump(asdict(card))
        return
    out = console()
    out.print(Text(f"{inert(card.name)}: roles {', '.join(card.roles)}; prompt {card.prompt}; context {card.context} tokens"))
    out.print(Text(f"sha256 {card.sha256}"))
    for name, value in card.details.items():
        out.print(Text(f"{name}: {inert(str(value))}"))
    out.print(Text(inert(card_text(model))))
