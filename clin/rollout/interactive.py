"""A person at a live trial's elbow: what they ask is heard between two steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memory.store import Store
from memory.store.requests import Request, decided, heard, offer, unheard

LOOK_SECONDS = 0.1
"""Between two looks for a decision while a trial waits."""


class Stopped(Exception):
    """A person stopped the run; what was played is stored, and the run can be resumed."""


@dataclass(frozen=True)
class Decision:
    """The action to do, and whether a person chose it or let the model have its way."""

    action: str
    chosen: bool


class Person:
    """Asks nothing. ``waits`` is called before each step, ``decides`` where it was true."""

    def waits(self) -> bool:
        """Whether the next step is a person's to decide."""
        return False

    def decides(
        self, position: int, actions: Sequence[str], scores: Sequence[float], choice: str
    ) -> Decision:
        """What step ``position`` is: one of ``actions``, of which the model gives each a
        log-probability and would do ``choice``."""
        return Decision(choice, chosen=False)


class AtTheStore(Person):
    """A person whose requests are rows (:mod:`memory.store.requests`). Blocks the trial's thread
    while it waits; raises :class:`Stopped` on a ``stop``, and while it waits also when
    ``stopping`` says that the process is to end."""

    def __init__(
        self, store: Store, run: str, trial: int, paused: bool, stopping: Callable[[], bool]
    ) -> None:
        self.store, self.run, self.trial, self.paused, self.stopping = (
            store,
            run,
            trial,
            paused,
            stopping,
        )

    def waits(self) -> bool:
        for request in unheard(self.store, self.run):
            if self.paused and request.kind in ("act", "step"):
                break  # decisions are heard where they can be done
            self._hear(request)
        return self.paused

    def decides(
        self, position: int, actions: Sequence[str], scores: Sequence[float], choice: str
    ) -> Decision:
        made = offer(self.store, self.trial, position, actions, scores, choice)
        while True:
            for request in unheard(self.store, self.run):
                self._hear(request)
                if request.kind == "act" and request.value in actions:
                    return self._decided(made, Decision(request.value, chosen=True))
                if request.kind in ("step", "go"):
                    return self._decided(made, Decision(choice, chosen=False))
            if self.stopping():
                raise Stopped(self.run)
            time.sleep(LOOK_SECONDS)

    def _hear(self, request: Request) -> None:
        heard(self.store, request.id, self.run)
        if request.kind == "stop":
            raise Stopped(self.run)
        self.paused = request.kind == "pause" or (self.paused and request.kind != "go")

    def _decided(self, made: int, decision: Decision) -> Decision:
        decided(self.store, made, decision.action)
        return decision
