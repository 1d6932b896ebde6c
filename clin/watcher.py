"""Who is told what happens in a run."""

from __future__ import annotations

from collections.abc import Sequence

from clin.config import RunConfig
from memory.trials import Call, Memory, Step, Trial


class Watcher:
    """What happens in a run, told after it is safe in the store. Does nothing; override what you
    want to see."""

    def model_opened(self, notes: Sequence[str]) -> None:
        """A model was loaded; ``notes`` are what its user should know."""

    def told(self, line: str) -> None:
        """What the user should know now of a model: that its server is away, say."""

    def waits(self, held: Sequence[str]) -> None:
        """Nothing is left to play but what other processes play; ``held`` says what, and who."""

    def run_begins(self, run: str, config: RunConfig) -> None:
        """A new run is in the store."""

    def trial_begins(self, run: str, config: RunConfig, number: int, steps: int) -> None:
        """Trial ``number`` starts, or goes on after ``steps`` stored steps."""

    def step_done(
        self, run: str, number: int, index: int, step: Step, calls: Sequence[Call]
    ) -> None:
        """Step ``index`` (from 0) of trial ``number`` is stored."""

    def context_cut(self, run: str, number: int, left_out: int) -> None:
        """The trial outgrew the model's context: its ``left_out`` earliest steps are no longer
        read."""

    def trial_ended(self, run: str, config: RunConfig, trial: Trial, memory: Memory) -> None:
        """The trial's ending and the memory written after it are stored."""

    def run_failed(self, run: str, config: RunConfig, reason: str) -> None:
        """The run ended before its time; whoever drives it is given the exception."""

    def run_ended(self, run: str, config: RunConfig) -> None:
        """All trials of the run have ended."""
