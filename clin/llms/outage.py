"""Waiting for a server that went away, told once for all lanes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from clin.errors import ModelError

LONGEST_PAUSE = 30.0
"""Seconds between two tries at most. They grow with the time that the server has been away."""


class Outage:
    """The time that the server at ``where`` is away, shared by the threads that ask it.

    They wait up to ``patience`` seconds, counted from the first failure. ``tell`` is given a line
    when the waiting begins and one when it ends.
    """

    def __init__(self, where: str, patience: float, tell: Callable[[str], None]) -> None:
        self._where, self._patience, self._tell = where, patience, tell
        self._lock = threading.Lock()
        self._since: float | None = None
        self._closed = threading.Event()

    def wait(self, why: ModelError, wanted: Callable[[], bool]) -> None:
        """Pause before the next try. Raises ``why`` where nobody waits (patience 0), the answer is
        no longer ``wanted``, or the patience is at its end."""
        away = self._away(why)
        if self._patience <= 0:
            raise why
        if away >= self._patience:
            raise ModelError(f"{why} (waited {away:.0f} s for it, --endpoint-wait)")
        pause = min(LONGEST_PAUSE, 1 + away / 4, self._patience - away)
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            if not wanted() or self._closed.wait(min(left, 0.2)):
                raise why

    def over(self) -> None:
        """The server answered."""
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            self._tell(f"{self._where} answers again, after {time.monotonic() - since:.0f} s")

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed.set()

    def _away(self, why: ModelError) -> float:
        """Seconds since the server went away; the first to see it tells."""
        with self._lock:
            first = self._since is None
            if self._since is None:
                self._since = time.monotonic()
            away = time.monotonic() - self._since
        if first and self._patience > 0:
            self._tell(
                f"{why}; waiting for it for at most {self._patience:g} s (--endpoint-wait). "
                "Ctrl-C ends that, and what is stored can be resumed."
            )
        return away
