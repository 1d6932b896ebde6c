"""How values become columns of a row, and columns values again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TypeVar

from memory.store.opening import StoreError

T = TypeVar("T")
NAMES: dict[type, str] = {dict: "object", list: "list"}
"""What JSON calls the kinds of values that columns hold."""


def as_json(value: object) -> str:
    """``value`` as ASCII JSON; what JSON does not know becomes a list."""
    return json.dumps(value, ensure_ascii=True, default=list)


def from_json(text: str, what: str, kind: type[T]) -> T:
    """The value of a column of JSON; StoreError says of ``what`` it is where it is no JSON, or none
    of this ``kind``."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError) as error:
        raise StoreError(f"{what} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(value, kind):
        raise StoreError(f"{what} cannot be read: it is no {NAMES[kind]}")
    return value


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
