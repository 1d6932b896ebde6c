"""Every word that a model reads, append-only.

``[how to act][task][memory]``, then one turn per step in the order things happened; at the tail,
and only there, what holds for this step alone. When the step is over the tail is dropped and the
turn appended, so that a model with a cache reads only what is new. The styles of the acting prompt:
``full-2`` for instruction-tuned models, ``compact-2`` for the bundled model and ``compact-3`` for
what ``clin distill`` trains on top of others' models.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from clin.errors import ModelError
from clin.llms import Answer, Question
from memory.language import Language
from memory.links import Link
from memory.trials import Memory, Step
from worlds import Template, World

STYLES = {
    "full-2": ("clin.prompts.full", "Full"),
    "compact-2": ("clin.prompts.compact", "Compact"),
    "compact-3": ("clin.prompts.compact", "Recalled"),
}
"""The acting prompts by the name that a model's card gives them."""


@dataclass(frozen=True)
class Move:
    """What the model decided: an admissible action, its thought, the learnings it cited (numbers
    from 1)."""

    action: str
    thought: str = ""
    cited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Thinking:
    """How a model thinks before it acts: at most so many ``tokens`` (0: it does not), in its own
    form (``native``: :class:`clin.llms.ChatFormat`) or in a sentence of its answer."""

    tokens: int = 160
    native: bool = False


@dataclass(frozen=True)
class Recalling:
    """Where the model reads its memory: all of it in the ``head``, what it says now at each
    ``step``; and the weight of what that line changes in the choice (``guidance``, 0: none)."""

    head: bool = True
    step: bool = False
    guidance: float = 0.0

    @classmethod
    def of(cls, where: str | None, guidance: float | None) -> Recalling:
        """As the option ``recall`` names it."""
        return cls(where in (None, "head", "both"), where in ("step", "both"), float(guidance or 0))


@dataclass(frozen=True)
class Ask:
    """What a question about the next action is built on: the ``parts`` of the prompt so far, the
    tokens ``left`` for its tail and the reply, how the model counts them; and the trial so far
    (``moves`` were admissible before each step), from which follows what memory says now."""

    parts: tuple[str, ...]
    left: int
    size: Callable[[str], int]
    opening: str = ""
    steps: Sequence[Step] = ()
    moves: Sequence[Collection[str]] = ()


class Style(Protocol):
    """One way of laying out the acting prompt of a world with this ``language``."""

    language: Language
    name: str
    reserve: int
    """Tokens kept free for the tail and the reply."""
    reads_head: bool
    """Whether the links stand in the head, where they take room."""
    thinks: bool
    """Whether the model thinks before it acts."""
    recalls: bool
    """Whether a question has a place for what memory says about what to do now."""
    tells_surroundings: bool
    """Whether a turn tells what is seen and held after the step; the world is not asked else."""
    sections: Sequence[tuple[str, str]]
    """How parts of the prompt begin, and what each is; ``rest`` says what other parts are."""
    rest: str
    own_form: bool
    """Whether it was trained to be asked for a memory in a form of its own
    (:mod:`clin.prompts.compact_writer`), and not in a strategy's words."""

    def __init__(
        self,
        language: Language,
        thinking: Thinking | None = None,
        recalling: Recalling | None = None,
    ) -> None: ...

    def head(
        self,
        goal: str,
        memory: Memory,
        opening: str,
        templates: Sequence[Template] = (),
        example: str = "",
        surroundings: str = "",
    ) -> tuple[str, ...]:
        """How to act, in which forms, a worked ``example``, the task, the memory, what the trial
        opens with, and what is seen and held then: stable over a whole trial."""
        ...

    def learning(self, memory: Memory, link: Link) -> str:
        """How a link of ``memory`` is told."""
        ...

    def turn(self, step: Step, seen: str | None = None, surroundings: str = "") -> tuple[str, ...]:
        """What stays of a step when it is over: with it, what is different in the ``surroundings``
        after it from what was last ``seen`` (None: nothing that the prompt still tells)."""
        ...

    def gap(self, left_out: int) -> tuple[str, ...]:
        """What stands in for the ``left_out`` oldest turns when the trajectory has outgrown the
        context."""
        ...

    def ask(
        self, world: World, asked: Ask, memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        """Ask for the next action, as one question or several; ``weigh``: for the likelihood of
        every whole action."""
        ...


def style(name: str) -> type[Style]:
    """The style called ``name`` (a model's ``clin.prompt`` key), to be made with a language."""
    if name not in STYLES:
        raise ModelError(
            f"this model wants prompt '{name}', which this version does not have (has: "
            f"{', '.join(STYLES)})"
        )
    module, class_name = STYLES[name]
    layout: type[Style] = getattr(import_module(module), class_name)
    return layout


def weightiest(choices: Sequence[str], answer: Answer) -> str:
    """The action of the greatest log-probability; of equals the first. ModelError for a model that
    tells none."""
    if len(answer.scores) != len(choices):
        raise ModelError(
            "this model does not tell how likely each action is, which the strategy saycan "
            "needs; use a GGUF file"
        )
    return choices[max(range(len(choices)), key=lambda n: answer.scores[n])].strip()
