"""The lanes of the cache: what each holds, and how one takes over the beginning of another.

What a lane holds is a list of pieces, which are the tokens of a question's parts. Beginnings are
compared and copied piece by piece.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np

from clin.llms import Answer, Question
from clin.llms.choosing import Feed
from clin.llms.native import CHUNK, Native
from clin.llms.trie import Trie

Answering = Generator[Feed, np.ndarray | None, Answer]
Piece = tuple[int, ...]
"""The tokens of one part of a question."""


@dataclass
class Lane:
    """One sequence of the cache, and the question that it is asked.

    ``held`` are the pieces that it holds from its beginning, ``pieces`` those of the question.
    """

    sequence: int
    held: list[Piece] = field(default_factory=list)
    position: int = 0
    """How many tokens are evaluated, those of the reply included."""
    question: Question | None = None
    pieces: list[Piece] = field(default_factory=list)
    answering: Answering | None = None
    feed: Feed | None = None
    """What the answer under way wants to have evaluated next."""
    used: int = 0
    """When it was last asked; smaller is earlier."""
    trie: Trie | None = None

    def ask(self, question: Question, pieces: list[Piece], now: int) -> None:
        """Hold a question until its answer begins."""
        self.question, self.pieces, self.used = question, pieces, now

    def rest(self) -> None:
        """Forget the question; what is held stays."""
        self.question = self.answering = self.feed = None


class Cache:
    """What the lanes hold of ``native``. Where they are ``apart``, none copies from another."""

    def __init__(self, native: Native, lanes: Sequence[Lane], *, apart: bool) -> None:
        self._native, self._lanes, self._apart = native, lanes, apart

    def share(self, lane: Lane, pieces: list[Piece]) -> int:
        """Make ``lane`` hold the longest beginning of ``pieces`` that any lane holds; returns the
        number of tokens reused. The last piece is always read again, since its logits are
        needed."""
        limit = len(pieces) - 1
        lanes = [lane] if self._apart else self._lanes
        best = max(lanes, key=lambda each: (common(each.held, pieces, limit), each is lane))
        count = common(best.held, pieces, limit)
        tokens = sum(map(len, pieces[:count]))
        if best is not lane:
            self.cut(lane, 0)
            self._native.copy(best.sequence, lane.sequence, tokens)
            lane.held, lane.position = pieces[:count], tokens
        self.cut(lane, count)
        return lane.position

    def coming(self, lane: Lane) -> int:
        """Tokens of the beginning of the question of ``lane`` that no lane holds yet and that
        another lane is reading just now."""
        limit = len(lane.pieces) - 1
        others = [] if self._apart else self._lanes
        busy = [other for other in others if other.answering and other is not lane]
        read = max((common(other.pieces, lane.pieces, limit) for other in busy), default=0)
        held = max(common(other.held, lane.pieces, limit) for other in self._lanes)
        return sum(map(len, lane.pieces[held:read]))

    def cut(self, lane: Lane, count: int) -> None:
        """Let ``lane`` hold its first ``count`` pieces only; a model that cannot drop a tail loses
        all of them."""
        keep = sum(map(len, lane.held[:count]))
        lane.held = lane.held[:count]
        try:
            self._native.forget(lane.sequence, keep)
            lane.position = keep
        except LookupError:
            lane.held, lane.position = [], 0

    def rewind(self, lane: Lane, position: int) -> Generator[Feed, np.ndarray, None]:
        """Let ``lane`` hold its pieces again and nothing after them, ``position`` tokens; a model
        that cannot drop a tail reads them again."""
        try:
            self._native.forget(lane.sequence, position)
            lane.position = position
        except LookupError:
            lane.position = 0
            for piece in lane.held:
                for start in range(0, len(piece), CHUNK):
                    yield piece[start : start + CHUNK], False


def common(held: Sequence[Piece], pieces: Sequence[Piece], limit: int) -> int:
    """How many pieces both begin with, at most ``limit``."""
    count = 0
    while count < min(len(held), limit) and held[count] == pieces[count]:
        count += 1
    return count
