"""How the store behaves in a large file: 10,000 trials, 1,000,000 steps, 100,000 links.

    python benchmarks/memory.py --file /tmp/large.db

builds the file if it is not there (a few minutes), then prints a Markdown table: our store beside
sqlite3 used bare for the same rows in the same file. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path = [
    each for each in sys.path if Path(each).resolve() != Path(__file__).parent
]  # or this file would be `memory`

from memory.links import Hedge, Link, Relation  # noqa: E402
from memory.store import NewTrial, NewVersion, Store  # noqa: E402
from memory.store.overview import ends  # noqa: E402
from memory.store.search import search  # noqa: E402
from memory.trials import Call, Ending, Memory, Step  # noqa: E402

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


def build(path: Path, trials: int, steps: int, links: int) -> None:
    """Fill ``path`` with rows of the shape that runs leave, 100 trials to a run."""
    with Store(path) as store:
        for _ in range(trials // 100):
            store.begin_run({"world": "w", "task": "t", "variation": 0})
    draw = random.Random(0)
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    with db:
        db.executemany(
            "insert into links (cause, hedge, relation, effect) values (?, ?, ?, ?)",
            (
                (
                    f"{draw.choice(VERBS)} the {draw.choice(THINGS)} {n}",
                    draw.choice(["MAY", "SHOULD"]),
                    "BE NECESSARY to",
                    draw.choice(THINGS),
                )
                for n in range(links)
            ),
        )
        per_trial, versions = steps // trials, 0
        for trial in range(trials):
            run = trial // 100 + 1
            db.execute(
                "insert into trials (run, number, world, task, variation, goal, opening, "
                "recalled, version, ending, score, steps, started)"
                " values (?, ?, 'w', 't', 0, ?, 'o', '{\"links\": [], \"notes\": []}', ?, "
                "'budget', 10, ?, 'now')",
                [
                    run,
                    trial % 100,
                    f"Your task is to find the {draw.choice(THINGS)}.",
                    versions if trial % 100 else None,
                    per_trial,
                ],
            )
            db.executemany(
                "insert into steps (trial, position, action, observation, score, thought, cited) "
                "values (?, ?, ?, ?, ?, '', '[]')",
                (
                    (
                        trial + 1,
                        n,
                        f"{draw.choice(VERBS)} {draw.choice(THINGS)}",
                        f"You see a {draw.choice(THINGS)} and a {draw.choice(THINGS)}.",
                        n,
                    )
                    for n in range(per_trial)
                ),
            )
            parent, versions = versions, versions + 1
            db.execute(
                "insert into versions (run, trial, writer, notes, unreadable, written) values "
                "(?, ?, 'w', '[]', '[]', 'now')",
                [run, trial + 1],
            )
            db.executemany(
                "insert into version_links values (?, ?, ?)",
                ((versions, n, draw.randrange(links) + 1) for n in range(12)),
            )
            if trial % 100:
                db.execute("insert into version_parents values (?, ?)", [versions, parent])
        db.execute("update runs set state = 'finished', pid = null")
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def timed(work: Callable[[int], object], times: int) -> float:
    """Median milliseconds of ``work(0)``, ``work(1)`` …"""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def measure(path: Path) -> list[tuple[str, float, float | None, float]]:
    """Rows: what, our median ms, the median ms of sqlite3 used bare (or None), the aim in ms."""
    rows: list[tuple[str, float, float | None, float]] = []
    rows.append(
        (
            "open",
            timed(lambda _: Store(path).close(), 20),
            timed(lambda _: bare(path).close(), 20),
            100,
        )
    )
    step = Step("open red door", "You see a blue cup and a green lamp.", 1.0)
    memory = Memory(
        tuple(
            Link(f"open the door {n}", Hedge.MAY, Relation.NECESSARY, "red door") for n in range(12)
        )
    )
    with Store(path) as store:
        db = bare(path)
        run = store.begin_run({"world": "w", "task": "t", "variation": 0})

        def begin(number: int) -> int:
            return store.begin_trial(run, NewTrial(number, "w", "t", 0, "g", "o"))

        trial = begin(0)
        parts = tuple(f"> step {n}\n" for n in range(300))
        ours = timed(
            lambda n: store.append_step(trial, step, [Call("act", parts[: 3 * (n % 100)], "r")]),
            500,
        )
        rows.append(
            (
                "append a step with its call",
                ours,
                timed(lambda n: bare_step(db, trial, 1000 + n, parts), 500),
                1,
            )
        )
        with db:
            db.execute("delete from steps where position >= 1000 and trial = ?", [trial])
            db.execute("delete from calls where trial = ? and step >= 1000", [trial])
        store.finish_trial(trial, Ending.BUDGET, NewVersion(memory, "w"))
        trials = [begin(n) for n in range(1, 101)]
        ours = timed(
            lambda n: store.finish_trial(trials[n], Ending.BUDGET, NewVersion(memory, "w")), 100
        )
        rows.append(
            ("end a trial with 12 links", ours, timed(lambda n: bare_end(db, trial), 100), 5)
        )
        for words in ("red door", "focus metal pot", "teleport*", '"the old wire"'):
            rows.append(
                (
                    f"search {words}",
                    timed(lambda _, words=words: search(store, words), 20),
                    None,
                    50,
                )
            )
    with Store(path, read_only=True) as reader:
        last = ends(reader).step
        ours = timed(lambda _: reader.steps_after(last - 100), 50)
        rows.append(
            (
                "feed a reader's cursor (100 new steps)",
                ours,
                timed(lambda _: bare_cursor(db, last - 100), 50),
                5,
            )
        )
    db.close()
    return rows


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
    made = db.execute(
        "insert into versions (run, trial, writer, notes, unreadable, written) values (1, ?, "
        "'w', '[]', '[]', 'now')",
        [trial],
    )
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
        db.execute(
            "insert into version_links values (?, ?, ?)", [made.lastrowid, n, found.fetchone()[0]]
        )
    db.execute("commit")
    db.execute("delete from version_links where version = ?", [made.lastrowid])
    db.execute("delete from versions where id = ?", [made.lastrowid])


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
    for what, ours, plain, aim in measure(given.file):
        beside = f"{plain:.3f} | {ours / plain:.2f}" if plain else "| "
        print(f"| {what} | {ours:.3f} | {beside} | {aim} |")
    with Store(given.file, read_only=True) as store:
        print(f"\ncheck: {store.check() or 'sound'}")


if __name__ == "__main__":
    main()
