"""A memory for a loop of your own: an agent that this project does not run records what it did, and
is told what that taught. No model is asked; the rules and the record write.

One :class:`Episode` is one run of the store: trials at one place, each followed by a revision. It
is stored as any other run is. (:class:`memory.strategies.Episode` is another thing: an episode that
is over, as a strategy is given it to learn from.)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from memory.exchange import Taken, taken_from, tallies_at
from memory.language import Language
from memory.lifting import Renaming
from memory.meaning import PLAIN
from memory.moment import moves_of
from memory.outcomes import all_that_was_done, of_outcomes
from memory.recall import Recalled, recall
from memory.store import NewTrial, NewVersion, Store, TrialRow
from memory.strategies import Revised, Strategy, open_strategy, traits_of
from memory.trials import VERDICT, Ending, Memory, Step, Trial, Trials

MODEL = "loop"
"""What a run of an episode says of its model: somebody's own loop acted."""
FULL = 100.0


class EpisodeError(ValueError):
    """What cannot be recorded, or not now; one line."""


@dataclass(frozen=True)
class Place:
    """Where an episode is played: a task of a world in one variation. A world is any name for what
    the agent acts in; tallies are counted for one place, and some for one world."""

    world: str
    task: str
    variation: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in (("world", self.world), ("task", self.task)):
            if not text.strip():
                raise EpisodeError(f"a place has a {name}; it is empty")
        if self.variation < 0:
            raise EpisodeError(f"a place's variation is 0 or more, not {self.variation}")


