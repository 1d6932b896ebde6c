"""``clin play WORLD TASK``: a person plays, and the trial is stored like any other."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import database, world_options
from clin.cli.terminal import echo

if TYPE_CHECKING:
    from clin.rollout.human import Session
    from memory.trials import Ending
    from worlds import World

HELP = """Type an action; Tab completes admissible ones, the arrow keys bring back what you typed. \
Also:
  ?         this help          :actions  the admissible actions    :look  what is seen and held
  :undo     take a step back   :quit     stop here (Ctrl-D too)"""


@click.command()
@click.argument("world")
@click.argument("task")
@click.option(
    "--variation",
    default=None,
    type=click.IntRange(0),
    help="[default: the first of the test split]",
)
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of the world.")
@click.option("--who", default=None, help="Who plays.  [default: the user's name]")
@world_options
@database
def play(
    world: str,
    task: str,
    variation: int | None,
    seed: int,
    who: str | None,
    world_options: dict[str, int | str],
    db: Path,
) -> None:
    """Play TASK of WORLD yourself. The trial is stored as yours; `clin run --from RUN` then starts
    from its memory."""
    import getpass

    from clin.cli.follow import tell_place
    from clin.config import ModelInfo, RunConfig, versions
    from clin.rollout.human import Session
    from memory.store import Store
    from worlds import find_task, open_world

    found = find_task(world, task)
    number = next(iter(found.splits.get("test", ())), 0) if variation is None else variation
    name = who or getpass.getuser()
    config = RunConfig.checked(
        world=world,
        task=found.name,
        variation=number,
        world_options=world_options,
        strategy="clin",
        writer="rules",
        trials=1,
        seed=seed,
        model=ModelInfo(reference="person", name=name),
        versions=versions(),
    )
    opened = open_world(world, found.name, number, seed=seed, **world_options)
    with Store(db) as store:
        tell_place(db)
        session = Session(store, config, opened)
        _tell(opened.goal, HELP, session.opening)
        memory = session.close(_played(session))
        ended = store.trials(session.run)[-1]
    from clin.cli.tables import memory_lines

    place = f"--world {world} --task {found.name} --variation {number}" + "".join(
        f" --world-option {key}={value}" for key, value in world_options.items()
    )
    _tell(
        f"{ended.ending}: score {ended.score:g} after {ended.steps} steps, stored as "
        f"{session.run} of {db}. The memory from it:",
        "\n".join(memory_lines(memory) or ["  (empty)"]),
        f"`clin run {place} --from {session.run} --db {db}` starts from it.",
    )


def _played(session: Session) -> Ending:
    """Read and do until the world ends or the person stops; how it ended."""
    from memory.trials import Ending
    from worlds import WorldError

    _complete(session.world)
    while True:
        try:
            typed = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            return Ending.STOPPED
        if typed == ":quit":
            return Ending.STOPPED
        if not typed:
            continue
        if not sys.stdin.isatty():
            _tell(f"> {typed}")
        try:
            if _asked(session, typed):
                continue
        except WorldError as error:
            _tell(f"Error: {error}")
            continue
        step, done = session.do(typed)
        _tell(step.observation, f"[step {len(session.steps)}, score {step.score:g}]")
        if done:
            return Ending.WON if step.score >= 100 else Ending.LOST


def _asked(session: Session, typed: str) -> bool:
    """Answer what is no action."""
    if typed == "?":
        _tell(HELP)
    elif typed == ":actions":
        _tell("\n".join(session.world.actions()))
    elif typed == ":look":
        _tell(session.world.surroundings())
    elif typed == ":undo":
        session.undo()
        _tell(session.world.surroundings(), f"[step {len(session.steps)}]")
    elif typed.startswith(":"):
        _tell(f"Error: no command '{typed[:40]}' (commands: ?, :actions, :look, :undo, :quit)")
    else:
        return False
    return True


def _complete(world: World) -> None:
    """Tab completes admissible actions and the arrow keys bring lines back, where the terminal and
    Python can."""
    if not sys.stdin.isatty():
        return
    from memory.sanitize import harmless

    try:
        import readline
    except ImportError:  # Python without readline: typing works all the same
        return
    found: Sequence[str] = ()

    def completed(text: str, state: int) -> str | None:
        nonlocal found
        if state == 0:
            offered = [action for action in world.actions() if action.startswith(text)]
            found = [action for action in offered if harmless(action) == action]
        return found[state] if state < len(found) else None

    readline.set_completer_delims("")
    readline.set_completer(completed)
    readline.parse_and_bind("tab: complete")


def _tell(*texts: str) -> None:
    from memory.sanitize import sanitized

    for text in texts:
        echo("\n".join(sanitized(line) for line in text.splitlines()))
