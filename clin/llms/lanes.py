"""The lanes of the cache: what each holds, and how one takes over the beginning of another.

What a lane holds is a list of pieces, which are the tokens of a question's parts. Beginnings are
compared and copied piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clin.llms import Answer, Question
from clin.llms.choosing import Feed, Feeds
from clin.llms.native import CHUNK, Native
from clin.llms.trie import Trie

Answering = Generator[Feed | Feeds, Any, Answer]
"""It is sent the logits after a feed, or a pair of them after feeds for both branches."""
Piece = tuple[int, ...]
"""The tokens of one part of a question."""


@dataclass
class Branch:
    """One sequence of the cache. ``held`` are the pieces that it holds from its beginning."""

    sequence: int
    held: list[Piece] = field(default_factory=list)
    position: int = 0
    """How many tokens are evaluated, those of the reply included."""
    feed: Feed | None = None
    """What the answer under way wants to have evaluated next."""
    logits: np.ndarray | None = None
    """Those after the last feed, where they were wanted."""

    def decoded(self, logits: np.ndarray | None) -> None:
        """Keep what was decoded for the feed."""
        assert self.feed is not None
        self.position += len(self.feed[0])
        self.feed, self.logits = None, logits


@dataclass
class Lane(Branch):
    """A branch that is asked a question, whose pieces are ``pieces``; ``plain_pieces`` are those of
    the question without what memory recalled, empty where there is nothing to contrast with."""

    plain: Branch | None = None
    """The same question without what memory recalled, where there is room for guidance. It holds
    something only while a guided question is answered."""
    question: Question | None = None
    pieces: list[Piece] = field(default_factory=list)
    plain_pieces: list[Piece] = field(default_factory=list)
    answering: Answering | None = None
    both: bool = False
    """Whether the answer under way waits for the logits of both branches."""
    used: int = 0
    """When it was last asked; smaller is earlier."""
    trie: Trie | None = None

    def ask(self, question: Question, pieces: list[Piece], plain: list[Piece], now: int) -> None:
        """Hold a question until its answer begins."""
        self.question, self.pieces, self.plain_pieces, self.used = question, pieces, plain, now

    @property
    def branches(self) -> list[Branch]:
        """The lane's sequences."""
        return [self] if self.plain is None else [self, self.plain]

    def want(self, asked: Feed | Feeds) -> None:
        """Hold what the answer under way asks for."""
        feeds = asked if isinstance(asked, Feeds) else Feeds(asked, None)
        self.both = feeds is asked
        for branch, feed in zip(self.branches, feeds, strict=False):
            branch.feed, branch.logits = feed, None

    def got(self) -> Any:
        """What the answer under way is sent."""
        return tuple(each.logits for each in self.branches) if self.both else self.logits

    def rest(self) -> None:
        """Forget the question; what is held stays."""
        self.question = self.answering = None
        for branch in self.branches:
            branch.feed = branch.logits = None


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

    def fork(self, lane: Lane) -> Branch:
        """The plain branch of ``lane``, which takes over what both questions begin with, all but
        the last piece."""
        assert lane.plain is not None
        pieces = lane.plain_pieces
        count = common(lane.held, pieces, len(pieces) - 1)
        tokens = sum(map(len, pieces[:count]))
        self._native.copy(lane.sequence, lane.plain.sequence, tokens)
        lane.plain.held, lane.plain.position = pieces[:count], tokens
        return lane.plain

    def settle(self, lane: Lane, count: int) -> None:
        """Let ``lane`` rest with its first ``count`` pieces, and its plain branch with none."""
        lane.rest()
        self.cut(lane, count)
        if lane.plain is not None:
            self.cut(lane.plain, 0)

    def coming(self, lane: Lane) -> int:
        """Tokens of the beginning of the question of ``lane`` that no lane holds yet and that
        another lane is reading just now."""
        limit = len(lane.pieces) - 1
        others = [] if self._apart else self._lanes
        busy = [other for other in others if other.answering and other is not lane]
        read = max((common(other.pieces, lane.pieces, limit) for other in busy), default=0)
        held = max(common(other.held, lane.pieces, limit) for other in self._lanes)
        return sum(map(len, lane.pieces[held:read]))

    def cut(self, lane: Branch, count: int) -> None:
        """Let ``lane`` hold its first ``count`` pieces only; a model that cannot drop a tail loses
        all of them."""
        keep = sum(map(len, lane.held[:count]))
        lane.held = lane.held[:count]
        try:
            self._native.forget(lane.sequence, keep)
            lane.position = keep
        except LookupError:
            lane.held, lane.position = [], 0

    def rewinding(self, branches: Sequence[Branch]) -> Callable[[], Generator[Feed, object, None]]:
        """What lets ``branches`` hold what they hold now again, and nothing after it. A model that
        cannot drop a tail reads it again; it has one branch, since it cannot be guided."""
        positions = [branch.position for branch in branches]

        def rewind() -> Generator[Feed, object, None]:
            for branch, position in zip(branches, positions, strict=True):
                yield from self._rewind(branch, position)

        return rewind

    def _rewind(self, branch: Branch, position: int) -> Generator[Feed, object, None]:
        try:
            self._native.forget(branch.sequence, position)
            branch.position = position
        except LookupError:
            branch.position = 0
            for piece in branch.held:
                for start in range(0, len(piece), CHUNK):
                    yield piece[start : start + CHUNK], False


def common(held: Sequence[Piece], pieces: Sequence[Piece], limit: int) -> int:
    """How many pieces both begin with, at most ``limit``."""
    count = 0
    while count < min(len(held), limit) and held[count] == pieces[count]:
        count += 1
    return count
