"""Steps/s and memory of the worlds beside the official Python wrappers, on the same actions in one
run.

    python benchmarks/worlds.py [--steps 200] [--many 64]

Run it alone on the machine. Memory is the resident set of this process's Java children.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path = [
    each for each in sys.path if Path(each).resolve() != Path(__file__).parent
]  # or this file would be `worlds`

from worlds import World, open_world  # noqa: E402
from worlds import scienceworld as sw  # noqa: E402
from worlds._jvm import java_runtime  # noqa: E402

TASK, VARIATION = "find-living-thing", 225


def rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def path_of(world: World, steps: int) -> list[str]:
    """Admissible actions by a fixed rule; none that could end the trial."""
    world.reset()
    taken = []
    for index in range(steps):
        actions = [each for each in world.actions() if not each.startswith("focus")] or [
            "look around"
        ]
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


def scienceworld(steps: int) -> list[tuple[str, ...]]:
    import os

    from scienceworld import ScienceWorldEnv

    os.environ["PATH"] = f"{Path(java_runtime().path).parent}:{os.environ['PATH']}"
    ours = open_world("scienceworld", TASK, VARIATION)
    actions = path_of(ours, steps)
    official = ScienceWorldEnv("", envStepLimit=10**6)
    official.load(TASK, VARIATION, "easy")
    official.reset()

    def their_steps() -> None:
        for action in actions:
            official.step(action)

    def their_lists() -> None:
        for _ in range(min(steps, 50)):
            official.get_valid_action_object_combinations_with_templates()

    def our_lists() -> None:
        ours.reset()
        for action in actions[: min(steps, 50)]:
            ours.step(action)
            ours.actions()

    bare = rate(steps, lambda: stepped(ours, actions, listing=False))
    both = rate(steps, lambda: stepped(ours, actions, listing=True))
    theirs = rate(steps, their_steps)
    lists = rate(min(steps, 50), our_lists)
    their = rate(min(steps, 50), their_lists)
    official.close()
    ours.close()
    return [
        (
            "scienceworld, steps/s without listing actions",
            f"{bare:.0f}",
            f"{theirs:.0f}",
            f"{bare / theirs:.1f}",
        ),
        (
            "scienceworld, steps/s with the admissible actions of each",
            f"{both:.0f}",
            f"{theirs:.0f}",
            f"{both / theirs:.1f}",
        ),
        (
            "scienceworld, step and list/s (ours) and list/s (official)",
            f"{lists:.0f}",
            f"{their:.0f}",
            f"{lists / their:.1f}",
        ),
    ]


def textworldexpress(steps: int) -> list[tuple[str, ...]]:
    from textworld_express import TextWorldExpressEnv

    ours = open_world("textworldexpress", "cookingworld", 7)
    actions = path_of(ours, steps)
    official = TextWorldExpressEnv(envStepLimit=10**6)
    official.reset(
        gameName="cookingworld", gameParams="", seed=7, gameFold="train", generateGoldPath=False
    )

    def their_steps() -> None:
        for action in actions:
            _, _, done, _ = official.step(action)
            if done:
                official.reset(
                    gameName="cookingworld",
                    gameParams="",
                    seed=7,
                    gameFold="train",
                    generateGoldPath=False,
                )

    causal = open_world("causal", "compose-3", 207)
    walked = path_of(causal, steps)
    mine = statistics.median(
        rate(steps, lambda: stepped(ours, actions, listing=True)) for _ in range(3)
    )
    theirs = statistics.median(rate(steps, their_steps) for _ in range(3))
    own = statistics.median(
        rate(steps, lambda: stepped(causal, walked, listing=True)) for _ in range(3)
    )
    official.close()
    return [
        (
            "textworldexpress, steps/s, text and admissible actions",
            f"{mine:.0f}",
            f"{theirs:.0f}",
            f"{mine / theirs:.1f}",
        ),
        (
            "causal, steps/s, text and admissible actions, against textworldexpress",
            f"{own:.0f}",
            f"{theirs:.0f}",
            f"{own / theirs:.1f}",
        ),
    ]


def many(count: int) -> list[tuple[str, ...]]:
    """``count`` worlds open at once and stepped in turn; four official ones beside them."""
    from scienceworld import ScienceWorldEnv

    began = time.perf_counter()
    opened = [open_world("scienceworld", TASK, VARIATION + number) for number in range(count)]
    for world in opened:
        world.reset()
    ready = time.perf_counter() - began
    for _ in range(3):
        for world in opened:
            world.step("look around")
    size = megabytes(sw.jvm().pid)
    for world in opened:
        world.close()
    began = time.perf_counter()
    extra = open_world("scienceworld", TASK, VARIATION)
    extra.reset()
    once = 1000 * (time.perf_counter() - began)
    server = sw.jvm().gateway().jvm.scienceworld.runtime.pythonapi.PythonInterface()
    began = time.perf_counter()
    server.load(TASK, VARIATION, "easy", False)
    load = 1000 * (time.perf_counter() - began)
    before = java_children()
    theirs = [ScienceWorldEnv(TASK) for _ in range(4)]
    for each in theirs:
        each.load(TASK, VARIATION, "easy")
        each.reset()
    official = sum(megabytes(pid) for pid in java_children() - before)
    for each in theirs:
        each.close()
    return [
        (
            f"scienceworld, {count} worlds in one process (official: 4), MB of Java",
            f"{size:.0f}",
            f"{official:.0f}",
            "",
        ),
        (f"scienceworld, opening and resetting {count} worlds, s", f"{ready:.1f}", "", ""),
        (
            "scienceworld, opening and resetting one more, ms (the simulator's own load: "
            f"{load:.0f})",
            f"{once:.0f}",
            "",
            "",
        ),
    ]


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
