"""From samples to tokens: exactly the prompt that ``clin/prompts/compact.py`` makes at run time.

It is cut exactly where a trial's context is cut (:class:`clin.rollout.context.Context`), and each
part is tokenised by itself. A line that stands before one choice alone is a branch: what comes
later does not read it, as at run time, where a prompt's tail is dropped when the step is over.
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
    said: str = ""
    """What memory says right before the choice, as the prompt tells it; empty for nothing."""


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
    predicted. ``parents`` holds for each token the index of the one before it (-1 for the first),
    where the window branches; empty where it is one line."""

    kind: str
    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Turn:
    """A step in the context: its parts, of which the second is the action, the weight with which
    that is still to be learned, and what was ``said`` before the choice alone."""

    parts: tuple[str, ...]
    weight: float
    said: str = ""


@dataclass
class _Growing:
    """A window that is being made. The ``trunk`` is its last token that later ones read."""

    tokens: list[int]
    weights: list[float]
    parents: list[int]
    trunk: int
    branches: bool = False

    @classmethod
    def of(cls, begin: Sequence[int]) -> _Growing:
        count = len(begin)
        return cls([*begin], [0.0] * count, [*range(-1, count - 1)], count - 1)

    def add(self, piece: Sequence[int], weight: float = 0.0) -> None:
        """Go on with ``piece``."""
        self.trunk = self._put(piece, weight, self.trunk)

    def branch(self, pieces: Sequence[Sequence[int]], weight: float) -> None:
        """What nothing later reads; the last of ``pieces`` is learned with ``weight``."""
        self.branches, at = True, self.trunk
        for number, piece in enumerate(pieces, 1):
            at = self._put(piece, weight if number == len(pieces) else 0.0, at)

    def _put(self, piece: Sequence[int], weight: float, parent: int) -> int:
        for token in piece:
            self.tokens.append(token)
            self.weights.append(weight)
            self.parents.append(parent)
            parent = len(self.tokens) - 1
        return parent

    def window(self, kind: str) -> Window:
        parents = tuple(self.parents) if self.branches else ()
        return Window(kind, tuple(self.tokens), tuple(self.weights), parents)


def windows(
    sample: Sample,
    encode: Encode,
    room: int,
    *,
    begin: Sequence[int] = (BOS,),
    layout: type[Compact] = Compact,
) -> Iterator[Window]:
    """The prompts of ``sample`` in a context of ``room`` tokens, as few as show each action to be
    learned once. ``begin`` are the tokens that every prompt of the model begins with."""
    if sample.ended or sample.elsewhere:
        yield from _writing(sample, encode, room, begin)
        return
    style = layout(language_of(sample.world))
    head = _head(sample, style, encode, room)
    if sum(len(encode(part)) for part in head) + layout.reserve > room:
        return
    context = Context(style, room, lambda part: len(encode(part)), head)
    kept: list[Turn] = []
    for act in sample.acts:
        left_out = context.left_out
        before = (*head, *(style.gap(left_out) if left_out else ()))
        step = Step(act.action, act.observation, 0.0)
        context.append(step)
        kept.append(Turn(style.turn(step), act.weight, act.said))
        # This action was still chosen with all that went before in sight.
        if context.left_out != left_out:
            yield from _window(sample.kind, before, kept, encode, begin)
            kept = [Turn(turn.parts, 0.0) for turn in kept[context.left_out - left_out :]]
    gap = style.gap(context.left_out) if context.left_out else ()
    yield from _window(sample.kind, (*head, *gap), kept, encode, begin)


def _head(sample: Sample, style: Compact, encode: Encode, room: int) -> tuple[str, ...]:
    memory = Memory(notes=_that_fit(sample.memory, encode, room // 3))
    return style.head(sample.goal, memory, sample.opening)


def _writing(sample: Sample, encode: Encode, room: int, begin: Sequence[int]) -> Iterator[Window]:
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
    read = [*begin, *(token for part in parts for token in encode(part))]
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
    kind: str,
    head: Sequence[str],
    kept: Sequence[Turn],
    encode: Encode,
    begin: Sequence[int],
) -> Iterator[Window]:
    """The head and the turns up to the last action that is to be learned; nothing where there is
    none."""
    learned = [number for number, turn in enumerate(kept) if turn.weight]
    if not learned:
        return
    growing = _Growing.of(begin)
    for part in head:
        growing.add(encode(part))
    for number, turn in enumerate(kept[: learned[-1] + 1]):
        weight, asked = turn.weight, turn.parts[:2]
        if turn.said and weight:
            growing.branch([encode(part) for part in (turn.said, *asked)], weight)
            weight = 0.0
        if weight or number < learned[-1]:
            growing.add(encode(asked[0]))
            growing.add(encode(asked[1]), weight)
        if number < learned[-1]:
            for part in turn.parts[2:]:
                growing.add(encode(part))
    yield growing.window(kind)
