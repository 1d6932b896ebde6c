"""``clin memory check-evidence``."""

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
    """Count all tallies of RUN anew from its stored steps. Exit code 1 where a stored one differs."""
    from rich.text import Text

    from clin.cli.tables import console, dump
    from memory.evidence.recount import recount
    from memory.inert import inert
    from memory.rows import StoreError
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        counted = recount(store, run)
        strategy = store.run(run).config.get("strategy")
    if not counted:
        raise StoreError(f"{run} holds no tallies: its strategy was {strategy}, and `--strategy evidence` counts")
    wrong = [each for each in counted if each.stored != each.counted]
    if as_json:
        dump({"run": run, "tallies": len(counted), "wrong": [{**asdict(each), "link": str(each.link)} for each in wrong]})
    for each in wrong if not as_json else ():
        console().print(Text(f"after trial {each.trial}: {inert(str(each.link))}: stored {each.stored}; counted {each.counted}"))
    if not as_json and not wrong:
        console().print(f"All {len(counted)} tallies of {run} agree with its stored steps.")
    if wrong:
        raise SystemExit(1)


COMMANDS = (check_evidence,)
