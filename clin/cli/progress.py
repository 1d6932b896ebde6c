"""How a run is shown while it runs: a line per trial (step, score, tokens/s, time left)."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from clin.experiment import RunConfig
from clin.learn import Watcher
from memory.inert import inert
from memory.trials import Call, Memory, Step, Trial


class Progress(Watcher):
    """A bar per trial on a terminal, a line per trial elsewhere, on standard error; ``verbose`` prints each step."""

    def __init__(self, config: RunConfig, *, quiet: bool = False, verbose: bool = False) -> None:
        self.config = config
        self.verbose = verbose
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (
            TextColumn("trial {task.fields[number]}"), BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("steps"),
            TextColumn("score {task.fields[score]:g}"), TextColumn("{task.fields[rate]:,.0f} tokens/s"),
            TextColumn("{task.fields[ending]}"), TimeRemainingColumn(compact=True),
        )
        self.bars = Bars(*columns, console=self.console, disable=quiet or not sys.stderr.isatty())
        self.tokens = 0
        self.seconds = 0.0

    def __enter__(self) -> Progress:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def trial_begins(self, run: str, number: int, steps: int) -> None:
        if number == 0 and not steps:
            self._header(run)
        self.tokens, self.seconds, self.began = 0, 0.0, time.monotonic()
        self.bar = self.bars.add_task(
            "", total=self.config.budget, completed=steps, number=number, score=0.0, rate=0.0, ending=""
        )

    def step_done(self, run: str, number: int, index: int, step: Step, calls: Sequence[Call]) -> None:
        self.tokens += sum(call.read - call.reused + call.written for call in calls)
        self.seconds += sum(call.seconds for call in calls)
        self.bars.update(self.bar, completed=index + 1, score=step.score, rate=self._rate())
        if self.verbose:
            line = f"trial {number} step {index} score {step.score:g} > {inert(step.action)}"
            self.console.print(Text(line), soft_wrap=True)

    def trial_ended(self, run: str, number: int, trial: Trial, memory: Memory) -> None:
        self.bars.update(self.bar, total=max(1, len(trial.steps)), ending=str(trial.ending))
        if self.bars.disable:
            left = (self.config.trials - number - 1) * (time.monotonic() - self.began)
            self.console.print(
                f"trial {number}: score {trial.score:g}, {len(trial.steps)} steps, {trial.ending}, "
                f"{len(memory.links)} links, {self._rate():,.0f} tokens/s, about {left:.0f} s left"
            )

    def _rate(self) -> float:
        return self.tokens / self.seconds if self.seconds else 0.0

    def _header(self, run: str) -> None:
        config = self.config
        why = "" if "revise" in config.model.roles else f" ({config.model.name} can act but not write memories)"
        self.console.print(
            f"run {run}: {config.world}, {config.task}, variation {config.variation}; model {config.model.name}; "
            f"strategy {config.strategy}, written by {config.writer}{why if config.writer == 'rules' else ''}"
        )
