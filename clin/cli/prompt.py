"""``clin prompt RUN --trial K --step S``: exactly what the model read and wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.store import Ranked
    from memory.trials import Call


@click.command()
@click.argument("run")
@click.option("--trial", type=click.IntRange(0), required=True)
@click.option(
    "--step",
    type=click.IntRange(0),
    default=None,
    help="The step, from 0; without it, the memory's writer.",
)
@database
@as_json
def prompt(run: str, trial: int, step: int | None, db: Path, as_json: bool) -> None:
    """Exactly what the model read and wrote at a step of RUN, or when it revised the memory after
    the trial."""
    from clin.cli.lookup import trial_row
    from clin.cli.terminal import dump
    from clin.errors import UserError
    from clin.language import route_taken
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        config = store.run(run).config
        model, chance = config["model"], (config.get("exploration") or {}).get("epsilon")
        row = trial_row(store, run, trial)
        calls = store.calls(row.id, step) if step is not None else store.writer_calls(row.id)
        count = len(store.steps(row.id))
        ranking = store.ranking(row.id)
        route = route_taken(store, run, row.id)
    if not calls and step is not None and step < count:
        on_route = route is not None and step < len(route.steps)
        alone = "one action alone was offered"
        other = f"chance chose, or {alone}" if chance else alone
        why = f"the trial {route}" if on_route else other
        raise UserError(f"no model was asked at step {step} of trial {trial} of {run}: {why}")
    if not calls and step is not None:
        raise UserError(f"no step {step} in trial {trial} of {run}: it has {count} steps, from 0")
    if not calls:
        raise UserError(f"no model was asked to write the memory after trial {trial} of {run}")
    if as_json:
        dump([asdict(call) for call in calls])
        return
    _print_ranking(ranking)
    for number, call in enumerate(calls, 1):
        _print(number, len(calls), model["prompt"], call)
    if step is not None:
        _print_sections(model, calls[0])


def _print_sections(model: Mapping[str, Any], call: Call) -> None:
    """The tokens of each section of the acting prompt, where the model's vocabulary is at hand."""
    from clin.cli.console import console
    from clin.prompts import STYLES, style

    size = _counting(model["reference"])
    if size is None or model["prompt"] not in STYLES:
        return
    counted: dict[str, int] = {}
    layout = style(model["prompt"])
    for part in call.parts:
        names = (name for begins, name in layout.sections if part.startswith(begins))
        section = next(names, layout.rest)
        counted[section] = counted.get(section, 0) + size(part)
    told = ", ".join(f"{name} {tokens}" for name, tokens in counted.items())
    console().print(f"--- tokens by section: {told}", style="bold")


def _counting(reference: str) -> Callable[[str], int] | None:
    """How the model counts tokens; None for a model whose vocabulary is not in a file here."""
    from clin.errors import ModelError
    from clin.llms.native import Native
    from clin.llms.open import model_file

    if reference.partition(":")[0] in ("scripted", "openai", "person"):
        return None
    try:
        native = Native(model_file(reference), gpu_layers=0, vocabulary_only=True)
    except (ModelError, OSError):
        return None
    return lambda part: len(native.tokenize(part, special=True))


def _print(number: int, of: int, style: str, call: Call) -> None:
    from rich.text import Text

    from clin.cli.console import console
    from memory.sanitize import sanitized

    out = console()
    chosen = f", chosen among {call.choices} actions" if call.choices else ""
    out.print(
        f"--- call {number} of {of}: role {call.role}, prompt {style}; {call.read} tokens read, "
        f"{call.reused} of them "
        f"reused, {call.written} written, {call.seconds:.3f} s{chosen}",
        style="bold",
    )
    out.print(Text(sanitized("".join(call.parts))), end="")
    out.print(Text(f"\n--- reply\n{sanitized(call.reply)}"), style="bold")


def _print_ranking(ranking: Sequence[Ranked]) -> None:
    """How the memory was cut to what the trial could read; nothing where all of it fitted."""
    from rich.text import Text

    from clin.cli.console import console
    from memory.sanitize import sanitized

    if ranking:
        read = sum(each.read for each in ranking)
        console().print(
            f"--- the memory was too long: {read} of {len(ranking)} links were read, by rank",
            style="bold",
        )
    for each in ranking:
        was_read = "read" if each.read else "out "
        reasons = ", ".join(each.reasons)
        told = f"{was_read} {each.score:6.2f} ({reasons}) {sanitized(str(each.link))}"
        console().print(Text(told))
