"""``clin import FILE...``: trials that others recorded, and the memory that is learned of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import GroupedCommand, database, gathered, option, world_options
from clin.cli.terminal import echo

if TYPE_CHECKING:
    from clin.recording import Recorded

STRATEGIES = ("evidence", "clin")
PLACE = "Place"


def _known(world_options: dict[str, int | str], **named: Any) -> dict[str, Any]:
    """What the user knows of the place."""
    found = {name: value for name, value in named.items() if value is not None}
    return found | ({"options": world_options} if world_options else {})


@click.command(name="import", cls=GroupedCommand)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@option(
    "--format",
    "form",
    group="Files",
    default="",
    metavar="NAME",
    help="agentboard, steps or tales.  [default: what the first object looks like]",
)
@option(
    "--strategy",
    group="Memory",
    type=click.Choice(STRATEGIES),
    default=STRATEGIES[0],
    show_default=True,
    help="What learns; by rules, no model is asked.",
)
@gathered(
    "known",
    _known,
    option("--world", group=PLACE, help="Their world, as you name it.  [default: as they name it]"),
    option("--task", group=PLACE, help="Likewise their task."),
    option("--variation", group=PLACE, type=click.IntRange(0), help="Likewise its variation."),
    option("--goal", group=PLACE, help="What was to be done, where the files do not say it."),
    world_options,
)
@database
def import_(
    files: tuple[Path, ...], form: str, strategy: str, known: dict[str, Any], db: Path
) -> None:
    """Make runs of trials that others recorded in FILE...: TALES's rollouts, AgentBoard's logs, or
    steps in a plain form. Trials of one place make one run, in the order of the files. Nothing is
    stored unless all files can be read."""
    from clin.recording import record
    from clin.trajectories import read

    given = [each for file in files for each in read(file, form, **known)]
    for each in record(db, given, strategy):
        echo(_told(each))


def _told(made: Recorded) -> str:
    first = made.trials[0]
    left = f"; {made.left_out} that were no steps are left out" if made.left_out else ""
    return (
        f"{made.run}: {_many(len(made.trials), 'trial')} of {first.world}, {first.task} "
        f"{first.variation}; {_many(made.links, 'link')}{left}"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
