"""Experiments that were begun in a file: a document per batch, so that ``clin resume`` can go on
with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from memory.rows import StoreError
from memory.store import Store


def begin_batch(store: Store, document: Mapping[str, Any]) -> str:
    """The batch of this document in ``store``, new or as it was begun before; returns its name,
    such as ``b1``."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    found = store.rows("select id from batches where document = ?", [text])
    number = (
        found[0][0]
        if found
        else store.write(
            "insert into batches (document, began) values (?, ?)",
            [text, datetime.now(UTC).isoformat(timespec="seconds")],
        )
    )
    return f"b{number}"


def batch(store: Store, name: str) -> dict[str, Any]:
    """The document of the batch called ``name``; StoreError says which there are."""
    number = name[1:]
    if name[:1] == "b" and number.isascii() and number.isdigit():
        found = store.rows("select document from batches where id = ?", [int(number[:18])])
        if found:
            document: dict[str, Any] = json.loads(found[0][0])
            return document
    [(last,)] = store.rows("select max(id) from batches")
    raise StoreError(
        f"no batch '{name}' in {store.path}: "
        + (f"it has b1 to b{last}" if last else "it has none yet")
    )
