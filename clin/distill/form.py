"""From samples to tokens: exactly the prompt that ``clin/compact.py`` makes at run time, cut exactly where a trial's
context is cut (``clin.play.Context``), each part tokenised by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clin import compact
from clin.play import Context
from clin.prompt import Compact
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
    """A trial to learn from: the goal, what its memory says (a line per link), its steps. ``kind`` says how it was mixed."""

    kind: str
    goal: str
    memory: tuple[str, ...]
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Window:
    """``tokens`` and the ``weights`` of each in the loss, of equal length; weight 0 is never predicted."""

    kind: str
    tokens: tuple[int, ...]
    weights: tuple[float, ...]


def windows(sample: Sample, encode: Encode, room: int) -> Iterator[Window]:
    """The prompts of ``sample`` in a context of ``room`` tokens, as few as show each action to be learned once."""
    head = compact.head(sample.goal, Memory(notes=sample.memory))
    context = Context(Compact(), room, lambda part: len(encode(part)), head)
    kept: list[tuple[tuple[str, ...], float]] = []  # the turns in the context, with the weights that are still to be learned
    left_out = 0
    for act in sample.acts:
        before = _window(sample.kind, context, kept, encode)
        context.append(Step(act.action, act.observation, 0.0))
        if context.left_out != left_out:
            if before:
                yield before
            kept = [(turn, 0.0) for turn, _ in kept][context.left_out - left_out :]
            left_out = context.left_out
        kept.append(((compact.ASK, *compact.turn(act.action, act.observation)), act.weight))
        kept = kept[len(kept) - len(context.turns) :] if context.turns else []
    if last := _window(sample.kind, context, kept, encode):
        yield last


def _window(kind: str, context: Context, kept: Sequence[tuple[tuple[str, ...], float]], encode: Encode) -> Window | None:
    """What the context holds now, up to the last action that is to be learned; None where there is none."""
    last = max((number for number, (_, weight) in enumerate(kept) if weight), default=-1)
    if last < 0:
        return None
    turns = sum(len(turn) for turn, _ in kept)
    head = context.parts()[: len(context.parts()) - turns]
    tokens = [BOS, *(token for part in head for token in encode(part))]
    weights = [0.0] * len(tokens)
    for number, (turn, weight) in enumerate(kept[: last + 1]):
        for place, part in enumerate(turn if number < last else turn[:2]):
            piece = encode(part)
            tokens += piece
            weights += [weight if place == 1 else 0.0] * len(piece)
    return Window(kind, tuple(tokens), tuple(weights))
