"""How the store behaves in a large file: 10,000 trials, 1,000,000 steps, 100,000 links.

    python benchmarks/large_file.py --file /tmp/large.db

builds the file if it is not there (a few minutes), then prints a Markdown table: our store beside
sqlite3 used bare for the same rows in the same file. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from memory.links import Hedge, Link, Relation
from memory.store import NewTrial, NewVersion, Store
from memory.store.overview import ends
from memory.store.search import search
from memory.trials import Call, Ending, Memory, Step

VERBS = [
    "open",
    "close",
    "focus",
    "pick",
    "move",
    "pour",
    "use",
    "read",
    "activate",
    "mix",
    "connect",
    "teleport",
    "look",
    "wait",
]
THINGS = [
    f"{a} {b}"
    for a in ["red", "blue", "green", "old", "wooden", "metal", "glass", "broken", "small", "large"]
    for b in ["door", "cup", "pot", "box", "seed", "wire", "lamp", "stove", "jar", "table"]
]
RUN = 100
"""Trials of a run."""
MEMORY = Memory(
    tuple(Link(f"open the door {n}", Hedge.MAY, Relation.NECESSARY, "red door") for n in range(12))
)


def build(path: Path, trials: int, steps: int, links: int) -> None:
    """Fill ``path`` with rows of the shape that runs leave, 100 trials to a run."""
    with Store(path) as store:
        for _ in range(trials // RUN):
            store.begin_run({"world": "w", "task": "t", "variation": 0})
    draw = random.Random(0)
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    with db:
        add_links(db, draw, links)
        for trial in range(trials):
            add_trial(db, draw, trial, steps // trials)
            add_version(db, draw, trial, links)
        db.execute("update runs set state = 'finished', pid = null")
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def add_links(db: sqlite3.Connection, draw: random.Random, count: int) -> None:
    rows = (
        (f"{action(draw)} {n}", draw.choice(["MAY", "SHOULD"]), "BE NECESSARY to", thing(draw))
        for n in range(count)
    )
    db.executemany("insert into links (cause, hedge, relation, effect) values (?, ?, ?, ?)", rows)


def add_trial(db: sqlite3.Connection, draw: random.Random, trial: int, steps: int) -> None:
    """Trial number ``trial`` of all, from 0. All but a run's first have read the version before."""
    run, number = trial // RUN + 1, trial % RUN
    db.execute(
        "insert into trials (run, number, world, task, variation, goal, opening, recalled, "
        "version, ending, score, steps, started) values "
        "(?, ?, 'w', 't', 0, ?, 'o', '{\"links\": [], \"notes\": []}', ?, 'budget', 10, ?, 'now')",
        [run, number, f"Your task is to find the {thing(draw)}.", trial if number else None, steps],
    )
    rows = (
        (trial + 1, n, f"{draw.choice(VERBS)} {thing(draw)}", observation(draw), n)
        for n in range(steps)
    )
    db.executemany(
        "insert into steps (trial, position, action, observation, score, thought, cited) "
        "values (?, ?, ?, ?, ?, '', '[]')",
        rows,
    )


