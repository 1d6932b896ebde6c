"""Short texts ranked by SQLite's full text, in a database of their own that is never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing

from memory.store.encoding import as_text


def ranked(texts: Sequence[str], words: Iterable[str]) -> dict[int, float]:
    """The positions of the ``texts`` that hold any of the ``words``, with SQLite's bm25: lower is
    better, comparable within one call. Words are taken as they are; none is an operator."""
    query = " OR ".join(sorted({_quoted(word) for word in words}))
    if not texts or not query:
        return {}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create virtual table passages using fts5(text)")
        rows = ((number, as_text(text)) for number, text in enumerate(texts))
        connection.executemany("insert into passages (rowid, text) values (?, ?)", rows)
        asked = "select rowid, bm25(passages) from passages where passages match ?"
        return dict(connection.execute(asked, [query]).fetchall())


def _quoted(word: str) -> str:
    """A phrase of FTS5. SQLite reads a text up to its first NUL, which would leave the quote
    open."""
    plain = as_text(word).replace("\x00", " ").replace('"', '""')
    return f'"{plain}"'
