"""Steps/s, memory and time to open of the worlds that a child process plays, beside their
libraries' own Python interfaces, on the same actions in one run.

    python benchmarks/interpreters.py [--steps 200] [--many 64]
    python benchmarks/interpreters.py --stories zork1.z5 …

Both sides list the admissible actions of each step. Rates are steps per second of processor time,
the child's included, so that a shared machine does less harm. Memory is the child's resident set.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from simulators import megabytes, path_of, seconds, stepped

from worlds import World, open_world
from worlds import textworld as tw
from worlds._host import Host
from worlds.textworld.cache import generated
from worlds.textworld.tasks import FAMILIES, settings

VARIATION = 2003


def beside(what: str, ours: float, theirs: float) -> tuple[str, ...]:
    """A line of the table: two rates and their ratio."""
    return what, f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}"


def processor_time(host: Host) -> float:
    """Seconds that this process and the child of ``host`` have computed."""
    fields = Path(f"/proc/{host.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def rates(steps: int, host: Host, *works: Callable[[], object]) -> list[float]:
    """The median of three rates of each, taken in turn."""

    def rate(work: Callable[[], object]) -> float:
        began = processor_time(host)
        work()
        return steps / (processor_time(host) - began)

    taken = [[rate(work) for work in works] for _ in range(3)]
    return [statistics.median(each) for each in zip(*taken, strict=True)]


def textworld(task: str, steps: int) -> tuple[str, ...]:
    """TextWorld's own interface, asked for what the world offers."""
    ours = open_world("textworld", task, VARIATION)
    actions = path_of(ours, steps)
    official = textworlds_own(task)

    def theirs() -> None:
        official.reset()
        for action in actions:
            if official.step(action)[2]:
                official.reset()

    mine, their = rates(steps, tw.host(), lambda: stepped(ours, actions, listing=True), theirs)
    ours.close()
    official.close()
    return beside(f"textworld {task}, steps/s with text and admissible actions", mine, their)


def textworlds_own(task: str) -> Any:
    import textworld as library

    made = settings(task, VARIATION, {})
    path = generated(FAMILIES[task].challenge, made, VARIATION)
    asked = ("score", "max_score", "won", "lost", "description", "inventory", "admissible_commands")
    official = library.start(str(path), library.EnvInfos(**dict.fromkeys(asked, True)))
    official.reset()
    return official


def many(count: int) -> list[tuple[str, ...]]:
    """``count`` worlds at once, each stepped; and one more, beside TextWorld's own opening."""
    began = time.perf_counter()
    worlds = [open_world("textworld", "simple", VARIATION) for _ in range(count)]
    ready = time.perf_counter() - began
    used(worlds)
    pid = tw.host().pid
    assert pid is not None
    size = megabytes(pid)
    more = 1000 * seconds(lambda: open_world("textworld", "simple", VARIATION).reset())
    own = 1000 * seconds(lambda: textworlds_own("simple"))
    for world in worlds:
        world.close()
    return [
        (f"textworld simple, {count} worlds in one child, MB", f"{size:.0f}", "", ""),
        (f"textworld simple, opening {count} worlds, s", f"{ready:.1f}", "", ""),
        ("textworld simple, opening and resetting one more, ms", f"{more:.0f}", f"{own:.0f}", ""),
        ("textworld simple, making a game once, s", f"{making():.1f}", "", ""),
    ]


def used(worlds: Sequence[World]) -> None:
    for world in worlds:
        world.reset()
        world.step("look")
        world.actions()


def making() -> float:
    """Seconds to make a game that is not kept yet, in an empty cache."""
    with tempfile.TemporaryDirectory() as empty:
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = empty
        took = seconds(lambda: generated("tw-simple", settings("simple", 7, {}), 7))
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before
    return took


COMMANDS = ("look", "inventory", "open mailbox", "take leaflet", "north", "south", "wait")


def compared(story: str, few: int = 21) -> tuple[str, ...]:
    """Commands per second of processor time: Jericho's interpreter, and fernz where installed."""
    import fernz
    import jericho

    def rate(count: int, reset: Callable[[], object], step: Callable[[str], object]) -> float:
        began = time.process_time()
        reset()
        for number in range(count):
            step(COMMANDS[number % len(COMMANDS)])
        return count / (time.process_time() - began)

    frotz, python = jericho.FrotzEnv(story, seed=3), fernz.FernzEnv(story, seed=3)
    fast, slow = rate(200, frotz.reset, frotz.step), rate(few, python.reset, python.step)
    return f"{Path(story).name}, commands/s (jericho, fernz)", f"{fast:.0f}", f"{slow:.1f}", ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--many", type=int, default=64)
    parser.add_argument(
        "--stories", nargs="*", default=(), help="only compare interpreters on these"
    )
    given = parser.parse_args()
    print("| what | ours | the library's own | ratio |\n|---|---|---|---|")
    for story in given.stories:
        print("| " + " | ".join(compared(story)) + " |", flush=True)
    if given.stories:
        return
    rows = [textworld(task, given.steps) for task in ("simple", "cooking-1")]
    for row in (*rows, *many(given.many)):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
