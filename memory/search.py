"""Full-text search over everything that a file holds: links, steps, tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.rows import StoreError
from memory.store import Store

CANDIDATES = 1000
"""Steps are ranked among the latest so many that match: ranking every match of a common word takes
SQLite long."""


@dataclass(frozen=True)
class Found:
    """A hit: ``kind`` is link, step or task; ``where`` says where it is, in words that other
    commands take."""

    kind: str
    where: str
    text: str
    rank: float
    """SQLite's bm25: lower is better; comparable within one kind."""


def search(store: Store, words: str, limit: int = 20) -> list[Found]:
    """The best hits of each kind, links first. All words must occur; ``"a phrase"`` and ``prefix*``
    work as in FTS5.

    StoreError for an empty search.
    """
    query = _query(words)
    if not query:
        raise StoreError("search for what? Give a word or several")
    return [
        *_links(store, query, limit),
        *_tasks(store, query, limit),
        *_steps(store, query, limit),
    ]


def _query(words: str) -> str:
    """The words as FTS5 wants them: quoted, so that no character of theirs is an operator."""
    found = re.findall(
        r'"([^"]+)"|(\S+)', words.encode("utf-8", "ignore").decode().replace("\x00", " ")
    )
    terms = []
    for phrase, word in found:
        text = phrase or word.rstrip("*")
        if any(map(str.isalnum, text)):
            terms.append(f'"{text.replace(chr(34), "")}"' + ("*" if word.endswith("*") else ""))
    return " ".join(terms)


def _links(store: Store, query: str, limit: int) -> list[Found]:
    rows = store.rows(
        "select links.id, links.cause, hedge, relation, links.effect, rank from links_text join "
        "links on links.id = links_text.rowid"
        " where links_text match ? order by rank, links.id limit ?",
        [query, limit],
    )
    return [Found("link", _holders(store, row[0]), _printed(*row[1:5]), row[5]) for row in rows]


def _holders(store: Store, link: int) -> str:
    """The runs whose memories held the link, with the last trial after which they did."""
    rows = store.rows(
        "select versions.run, max(number) from version_links join versions on versions.id = "
        "version_links.version"
        " left join trials on trials.id = versions.trial where link = ? group by versions.run "
        "order by versions.run limit 4",
        [link],
    )
    return (
        ", ".join(
            f"r{run}" if number is None else f"r{run} --trial {number}" for run, number in rows
        )
        or "no memory"
    )


def _printed(cause: str, hedge: str, relation: str, effect: str) -> str:
    from memory.links import Hedge, Link, Relation

    return str(Link(cause, Hedge(hedge), Relation(relation), effect))


def _tasks(store: Store, query: str, limit: int) -> list[Found]:
    rows = store.rows(
        "select run, trials.task, trials.goal, min(rank) from (select rowid as id, rank from "
        "trials_text where trials_text match ?)"
        " join trials using (id) group by run order by 4, run limit ?",
        [query, limit],
    )
    return [Found("task", f"r{run}", f"{task}: {goal}", rank) for run, task, goal, rank in rows]


def _steps(store: Store, query: str, limit: int) -> list[Found]:
    oldest = store.rows(
        "select min(rowid) from (select rowid from steps_text where steps_text match ? order by "
        "rowid desc limit ?)",
        [query, CANDIDATES],
    )[0][0]
    rows = store.rows(
        "select run, number, position, steps.action, steps.observation, rank from steps_text"
        " join steps on steps.id = steps_text.rowid join trials on trials.id = steps.trial"
        " where steps_text match ? and steps_text.rowid >= ? order by rank, steps.id limit ?",
        [query, oldest or 0, limit],
    )
    return [
        Found(
            "step",
            f"r{run} --trial {number}",
            f"[{position}] > {action} | {' '.join(observation.split())}"[:300],
            rank,
        )
        for run, number, position, action, observation, rank in rows
    ]
