"""What Java keeps of the ScienceWorlds that were closed: ``python benchmarks/java_kept.py``.

Each world is opened, listed, stepped and closed. Then the runtime's own jcmd counts what is alive
after a full collection: all objects, and the agents, of which each world has one.
"""

from __future__ import annotations

import argparse
import subprocess

from worlds import open_world
from worlds.scienceworld import java_runtime, jvm

AGENT = "scienceworld.objects.agent.Agent"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=41)
    parser.add_argument("--names", default="simulator", choices=["simulator", "shown"])
    args = parser.parse_args()
    print("closed worlds, live objects, live agents")
    for number in range(args.worlds):
        play(number % 60, args.names)
        if number % 20 == 0:
            print(f"{number + 1}, {counted('Total'):,}, {counted(AGENT):,}", flush=True)


def play(variation: int, names: str) -> None:
    world = open_world("scienceworld", "lifespan-shortest-lived", variation, names=names)
    world.reset()
    world.actions()
    world.step("look around")
    world.actions()
    world.close()


def counted(kind: str) -> int:
    """The instances of ``kind`` in Java's histogram of what is alive."""
    jcmd = java_runtime().path.parent / "jcmd"
    asked = [str(jcmd), str(jvm().pid), "GC.class_histogram"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for line in map(str.split, said.splitlines()):
        if kind in (line[:1] + line[3:4]):
            return int(line[1])
    return 0


if __name__ == "__main__":
    main()