class Episode:
    """Begin a trial, record its steps, end it, and ask what to do; again for the next trial.

    ``language`` says what the words of the place's world mean, where somebody knows. ``strategy``
    is one that rules can write (``evidence``, ``clin``). ``start`` names a memory to begin with, as
    ``clin run --from RUN`` does.
    """

    def __init__(
        self,
        store: Store,
        goal: str,
        place: Place,
        *,
        language: Language = PLAIN,
        strategy: str = "evidence",
        start: str = "",
        who: str = MODEL,
    ) -> None:
        """EpisodeError, StrategyError or StoreError, before anything is stored, for what cannot
        be."""
        if not goal.strip():
            raise EpisodeError("an episode has a goal; it is empty")
        config = _config(place, strategy, start, who)
        self._open(store, goal, place, language, strategy)
        taken = taken_from(store, start, lambda _store, _run: language) if start else None
        self.run = store.begin_run(config, _first(taken, goal, config) if taken else None)
        self._take()

    @classmethod
    def again(cls, store: Store, run: str, *, language: Language = PLAIN) -> Self:
        """Go on with a stored episode, from another process perhaps. A trial that is still open
        there is ended as stopped, and teaches what its steps showed. StoreError where another
        process drives the run; EpisodeError where it is no such episode, or has no trial yet."""
        config, rows = store.run(run).config, store.trials(run)
        model = config.get("model")
        if not isinstance(model, dict) or model.get("reference") != MODEL:
            raise EpisodeError(
                f"{run} was not recorded by a loop; begin an episode that starts there"
            )
        if not rows:
            raise EpisodeError(f"{run} has no trial yet; begin an episode")
        store.claim_run(run)
        place = Place(*(config[name] for name in ("world", "task", "variation", "world_options")))
        found = cls.__new__(cls)
        found._open(store, rows[0].goal, place, language, config["strategy"])
        found.run = run
        found._take()
        found._ended = [row.id for row in rows if row.ending is not None]
        for row in rows[len(found._ended) :]:
            found._trial = row
            found.end(Ending.STOPPED)
        return found

    def _open(
        self, store: Store, goal: str, place: Place, language: Language, strategy: str
    ) -> None:
        traits = traits_of(strategy)
        if not (traits.chains and traits.has_writer):
            raise EpisodeError(
                f"the strategy {strategy} asks a model to write (without one: clin, evidence)"
            )
        self.store, self.goal, self.place, self.language = store, goal, place, language
        self._name = strategy
        self._strategy: Strategy = open_strategy(strategy, language, writer="rules", chains=True)
        self._ended: list[int] = []
        self._trial: TrialRow | None = None
        self._moves: list[frozenset[str]] = []
        self._score, self._judged = 0.0, False
        self._reading: tuple[int | None, Memory] | None = None
        self._past: tuple[int, set[str]] = 0, set()

    def _take(self) -> None:
        """Let the strategy begin with what the run was given, as ``clin run --from RUN`` does."""
        first = self.store.latest_version(self.run, -1)
        if first and self._strategy.traits.counts:
            self._strategy.take(first.memory, self.store.tallies(self.run, -1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- a trial

    def begin(self, opening: str = "") -> int:
        """Begin the next trial, with what is seen before its first step; returns its number."""
        if self._trial is not None:
            raise EpisodeError(f"trial {self._trial.number} of {self.run} is open; end it first")
        number = len(self._ended)
        before = self.store.latest_version(self.run, number - 1)
        recalled = self._strategy.recall(before.memory if before else Memory(), self.goal)
        new = NewTrial(
            number,
            world=self.place.world,
            task=self.place.task,
            variation=self.place.variation,
            goal=self.goal,
            opening=opening,
            recalled=recalled,
            version=before.id if before else None,
        )
        self._trial = self.store.trial_row(self.store.begin_trial(self.run, new))
        self._moves = []
        self._score = 0.0
        return number

    def step(
        self,
        action: str,
        observation: str = "",
        *,
        score: float | None = None,
        success: bool | None = None,
        actions: Collection[str] | None = None,
    ) -> Step:
        """Store what was done and what came of it; when this returns, the step is safe.

        ``score`` is that after the step, in points of 100; None: as before. ``success`` says
        instead that the task is done (True), or not yet. ``actions`` were admissible before the
        step, where that is known. Returns the step.
        """
        trial = self._open_trial()
        if not action.strip():
            raise EpisodeError("a step has an action; it is empty")
        if isinstance(actions, str):
            raise EpisodeError("the admissible actions are several texts, not one")
        if score is not None and success is not None:
            raise EpisodeError("a step has a score or a success, not both")
        points = FULL if success else self._score if score is None else _points(score)
        offered = None if actions is None else frozenset(actions)
        step = Step(action, observation, points)
        self.store.append_step(trial.id, step, admissible=offered)
        self._moves.append(moves_of(self.language, offered))
        self._score, self._judged = points, self._judged or success is not None
        return step

    def end(self, ending: Ending | None = None, *, success: bool | None = None) -> Memory:
        """End the trial and revise the memory; returns that.

        ``success`` is the outcome, where no score has said it: a verdict is then stored as the last
        step. ``ending`` is ``won`` at 100 points, ``lost`` without success, and else ``budget``
        (the loop cut the trial off), unless it is given.
        """
        row = self._open_trial()
        if success is False and self._score >= FULL:
            raise EpisodeError("the trial has all 100 points, so it was a success")
        self._judged = self._judged or success is not None
        if success is not None and self._score < FULL:
            self.step(VERDICT, f"The task is {'' if success else 'not '}done.", success=success)
        if ending is None:
            cut_off = Ending.LOST if success is False else Ending.BUDGET
            ending = Ending.WON if self._score >= FULL else cut_off
        trial = replace(self.store.trial(row.id), ending=ending)
        revised = self._revised(trial)
        tallies = tuple(dict((*revised.tallies, *revised.before)).items())
        written = NewVersion(
            revised.memory, f"{self._name}/rules", tallies=tallies, refused=revised.refused
        )
        self.store.finish_trial(row.id, ending, written, language=self.language)
        self._trial = None
        self._ended.append(row.id)
        return self.memory

    def _revised(self, trial: Trial) -> Revised:
        """The memory after ``trial``, which is the last one."""
        before = self.store.latest_version(self.run, trial.number - 1)
        memory = before.memory if before else Memory()
        if self._judged and trial.score >= FULL:
            memory = replace(memory, links=(*memory.links, *all_that_was_done(trial)))
        trials = Trials(self.store.trial, self._ended, trial)
        revision = self._strategy.revise(memory, trials, lambda text: len(text.split()))
        try:
            next(revision)
        except StopIteration as stop:
            return of_outcomes(stop.value) if self._judged else stop.value
        raise RuntimeError("the rules ask nothing")

    # --- what the memory says

    @property
    def memory(self) -> Memory:
        """The memory as the next trial would find it, with what people corrected."""
        return self.store.current_memory(self.run)

    def recall(self, actions: Collection[str] | None = None) -> tuple[Recalled, ...]:
        """What the memory says about what to do now, best first, at most three; nothing where it
        has nothing to say. ``actions`` are those that are admissible now. Where nobody knows, all
        that was done in this episode is taken for that."""
        trial = self._open_trial()
        steps = self.store.steps(trial.id)
        if actions is None:
            actions = (self._past_actions() | {step.action for step in steps}) - {VERDICT}
        said = (self._read(), self.goal, trial.opening, steps, actions, self.language)
        return recall(*said, self._moves)

    def _read(self) -> Memory:
        """What a trial reads of the memory: the same object until there is another version, so that
        recall need not index it again."""
        version = self.store.current_version(self.run)
        if self._reading is None or self._reading[0] != version:
            self._reading = version, self._strategy.recall(self.memory, self.goal)
        return self._reading[1]

    def _past_actions(self) -> set[str]:
        """All that was done in the trials that have ended; each is read once."""
        for each in self._ended[self._past[0] :]:
            self._past[1].update(step.action for step in self.store.steps(each))
        self._past = len(self._ended), self._past[1]
        return self._past[1]

    def close(self) -> None:
        """End the run; a trial that is open ends as stopped."""
        if self._trial is not None:
            self.end(Ending.STOPPED)
        self.store.finish_run(self.run, "finished")

    def _open_trial(self) -> TrialRow:
        if self._trial is None:
            raise EpisodeError(f"no trial of {self.run} is open; begin one first")
        return self._trial


def _config(place: Place, strategy: str, start: str, who: str) -> dict[str, Any]:
    """What decides the run, in the words in which every run says it."""
    return {
        "world": place.world,
        "task": place.task,
        "variation": place.variation,
        "world_options": dict(place.options),
        "setting": "adapt",
        "strategy": strategy,
        "writer": "rules",
        "seed": 0,
        "trials": 0,  # a loop ends when it likes
        "budget": 0,
        "start": start,
        "prompting": {"recall": "step"},
        "model": {"reference": MODEL, "name": who, "sha256": ""},
    }


def _first(taken: Taken, goal: str, config: Mapping[str, Any]) -> NewVersion:
    """What a run begins with that takes over a memory: in the words of its own ``goal``, with the
    tallies that count here."""
    renaming = Renaming.between(taken.goal, goal)
    counted = tallies_at(config, taken).items() if traits_of(config["strategy"]).counts else ()
    return NewVersion(
        renaming.memory(taken.memory),
        f"from {config['start']}",
        tallies=tuple((renaming.link(link), tally) for link, tally in counted),
        rulings=[replace(each, link=renaming.link(each.link)) for each in taken.rulings],
    )


def _points(score: float) -> float:
    if not (math.isfinite(score) and -FULL <= score <= FULL):
        raise EpisodeError(f"a score is a number of points from -100 to 100, not {score}")
    return float(score)
