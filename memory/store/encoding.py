"""How values become columns of a row, and columns values again."""

from __future__ import annotations

import json
from datetime import UTC, datetime


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
