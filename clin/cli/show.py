"""``clin show RUN [--trial K]``: trials and trajectories."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from rich.text import Text

    from memory.archive import Route
    from memory.store import Store
    from memory.store.overview import Said
    from memory.store.recalled import LinkTest
    from memory.trials import Trial


@click.command()
@click.argument("run")
@click.option("--trial", type=click.IntRange(0), default=None, help="Show this trial's trajectory.")
@click.option(
    "--cast",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the trial as an asciinema cast, at a reader's pace, instead of printing it.",
)
@database
@as_json
def show(run: str, trial: int | None, file: Path | None, db: Path, as_json: bool) -> None:
    """The trials of RUN; with --trial its trajectory: thought, action, observation, score,
    learnings cited."""
    from clin.analysis.document import document
    from clin.cli.terminal import dump
    from clin.errors import UserError
    from memory.store import Store

    if file is not None and (trial is None or as_json):
        raise UserError("--cast writes one trial: it needs --trial K, and goes without --json")
    with Store(existing(db), read_only=True) as store:
        if trial is not None:
            _trajectory(store, run, trial, as_json, file)
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


def _trajectory(store: Store, run: str, number: int, as_json: bool, file: Path | None) -> None:
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
        _tell(_scenes(trial, test, route, cut, recalled, row.ending is None), file, run, number)
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


def _scenes(
    trial: Trial,
    test: LinkTest | None,
    route: Route | None,
    cut: Collection[int],
    recalled: Mapping[int, Said],
    under_way: bool,
) -> Iterator[list[Text]]:
    """What is told of a trial: its beginning, each step, its end."""
    from clin.cli import trajectory

    yield trajectory.head(trial, test, route)
    yield from trajectory.steps(trial, cut, recalled)
    yield trajectory.end(trial, under_way=under_way)


def _tell(scenes: Iterable[list[Text]], file: Path | None, run: str, number: int) -> None:
    """Print the scenes, or write them as a cast."""
    from clin.cli.cast import cast
    from clin.cli.console import console
    from clin.cli.terminal import echo
    from clin.errors import UserError
    from memory.private import write_private

    if file is None:
        out = console()
        for scene in scenes:
            for text in scene:
                out.print(text)
        return
    try:
        write_private(file, cast(scenes, f"clin show {run} --trial {number}"))
    except OSError as error:
        raise UserError(f"'{file}' cannot be written: {error.strerror}") from None
    echo(f"Trial {number} of {run} to {file}; `asciinema play {file}` shows it")