def add_version(db: sqlite3.Connection, draw: random.Random, trial: int, links: int) -> None:
    """The memory after a trial: twelve links, and the version that it came from."""
    version = trial + 1
    db.execute(
        "insert into versions (run, trial, writer, notes, unreadable, written) values "
        "(?, ?, 'w', '[]', '[]', 'now')",
        [trial // RUN + 1, trial + 1],
    )
    rows = ((version, n, draw.randrange(links) + 1) for n in range(12))
    db.executemany("insert into version_links values (?, ?, ?)", rows)
    if trial % RUN:
        db.execute("insert into version_parents values (?, ?)", [version, version - 1])


def thing(draw: random.Random) -> str:
    return draw.choice(THINGS)


def action(draw: random.Random) -> str:
    return f"{draw.choice(VERBS)} the {thing(draw)}"


def observation(draw: random.Random) -> str:
    return f"You see a {thing(draw)} and a {thing(draw)}."


def timed(work: Callable[[int], object], times: int) -> float:
    """Median milliseconds of ``work(0)``, ``work(1)`` …"""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


@dataclass(frozen=True)
class Row:
    """Median milliseconds of something, of ours and of sqlite3 used bare, and the aim."""

    what: str
    ours: float
    bare: float | None
    aim: float

    def __str__(self) -> str:
        beside = f"{self.bare:.3f} | {self.ours / self.bare:.2f}" if self.bare else "| "
        return f"| {self.what} | {self.ours:.3f} | {beside} | {self.aim:g} |"


def measure(path: Path) -> Iterator[Row]:
    """One figure after the other; the file grows by a run."""
    opening = timed(lambda _: Store(path).close(), 20)
    yield Row("open", opening, timed(lambda _: bare(path).close(), 20), 100)
    db = bare(path)
    with Store(path) as store:
        run = store.begin_run({"world": "w", "task": "t", "variation": 0})
        yield appending(store, db, run)
        yield ending(store, db, run)
        for words in ("red door", "focus metal pot", "teleport*", '"the old wire"'):
            asked = partial(search, store, words)
            yield Row(f"search {words}", timed(lambda _, asked=asked: asked(), 20), None, 50)
    with Store(path, read_only=True) as reader:
        yield following(reader, db)
    db.close()


def begin(store: Store, run: str, number: int) -> int:
    return store.begin_trial(run, NewTrial(number, "w", "t", 0, "g", "o"))


def appending(store: Store, db: sqlite3.Connection, run: str) -> Row:
    """What is appended bare is taken out again, so that the file stays sound."""
    step = Step("open red door", "You see a blue cup and a green lamp.", 1.0)
    parts = tuple(f"> step {n}\n" for n in range(300))
    trial = begin(store, run, 0)

    def append(number: int) -> None:
        store.append_step(trial, step, [Call("act", parts[: 3 * (number % 100)], "r")])

    ours = timed(append, 500)
    beside = timed(lambda n: bare_step(db, trial, 1000 + n, parts), 500)
    with db:
        db.execute("delete from steps where position >= 1000 and trial = ?", [trial])
        db.execute("delete from calls where trial = ? and step >= 1000", [trial])
    store.finish_trial(trial, Ending.BUDGET, NewVersion(MEMORY, "w"))
    return Row("append a step with its call", ours, beside, 1)


def ending(store: Store, db: sqlite3.Connection, run: str) -> Row:
    trials = [begin(store, run, number) for number in range(1, 101)]
    version = NewVersion(MEMORY, "w")
    ours = timed(lambda n: store.finish_trial(trials[n], Ending.BUDGET, version), 100)
    return Row("end a trial with 12 links", ours, timed(lambda _: bare_end(db, trials[0]), 100), 5)


def following(reader: Store, db: sqlite3.Connection) -> Row:
    last = ends(reader).step
    ours = timed(lambda _: reader.steps_after(last - 100), 50)
    beside = timed(lambda _: bare_cursor(db, last - 100), 50)
    return Row("feed a reader's cursor (100 new steps)", ours, beside, 5)


def bare(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = normal")
    db.execute("select count(*) from runs").fetchone()
    return db


def bare_step(db: sqlite3.Connection, trial: int, position: int, parts: tuple[str, ...]) -> None:
    db.execute("begin immediate")
    db.execute(
        "insert into steps (trial, position, action, observation, score, thought, cited) values "
        "(?, ?, ?, ?, ?, '', '[]')",
        [trial, position, "open red door", "You see a blue cup and a green lamp.", 1.0],
    )
    db.execute("update trials set score = 1 where id = ?", [trial])
    db.execute(
        "insert into calls (trial, step, role, kept, parts, reply, read, reused, written, "
        "logprob, seconds, choices)"
        " values (?, ?, 'act', 0, ?, 'r', 0, 0, 0, 0, 0, 0)",
        [trial, position, json.dumps(parts[:3])],
    )
    db.execute("commit")


def bare_end(db: sqlite3.Connection, trial: int) -> None:
    """The rows of a trial's end and of its memory, taken back again so that the file stays
    sound."""
    db.execute("begin immediate")
    db.execute("update trials set ended = 'now' where id = ?", [trial])
    version = db.execute(
        "insert into versions (run, trial, writer, notes, unreadable, written) values (1, ?, "
        "'w', '[]', '[]', 'now')",
        [trial],
    ).lastrowid
    for n in range(12):
        db.execute(
            "insert or ignore into links (cause, hedge, relation, effect) values (?, 'MAY', 'BE "
            "NECESSARY to', 'red door')",
            [f"open the door {n}"],
        )
        found = db.execute(
            "select id from links where cause = ? and hedge = 'MAY' and relation = 'BE NECESSARY "
            "to' and effect = 'red door'",
            [f"open the door {n}"],
        )
        link = found.fetchone()[0]
        db.execute("insert into version_links values (?, ?, ?)", [version, n, link])
    db.execute("commit")
    db.execute("delete from version_links where version = ?", [version])
    db.execute("delete from versions where id = ?", [version])


def bare_cursor(db: sqlite3.Connection, cursor: int) -> list:
    return db.execute(
        "select steps.id, run, number, position, action, observation, steps.score, thought, "
        "cited from steps"
        " join trials on trials.id = steps.trial where steps.id > ? order by steps.id limit 1000",
        [cursor],
    ).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--links", type=int, default=100_000)
    given = parser.parse_args()
    if not given.file.exists():
        began = time.monotonic()
        build(given.file, given.trials, given.steps, given.links)
        print(
            f"built in {time.monotonic() - began:.0f} s, {given.file.stat().st_size / 1e6:.0f} MB\n"
        )
    print("| what | ours, ms | sqlite3 bare, ms | ratio | aim, ms |\n|---|---|---|---|---|")
    for row in measure(given.file):
        print(row)
    with Store(given.file, read_only=True) as store:
        print(f"\ncheck: {store.check() or 'sound'}")


if __name__ == "__main__":
    main()
