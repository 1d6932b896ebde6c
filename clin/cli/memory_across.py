"""``clin memory across``: what several runs show together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.across import Across, Played
    from memory.store import Store


@click.command()
@click.argument("runs", nargs=-1, required=True)
@database
@as_json
def across(runs: tuple[str, ...], db: Path, as_json: bool) -> None:
    """What RUNS, two or more of one task, show together.

    Each link is counted over all their trials. Where their goals differ, it speaks of THING A,
    THING B and so on. Links that one run alone bears on are left out.
    """
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.sanitize import sanitized
    from memory.store import Store

    named = list(dict.fromkeys(runs))
    with Store(existing(db), read_only=True) as store:
        found = _found(store, named)
    if as_json:
        dump(_as_json(found, named))
        return
    console().print(Text("\n".join(map(sanitized, _lines(found, named)))))


def _found(store: Store, runs: Sequence[str]) -> Across:
    from clin.errors import UserError
    from clin.language import words_of_run
    from memory.across import across as over
    from memory.slots import SlotsError

    if len(runs) < 2:
        raise UserError("it takes two runs or more (`clin runs` lists them)")
    worlds = {run: store.run(run).config["world"] for run in runs}
    for run in runs:
        if worlds[run] != worlds[runs[0]]:
            raise UserError(
                f"{run} played {worlds[run]}, and {runs[0]} {worlds[runs[0]]}; give runs of one "
                "world"
            )
    try:
        return over([_played(store, run) for run in runs], words_of_run(store, runs[0]))
    except SlotsError as error:
        raise UserError(f"{error}; give runs of one task") from None


def _played(store: Store, run: str) -> Played:
    from clin.cli.lookup import ended_trial
    from memory.across import Played

    last = ended_trial(store, run, None)
    trials = [store.trial(row.id) for row in store.trials(run) if row.ending is not None]
    return Played(trials, store.version_after(run, last).memory)


def _as_json(found: Across, runs: Sequence[str]) -> dict[str, object]:
    return {
        "runs": runs,
        "slots": [asdict(slot) for slot in found.slots.slots],
        "links": [
            {
                "link": str(each.link),
                "tally": asdict(each.tally),
                "held_in": [runs[number] for number in each.runs],
            }
            for each in found.held
        ],
        "of_one_run_alone": found.alone,
    }


def _lines(found: Across, runs: Sequence[str]) -> Iterator[str]:
    for slot in found.slots.slots:
        told = ", ".join(f"{value} ({run})" for run, value in zip(runs, slot.values, strict=True))
        yield f"{slot.name} is {told}"
    for number, each in enumerate(found.held, 1):
        where = f"held in {len(each.runs)} of {len(runs)} runs"
        yield f"{number:3}. {each.link} ({each.tally}; {where})"
    if not found.held:
        yield "No link is borne on by two of these runs."
    if found.alone:
        yield f"Of {found.alone} more links one run alone knows."


COMMANDS = (across,)
