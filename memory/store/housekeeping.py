"""What a file holds, what in it is doubtful, and what could be removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations

from memory.links import Link
from memory.store import Store, StoreError

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
    latest = _latest_links(store)
    cited = _cited(store)
    return Stats(
        bytes=store.path.stat().st_size,
        runs=_count(store, "runs"),
        trials=_count(store, "trials"),
        steps=_count(store, "steps"),
        versions=_count(store, "versions"),
        links=_count(store, "links"),
        unreadable=store.connection.value(
            "select coalesce(sum(json_array_length(unreadable)), 0) from versions"
            " where json_valid(unreadable)"
        ),
        near_duplicates=near_duplicates(latest),
        never_cited=tuple(link for link in latest if link not in cited) if cited else (),
        cites=bool(cited),
    )


def bytes_of_admissible(store: Store) -> int:
    """The bytes of all stored sets of admissible actions."""
    return int(store.connection.value("select coalesce(sum(length(packed)), 0) from admissible"))


def _count(store: Store, table: str) -> int:
    return int(store.connection.value(f"select count(*) from {table}"))


def _latest_links(store: Store) -> list[Link]:
    """The links of the latest memory of each run, without repetition."""
    found = store.connection.rows("select max(id) from versions group by run order by run")
    links: dict[Link, None] = {}
    for (version,) in found:
        with suppress(StoreError):  # one bad row costs no other; `clin memory check` tells of it
            links |= dict.fromkeys(store.memory_version(version).memory.links)
    return [*links]


def _cited(store: Store) -> set[Link]:
    found: set[Link] = set()
    for (trial,) in store.connection.rows("select distinct trial from steps where cited != '[]'"):
        with suppress(StoreError):
            links = store.recalled(trial).links
            for step in store.steps(trial):
                found |= {links[number - 1] for number in step.cited if number <= len(links)}
    return found


def near_duplicates(links: Sequence[Link]) -> tuple[tuple[Link, Link], ...]:
    """Pairs of links that share most of their words; reported, never merged by themselves."""
    compared = links[:MOST_COMPARED]
    words = {link: set(f"{link.cause} {link.effect}".lower().split()) for link in compared}

    def alike(one: Link, two: Link) -> bool:
        if one.relation != two.relation and one.claim != two.claim:
            return False
        shared, all_ = words[one] & words[two], words[one] | words[two]
        return len(shared) / len(all_) >= ALIKE

    return tuple(pair for pair in combinations(compared, 2) if alike(*pair))


@dataclass(frozen=True)
class Removal:
    """Something that :func:`compact` would remove: what, how much, and the statement that does
    it."""

    what: str
    rows: int
    bytes: int
    statement: str


_OF_FINISHED = (
    "where trial in"
    " (select trials.id from trials join runs on runs.id = run where state = 'finished')"
)
_UNHELD = "from links where id not in (select link from version_links)"


def removable(store: Store) -> list[Removal]:
    """What could go without touching a trajectory, a memory version or a figure: prompts of
    finished runs (tokens and replies stay), and links that no version holds."""
    [(prompts, size)] = store.connection.rows(
        f"select count(*), coalesce(sum(length(parts)), 0) from calls {_OF_FINISHED}"
        " and parts != '[]'"
    )
    unheld = store.connection.value(f"select count(*) {_UNHELD}")
    found = [
        Removal(
            "prompts of finished runs (what `clin prompt` shows)",
            prompts,
            size,
            f"update calls set parts = '[]', kept = 0 {_OF_FINISHED}",
        ),
        Removal("links that no memory holds", unheld, 0, f"delete {_UNHELD}"),
    ]
    return [each for each in found if each.rows]


def compact(store: Store, removals: Sequence[Removal]) -> int:
    """Remove ``removals`` in one transaction and give the space back; returns the bytes saved.
    StoreError while another process plays a run in the file: it remembers what it wrote."""
    if playing := store.connection.holders():
        raise StoreError(
            f"'{store.path}' is being played in by process {', '.join(map(str, playing))}; compact "
            "it when that is done"
        )
    before = _size(store)
    with store.connection.transaction():
        for each in removals:
            store.connection.execute(each.statement)
    store.connection.give_back_space()
    return before - _size(store)


def _size(store: Store) -> int:
    wal = store.path.with_name(store.path.name + "-wal")
    return store.path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
