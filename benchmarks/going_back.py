"""How long it takes to go back to a state: by doing again what led there, and by state.

    python benchmarks/going_back.py [--steps 40] [--story PATH.z5]

Milliseconds of processor time (the child's included) from a reset to the state after so many
admissible steps. ``causal`` and a story that TextWorld makes are played, or your own.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from worlds import Restorable, World, open_world
from worlds import jericho as jericho_world
from worlds.conformance import Taken, walk
from worlds.textworld import cache
from worlds.textworld.tasks import FAMILIES, settings

TIMES = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--story", type=Path)
    asked = parser.parse_args()
    made = settings("simple", 2003, {})
    story = asked.story or cache.generated(FAMILIES["simple"].challenge, made, 2003)
    for name, world in (
        ("causal", open_world("causal", "compose-5", 204)),
        (f"jericho, {story.name}", open_world("jericho", "story", 750, game=str(story))),
    ):
        steps = walk(world, asked.steps)
        print(f"{name}: {compared(world, steps)}")
        world.close()


def compared(world: World, steps: list[Taken]) -> str:
    """What both ways cost, and by what share of that the state is sooner there."""
    assert isinstance(world, Restorable)
    state = world.snapshot()

    def again() -> None:
        world.reset()
        for step in steps[1:]:
            seen = world.step(step.action)
        assert seen == steps[-1].seen

    def by_state() -> None:
        world.reset()
        assert world.restore(state) == steps[-1].seen

    one, other = milliseconds(again), milliseconds(by_state)
    return f"{len(steps) - 1} steps again {one:.2f} ms, by state {other:.2f} ms"


def milliseconds(do: Callable[[], None]) -> float:
    began = processor()
    for _ in range(TIMES):
        do()
    return 1000 * (processor() - began) / TIMES


def processor() -> float:
    """Seconds of processor time so far, with those of the child that plays stories."""
    pid = jericho_world.host().pid
    theirs = 0.0
    if pid is not None and Path(f"/proc/{pid}/stat").exists():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        theirs = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + theirs


if __name__ == "__main__":
    main()
