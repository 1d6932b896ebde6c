"""A person plays: the trial is stored step by step as a model's is, and a memory is written from it
by rules."""

from __future__ import annotations

from collections import deque
from typing import Any

from clin.config import RunConfig
from clin.language import language_of
from memory.store import NewTrial, NewVersion, Store
from memory.strategies import Revised, open_strategy
from memory.trials import Ending, Memory, Step, Trial
from worlds import Restorable, World, WorldError

MOST_STATES = 60
"""Steps that can be taken back by state; more are taken back as the world can otherwise."""


class Session:
    """One person at one world.

    A step that is taken back ends the trial as stopped. The next action begins another with the
    steps before it, however many were taken back. So nothing that was done is lost, and each stored
    trial is one line of play that can be done again from its opening.
    """

    def __init__(self, store: Store, config: RunConfig, world: World) -> None:
        self._store, self._config, self.world = store, config, world
        language = language_of(config.world)
        self._strategy = open_strategy(config.strategy, language, writer=config.writer, chains=True)
        self.opening = world.reset().text
        self.run = store.begin_run(config.model_dump(mode="json"))
        self.steps: list[Step] = []
        self._admissible: list[frozenset[str]] = []
        self._number = -1
        self._ended = False
        """Whether the last trial has ended, since a step of it was taken back."""
        self._states: deque[Any] = deque(maxlen=MOST_STATES)
        """Of the world before each of the last steps, where it can keep its state."""
        self._begin()

    def do(self, action: str) -> tuple[Step, bool]:
        """Do ``action``; the stored step, and whether the world has ended."""
        admissible = frozenset(self.world.actions())
        if isinstance(self.world, Restorable):
            self._states.append(self.world.snapshot())
        seen = self.world.step(action)
        self._go_on()
        step = Step(action, seen.text, seen.score)
        self._keep(step, admissible)
        return step, seen.done

    def undo(self) -> None:
        """Take the last step back, by state where the world has kept it; WorldError where it
        cannot, or there is none."""
        if self._states and isinstance(self.world, Restorable):
            self.world.restore(self._states.pop())
        elif hasattr(self.world, "undo"):
            self.world.undo()
        else:
            raise WorldError(f"the world {self._config.world} cannot take a step back")
        if not self._ended:
            self.end(Ending.STOPPED)
        self.steps, self._admissible = self.steps[:-1], self._admissible[:-1]

    def end(self, ending: Ending) -> Memory:
        """End the trial and write the memory after it; returns that."""
        self._ended = True
        memory = self._memory()
        earlier = [self._store.trial(row.id) for row in self._store.trials(self.run)[:-1]]
        trial = Trial(
            self._number,
            self.world.goal,
            self.opening,
            tuple(self.steps),
            ending,
            admissible=tuple(self._admissible),
        )
        revision = self._strategy.revise(memory, [*earlier, trial], lambda text: len(text.split()))
        try:
            next(revision)
            raise RuntimeError("a person's memory is written by rules, which ask nothing")
        except StopIteration as stop:
            revised: Revised = stop.value
        self._store.finish_trial(
            self._trial,
            ending,
            NewVersion(
                revised.memory, "clin/rules", tallies=revised.tallies, refused=revised.refused
            ),
            language=language_of(self._config.world),
        )
        return revised.memory

    def close(self, ending: Ending) -> Memory:
        """End the trial and the run. Where steps were taken back and none done since, the trial
        has ended already."""
        memory = self._memory() if self._ended else self.end(ending)
        self._store.finish_run(self.run, "finished")
        self.world.close()
        return memory

    def _memory(self) -> Memory:
        """The run's memory now."""
        latest = self._store.latest_version(self.run, self._number)
        return latest.memory if latest else Memory()

    def _go_on(self) -> None:
        """Begin the next trial where a step was taken back, with the steps that stand."""
        if not self._ended:
            return
        kept = list(zip(self.steps, self._admissible, strict=True))
        self._begin()
        for step, admissible in kept:
            self._keep(step, admissible)

    def _keep(self, step: Step, admissible: frozenset[str]) -> None:
        """Store a step, with what was admissible before it."""
        self._store.append_step(self._trial, step, admissible=admissible)
        self.steps.append(step)
        self._admissible.append(admissible)

    def _begin(self) -> None:
        self._number += 1
        self._ended = False
        before = self._store.latest_version(self.run, self._number - 1)
        self.steps, self._admissible = [], []
        self._trial = self._store.begin_trial(
            self.run,
            NewTrial(
                self._number,
                world=self._config.world,
                task=self._config.task,
                variation=self._config.variation,
                goal=self.world.goal,
                opening=self.opening,
                version=before.id if before else None,
            ),
        )
