"""Steps/s and memory of the worlds beside the official Python wrappers, on the same actions in one
run.

    python benchmarks/simulators.py [--steps 200] [--many 64]

Run it alone on the machine. Memory is the resident set of this process's Java children.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from worlds import World, open_world
from worlds import scienceworld as sw
from worlds._jvm import java_runtime

TASK, VARIATION = "find-living-thing", 225
FEW = 50
"""Steps for what is slow."""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rate(count: int, work: Callable[[], object]) -> float:
    return count / seconds(work)


def usual_rate(count: int, work: Callable[[], object]) -> float:
    """The median of three."""
    return statistics.median(rate(count, work) for _ in range(3))


def path_of(world: World, steps: int) -> list[str]:
    """Admissible actions by a fixed rule; none that could end the trial."""
    world.reset()
    taken = []
    for index in range(steps):
        harmless = [action for action in world.actions() if not action.startswith("focus")]
        actions = harmless or ["look around"]
        taken.append(actions[(index * 37 + 11) % len(actions)])
        if world.step(taken[-1]).done:
            world.reset()
    return taken


def stepped(world: World, actions: Sequence[str], *, listing: bool) -> None:
    world.reset()
    for action in actions:
        if world.step(action).done:
            world.reset()
        elif listing:
            world.actions()


def megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def beside(what: str, ours: float, theirs: float) -> tuple[str, ...]:
    """A line of the table: two rates and their ratio."""
    return what, f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.1f}"


def scienceworld(steps: int) -> list[tuple[str, ...]]:
    from scienceworld import ScienceWorldEnv

    os.environ["PATH"] = f"{Path(java_runtime().path).parent}:{os.environ['PATH']}"
    ours = open_world("scienceworld", TASK, VARIATION)
    actions = path_of(ours, steps)
    few = actions[:FEW]
    official = ScienceWorldEnv("", envStepLimit=10**6)
    official.load(TASK, VARIATION, "easy")
    official.reset()

    def their_steps() -> None:
        for action in actions:
            official.step(action)

    def their_lists() -> None:
        for _ in few:
            official.get_valid_action_object_combinations_with_templates()

    bare = rate(steps, lambda: stepped(ours, actions, listing=False))
    listing = rate(steps, lambda: stepped(ours, actions, listing=True))
    theirs = rate(steps, their_steps)
    lists = rate(len(few), lambda: stepped(ours, few, listing=True))
    their = rate(len(few), their_lists)
    official.close()
    ours.close()
    return [
        beside("scienceworld, steps/s without listing actions", bare, theirs),
        beside("scienceworld, steps/s with the admissible actions of each", listing, theirs),
        beside("scienceworld, step and list/s (ours) and list/s (official)", lists, their),
    ]


def textworldexpress(steps: int) -> list[tuple[str, ...]]:
    from textworld_express import TextWorldExpressEnv

    game = {"gameName": "cookingworld", "gameParams": "", "seed": 7, "gameFold": "train"}
    ours = open_world("textworldexpress", "cookingworld", 7)
    actions = path_of(ours, steps)
    official = TextWorldExpressEnv(envStepLimit=10**6)
    official.reset(**game, generateGoldPath=False)

    def their_steps() -> None:
        for action in actions:
            _, _, done, _ = official.step(action)
            if done:
                official.reset(**game, generateGoldPath=False)

    causal = open_world("causal", "compose-3", 207)
    walked = path_of(causal, steps)
    mine = usual_rate(steps, lambda: stepped(ours, actions, listing=True))
    theirs = usual_rate(steps, their_steps)
    own = usual_rate(steps, lambda: stepped(causal, walked, listing=True))
    official.close()
    listing = "steps/s, text and admissible actions"
    return [
        beside(f"textworldexpress, {listing}", mine, theirs),
        beside(f"causal, {listing}, against textworldexpress", own, theirs),
    ]


def many(count: int) -> list[tuple[str, ...]]:
    """``count`` worlds open at once and stepped in turn; four official ones beside them."""
    ready, size = opened_at_once(count)
    official = official_size(4)
    more = 1000 * seconds(lambda: open_world("scienceworld", TASK, VARIATION).reset())
    server = sw.jvm().gateway().jvm.scienceworld.runtime.pythonapi.PythonInterface()
    load = 1000 * seconds(lambda: server.load(TASK, VARIATION, "easy", False))
    java = f"scienceworld, {count} worlds in one process (official: 4), MB of Java"
    own = f"the simulator's own load: {load:.0f}"
    return [
        (java, f"{size:.0f}", f"{official:.0f}", ""),
        (f"scienceworld, opening and resetting {count} worlds, s", f"{ready:.1f}", "", ""),
        (f"scienceworld, opening and resetting one more, ms ({own})", f"{more:.0f}", "", ""),
    ]


def opened_at_once(count: int) -> tuple[float, float]:
    """Seconds to open and reset ``count`` worlds, and the megabytes of Java when all were
    stepped."""
    began = time.perf_counter()
    worlds = [open_world("scienceworld", TASK, VARIATION + number) for number in range(count)]
    for world in worlds:
        world.reset()
    ready = time.perf_counter() - began
    for _ in range(3):
        for world in worlds:
            world.step("look around")
    size = megabytes(sw.jvm().pid)
    for world in worlds:
        world.close()
    return ready, size


def official_size(count: int) -> float:
    """Megabytes of Java of ``count`` official environments, each of which has a JVM of its own."""
    from scienceworld import ScienceWorldEnv

    before = java_children()
    environments = [ScienceWorldEnv(TASK) for _ in range(count)]
    for environment in environments:
        environment.load(TASK, VARIATION, "easy")
        environment.reset()
    size = sum(megabytes(pid) for pid in java_children() - before)
    for environment in environments:
        environment.close()
    return size


def java_children() -> set[int]:
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if (folder / "comm").read_text().strip() == "java":
                    found.add(int(folder.name))
            except OSError:
                continue  # it has ended meanwhile
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--many", type=int, default=64)
    given = parser.parse_args()
    print("| what | ours | official wrapper | ratio |\n|---|---|---|---|")
    for row in (*scienceworld(given.steps), *textworldexpress(given.steps), *many(given.many)):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
