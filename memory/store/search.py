"""Full-text search over everything that a file holds: links, steps, tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.store import Store, StoreError
from memory.store.connection import Connection
from memory.store.versions import LINK, link_of

CANDIDATES = 1000
"""Steps are ranked among the latest so many that match: ranking every match of a common word takes
SQLite long."""
LONGEST = 300
"""Characters of a step that are shown at most."""


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
        *_links(store.connection, query, limit),
        *_tasks(store.connection, query, limit),
        *_steps(store.connection, query, limit),
    ]


def _query(words: str) -> str:
    """The words as FTS5 wants them: quoted, so that no character of theirs is an operator."""
    text = words.encode("utf-8", "ignore").decode().replace("\x00", " ")
    terms = []
    for phrase, word in re.findall(r'"([^"]+)"|(\S+)', text):
        term = (phrase or word.rstrip("*")).replace('"', "")
        if any(map(str.isalnum, term)):
            terms.append(f'"{term}"' + ("*" if word.endswith("*") else ""))
    return " ".join(terms)


def _links(connection: Connection, query: str, limit: int) -> list[Found]:
    found = connection.rows(
        f"select links.id, rank, {LINK} from links_text"
        " join links on links.id = links_text.rowid"
        " where links_text match ? order by rank, links.id limit ?",
        [query, limit],
    )
    return [
        Found("link", _holders(connection, link), str(link_of(columns)), rank)
        for link, rank, *columns in found
    ]


def _holders(connection: Connection, link: int) -> str:
    """The runs whose memories held the link, with the last trial after which they did."""
    found = connection.rows(
        "select versions.run, max(number) from version_links"
        " join versions on versions.id = version_links.version"
        " left join trials on trials.id = versions.trial"
        " where link = ? group by versions.run order by versions.run limit 4",
        [link],
    )
    places = [f"r{run}" if last is None else f"r{run} --trial {last}" for run, last in found]
    return ", ".join(places) or "no memory"


def _tasks(connection: Connection, query: str, limit: int) -> list[Found]:
    found = connection.rows(
        "select run, trials.task, trials.goal, min(rank)"
        " from (select rowid as id, rank from trials_text where trials_text match ?)"
        " join trials using (id) group by run order by 4, run limit ?",
        [query, limit],
    )
    return [Found("task", f"r{run}", f"{task}: {goal}", rank) for run, task, goal, rank in found]


def _steps(connection: Connection, query: str, limit: int) -> list[Found]:
    oldest = connection.value(
        "select min(rowid) from"
        " (select rowid from steps_text where steps_text match ? order by rowid desc limit ?)",
        [query, CANDIDATES],
    )
    found = connection.rows(
        "select run, number, position, steps.action, steps.observation, rank from steps_text"
        " join steps on steps.id = steps_text.rowid join trials on trials.id = steps.trial"
        " where steps_text match ? and steps_text.rowid >= ? order by rank, steps.id limit ?",
        [query, oldest or 0, limit],
    )
    return [
        Found("step", f"r{run} --trial {trial}", _told(position, action, observation), rank)
        for run, trial, position, action, observation, rank in found
    ]


def _told(position: int, action: str, observation: str) -> str:
    return f"[{position}] > {action} | {' '.join(observation.split())}"[:LONGEST]
