"""How values become columns of a row, and what the columns that are JSON say when they are read
back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime

from memory.evidence.link_tests import LinkTest
from memory.links import parse
from memory.trials import Memory, Scope, Step


def as_json(value: object) -> str:
    """``value`` as ASCII JSON; what JSON does not know becomes a list."""
    return json.dumps(value, ensure_ascii=True, default=list)


def as_text(text: str) -> str:
    """SQLite stores UTF-8: half a surrogate pair, which has no UTF-8, becomes U+FFFD."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def timestamp() -> str:
    """This moment in UTC, in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_id(cursor: sqlite3.Cursor) -> int:
    """The id of the row that an insert has just made."""
    if cursor.lastrowid is None:
        raise RuntimeError("this statement inserted no row")
    return cursor.lastrowid


def numbers(stored: str) -> tuple[int, ...]:
    """The learnings that a step cited; nearly always none, which takes no parsing."""
    return tuple(json.loads(stored)) if stored != "[]" else ()


def step_of(action: str, observation: str, score: float, thought: str, cited: str) -> Step:
    """A step from its columns."""
    return Step(action, observation, score, thought, numbers(cited))


def reading(
    recalled: Memory,
    ranking: Sequence[Sequence[object]] = (),
    test: LinkTest | None = None,
    way: Mapping[str, object] | None = None,
) -> str:
    """What a trial read when it began, and what else was settled then
    (:meth:`memory.store.Store.begin_trial`), as one column."""
    read: dict[str, object] = {
        "links": [str(link) for link in recalled.links],
        "notes": list(recalled.notes),
    }
    if recalled.scopes:
        read["scopes"] = [
            [recalled.links.index(link), *astuple(scope)] for link, scope in recalled.scopes
        ]
    if ranking:
        read["ranking"] = [list(row) for row in ranking]
    if test:
        read["test"] = {"link": str(test.link), "steps": test.steps}
    if way:
        read["way"] = dict(way)
    return as_json(read)


def memory_of(stored: str) -> Memory:
    """The memory in what :func:`reading` made."""
    read = json.loads(stored)
    links = tuple(map(parse, read["links"]))
    return Memory(
        links,
        tuple(read["notes"]),
        tuple((links[at], Scope(*scope)) for at, *scope in read.get("scopes", ())),
    )
