"""From samples to tokens: exactly the prompt that ``clin/prompts/compact.py`` makes at run time.

It is cut exactly where a trial's context is cut (:class:`clin.rollout.context.Context`), and each
part is tokenised by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clin.language import language_of
from clin.prompts.compact import Compact
from clin.prompts.compact_writer import END, ROOM, generalising, written
from clin.rollout.context import Context
from memory.trials import Memory, Step

Encode = Callable[[str], Sequence[int]]
BOS, EOS = 0, 1


@dataclass(frozen=True)
class Act:
    """A step of a sample; ``weight`` is that of its action in the loss, 0 for what is only read."""

    action: str
    observation: str
    weight: float


@dataclass(frozen=True)
class Sample:
    """A trial of a ``world`` to learn from: the goal, what its memory says (a line per link), its
    steps. ``kind`` says how it was mixed.

    With ``ended`` (how the trial ended) the sample is one of revising: what is learned from are the
    lines ``written``. With ``elsewhere`` (memories of other episodes) it is one of generalising,
    and has no steps.
    """

    kind: str
    world: str
    goal: str
    memory: tuple[str, ...]
    acts: tuple[Act, ...]
    opening: str = ""
    ended: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, ...], ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True)
class Window:
    """``tokens`` and the ``weights`` of each in the loss, of equal length; weight 0 is never
    predicted."""

    kind: str
    tokens: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Turn:
    """A step in the context: its parts, of which the second is the action, and the weight with
    which that is still to be learned."""

    parts: tuple[str, ...]
    weight: float


def windows(sample: Sample, encode: Encode, room: int) -> Iterator[Window]:
    """The prompts of ``sample`` in a context of ``room`` tokens, as few as show each action to be
    learned once."""
    if sample.ended or sample.elsewhere:
        yield from _writing(sample, encode, room)
        return
    style = Compact(language_of(sample.world))
    head = _head(sample, style, encode, room)
    if sum(len(encode(part)) for part in head) + Compact.reserve > room:
        return
    context = Context(style, room, lambda part: len(encode(part)), head)
    kept: list[Turn] = []
    for act in sample.acts:
        left_out = context.left_out
        before = (*head, *(style.gap(left_out) if left_out else ()))
        step = Step(act.action, act.observation, 0.0)
        context.append(step)
        kept.append(Turn(style.turn(step), act.weight))
        # This action was still chosen with all that went before in sight.
        if context.left_out != left_out:
            yield from _window(sample.kind, before, kept, encode)
            kept = [Turn(turn.parts, 0.0) for turn in kept[context.left_out - left_out :]]
    gap = style.gap(context.left_out) if context.left_out else ()
    yield from _window(sample.kind, (*head, *gap), kept, encode)


def _head(sample: Sample, style: Compact, encode: Encode, room: int) -> tuple[str, ...]:
    memory = Memory(notes=_that_fit(sample.memory, encode, room // 3))
    return style.head(sample.goal, memory, sample.opening)


def _writing(sample: Sample, encode: Encode, room: int) -> Iterator[Window]:
    """The prompt of a memory's writer, and what it writes; nothing where it does not fit."""

    def size(part: str) -> int:
        return len(encode(part))

    if sample.ended:
        style = Compact(language_of(sample.world))
        head = _head(sample, style, encode, room - ROOM)
        if sum(map(size, head)) + Compact.reserve > room - ROOM:
            return
        context = Context(style, room - ROOM, size, head)
        for act in sample.acts:
            context.append(Step(act.action, act.observation, 0.0))
        parts = (*context.parts(), *sample.ended)
    else:
        parts = generalising(sample.goal, sample.elsewhere, size, room)
    read = [BOS, *(token for part in parts for token in encode(part))]
    wanted = [token for part in (*written(sample.written), END) for token in encode(part)]
    if len(read) + len(wanted) <= room:
        yield Window(sample.kind, (*read, *wanted), (*[0.0] * len(read), *[1.0] * len(wanted)))


def _that_fit(memory: Sequence[str], encode: Encode, room: int) -> tuple[str, ...]:
    """The first lines that take no more than a third of the context: a trial recalls no more
    (``clin.learner``)."""
    kept, size = [], 0
    for line in memory:
        size += len(encode(f"- {line}\n"))
        if size <= room:
            kept.append(line)
    return tuple(kept)


def _window(
    kind: str, head: Sequence[str], kept: Sequence[Turn], encode: Encode
) -> Iterator[Window]:
    """The head and the turns up to the last action that is to be learned; nothing where there is
    none."""
    learned = [number for number, turn in enumerate(kept) if turn.weight]
    if not learned:
        return
    last = learned[-1]
    tokens = [BOS, *(token for part in head for token in encode(part))]
    weights = [0.0] * len(tokens)
    for number, turn in enumerate(kept[: last + 1]):
        for place, part in enumerate(turn.parts if number < last else turn.parts[:2]):
            piece = encode(part)
            tokens += piece
            weights += [turn.weight if place == 1 else 0.0] * len(piece)
    yield Window(kind, tuple(tokens), tuple(weights))
