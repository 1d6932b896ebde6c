"""What a person asks of a live run is a row, which the run reads between two steps.

=====  ==============================================================================
pause  before its next step, say what it would do, and wait
act    do this action (``value``), then wait again; one that is not admissible is not done
step   do what the model would, then wait again
go     go on: with the model's choice now, and without waiting from then on
stop   end after the current step; ``clin resume`` goes on later
=====  ==============================================================================

A run that waits makes an offer: the admissible actions, the model's probability of each, and its
choice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from memory.corrections import person
from memory.store import Store, StoreError
from memory.store.encoding import from_json, timestamp

KINDS = ("pause", "act", "step", "go", "stop")


@dataclass(frozen=True)
class Request:
    """One request: ``id`` in the order of asking, ``value`` the action of an ``act``."""

    id: int
    kind: str
    value: str
    who: str


@dataclass(frozen=True)
class Offer:
    """What a paused trial could do at step ``position``: ``scores`` are log-probabilities of
    ``actions``, empty where the model gives none; ``choice`` is what it would do."""

    id: int
    position: int
    actions: tuple[str, ...]
    scores: tuple[float, ...]
    choice: str


def ask(store: Store, run: str, kind: str, value: str = "", *, who: str = "") -> int:
    """Ask ``run`` for something; StoreError if there is no such kind of request or no such run."""
    if kind not in KINDS:
        raise StoreError(f"no request '{kind}' (requests: {', '.join(KINDS)})")
    return store.connection.write(
        "insert into requests (run, kind, value, who, made) values (?, ?, ?, ?, ?)",
        [store.run(run).id, kind, value, who or person(), timestamp()],
    )


def unheard(store: Store, run: str) -> list[Request]:
    """The requests that the run has not read yet, oldest first."""
    rows = store.connection.rows(
        "select id, kind, value, who from requests where run = ? and heard is null order by id",
        [int(run[1:])],
    )
    return [Request(*row) for row in rows]


def lapse(store: Store, run: str) -> None:
    """Forget what was asked of ``run`` before this process took it up."""
    requests = unheard(store, run)
    if requests:
        heard(store, requests[-1].id, run)


def heard(store: Store, last: int, run: str) -> None:
    """The run has read its requests up to ``last``."""
    store.connection.write(
        "update requests set heard = ? where run = ? and id <= ? and heard is null",
        [timestamp(), int(run[1:]), last],
    )


def offer(
    store: Store,
    trial: int,
    position: int,
    actions: Sequence[str],
    scores: Sequence[float],
    choice: str,
) -> int:
    """A paused trial says what it could do; returns the offer's id."""
    return store.connection.write(
        "insert into offers (trial, position, actions, scores, choice, made) values (?, ?, ?, ?, "
        "?, ?)",
        [
            trial,
            position,
            json.dumps(list(actions)),
            json.dumps([None if score == _MINUS_INFINITY else score for score in scores]),
            choice,
            timestamp(),
        ],
    )


def decided(store: Store, made: int, action: str) -> None:
    """The offer ``made`` is over: ``action`` is done."""
    store.connection.write("update offers set decided = ? where id = ?", [action, made])


def open_offer(store: Store, run: str) -> Offer | None:
    """What ``run`` waits with for a person; None when it does not wait, or cannot (its file has no
    requests yet)."""
    if not store.connection.rows("select 1 from sqlite_master where name = 'offers'"):
        return None
    found = store.connection.row(
        "select offers.id, position, actions, offers.scores, choice, decided from offers"
        " join trials on trials.id = offers.trial"
        " where run = ? and position = steps order by offers.id desc limit 1",
        [int(run[1:])],
    )
    if found is None:
        return None
    number, position, actions, scores, choice, done = found
    if done is not None:
        return None
    likely = from_json(scores, "the likelihoods of an offer", list)
    known = tuple(_MINUS_INFINITY if score is None else score for score in likely)
    offered = tuple(from_json(actions, "the actions of an offer", list))
    return Offer(number, position, offered, known, choice)


_MINUS_INFINITY = float("-inf")
"""JSON has no word for it: it is stored as null."""
