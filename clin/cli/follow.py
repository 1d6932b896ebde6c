"""How runs are driven and shown: what ``clin run`` and ``clin resume`` share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from clin.cli.options import option
from clin.cli.terminal import dump, echo

if TYPE_CHECKING:
    from clin.config import RunConfig
    from clin.learner import Learner
    from clin.llms import LLM
    from clin.rollout.scheduler import Asking
    from memory.exchange import Taken
    from memory.store import Store

verbose = option(
    "--verbose", "-v", group="Output", is_flag=True, help="Print every step once it is stored."
)


@dataclass(frozen=True)
class Shown:
    """Where a run is stored and how it is shown."""

    db: Path
    as_json: bool
    verbose: bool
    watch: bool = False


def tell_place(db: Path) -> None:
    """Say where a file lies in which SQLite cannot keep what it promises."""
    from memory.store.place import network

    if kind := network(db):
        echo(
            f"Note: '{db}' is on a network file system ({kind}), where SQLite's WAL does not hold; "
            "let one machine alone use it, or play into a local file and `clin memory merge` that.",
            err=True,
        )


def follow(
    store: Store,
    llm: LLM,
    runs: Sequence[tuple[RunConfig, str | None]],
    shown: Shown,
    *,
    taken: Taken | None = None,
) -> None:
    """Drive runs (configuration, and name if it is in the store) to their end, showing how they go;
    leaves with exit code 130 when it was interrupted. New ones start from what was ``taken``. Where
    one of several fails the others go on, and it is told at the end."""
    from clin.carrying import carried_into
    from clin.cli.progress import Progress
    from clin.learner import Learner
    from clin.llms.roles import notes_of
    from clin.rollout.scheduler import drive

    tell_place(store.path)
    quiet, lanes = shown.as_json, runs[0][0].engine.lanes
    with Interrupt() as interrupt, Progress(quiet=quiet, verbose=shown.verbose) as progress:
        learners = [
            Learner.over(
                llm,
                store,
                config,
                run=name,
                watcher=progress,
                initial=taken.memory if taken else None,
                learned_for=taken.goal if taken else "",
                carried=carried_into(config, taken) if taken else {},
                rulings=taken.rulings if taken else (),
                stopping=interrupt.asked,
            )
            for config, name in runs
        ]
        progress.model_opened(notes_of(llm))
        failed: list[tuple[Learner, Exception]] = []
        playing = [_guarded(learner, failed) for learner in learners]
        finished = drive(playing, llm, lanes=lanes, stop=interrupt.asked)
    if failed and len(learners) == 1:
        raise failed[0][1]
    _left(store, learners, finished)
    broken = {learner.run for learner, _ in failed}
    _tell(store, [each for each in learners if each.run not in broken], shown.as_json)
    _fail(failed)


def _guarded(learner: Learner, failed: list[tuple[Learner, Exception]]) -> Asking:
    """The run of ``learner``; whatever goes wrong in it is left in ``failed``."""
    try:
        yield from learner.adapt()
    except Exception as error:
        failed.append((learner, error))


def _fail(failed: Sequence[tuple[Learner, Exception]]) -> None:
    """Say which runs failed and why, and leave with exit code 2 where all were for the user to put
    right, else with 1."""
    from clin.errors import is_users, reason

    for learner, error in failed:
        name = learner.run or f"variation {learner.config.variation}"
        echo(f"Failed: {name}: {reason(error)}", err=True)
    if failed:
        raise SystemExit(2 if all(is_users(error) for _, error in failed) else 1)


def _left(store: Store, learners: Sequence[Learner], finished: bool) -> None:
    """Leave with exit code 130, and say how to go on, where runs have not ended."""
    begun = [
        learner.run
        for learner in learners
        if learner.run and store.run(learner.run).state in ("running", "stopped")
    ]
    if finished and not begun:
        return
    how = " and ".join(f"`clin resume {name} --db {store.path}`" for name in begun)
    more = f", and {how} goes on from there." if how else "."
    echo(f"Interrupted; every step shown is stored{more}", err=True)
    raise SystemExit(130)


def _tell(store: Store, learners: Sequence[Learner], as_json: bool) -> None:
    from clin.analysis.document import document
    from clin.cli.tables import summary

    names = [learner.run for learner in learners if learner.run]
    if as_json:
        found = [document(store, name) for name in names]
        dump(found[0] if len(found) == 1 else found)
    else:
        for name in names:
            summary(store, name)


def end_at_once() -> NoReturn:
    """End this process and those that its worlds have started, with exit code 130."""
    from worlds import end_processes

    try:
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # progress bars had hidden it
        os.write(sys.stderr.fileno(), f"{show_cursor}\nEnded at once.\n".encode())
    except (OSError, ValueError):
        pass  # nobody reads it
    end_processes()
    os._exit(130)


class Interrupt:
    """Ctrl-C once: end after the current step. Twice: at once.

    Who asks twice may do so since a world hangs. So the second time nothing is waited for, and no
    thread goes on: a world that lost its process would bring it back, or end its trial as crashed.
    Each step is a transaction, so the file is as sound as after kill -9, and resumes like that.
    """

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def asked(self) -> bool:
        return self._asked

    def __enter__(self) -> Interrupt:
        from memory.processes import signals

        self._before = {each: signal.signal(each, self._ask) for each in signals()}
        return self

    def __exit__(self, *_: object) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        if self._asked:
            end_at_once()
        self._asked = True
        echo("Ending after this step (Ctrl-C again: at once).", err=True)
