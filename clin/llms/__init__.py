"""Language models behind one narrow door: questions go in, answers come back as they are ready.

The file name is the registry: ``clin/llms/llamacpp.py`` serves GGUF files,
``clin/llms/scripted.py`` serves ``scripted:FILE``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clin.errors import ModelError
from clin.llms.chat_format import ChatFormat


@dataclass(frozen=True)
class Question:
    """One question to a model.

    ``parts`` are stable pieces of text, in order: each is tokenised once, by itself, and evaluated
    as one unit, so that what the cache holds depends on the parts alone and never on how they came
    there. Where the model has a chat template, the joined parts are the user's message. ``begun``
    is the beginning of the reply, already fixed (a thought that has been thought). With ``choices``
    the reply is exactly one of them; with ``grammar`` (GBNF) it matches; otherwise it is free text
    that ends before any of ``stop`` or after ``max_tokens``.
    """

    parts: tuple[str, ...]
    choices: tuple[str, ...] = ()
    grammar: str = ""
    stop: tuple[str, ...] = ()
    max_tokens: int = 256
    begun: tuple[str, ...] = ()
    role: str = "act"
    recalled: str = ""
    """What memory says in ``parts`` of what to do now, for the record; not read by itself."""
    score_choices: bool = False
    """Ask for the log-probability of every choice too, in :attr:`Answer.scores` (SayCan's
    "say")."""

    think: bool = False
    """Ask for the model's native thought alone, of at most ``max_tokens``: it comes back as
    :attr:`Answer.thinking`, and the answer's text is empty."""
    thought: str = ""
    """A native thought that has been thought; it stands before ``begun``."""

    plain: tuple[str, ...] = ()
    """The parts of the same question without what memory recalled, for ``guidance``. What both
    begin with is read once."""
    plain_begun: tuple[str, ...] | None = None
    """The beginning of the reply without what memory recalled; None: ``begun`` says nothing of
    that."""
    guidance: float = 0.0
    """How much a choice follows what memory recalled: context-aware decoding's a (Shi et al. 2023,
    arXiv 2305.14739), at least 0; 0 is off. It takes ``choices`` and ``plain``."""

    def __post_init__(self) -> None:
        if not (self.guidance >= 0 and math.isfinite(self.guidance)):
            raise ModelError(f"guidance is a number of at least 0, not {self.guidance}")

    @property
    def guided(self) -> bool:
        """Whether the choice is made by what ``parts`` change beside ``plain``."""
        return bool(self.guidance and self.plain and self.choices and not self.think)

    @property
    def text(self) -> str:
        """All that the model reads, without what its chat template adds."""
        return "".join((*self.parts, self.thought, *self.begun))


@dataclass(frozen=True)
class Answer:
    """A reply and what it cost: ``read`` counts all prompt tokens, ``reused`` those of them that
    came from the cache.

    With guidance ``read`` counts what both prompts begin with once, and then the rest of each.
    What was evaluated is always ``read - reused``.
    """

    text: str
    read: int = 0
    reused: int = 0
    written: int = 0
    logprob: float = 0.0
    plain_logprob: float = 0.0
    """With guidance: the log-probability that the choice has without what memory recalled;
    ``logprob`` is the one that it has with it. Neither is guided."""
    seconds: float = 0.0
    finish: str = "stop"
    """``stop`` (ended by itself), ``length`` (cut at max_tokens), ``choice``, or ``match`` (a reply
    that was none of the choices, matched to the nearest)."""
    scores: tuple[float, ...] = ()
    """With ``score_choices``: for each choice the log-probability with which it is drawn when only
    choices can be. With guidance as well: what guidance makes of those of both prompts; the choice
    is then made by these."""
    thinking: str = ""
    """What a reasoning model thought, asked or unasked; kept apart, never a fact."""
    said: str = ""
    """With ``match``: what the reply was, cut to some hundred characters."""


@dataclass(frozen=True)
class ModelCard:
    """What a model declares of itself. ``prompt`` is the style of its prompt
    (:data:`clin.prompts.STYLES`); ``roles`` those it was made for."""

    name: str
    sha256: str = ""
    prompt: str = "full-2"
    roles: tuple[str, ...] = ("act", "revise", "generalise")
    context: int = 0
    """Tokens that one lane holds; 0 when unbounded."""
    template: ChatFormat = field(default_factory=ChatFormat)
    """What the chat template puts around the question's parts."""
    details: dict[str, str] = field(default_factory=dict)
    exact: bool = True
    """Whether an answer depends on the question alone, byte for byte; many lanes in one batch
    change the order of floating-point sums, and a remote server promises nothing."""
    guidance: float = 0.0
    """How much its choice should follow what memory says at each step
    (:attr:`Question.guidance`); 0 for a model that reads its memory in the head of the prompt."""
    adapters: tuple[str, ...] = ()
    """The LoRA adapters on it, each as the SHA-256 of its file and its scale (``abc…:0.5``)."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the model is used, a line each."""

    def check(self, question: Question) -> None:
        """ModelError if the model cannot think as ``question`` asks it to."""
        if (question.think or question.thought) and not self.template.thinks:
            raise ModelError(f"{self.name} does not think in a form of its own")

    @property
    def thinks(self) -> bool:
        """Whether the model thinks before it answers, in a form of its own."""
        return self.template.thinks


class LLM(Protocol):
    """A model that answers many lanes. Answers come back as they are ready, not in rounds."""

    card: ModelCard

    def submit(self, question: Question, *, lane: int) -> None:
        """Queue ``question`` for ``lane``; a lane has one question at a time. ModelError if it can
        never fit."""
        ...

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        """Work until at least one answer is ready and return those that are; empty when nothing is
        queued, or when ``until`` (asked between two pieces of work) says that there is something
        else to do. A question that cannot be answered is a ModelError that names its ``lane``; it
        is raised when the answers that were ready have been returned, and concerns no other
        lane."""
        ...

    def cancel(self, lane: int) -> None:
        """Forget the question of ``lane``, if it has one: no answer to it comes back, and the lane
        can be asked again."""
        ...

    def count(self, text: str) -> int:
        """Tokens of ``text`` when it stands as one part."""
        ...

    def close(self) -> None:
        """Free the model; closing twice is closing once."""
        ...
