"""One trial, as a generator that yields questions and is sent answers. It knows nothing of batches
or threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from clin.llms import Answer, ModelCard, Question
from clin.prompts import Move
from clin.rollout.context import Context
from clin.rollout.interactive import Person
from memory.language import Language
from memory.store import TrialRow
from memory.store.encoding import as_text
from memory.trials import Call, Ending, Memory, Step
from worlds import World, WorldError

STUCK_AFTER, WAITED_AFTER = 5, 15
"""Equal actions with equal outcomes in a row that end a trial; the second where they let time pass,
which may change what is not shown. The paper's research code (``clin_agent.py``) ends a trial after
five equal actions whatever comes of them, which also ends expert paths of its own benchmark: they
wait up to ten times in a row and watch a block slide for up to 141 steps."""

Record = Callable[[Step, Sequence[Call]], None]
"""Keeps a step and the calls that led to it; when it returns, the step is safe."""


class WorldChanged(RuntimeError):
    """A stored trajectory, replayed, did not give the stored observations."""


def check_beginning(row: TrialRow, goal: str, opening: str) -> None:
    """WorldChanged where a stored trial would go on at another ``goal`` or ``opening``."""
    if (as_text(goal), as_text(opening)) != (row.goal, row.opening):
        raise WorldChanged("the world does not begin as it is stored; the trial cannot go on")


def play(
    world: World,
    recalled: Memory,
    record: Record,
    *,
    budget: int,
    context: Context,
    card: ModelCard,
    past: Sequence[Step] = (),
    weigh: bool = False,
    person: Person | None = None,
) -> Generator[Question, Answer, Ending]:
    """Play ``world``, which has just been reset, for at most ``budget`` steps; ``context`` holds
    the prompt's head, and the language in which the world speaks.

    ``past`` are steps of this trial that were recorded before an interruption: they are done again
    in the world, without asking the model, and compared. Raises :class:`WorldChanged` where they
    differ, and :class:`worlds.WorldCrashed` where the world does; either way the trial is over, as
    crashed. ``weigh`` takes the action that is likeliest as a whole, instead of deciding token by
    token. ``person`` may want to decide a step; what comes of that is recorded as theirs.
    """
    person = person or Person()
    steps: list[Step] = []
    done = False
    for step in past:
        done = replay(world, step)
        context.append(step, _surroundings(world, context, done))
        steps.append(step)
    while True:
        ending = _ending(steps, done, budget, context.style.language)
        if ending:
            return ending
        asking = context.style.ask(world, context.ask(), recalled, weigh=weigh)
        move, calls = yield from _decided(asking, card, person, len(steps))
        seen = world.step(move.action)
        step = Step(move.action, seen.text, seen.score, move.thought, move.cited)
        record(step, calls)
        steps.append(step)
        done = seen.done
        context.append(step, _surroundings(world, context, done))


def _surroundings(world: World, context: Context, done: bool) -> str:
    """What is seen and held now, where the prompt will tell it."""
    return world.surroundings() if context.style.tells_surroundings and not done else ""


def _ending(steps: Sequence[Step], done: bool, budget: int, language: Language) -> Ending | None:
    if done:
        return Ending.WON if steps and steps[-1].score >= 100 else Ending.LOST
    if steps and _is_stuck(steps, language):
        return Ending.STUCK
    return Ending.BUDGET if len(steps) >= budget else None


def _is_stuck(steps: Sequence[Step], language: Language) -> bool:
    """Whether too many steps at the end are alike: in action and score, and in what was observed,
    unless time was only let pass."""
    last = steps[-1]
    waits = language.passes_time(last.action)

    def alike(step: Step) -> bool:
        same = (step.action, step.score) == (last.action, last.score)
        return same and (waits or step.observation == last.observation)

    in_a_row = sum(1 for _ in itertools.takewhile(alike, reversed(steps)))
    return in_a_row >= (WAITED_AFTER if waits else STUCK_AFTER)


def replay(world: World, step: Step) -> bool:
    """Do a stored ``step`` again, and say whether the world has ended; :class:`WorldChanged` where
    what comes of it is something else."""
    try:
        seen = world.step(step.action)
    except WorldError as error:  # such as that it has ended before
        raise WorldChanged(f"'{step.action}' was stored and is refused now: {error}") from error
    if (as_text(seen.text), seen.score) != (step.observation, step.score):
        raise WorldChanged(
            f"'{step.action}' gave another observation than the stored one; the trial cannot go on"
        )
    return seen.done


def _decided(
    asking: Generator[Question, Answer, Move], card: ModelCard, person: Person, position: int
) -> Generator[Question, Answer, tuple[Move, list[Call]]]:
    """Pass the questions on and keep each with its answer. Where a person wants to decide, the
    model says what it would do and how likely it finds each action, and the person has the last
    word."""
    calls: list[Call] = []
    waits = person.waits()
    actions: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    try:
        question = next(asking)
        while True:
            answer = (
                yield replace(question, score_choices=True)
                if waits and question.choices
                else question
            )
            calls.append(call(question, answer, card))
            if len(question.choices) > len(actions):  # a person may do whatever is offered
                actions, scores = (
                    tuple(choice.strip() for choice in question.choices),
                    answer.scores,
                )
            question = asking.send(answer)
    except StopIteration as stop:
        move = stop.value
    if waits:
        if not calls:  # one action was offered, so the model was not asked
            actions, scores = (move.action,), (0.0,)
        decision = person.decides(position, actions, scores, move.action)
        if decision.chosen:
            return Move(decision.action), [
                *calls,
                Call("person", calls[-1].parts if calls else (), decision.action),
            ]
    return move, calls


def call(question: Question, answer: Answer, card: ModelCard) -> Call:
    """A question and its answer as the store keeps them: with what the chat template put around the
    question. The reply to a question for a thought is the thought."""
    around = card.template.around(question.parts, think=question.think, thought=question.thought)
    parts = (*(text for text, _ in around), *question.begun)
    return Call(
        question.role,
        tuple(part for part in parts if part),
        answer.thinking if question.think else answer.text,
        answer.read,
        answer.reused,
        answer.written,
        answer.logprob,
        answer.seconds,
        len(question.choices),
        question.recalled,
        answer.plain_logprob,
        answer.said,
    )
