"""Learning over trials: trial, revision, trial … with a frozen model (the paper's section 3).

Start reading at :meth:`Learner.adapt`. Where a run stands is read from the store alone, so starting
a run and resuming one are the same thing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from clin.config import RunConfig
from clin.errors import ModelError, reason
from clin.exploration.admitted import Admitted
from clin.exploration.stack import Known, for_run, for_trial
from clin.language import language_of
from clin.llms import LLM, Answer, ModelCard, Question
from clin.llms.roles import card_of
from clin.prompts import Recalling, Style, Thinking, style
from clin.prompts.examples import told_example
from clin.prompts.writer import questions
from clin.rollout.chapters import Chapters, life
from clin.rollout.context import Context
from clin.rollout.episode import Begun, Played
from clin.rollout.interactive import AtTheStore, Stopped
from clin.rollout.scheduler import Asking
from clin.rollout.start import Past, Reading, Start
from clin.rollout.trial import WorldChanged, check_beginning, play
from clin.watcher import Watcher
from memory.archive import Archive
from memory.corrections import Ruling
from memory.evidence.tally import Tally
from memory.language import Language
from memory.lifting import Renaming
from memory.links import Link
from memory.moment import moves_of
from memory.store import HeldElsewhere, NewTrial, NewVersion, Store, TrialRow
from memory.store.failures import fail_run
from memory.store.leases import left
from memory.store.requests import lapse
from memory.strategies import Revised, Strategy, open_strategy, traits_of
from memory.trials import Call, Ending, Memory, Step, Trial, Trials
from worlds import World, WorldCrashed, open_world, templates_of


def strategy_of(config: RunConfig, language: Language) -> Strategy:
    """The strategy of a run, which closes its chains where memory is read at each step."""
    options: dict[str, object] = {"writer": config.writer}
    if traits_of(config.strategy).chains:
        options["chains"] = config.prompting.at_each_step
    return open_strategy(config.strategy, language, **options)


@dataclass
class Learner:
    """One run. ``run`` is None until its first trial begins, so that what cannot start leaves
    nothing behind; ``size`` counts tokens as the model does."""

    store: Store
    config: RunConfig
    card: ModelCard
    size: Callable[[str], int]
    run: str | None = None
    watcher: Watcher = field(default_factory=Watcher)
    cell: str = ""
    """The lease under which a new run begins, where it is one of an experiment."""
    initial: Memory | None = None
    """What the first trial of a new run starts from."""
    learned_for: str = ""
    """The goal for which that was learned."""
    writer: ModelCard | None = None
    """The card of the model that writes the memory, where that is another one."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the process is to end; asked while a trial waits for a person."""
    paused: bool = False
    """Whether a person has paused the run."""
    carried: Mapping[Link, Tally] = field(default_factory=dict)
    """What earlier runs counted for the initial memory, where the strategy counts."""
    withheld: Sequence[tuple[str, str]] = ()
    """What was left out of that memory, with the reason."""
    rulings: Sequence[Ruling] = ()
    """What people pinned and banned in the run that it comes from."""
    _language: Language = field(init=False)
    _archive: Archive = field(init=False)
    _admitted: Admitted = field(init=False)
    _chapters: Chapters | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._language = language_of(self.config.world)
        self._archive = Archive(self._language)

    @classmethod
    def over(cls, llm: LLM, store: Store, config: RunConfig, **more: Any) -> Self:
        """The run that ``llm`` plays, and writes the memory of; ``more`` are the other fields."""
        return cls(store, config, llm.card, llm.count, writer=card_of(llm, "revise"), **more)

    def adapt(self) -> Asking:
        """Play the run's trials that are not in the store yet, revising the memory after each
        (ADAPT). Whatever goes wrong ends this run alone: it is stored as failed, with the reason,
        and the exception goes on to whoever drives it. HeldElsewhere says that another process has
        taken the run: then nothing of it is stored here any more."""
        try:
            yield from self._adapted()
        except Exception as error:
            if self.run:
                with suppress(Exception):  # a store that broke cannot take it; the first is told
                    if not isinstance(error, HeldElsewhere):
                        fail_run(self.store, self.run, reason(error))
                with suppress(Exception):
                    self.watcher.run_failed(self.run, self.config, reason(error))
            raise
        except BaseException:  # interrupted: it goes on later, here or elsewhere
            if self.run:
                left(self.store, self.run)
            raise

    def _adapted(self) -> Asking:
        strategy = strategy_of(self.config, self._language)
        self._check_writer(strategy)
        world = self._open_world()
        try:
            if self.run:
                lapse(self.store, self.run)
            else:
                self._say_in_words_of(world.goal)
            self._carry(strategy)
            for number in range(self.config.trials):
                row = self._row(number)
                if row is None or row.ending is None:
                    past = self._past(number)
                    memory = past.memory  # corrections of while it is played count afterwards
                    played = yield from self._trial(world, strategy, past, row)
                    yield from self._revise(strategy, memory, played)
            self.store.finish_run(self._name(), "finished")
            self.watcher.run_ended(self._name(), self.config)
        except Stopped:
            self.store.finish_run(self._name(), "stopped")
        finally:
            world.close()

    # --- before the first trial

    def _check_writer(self, strategy: Strategy) -> None:
        """ModelError, before anything is stored, where the writer cannot be asked what the strategy
        asks."""
        if self.config.writer != "model" or not strategy.traits.has_writer:
            return
        card = self.writer or self.card
        if style(card.prompt).own_form and not strategy.traits.states_request:
            other = "another model" if strategy.traits.needs_model else "--writer rules"
            raise ModelError(
                f"{card.name} was not made to write what the strategy {self.config.strategy} "
                f"keeps; use {other}"
            )

    def _open_world(self) -> World:
        config = self.config
        world: World = open_world(
            config.world, config.task, config.variation, seed=config.seed, **config.world_options
        )
        if config.chapter:
            world = self._chapters = Chapters(world)
        offered, self._admitted = for_run(world, self._language, config.exploration)
        return offered

    def _say_in_words_of(self, goal: str) -> None:
        """Say what the run begins with in the words of its own ``goal``, where it is to do at each
        step what that says."""
        renaming = Renaming.between(self.learned_for, goal)
        if self.initial is None or not self.config.prompting.at_each_step:
            return
        self.initial = renaming.memory(self.initial)
        self.carried = {renaming.link(link): tally for link, tally in self.carried.items()}
        self.rulings = [replace(each, link=renaming.link(each.link)) for each in self.rulings]

    def _carry(self, strategy: Strategy) -> None:
        """Let a strategy that counts go on from what earlier runs of the sequence counted, or the
        run that this one was started from."""
        if not (self.config.stream or self.config.start) or not strategy.traits.counts:
            return
        since: Mapping[Link, Tally] = {}
        if self.run:
            self.carried = self.store.tallies(self.run, -1)
            ended = [row.number for row in self.store.trials(self.run) if row.ending is not None]
            since = self.store.tallies(self.run, ended[-1]) if ended else {}
        if self.config.start:
            strategy.take(self._past(0).memory, self.carried)
        else:
            strategy.carry(self._past(0).memory, self.carried, since)

    # --- a trial

    def _trial(
        self, world: World, strategy: Strategy, past: Past, row: TrialRow | None
    ) -> Generator[Question, Answer, Played]:
        """Play the trial that comes after ``past``, or the rest of it where it has a ``row``."""
        if self._chapters and self.run:
            self._chapters.stand(life(self.store, self.run, past.number))
        number, opening, goal = past.number, world.reset().text, world.goal
        reading = Reading(self._layout(), self.card.context, self.size)
        if row is None:
            start = past.start(strategy, goal, reading)
        else:
            start = Start.again(self.store, row.id, self._language)
        context = self._context(world, reading, start, opening)

        trial_id = row.id if row else self._begin(number, goal, opening, start)
        self.watcher.trial_begins(self._name(), self.config, number, len(start.done))
        known = self._past(number).known(start.recalled)
        offered, why = self._offered(world, known, start), ""
        begun = Begun(trial_id, number, start, strategy.traits.weighs_actions)
        try:
            if row is not None:
                check_beginning(row, goal, opening)
            ending = yield from self._play(offered, begun, context)
        except (WorldCrashed, WorldChanged) as error:
            ending, why = Ending.CRASHED, reason(error)
        steps, admissible = self.store.steps(trial_id), self.store.admissible(trial_id)
        trial = Trial(number, goal, opening, steps, ending, start.recalled, admissible)
        return Played(trial_id, trial, why)

    def _play(
        self, offered: World, begun: Begun, context: Context
    ) -> Generator[Question, Answer, Ending]:
        """Play a trial that is in the store to its end, with a person at its elbow."""
        done = begun.start.done
        person = AtTheStore(self.store, self._name(), begun.trial_id, self.paused, self.stopping)
        ending = yield from play(
            offered,
            begun.start.recalled,
            self._recorder(begun.trial_id, begun.number, len(done), context),
            budget=self.config.budget,
            context=context,
            card=self.card,
            past=done,
            weigh=begun.weighs,
            person=person,
        )
        self.paused = person.paused
        return ending

    def _layout(self) -> Style:
        """The acting prompt of the run's model."""
        thinking = Thinking(self.config.prompting.think or 0, self.card.thinks)
        prompting = self.config.prompting
        recalling = Recalling.of(prompting.recall, prompting.guidance)
        return style(self.card.prompt)(self._language, thinking, recalling)

    def _context(self, world: World, reading: Reading, start: Start, opening: str) -> Context:
        """The prompt's head, to which the trial adds its turns."""
        example = told_example(self.config, self._language)
        layout = reading.layout
        seen = world.surroundings() if layout.tells_surroundings else opening
        head = layout.head(
            world.goal, start.recalled, opening, templates_of(world), example, surroundings=seen
        )
        around = self.card.template.tokens(self.size)
        return Context(
            layout,
            reading.context,
            reading.size,
            head,
            opening=opening,
            seen=seen,
            around=around,
            moves=[moves_of(self._language, each) for each in start.admissible],
        )

    def _begin(self, number: int, goal: str, opening: str, start: Start) -> int:
        """Put the trial into the store, and the run before its first one; the trial's id."""
        if self.run is None:
            config = self.config.model_dump(mode="json")
            self.run = self.store.begin_run(config, self._first(), self.cell)
            self.watcher.run_begins(self.run, self.config)
        before = self.store.latest_version(self.run, number - 1)
        return self.store.begin_trial(
            self.run,
            NewTrial(
                number,
                world=self.config.world,
                task=self.config.task,
                variation=self.config.variation,
                goal=goal,
                opening=opening,
                recalled=start.recalled,
                version=before.id if before else None,
                ranking=start.ranking,
                route=start.route.stored() if start.route else None,
            ),
        )

    def _first(self) -> NewVersion | None:
        """What the first trial starts from, as a version of the memory."""
        if self.initial is None:
            return None
        writer = f"from {self.config.start}" if self.config.start else "given"
        tallies = tuple(self.carried.items())
        return NewVersion(
            self.initial, writer, tallies=tallies, refused=self.withheld, rulings=self.rulings
        )

    def _offered(self, world: World, known: Known, start: Start) -> World:
        """The world as a trial is offered it."""
        wanted = self.config.exploration
        return for_trial(world, self._language, wanted, known, route=start.route)

    def _recorder(
        self, trial_id: int, number: int, done: int, context: Context
    ) -> Callable[[Step, Sequence[Call]], None]:
        """What keeps each step of a trial that has ``done`` so many, and then tells of it."""
        indices, left_out = itertools.count(done), 0

        def record(step: Step, calls: Sequence[Call]) -> None:
            nonlocal left_out
            admissible = self._admitted.before
            context.moves.append(moves_of(self._language, admissible))
            self.store.append_step(trial_id, step, calls, admissible=admissible)
            if context.left_out != left_out:
                left_out = context.left_out
                self.watcher.context_cut(self._name(), number, left_out)
            self.watcher.step_done(self._name(), number, next(indices), step, calls)

        return record

    # --- after a trial

    def _revise(self, strategy: Strategy, memory: Memory, played: Played) -> Asking:
        """Turn ``memory`` into the one after the trial. Its ending and the new memory become one
        transaction; a crashed trial teaches nothing."""
        trial_id, trial = played.trial_id, played.trial
        calls: list[Call] = []
        revised, writer = Revised(memory), "unchanged"
        if trial.ending is not Ending.CRASHED and not self.config.read_only_memory:
            rows = [row.id for row in self.store.trials(self._name()) if row.number < trial.number]
            revision = strategy.revise(memory, Trials(self.store.trial, rows, trial), self.size)
            card = self.writer or self.card
            revised = yield from questions(revision, "revise", card, calls, self.size)
            writer = self._writer()
        written = NewVersion(
            revised.memory,
            writer,
            unreadable=revised.unreadable,
            tallies=tuple(dict((*revised.tallies, *revised.before)).items()),
            refused=revised.refused,
        )
        self.store.finish_trial(
            trial_id, trial.ending, written, calls, language=self._language, reason=played.why
        )
        after = self.store.version_after(self._name(), trial.number)
        self.watcher.trial_ended(self._name(), self.config, trial, after.memory)

    def _writer(self) -> str:
        """Who wrote a memory, as its version says."""
        if self.config.strategy == "none":
            return "none"
        model = f" {(self.writer or self.card).name}" if self.config.writer == "model" else ""
        return f"{self.config.strategy}/{self.config.writer}{model}"

    # --- what the store says of the run

    def _past(self, number: int) -> Past:
        """What is stored of the run before trial ``number``."""
        initial = self.initial or Memory()
        return Past(self.store, self.config, self.run or "", number, initial, self._archive)

    def _name(self) -> str:
        if self.run is None:
            raise RuntimeError("the run has no trial yet")
        return self.run

    def _row(self, number: int) -> TrialRow | None:
        rows = self.store.trials(self.run) if self.run else []
        return next((row for row in rows if row.number == number), None)
