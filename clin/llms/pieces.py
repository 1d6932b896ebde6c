"""The tokens of texts that were read before, within a bound of memory."""

from __future__ import annotations

import sys
from collections.abc import Callable

from clin.llms.lanes import Piece

MOST_BYTES = 64 * 2**20
"""Memory for the tokens that one model keeps. What a trial reads again and again is a part of a
megabyte."""
TOKEN = 36
"""Bytes of one token: a Python number, and its place in a tuple."""
ENTRY = 200
"""Bytes of an entry beyond its text and tokens: its place in the table, about."""


class Pieces:
    """The tokens of a text as ``tokenize`` has them, at most ``most`` bytes of which are kept. The
    texts that were asked for longest ago go first; one that is too large by itself is not kept."""

    def __init__(self, tokenize: Callable[[str], Piece], most: int = MOST_BYTES) -> None:
        self._tokenize, self._most = tokenize, most
        self._kept: dict[str, Piece] = {}  # in the order in which they were asked for last
        self.bytes = 0
        """Memory that the kept ones take, about."""

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, text: str) -> Piece:
        """The tokens of ``text`` by itself."""
        tokens = self._kept.pop(text, None)
        if tokens is None:
            tokens = self._tokenize(text)
            if (size := _size(text, tokens)) > self._most:
                return tokens
            self.bytes += size
        self._kept[text] = tokens
        while self.bytes > self._most:
            oldest = next(iter(self._kept))
            self.bytes -= _size(oldest, self._kept.pop(oldest))
        return tokens


def _size(text: str, tokens: Piece) -> int:
    return sys.getsizeof(text) + TOKEN * len(tokens) + ENTRY
