"""Golden transcripts: what each task of each world answered, kept in tests/data and replayed by
tests/test_transcripts.py.

    clin batch all-tasks --db all_tasks.db && python tests/transcripts.py all_tasks.db

writes them anew, from the first trials of a database for ScienceWorld and from solutions for the
other worlds; `python tests/transcripts.py textworld` those of one world that is generated. Do so
only where a world has changed on purpose, and read the difference.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "transcripts.jsonl.xz"
MOST = 25
"""Steps that are kept of one transcript."""
ALIKE = {("textworld", task) for task in ("game", *(f"cooking-{level}" for level in range(2, 11)))}
"""Tasks without a transcript: other sizes of a game that has one, and a game of the user's."""
TOLD_TO = re.compile(r"Required action: `([^`]+)`")
"""How a tutorial of AgentOdyssey names the next action."""


TEXTWORLD: dict[str, dict[str, Any]] = {
    "simple": {},
    "coin-collector": {"level": 3},
    "treasure-hunter": {"level": 1},
    "cooking-1": {},
}
"""One small game of each family."""


def transcripts() -> list[dict[str, Any]]:
    """Rows with world, task, variation, options and steps; a step is [action, text, score, done],
    the first the reset."""
    return [json.loads(line) for line in lzma.open(FILE, "rt", encoding="utf-8")]


def played(
    world: str, task: str, variation: int, actions: list[str], **options: Any
) -> dict[str, Any]:
    from worlds import open_world

    opened = open_world(world, task, variation, **options)
    seen = opened.reset()
    steps = [["", seen.text, seen.score, seen.done]]
    for action in actions[:MOST]:
        if seen.done:
            break
        seen = opened.step(action)
        steps.append([action, seen.text, seen.score, seen.done])
    opened.close()
    return {
        "world": world,
        "task": task,
        "variation": variation,
        "options": options,
        "steps": steps,
    }


def made(database: Path) -> Iterator[dict[str, Any]]:
    from memory.store import Store
    from worlds import causal, open_world
    from worlds import textworldexpress as tx

    with Store(database, read_only=True) as store:
        for run in store.runs():
            trial = store.trial(store.trials(run.name)[0].id)
            actions = [step.action for step in trial.steps]
            yield played(
                "scienceworld",
                run.config["task"],
                run.config["variation"],
                actions,
                **run.config["world_options"],
            )
    for game in tx.PARAMETERS:
        tx.TextWorldExpress(game, 7, "")
        server = tx.jvm().gateway().jvm.textworldexpress.runtime.PythonInterface()
        server.loadJSON(game, "train", 7, "", True)
        yield played("textworldexpress", game, 7, list(server.getGoldActionSequence()))
    for task in causal.TASKS:
        yield played(
            "causal", task, 203, list(open_world("causal", task, 203, rules=901).plan()), rules=901
        )


def textworld() -> Iterator[dict[str, Any]]:
    from worlds import open_world

    for task, options in TEXTWORLD.items():
        world = open_world("textworld", task, 2003, **options)
        actions = ["look", "go up", "xyzzy", *world.walkthrough()]
        world.close()
        yield played("textworld", task, 2003, actions, **options)


def jericho() -> Iterator[dict[str, Any]]:
    """Of a story whose path tests know (tests/generated.py)."""
    from generated import options

    actions = ["look", "up", "xyzzy", "north", "wait", "west", "examine coin", "take coin"]
    yield {**played("jericho", "story", 750, actions, **options("jericho")), "options": {}}


def agentodyssey() -> Iterator[dict[str, Any]]:
    """Of each game what a walk takes, or its tutorial where it begins with one."""
    from worlds import open_world, world_module

    for task in world_module("agentodyssey").tasks():
        world = open_world("agentodyssey", task.name, 2003)
        seen, actions = world.reset(), ["xyzzy"]
        for number in range(MOST - 1):
            listed = world.actions()
            wanted = TOLD_TO.search(seen.text)
            other = "wait" if number % 3 else listed[number * 37 % len(listed)]
            actions.append(wanted[1] if wanted and number % 4 else other)
            seen = world.step(actions[-1])
        world.close()
        yield played("agentodyssey", task.name, 2003, actions)


def alfworld() -> Iterator[dict[str, Any]]:
    """Of each type the way to win it, and first what comes to nothing."""
    from generated import options
    from tiny_alfworld import WON_BY

    from worlds.alfworld import tasks

    for task in tasks():
        actions = ["look", "xyzzy", "go to drawer 1", "open drawer 1", "inventory", "help"]
        told = [*actions, "examine drawer 2", *WON_BY[task.name]]
        test = task.splits["test"][0]
        yield {**played("alfworld", task.name, test, told, **options("alfworld")), "options": {}}


GENERATED = {
    "agentodyssey": agentodyssey,
    "alfworld": alfworld,
    "jericho": jericho,
    "textworld": textworld,
}


def renewed(world: str) -> Iterator[dict[str, Any]]:
    """The rows that are kept, with those of ``world`` made anew."""
    yield from (row for row in transcripts() if row["world"] != world)
    yield from GENERATED[world]()


if __name__ == "__main__":
    asked = sys.argv[1]
    rows = list(renewed(asked) if asked in GENERATED else made(Path(asked)))
    with lzma.open(FILE, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    print(f"{len(rows)} transcripts, {FILE.stat().st_size:,} bytes")
