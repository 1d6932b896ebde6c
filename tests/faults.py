"""Real parts that break once: the n-th call of them raises, all others do what they do."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from memory.store.connection import Connection


class Injected(RuntimeError):
    """What a broken part raises; no error of ours."""


class Counter:
    """Counts calls, ``only`` those of one method where it is named; the one with number ``at``
    (from 1) raises ``error``."""

    def __init__(self, at: int = 0, error: BaseException | None = None, *, only: str = "") -> None:
        self.at, self.calls, self.only = at, 0, only
        self.error = error or Injected("the part broke")

    def count(self, name: str = "") -> None:
        if self.only not in ("", name):
            return
        self.calls += 1
        if self.calls == self.at:
            raise self.error


class Breaking:
    """``part``, of which each call of a public method is counted first."""

    def __init__(self, part: Any, counter: Counter) -> None:
        self._part, self._counter = part, counter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found):
            return found

        def counted(*values: Any, **named: Any) -> Any:
            self._counter.count(name)
            return found(*values, **named)

        return counted


def break_opened(patch: pytest.MonkeyPatch, counter: Counter, module: str, function: str) -> None:
    """Let what ``function`` of ``module`` opens break, and the opening itself."""
    where = importlib.import_module(module)
    opened: Callable[..., Any] = getattr(where, function)

    def breaking(*values: Any, **named: Any) -> Any:
        counter.count()
        return Breaking(opened(*values, **named), counter)

    patch.setattr(where, function, breaking)


def break_store(patch: pytest.MonkeyPatch, counter: Counter) -> None:
    """Let the store's queries and transactions break, of every file that is open."""
    rows, execute = Connection.rows, Connection.execute
    transaction = Connection.transaction

    def counted_rows(self: Connection, *values: Any) -> list[tuple[Any, ...]]:
        counter.count()
        return rows(self, *values)

    def counted_execute(self: Connection, *values: Any) -> int:
        counter.count()
        return execute(self, *values)

    def counted_transaction(self: Connection) -> AbstractContextManager[None]:
        counter.count()
        return transaction(self)

    patch.setattr(Connection, "rows", counted_rows)
    patch.setattr(Connection, "execute", counted_execute)
    patch.setattr(Connection, "transaction", counted_transaction)
