"""``clin memory check-evidence | grade``: a memory against the record, and against the world's
truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from clin.cli.options import as_json, database, existing


@click.command(name="check-evidence")
@click.argument("run")
@database
@as_json
def check_evidence(run: str, db: Path, as_json: bool) -> None:
    """Count all tallies of RUN anew from its stored steps. Exit code 1 where a stored one
    differs."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from clin.language import words_of_run
    from memory.evidence.recount import recount
    from memory.sanitize import sanitized
    from memory.store import Store, StoreError

    with Store(existing(db), read_only=True) as store:
        counted = recount(store, run, words_of_run(store, run))
        strategy = store.run(run).config.get("strategy")
    if not counted:
        raise StoreError(
            f"{run} holds no tallies: its strategy was {strategy}, and `--strategy evidence` counts"
        )
    wrong = [each for each in counted if each.stored != each.counted]
    if as_json:
        dump(
            {
                "run": run,
                "tallies": len(counted),
                "wrong": [{**asdict(each), "link": str(each.link)} for each in wrong],
            }
        )
    for each in wrong if not as_json else ():
        console().print(
            Text(
                f"after trial {each.trial}: {sanitized(str(each.link))}: stored {each.stored}; "
                f"counted {each.counted}"
            )
        )
    if not as_json and not wrong:
        console().print(f"All {len(counted)} tallies of {run} agree with its stored steps.")
    if wrong:
        raise SystemExit(1)


@click.command()
@click.argument("run")
@click.option(
    "--trial",
    type=click.IntRange(0),
    default=None,
    help="The memory after this trial.  [default: the last]",
)
@database
@as_json
def grade(run: str, trial: int | None, db: Path, as_json: bool) -> None:
    """Hold the memory of RUN against the truth of its world, where the world knows it."""
    from rich.text import Text

    from clin.analysis.grading import grade_run
    from clin.cli.console import console
    from clin.cli.lookup import ended_trial
    from clin.cli.terminal import dump
    from memory.sanitize import sanitized
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        number = ended_trial(store, run, trial)
        found = grade_run(store, run, number)
    if as_json:
        dump(
            {
                "run": run,
                "trial": number,
                "precision": found.precision,
                "recall": found.recall,
                "f1": found.f1,
                "right": [str(link) for link in found.right],
                "wrong": [str(link) for link in found.wrong],
                "found": found.found,
                "missing": found.missing,
            }
        )
        return
    out = console()
    precision = "no link" if found.precision is None else f"{found.precision:.2f}"
    out.print(
        f"The memory of {run} after trial {number}: precision {precision}, recall "
        f"{found.recall or 0:.2f}, F1 {found.f1:.2f}"
    )
    for mark, lines in (("right", found.right), ("wrong", found.wrong), ("missing", found.missing)):
        for line in lines:
            out.print(Text(f"  {mark:<8} {sanitized(str(line))}"))


COMMANDS = (check_evidence, grade)
