"""Memory strategies: what the next trial reads, and how the memory changes after a trial.

The file name is the registry: ``memory/strategies/clin.py`` is ``--strategy clin``. A strategy
module offers ``open(**options) -> Strategy``; where it has an option ``language``, it is given that
of the world whose trials it is to read. A strategy sees trials and links, yields plain prompts and
is sent plain replies; it never meets a model.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from memory.evidence.tally import Tally
from memory.language import Language
from memory.links import Link
from memory.spelling import did_you_mean
from memory.trials import Memory, Trial


@dataclass(frozen=True)
class RevisionRequest:
    """What a trial taught is asked for: the trial, with what it had read, in its world's
    language."""

    trial: Trial
    language: Language


@dataclass(frozen=True)
class GeneralisationRequest:
    """What earlier episodes' ``memories`` teach for the task ``goal`` is asked for."""

    goal: str
    memories: tuple[Memory, ...]


@dataclass(frozen=True)
class Prompt:
    """A plain question of a strategy to its writer. ``grammar`` (GBNF) is an offer that a model may
    not be able to keep. ``about`` says what is asked for, for models that were trained on a form of
    their own. ``within`` asks the same in at most so many tokens, for a context too small for
    ``text``."""

    text: str
    grammar: str = ""
    max_tokens: int = 1000
    about: RevisionRequest | GeneralisationRequest | None = None
    within: Callable[[int], str] | None = None


@dataclass(frozen=True)
class Revised:
    """A new memory and the lines of the reply that could not be read as links; where the strategy
    counts, each link's tally, and the proposals that it refused with the reason."""

    memory: Memory
    unreadable: tuple[str, ...] = ()
    tallies: tuple[tuple[Link, Tally], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    before: tuple[tuple[Link, Tally], ...] = ()
    """The tallies of the links that it rewrote: one that a person pinned stays in its wording."""


Revision = Generator[Prompt, str, Revised]
Size = Callable[[str], int]
"""Tokens of a text under the writer's tokeniser."""


@dataclass(frozen=True)
class Episode:
    """An earlier episode to learn from: its trials, and the memory written after each of them."""

    world: str
    task: str
    variation: int
    trials: tuple[Trial, ...]
    memories: tuple[Memory, ...]


@dataclass(frozen=True)
class Traits:
    """What those who play a strategy need to know of it."""

    counts: bool = False
    """Each link has a tally; :meth:`Strategy.carry` goes on from earlier ones (``evidence``)."""
    weighs_actions: bool = False
    """The actor takes the action that is likeliest as a whole (``saycan``)."""
    has_writer: bool = False
    """A model or the rules write its memory, as its option ``writer`` says."""
    needs_model: bool = False
    """Only a model can write its memory: there are no rules for that."""
    chains: bool = False
    """It takes the option ``chains``, for trials that are told at each step what to do now."""
    states_request: bool = False
    """Each prompt says what it is :attr:`~Prompt.about`, so that models with a form of their own
    can be asked."""


class Strategy(Protocol):
    """How a memory is read and changed. A class that inherits from this has no traits, and nothing
    to carry, until it says otherwise."""

    traits: ClassVar[Traits] = Traits()

    def carry(
        self, memory: Memory, tallies: Mapping[Link, Tally], since: Mapping[Link, Tally]
    ) -> None:
        """Begin with the ``tallies`` that earlier episodes counted for the links of ``memory``, or
        go on after an interruption: ``since`` is what this episode has counted on top of them."""
        return None

    def take(self, memory: Memory, tallies: Mapping[Link, Tally]) -> None:
        """Begin with a ``memory`` that a person gave to the run, and with what the run that it
        comes from counted for its links. All of it is read here at once."""
        return None

    def recall(self, memory: Memory, goal: str) -> Memory:
        """What the next trial reads of ``memory``."""
        ...

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        """The memory after the last of ``trials`` (all trials of this episode so far, oldest
        first)."""
        ...

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """A meta-memory for a new environment (``gen-env``) or a new task (``gen-task``)."""
        ...


class StrategyError(ValueError):
    """A strategy or an option of one that does not exist; one line."""


def strategy_names() -> list[str]:
    """The strategies that have a file here, sorted."""
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )


def traits_of(name: str) -> Traits:
    """What a strategy is like, whatever world it reads; errors as for :func:`open_strategy`."""
    return open_strategy(name, Language()).traits


def open_strategy(name: str, language: Language, **options: object) -> Strategy:
    """The strategy called ``name``, for trials of a world with this ``language``; StrategyError
    names the nearest when there is no such strategy or option."""
    names = strategy_names()
    if name not in names:
        raise StrategyError(
            f"no strategy '{name}'{did_you_mean(name, names)} (strategies: {', '.join(names)})"
        )
    make = importlib.import_module(f"{__name__}.{name}").open
    parameters = inspect.signature(make).parameters
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())
    known = [each for each in parameters if each != "language"]
    for option in options:
        if option not in known and not takes_any:
            raise StrategyError(
                f"strategy '{name}' has no option '{option}'{did_you_mean(option, known)} "
                f"(options: {', '.join(known)})"
            )
    if "language" in parameters:
        options["language"] = language
    strategy: Strategy = make(**options)
    return strategy
