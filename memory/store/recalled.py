"""What a trial began with, as one column of its row: what it recalled of the memory, and what else
was settled then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from memory.links import Link, parse
from memory.store.connection import Connection
from memory.store.encoding import as_json, from_json
from memory.store.opening import StoreError
from memory.trials import Memory, Scope


@dataclass(frozen=True)
class Ranked:
    """A link's place among those that a trial could read of a memory that was too long for it:
    ``score`` sums what speaks for the link, ``reasons`` says what, ``read`` whether it was read."""

    link: Link
    score: float
    reasons: tuple[str, ...]
    read: bool


@dataclass(frozen=True)
class StoredRoute:
    """Where a trial goes first: to ``points``, by the first ``steps`` steps of an earlier
    ``trial`` of its run; without those of them that changed nothing, if ``short``."""

    trial: int
    steps: int
    points: float
    short: bool


@dataclass(frozen=True)
class LinkTest:
    """A test of ``link`` in an older run: its cause was not offered in the first ``steps`` steps.
    No trial tests links any more (docs/log.md says why)."""

    link: Link
    steps: int


@dataclass(frozen=True)
class NewTrial:
    """A trial as it begins: where, what it read (``recalled`` of memory ``version``, by
    ``ranking`` where not all of it fitted), and which ``route`` it takes first."""

    number: int
    world: str
    task: str
    variation: int
    goal: str
    opening: str
    recalled: Memory = field(default_factory=Memory)
    version: int | None = None
    ranking: Sequence[Ranked] = ()
    route: StoredRoute | None = None


def recalled_column(new: NewTrial) -> str:
    """What the trial reads, and what else is settled when it begins, as one column of JSON. Its
    keys are those of every file there is."""
    links = new.recalled.links
    stored: dict[str, object] = {
        "links": [str(link) for link in links],
        "notes": list(new.recalled.notes),
    }
    if new.recalled.scopes:
        stored["scopes"] = [
            [links.index(link), *astuple(scope)] for link, scope in new.recalled.scopes
        ]
    if new.ranking:
        stored["ranking"] = [
            [str(each.link), each.score, each.reasons, each.read] for each in new.ranking
        ]
    if new.route:
        stored["way"] = asdict(new.route)
    return as_json(stored)


def _read_column(connection: Connection, trial_id: int) -> dict[str, Any]:
    found = connection.row("select recalled from trials where id = ?", [trial_id])
    if found is None:
        raise no_trial(connection, trial_id)
    return from_json(found[0], f"what the trial with id {trial_id} had read", dict)


def read_recalled(connection: Connection, trial_id: int) -> Memory:
    """What a trial had read of the memory."""
    stored = _read_column(connection, trial_id)
    links = tuple(map(parse, stored["links"]))
    scopes = tuple((links[at], Scope(*scope)) for at, *scope in stored.get("scopes", ()))
    return Memory(links, tuple(stored["notes"]), scopes)


def read_ranking(connection: Connection, trial_id: int) -> list[Ranked]:
    """How a trial's share of a long memory was chosen, best first; empty if all of it fitted."""
    stored = _read_column(connection, trial_id).get("ranking", ())
    return [
        Ranked(parse(link), score, tuple(reasons), read) for link, score, reasons, read in stored
    ]


def read_link_test(connection: Connection, trial_id: int) -> LinkTest | None:
    """The link that a trial of an older version tested, if it did."""
    stored = _read_column(connection, trial_id).get("test")
    return LinkTest(parse(stored["link"]), stored["steps"]) if stored else None


def read_route(connection: Connection, trial_id: int) -> StoredRoute | None:
    """Where a trial goes first, if it does."""
    stored = _read_column(connection, trial_id).get("way")
    return StoredRoute(**stored) if stored else None


def no_trial(connection: Connection, trial_id: int) -> StoreError:
    """What to raise for an id that no trial has."""
    return StoreError(f"no trial with id {trial_id} in {connection.path}")
