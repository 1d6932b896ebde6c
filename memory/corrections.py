"""A person corrects a memory. Each correction is a new version, recorded with who made it and when;
nothing is lost.

=======
==================================================================================================
add      put a link in; it is pinned, or the next rewriting would forget it drop     take a link out
of the memory as it is now; a writer may find it again edit     replace a link by another, which is
pinned pin      keep a link through all rewriting, in this wording unpin    let writers decide again
ban      take a link out and keep it out, in any wording that means the same unban    let writers
find it again import   replace the whole memory by one that a person edited =======
==================================================================================================
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from memory.links import Hedge, Link, LinkError, Relation, parse
from memory.overrides import meaning
from memory.rows import StoreError
from memory.store import Store
from memory.trials import Memory

KINDS = ("add", "drop", "edit", "pin", "unpin", "ban", "unban")


def person() -> str:
    """The name under which this user's corrections are recorded."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


_AGAINST = re.compile(r"^(?:please\s+)?(?:do not|don't|never|avoid|stop)\s+", re.IGNORECASE)


def in_words(text: str, effect: str = "the task") -> Link:
    """What a person says as a link: a link's own form as it is; "do not X" and "avoid X" as X DOES
    NOT CONTRIBUTE to ``effect``; anything else as SHOULD CONTRIBUTE to it. LinkError where that
    makes no link."""
    words = " ".join(text.split()).rstrip(".!")
    try:
        return parse(words)
    except LinkError:
        against = _AGAINST.match(words)
        relation = Relation.NOT_CONTRIBUTE if against else Relation.CONTRIBUTE
        return Link(words[against.end() :] if against else words, Hedge.SHOULD, relation, effect)


def now(store: Store, run: str) -> Memory:
    """The memory of ``run`` as its next trial would find it."""
    ended = [row.number for row in store.trials(run) if row.ending is not None]
    version = store.latest_version(run, ended[-1] if ended else -1)
    return version.memory if version else Memory()


def correct(
    store: Store, run: str, kind: str, link: Link, *, new: Link | None = None, who: str = ""
) -> Memory:
    """Make one correction and return the memory after it. StoreError if the link is not there where
    it must be."""
    if kind not in KINDS:
        raise StoreError(f"no correction '{kind}' (corrections: {', '.join(KINDS)})")
    made = [("drop", link), (kind, new)] if kind == "edit" and new is not None else [(kind, link)]
    change = partial(_changed, run, kind, link, new)
    return store.memory_version(store.correct(run, made, change, who or person())).memory


def _changed(run: str, kind: str, link: Link, new: Link | None, memory: Memory) -> Memory:
    there = [each for each in memory.links if meaning(each) == meaning(link)]
    if kind in ("drop", "edit", "pin") and not there:
        raise StoreError(f"the memory of {run} holds no such link: {link}")
    return replace(memory, links=_after(kind, memory.links, there, link, new))


def _after(
    kind: str, links: Sequence[Link], there: Sequence[Link], link: Link, new: Link | None
) -> tuple[Link, ...]:
    others = [each for each in links if each not in there]
    if kind in ("drop", "ban"):
        return tuple(others)
    if kind == "add":
        return (*others, link)
    if kind in ("edit", "pin"):
        replacement = new if kind == "edit" and new is not None else link
        first = links.index(there[0])
        changed = [
            replacement if number == first else each
            for number, each in enumerate(links)
            if number == first or each not in there
        ]
        return tuple(dict.fromkeys(changed))
    return tuple(links)


def replace_memory(store: Store, run: str, memory: Memory, *, who: str = "") -> Memory:
    """Replace the memory of ``run`` by ``memory``: what an import does."""
    return store.memory_version(
        store.correct(run, [("import", None)], lambda _: memory, who or person())
    ).memory
