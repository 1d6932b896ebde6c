"""What a model's chat template puts around a question, and around a thought of the model's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

_MARK = re.compile(r"<[^<>\n]+>|\[[^\[\]\n]+\]")
"""A mark as templates write it: ``<think>``, ``<|end|>``, ``[/THINK]``."""


def first_mark(text: str) -> str:
    """The first mark of ``text``; all of it where it has none."""
    found = _MARK.search(text)
    return found.group() if found else text.strip()


@dataclass(frozen=True)
class ChatFormat:
    """Text around one user's message. All empty where a model reads plain text."""

    opening: str = ""
    """Before the message."""
    answer: str = ""
    """After the message, up to where the answer begins."""
    think: str = ""
    """After the message, up to where native thinking begins; empty where the model does not think
    in a form of its own."""
    thought_end: str = ""
    """Closes the thinking and leads to where the answer begins."""
    think_opening: str = ""
    """Before the message, where the reply is to be thought first."""

    @property
    def thinks(self) -> bool:
        """Whether the model thinks in a form of its own."""
        return bool(self.think)

    @property
    def end_mark(self) -> str:
        """What the model itself writes where its thinking ends."""
        return first_mark(self.thought_end)

    def tokens(self, size: Callable[[str], int]) -> int:
        """At most so many tokens, as ``size`` counts them, stand around a question's parts, the one
        that begins every prompt included."""
        plain = size(self.opening) + size(self.answer)
        thinking = sum(map(size, (self.think_opening, self.think, self.thought_end)))
        return max(plain, thinking) + 1

    def without_begin(self, begin: str) -> ChatFormat:
        """The same, without the text ``begin`` at the beginning of the prompt."""
        return replace(
            self,
            opening=self.opening.removeprefix(begin),
            think_opening=self.think_opening.removeprefix(begin),
        )

    def around(
        self, parts: Sequence[str], *, think: bool, thought: str
    ) -> tuple[tuple[str, bool], ...]:
        """The pieces of text that the model reads, in order and some of them empty, with whether
        each is the template's own, which alone may hold control tokens."""
        opening, closing = self.opening, self.answer
        if think or thought:
            opening, closing = self.think_opening, self.think
        message = ((opening, True), *((part, False) for part in parts), (closing, True))
        return (*message, (thought, False), (self.thought_end, True)) if thought else message
