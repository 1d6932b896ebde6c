"""Hostile strings through worlds, models, memory, the command line and the screens.

    python benchmarks/hostile.py --strings 10000
    python benchmarks/hostile.py --strings 500 --doors screens --seed 7

Each door is given so many strings: ``worlds`` as an action in each world that can be opened;
``models`` as goal, observation, surroundings and actions of a foreign environment that the bundled
model plays through ``clin run``, so they pass the prompts and the store too; ``memory`` as links,
searches and files that are imported; ``cli`` as an argument or a file of any command; ``screens``
as names, goals and texts on every screen. Asked are: an answer or one line, exit code 0 or 2,
nothing raw on the terminal, and a sound file. Whatever else happens is printed, and counted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
from hostile_cli import COMMANDS, MEMORY, filled
from hostile_screens import walked
from hostile_strings import drawn, raw

from clin.cli import main as clin
from memory.store import Store
from worlds import WorldError, open_world

PLACES = {
    "causal": ("make", 100, {}),
    "scienceworld": ("find-plant", 160, {}),
    "textworldexpress": ("coin", 1001, {}),
    "textworld": ("coin-collector", 2003, {}),
}
STEPS = 8
"""Of a trial in the foreign environment."""
found: list[str] = []
"""What was not as it is asked."""


class Foreign(gymnasium.Env[str, str]):
    """A text environment in which everything that it says is hostile."""

    draw = random.Random(0)
    said = 0
    observation_space = gymnasium.spaces.Text(100_000)
    action_space = gymnasium.spaces.Text(100_000)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[str, dict[str, Any]]:
        self._own = random.Random(seed)
        return self._text(), self._info()

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        return self._text(), self._own.choice((0.0, 0.1, -0.1)), False, False, self._info()

    def _text(self) -> str:
        Foreign.said += 1
        return drawn(self._own)

    def _info(self) -> dict[str, Any]:
        actions = [self._text() for _ in range(4)]
        return {"goal": drawn(random.Random(1)), "surroundings": self._text(), "actions": actions}


gymnasium.register("Foreign-v0", entry_point=Foreign)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strings", type=int, default=10_000, help="for each door")
    parser.add_argument("--doors", default=",".join(DOORS))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        deep = Path(folder, *"abcdef")  # what climbs out of it stays in the folder
        deep.mkdir(parents=True)
        with contextlib.chdir(deep):
            _called("run", "--world", "causal", "--task", "make", "--trials", "2", "--budget", "9")
            for door in asked.doors.split(","):
                counts[door] = DOORS[door](random.Random(asked.seed), asked.strings)
                print(f"{door}: {counts[door]} strings; found so far {len(found)}", flush=True)
    print(f"{sum(counts.values())} strings; {len(found)} times something else than is promised")


def _worlds(draw: random.Random, count: int) -> int:
    """As an action in each world. What is over is begun anew."""
    worlds = {}
    for name, (task, variation, options) in PLACES.items():
        with _told(f"opening {name}"):
            worlds[name] = open_world(name, task, variation, **options)
            worlds[name].reset()
    for number in range(count):
        if number % 250 == 249:
            _so_far("actions in each world", number)
        text = drawn(draw)
        for name, world in worlds.items():
            with _told(f"{name}: {text[:200]!r}"):
                try:
                    seen = world.step(text)
                except WorldError:  # it was over
                    world.reset()
                    continue
                if not isinstance(seen.text, str) or not all(world.actions()[:1]):
                    raise AssertionError("no answer")
    for world in worlds.values():
        world.close()
    return count


def _models(draw: random.Random, count: int) -> int:
    """As everything that a world says, played by the bundled model and learned from."""
    Foreign.said = 0
    while Foreign.said < count:
        variation, strategy = draw.randrange(1000), draw.choice(("evidence", "clin", "episodic"))
        words = ["run", "--world", "gymnasium:Foreign-v0", "--task", "play", "--threads", "1"]
        words += ["--variation", str(variation), "--strategy", strategy, "--db", "foreign.db"]
        _asked([*words, "--trials", "2", "--budget", str(STEPS), "--verbose"])
        _so_far("texts of a foreign world", Foreign.said)
    _sound(Path("foreign.db"))
    return Foreign.said


def _memory(draw: random.Random, count: int) -> int:
    return _commands(draw, count, MEMORY)


def _cli(draw: random.Random, count: int) -> int:
    return _commands(draw, count, COMMANDS)


def _commands(draw: random.Random, count: int, templates: Any) -> int:
    for number in range(count):
        text = drawn(draw)
        with _told(f"writing {text[:200]!r}"):
            words, entered = filled(draw.choice(templates), text)
            _asked(words, entered)
        if number % 250 == 249:
            _sound(Path("clin.db"))
            _so_far("command lines", number + 1)
    _sound(Path("clin.db"))
    return count


def _screens(draw: random.Random, count: int) -> int:
    shown = 0
    while shown < count:
        with _told("screens"):
            texts, wrong = walked(Path(f"screens-{shown}.db"), Path("clin.db"), draw)
            shown += texts
            found.extend(wrong)
            for each in wrong:
                print(each, flush=True)
            _sound(Path(f"screens-{shown - texts}.db"))
        _so_far("texts on screens", shown)
    return shown


DOORS: dict[str, Callable[[random.Random, int], int]] = {
    "worlds": _worlds,
    "models": _models,
    "memory": _memory,
    "cli": _cli,
    "screens": _screens,
}


def _so_far(what: str, count: int) -> None:
    print(f"  {count} {what}, found {len(found)}", flush=True)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    """Whatever is raised inside is told and counted."""
    try:
        yield
    except Exception:
        _wrong(where, traceback.format_exc()[-1500:])


def _wrong(where: str, what: str) -> None:
    found.append(where)
    print(f"FOUND {where}\n  {what!a}", flush=True)


def _asked(words: list[str], entered: str = "") -> None:
    """Call a command, and look at its code and at what it has printed."""
    code, said = _called(*words, entered=entered)
    told = f"{[word[:200] for word in words]!r} {entered[:100]!r}"
    failed = words[0] == "batch" and code == 1 and "Failed: " in said  # as `clin batch -h` says
    if code not in (0, 2) and not failed:
        _wrong(told, f"exit code {code}: {said[-600:]}")
    elif "Traceback" in said:
        _wrong(told, said[-1500:])
    if raw(said):
        _wrong(told, f"raw: {raw(said)[:5]} in {said[-600:]}")


def _called(*words: str, entered: str = "") -> tuple[object, str]:
    said, code = io.StringIO(), 0
    before, sys.stdin = sys.stdin, io.StringIO(entered)
    os.environ["FORCE_COLOR"] = "1"
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            clin(list(words), prog_name="clin")
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # as the interpreter would end
        code, _ = 1, said.write(traceback.format_exc())
    finally:
        sys.stdin = before
    return code or 0, said.getvalue()


def _sound(path: Path) -> None:
    with _told(f"checking {path}"), Store(path, read_only=True) as store:
        if wrong := store.check():
            _wrong(str(path), "\n".join(wrong))


if __name__ == "__main__":
    main()
