"""What the strategies share that keep a model's own sentences: grammars for them, notes carried
over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memory.grammar import LONGEST, literal
from memory.language import Language
from memory.strategies import Episode, Prompt, Size, Strategy, Traits
from memory.strategies._telling import told
from memory.trials import Trial

WORDS = 24
"""Words of a sentence that a grammar allows."""
_TEXT = f"""text ::= word (" " word){{2,{WORDS - 1}}}
word ::= [A-Za-z] [a-z'-]{{0,14}} ","?
"""
"""No numbers: a small model counts on from one."""


class Noted(Strategy):
    """A strategy whose memory is notes alone, which a ``writer`` writes: a model is asked at most
    ``budget`` tokens and answers in ``max_tokens``. A trial reads ``shown`` of them."""

    traits = Traits(has_writer=True)

    def __init__(
        self, language: Language, writer: str, shown: int, budget: int, max_tokens: int
    ) -> None:
        self._language, self.writer = language, writer
        self.shown, self.budget, self.max_tokens = shown, budget, max_tokens


def grammar(root: str, more: str = "") -> str:
    """GBNF with the rule ``root``, in which ``text`` is a sentence of plain words."""
    return f"root ::= {root}\n{more}{_TEXT}"


def in_order(name: str, lines: Sequence[str]) -> str:
    """GBNF rules of which ``name`` is some of the ``lines`` in their order, at least one; of lines
    that are too long for a grammar none. Empty where no line is left."""
    kept = [line for line in dict.fromkeys(lines) if 0 < len(line) <= LONGEST and "\n" not in line]
    rules = []
    for number, line in enumerate(kept):
        said = f'{literal(line)} "\\n"'
        last = number + 1 == len(kept)
        this = name if not number else f"{name}{number}"
        rest = "" if last else f" {name}{number + 1}?"
        skip = "" if last else f" | {name}{number + 1}"
        rules.append(f"{this} ::= {said}{rest}{skip}\n")
    return "".join(rules)


def about_trials(
    before: str, trials: Sequence[Trial], after: str, language: Language, size: Size
) -> Callable[[int], str]:
    """A question about ``trials`` in at most so many tokens: each is told in an equal share of what
    ``before`` and ``after`` leave."""

    def within(budget: int) -> str:
        room = max(1, budget - size(before + after)) // max(1, len(trials))
        return before + "".join(told(trial, language, room, size) for trial in trials) + after

    return within


def asked(within: Callable[[int], str], budget: int, grammar: str, max_tokens: int) -> Prompt:
    """The question ``within`` its ``budget``, and within less for a smaller context."""
    return Prompt(within(budget), grammar, max_tokens, within=within)


def lines_of(reply: str) -> list[str]:
    """The lines of a reply that say something, each with single spaces."""
    return [" ".join(line.split()) for line in reply.splitlines() if line.strip()]


def carried(past: Sequence[Episode]) -> tuple[str, ...]:
    """The notes that earlier episodes ended with, in order, each once."""
    last = [episode.memories[-1] for episode in past if episode.memories]
    return tuple(dict.fromkeys(note for memory in last for note in memory.notes))
