"""One line that says how far a long work is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from memory.sanitize import harmless

EVERY = 15.0
"""Seconds between two lines where standard error is no terminal."""


class Line:
    """``with Line(total, "steps") as line: line.to(done, "loss 1.2", tokens)``."""

    def __init__(self, total: int, unit: str, *, start: int = 0) -> None:
        self.total, self.unit, self._start = total, unit, start
        self._began = self._told = time.monotonic()
        self._amount = 0

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\n")

    def to(self, done: int, note: str, amount: int = 0) -> None:
        """``done`` of the total; ``amount`` is added to what the rate counts."""
        self._amount += amount
        now, terminal = time.monotonic(), sys.stderr.isatty()
        if not terminal and now - self._told < EVERY and done < self.total:
            return
        self._told = now
        spent = max(now - self._began, 1e-9)
        left = spent / max(1, done - self._start) * (self.total - done)
        bar = "#" * (20 * done // max(1, self.total))
        text = (
            f"[{bar:<20}] {done}/{self.total} {self.unit}, {self._amount / spent:,.0f}/s, "
            f"about {left:,.0f} s left; {note}"
        )
        shown = harmless(text.replace("\n", " "))
        sys.stderr.write(f"\r{shown[:150]:<150}" if terminal else f"{shown}\n")
        sys.stderr.flush()
