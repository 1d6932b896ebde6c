"""A trial played again from its first step."""

from __future__ import annotations

from textual.timer import Timer

from memory.store.overview import outline
from tui.panes import Panes

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 200.0)
"""Steps a second of a replay."""


class Replay(Panes):
    """A trial that can be replayed."""

    def __init__(self, run: str, number: int) -> None:
        super().__init__(run, number)
        self.replayed: Timer | None = None
        self.speed = 3

    def replay_ended(self) -> None:
        """Show the trial as it stands again."""
        raise NotImplementedError

    def headline(self) -> None:
        """Say on top where the trial stands, or its replay."""
        raise NotImplementedError

    def action_replay(self) -> None:
        if self.replayed:
            self._end_replay()
            self.replay_ended()
            return
        self.steps.clear()
        self.replayed = self.set_interval(1 / SPEEDS[self.speed], self._next_step)
        self._next_step()

    def _next_step(self) -> None:
        known = outline(self.feed.store, self.trial.id)
        if len(self.steps) < len(known):
            self.steps.append([known[len(self.steps)]])
            self.headline()
        elif self.trial.ending:
            self._end_replay()

    def _end_replay(self) -> None:
        if self.replayed:
            self.replayed.stop()
            self.replayed = None
            self.headline()

    def action_speed(self, by: int) -> None:
        self.speed = max(0, min(len(SPEEDS) - 1, self.speed + by))
        if self.replayed:
            self.replayed.stop()
            self.replayed = self.set_interval(1 / SPEEDS[self.speed], self._next_step)
            self.headline()
