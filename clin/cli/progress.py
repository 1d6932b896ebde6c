"""How runs are shown while they run: a line per trial (step, score, tokens/s, time left)."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from clin.cli.console import console
from clin.cli.terminal import echo
from clin.config import RunConfig
from clin.watcher import Watcher
from memory.sanitize import sanitized
from memory.strategies import traits_of
from memory.trials import Call, Memory, Step, Trial


@dataclass
class _Line:
    """The trial of a run that is being played: its bar, and what it cost so far."""

    bar: TaskID
    began: float
    tokens: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds if self.seconds else 0.0


class Progress(Watcher):
    """A line per trial that has ended, and on a terminal a bar per trial under way, on standard
    error; ``verbose`` prints each step.

    Runs that are in flight together tell it from several threads.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.verbose = verbose
        self.console = console(stderr=True, quiet=quiet)
        columns = (
            TextColumn("{task.fields[run]} trial {task.fields[number]}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TextColumn("score {task.fields[score]:g}"),
            TextColumn("{task.fields[rate]:,.0f} tokens/s"),
            TimeRemainingColumn(compact=True),
        )
        self.bars = Bars(*columns, console=self.console, disable=quiet or not sys.stderr.isatty())
        self._lines: dict[str, _Line] = {}
        self._lock = threading.RLock()
        self._noted: set[str] = set()

    def __enter__(self) -> Progress:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def model_opened(self, notes: Sequence[str]) -> None:
        for note in notes:
            if note not in self._noted:
                self._noted.add(note)
                self.console.print(f"Note: {sanitized(note)}")

    def told(self, line: str) -> None:
        echo(line, err=True)

    def waits(self, held: Sequence[str]) -> None:
        for each in held:
            if each not in self._noted:
                self._noted.add(each)
                self.console.print(f"Waiting: {sanitized(each)} (Ctrl-C leaves it)")

    def run_begins(self, run: str, config: RunConfig) -> None:
        wrote, name = "", sanitized(config.model.name)
        if traits_of(config.strategy).has_writer:
            why = (
                f" ({name} can act but not write memories)"
                if not {"revise", "generalise"} & {*config.model.roles}
                else ""
            )
            wrote = f", written by {config.writer}{why if config.writer == 'rules' else ''}"
        self.console.print(
            f"run {run}: {config.world}, {config.task}, variation {config.variation}; model "
            f"{name}; strategy "
            f"{config.strategy}{wrote}"
        )

    def trial_begins(self, run: str, config: RunConfig, number: int, steps: int) -> None:
        with self._lock:
            bar = self.bars.add_task(
                "",
                total=config.budget,
                completed=steps,
                run=run,
                number=number,
                score=0.0,
                rate=0.0,
            )
            self._lines[run] = _Line(bar, time.monotonic())

    def step_done(
        self, run: str, number: int, index: int, step: Step, calls: Sequence[Call]
    ) -> None:
        with self._lock:
            line = self._lines[run]
            line.tokens += sum(call.read - call.reused + call.written for call in calls)
            line.seconds += sum(call.seconds for call in calls)
            self.bars.update(line.bar, completed=index + 1, score=step.score, rate=line.rate)
            if self.verbose:
                self.console.print(
                    Text(
                        f"{run} trial {number} step {index} score {step.score:g} > "
                        f"{sanitized(step.action)}"
                    )
                )

    def context_cut(self, run: str, number: int, left_out: int) -> None:
        self.console.print(
            f"{run} trial {number}: the context is full; the {left_out} earliest steps are no "
            "longer read"
        )

    def trial_ended(self, run: str, config: RunConfig, trial: Trial, memory: Memory) -> None:
        with self._lock:
            line = self._lines.pop(run)
            self.bars.remove_task(line.bar)
            left = (config.trials - trial.number - 1) * (time.monotonic() - line.began)
            self.console.print(
                f"{run} trial {trial.number}: score {trial.score:g}, {len(trial.steps)} "
                f"steps, {trial.ending}, "
                f"{len(memory.links)} links, {line.rate:,.0f} tokens/s, about {left:.0f} s left"
            )

    def run_failed(self, run: str, config: RunConfig, reason: str) -> None:
        with self._lock:
            line = self._lines.pop(run, None)
            if line is not None:
                self.bars.remove_task(line.bar)
