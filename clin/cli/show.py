"""``clin show RUN [--trial K]``: trials and trajectories."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.archive import Route
    from memory.store import Store
    from memory.store.overview import Said
    from memory.store.recalled import LinkTest
    from memory.trials import Trial

CUT = "(The context was full here: the model no longer reads the earliest steps.)"


@click.command()
@click.argument("run")
@click.option("--trial", type=click.IntRange(0), default=None, help="Show this trial's trajectory.")
@database
@as_json
def show(run: str, trial: int | None, db: Path, as_json: bool) -> None:
    """The trials of RUN; with --trial its trajectory: thought, action, observation, score,
    learnings cited."""
    from clin.analysis.document import document
    from clin.cli.terminal import dump
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        if trial is not None:
            _trajectory(store, run, trial, as_json)
        elif as_json:
            dump(document(store, run))
        else:
            _overview(store, run)


def _overview(store: Store, run: str) -> None:
    from clin.analysis.document import document
    from clin.cli.console import console
    from clin.cli.tables import trials_table
    from memory.sanitize import sanitized
    from memory.store.failures import failures

    shown = document(store, run)
    where = f"{shown['world']}, {shown['task']}, variation {shown['variation']}"
    how = f"{shown['setting']}, strategy {shown['strategy']}, writer {shown['writer']}"
    model = f"model {sanitized(shown['model']['name'])}, seed {shown['seed']}"
    console().print(f"{run}: {where}; {how}, {model}; {store.run(run).state}\n")
    trials_table(shown["trials"])
    if told := _matched(shown["trials"]):
        console().print(told)
    for row in store.trials(run):
        if row.ending is None:
            console().print(
                f"Trial {row.number} is under way: {len(store.steps(row.id))} steps are stored."
            )
    for failure in failures(store, run):
        what = "The run failed" if failure.trial is None else f"Trial {failure.trial} crashed"
        console().print(f"{what}: {sanitized(failure.reason)}")


def _matched(trials: Sequence[Mapping[str, int]]) -> str:
    """How often the model's reply was none of the actions; empty where it never was."""
    choices, matched = (sum(each[what] for each in trials) for what in ("choices", "matched"))
    if not matched:
        return ""
    return (
        f"{matched} of {choices} replies ({matched / choices:.1%}) were none of the actions; the "
        "nearest was taken."
    )


def _trajectory(store: Store, run: str, number: int, as_json: bool) -> None:
    from clin.cli.lookup import trial_row
    from clin.cli.terminal import dump
    from clin.language import route_taken
    from memory.store.overview import cuts, said

    row = trial_row(store, run, number)
    trial, test = store.trial(row.id), store.link_test(row.id)
    route = route_taken(store, run, row.id)
    cut = cuts(store, row.id)
    recalled = said(store, row.id)
    if not as_json:
        _print_head(trial, test, route)
        _print_steps(trial, cut, recalled)
        _print_end(trial, under_way=row.ending is None)
        return
    told = asdict(trial)
    del told["admissible"]  # thousands of lines that nobody reads
    dump(
        {
            **told,
            "links": [str(link) for link in trial.recalled.links],
            "context_cut_before": sorted(cut),
            "recalled": {str(step): asdict(each) for step, each in recalled.items()},
            "test": {"link": str(test.link), "steps": test.steps} if test else None,
            "goes_back": route.as_json() if route else None,
        }
    )


def _print_head(trial: Trial, test: LinkTest | None, route: Route | None) -> None:
    """The task, what was read, and what was settled when the trial began."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.tables import memory_lines
    from memory.sanitize import sanitized

    out = console()
    read = memory_lines(trial.recalled) or ["  (empty)"]
    out.print(Text(f"Task: {sanitized(trial.goal)}"), style="bold")
    out.print(Text("\n".join(["Memory that it read:", *read])))
    if test:
        about = f"{sanitized(str(test.link))}; its cause is not offered in the first {test.steps}"
        out.print(Text(f"Test of a link: {about} steps."), style="italic")
    if route:
        out.print(Text(f"It {route}."), style="italic")
    out.print(Text(f"\n{sanitized(trial.opening)}"))


def _print_steps(trial: Trial, cut: Collection[int], recalled: Mapping[int, Said]) -> None:
    from rich.text import Text

    from clin.cli.console import console
    from memory.sanitize import sanitized

    out, before = console(), 0.0
    for index, step in enumerate(trial.steps):
        gain = f"  ({step.score - before:+g})" if step.score != before else ""
        cited = f"  cites {', '.join(map(str, step.cited))}" if step.cited else ""
        head = Text(f"\n[{index}] score {step.score:g}{gain}{cited}")
        out.print(head, style="bold" if gain else "dim")
        if index in cut:
            out.print(Text(CUT), style="italic")
        if index in recalled:
            out.print(Text(_said(recalled[index])), style="magenta")
        if step.thought:
            out.print(Text(f"Thought: {sanitized(step.thought)}"))
        out.print(Text(f"> {sanitized(step.action)}"), style="cyan")
        out.print(Text(sanitized(step.observation)))
        before = step.score


def _said(said: Said) -> str:
    """What memory said, and how much that moved the choice."""
    from memory.sanitize import sanitized

    told = sanitized("; ".join(said.links.splitlines()))
    return f"Memory: {told}; {said.moved}" if said.moved else f"Memory: {told}"


def _print_end(trial: Trial, *, under_way: bool) -> None:
    from rich.text import Text

    from clin.cli.console import console

    count = len(trial.steps)
    text = f"Ended: {trial.ending}, score {trial.score:g} after {count} steps."
    if under_way:
        text = f"Under way: {count} steps so far."
    console().print(Text(f"\n{text}"))
