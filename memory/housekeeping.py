"""What a file holds, what in it is doubtful, and what could be removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from memory.links import Link
from memory.store import Store

ALIKE = 0.75
"""Share of common words from which two links count as near-duplicates."""
MOST_COMPARED = 400
"""Links compared pairwise at most."""


@dataclass(frozen=True)
class Stats:
    """Counts of a file; ``near_duplicates`` and ``never_cited`` are about the latest memory of each
    run."""

    bytes: int
    runs: int
    trials: int
    steps: int
    versions: int
    links: int
    unreadable: int
    near_duplicates: tuple[tuple[Link, Link], ...]
    never_cited: tuple[Link, ...]
    cites: bool
    """Whether any step cites a learning at all; models that act without a thought cite none."""


def stats(store: Store) -> Stats:
    """Count what ``store`` holds."""
    counts = {
        table: int(store.rows(f"select count(*) from {table}")[0][0])
        for table in ("runs", "trials", "steps", "versions", "links")
    }
    unreadable = store.rows("select coalesce(sum(json_array_length(unreadable)), 0) from versions")[
        0
    ][0]
    latest: dict[Link, None] = {}
    for run in store.runs():
        versions = store.rows("select max(id) from versions where run = ?", [run.id])[0][0]
        if versions:
            latest.update(dict.fromkeys(store.memory_version(versions).memory.links))
    cited = _cited(store)
    never = tuple(link for link in latest if link not in cited) if cited else ()
    return Stats(
        bytes=store.path.stat().st_size,
        **counts,
        unreadable=unreadable,
        near_duplicates=near_duplicates(list(latest)),
        never_cited=never,
        cites=bool(cited),
    )


def _cited(store: Store) -> set[Link]:
    found: set[Link] = set()
    for (trial,) in store.rows("select distinct trial from steps where cited != '[]'"):
        whole = store.trial(trial)
        found |= {
            whole.recalled.links[number - 1]
            for step in whole.steps
            for number in step.cited
            if number <= len(whole.recalled.links)
        }
    return found


def near_duplicates(links: Sequence[Link]) -> tuple[tuple[Link, Link], ...]:
    """Pairs of links that share most of their words; reported, never merged by themselves."""
    bags = [
        (link, set(f"{link.cause} {link.effect}".lower().split())) for link in links[:MOST_COMPARED]
    ]
    return tuple(
        (one, two)
        for (one, a), (two, b) in combinations(bags, 2)
        if len(a & b) / len(a | b) >= ALIKE
        and (one.relation == two.relation or one.claim == two.claim)
    )


@dataclass(frozen=True)
class Removal:
    """Something that :func:`compact` would remove: what, how much, and the statement that does
    it."""

    what: str
    rows: int
    bytes: int
    statement: str


_PROMPTS = (
    "calls where trial in (select trials.id from trials join runs on runs.id = run "
    "where state = 'finished')"
)
_ORPHANS = "links where id not in (select link from version_links)"


def removable(store: Store) -> list[Removal]:
    """What could go without touching a trajectory, a memory version or a figure: prompts of
    finished runs (tokens and replies stay), and links that no version holds."""
    rows, size = store.rows(
        f"select count(*), coalesce(sum(length(parts)), 0) from {_PROMPTS} and parts != '[]'"
    )[0]
    orphans = store.rows(f"select count(*) from {_ORPHANS}")[0][0]
    found = [
        Removal(
            "prompts of finished runs (what `clin prompt` shows)",
            rows,
            size,
            "update calls set parts = '[]', kept = 0 where trial in (select trials.id from "
            "trials join runs on runs.id = run"
            " where state = 'finished')",
        ),
        Removal("links that no memory holds", orphans, 0, f"delete from {_ORPHANS}"),
    ]
    return [each for each in found if each.rows]


def compact(store: Store, removals: Sequence[Removal]) -> int:
    """Remove ``removals`` and give the space back; returns the bytes saved."""
    before = _size(store)
    store.vacuum([each.statement for each in removals])
    return before - _size(store)


def _size(store: Store) -> int:
    wal = store.path.with_name(store.path.name + "-wal")
    return store.path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
