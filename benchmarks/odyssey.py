"""AgentOdyssey's games in chapters: what a memory that is revised within one long life gains.

    python benchmarks/odyssey.py [--trials 10] [--chapter 50] [--games base mark …] [--out FOLDER]
                                 [--model smollm2-q4_0.gguf] [--epsilon 0]

prints the table of docs/results/odyssey.md: for each game and way of keeping a memory the measures
of the package (arXiv 2606.24893). Seed 42 is played, as its own evaluation does. Each run is kept
in FOLDER, and the same command goes on with what is not there yet: a FOLDER for each model, adapter
and epsilon.

``random`` is the package's RandomAgent: a verb by chance, then one of its actions by chance. Its
actions are those that we list.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from stored_run import play

from memory.store import Store
from worlds import World, agentodyssey, open_world
from worlds.agentodyssey.world import GAMES

SEED = 42
WAYS = ("random", "none", "clin", "evidence")
SUPPLEMENTARY = ("side_quest", "exploration", "unique_kill", "craft")
"""The rewards that the package plots beside that of the main quest."""
_REWARD = re.compile(r"^Reward: (?P<what>[^\n]*)\.$", re.MULTILINE)
Lived = list[tuple[str, str]]
"""Actions of one life, with their observations."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--chapter", type=int, default=50)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--lora", help="an adapter, as `clin run` has it")
    parser.add_argument("--epsilon", type=float, default=0.0, help="as `clin run` has it")
    parser.add_argument("--games", nargs="*", default=GAMES, choices=GAMES)
    parser.add_argument("--ways", nargs="*", default=WAYS, choices=WAYS)
    parser.add_argument("--out", type=Path, default=Path("odyssey"), help="where runs are kept")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    print("| game | memory | steps | main, of stages | " + " | ".join(SUPPLEMENTARY), end=" | ")
    print("actions explored | diversity |\n|" + "---|" * (6 + len(SUPPLEMENTARY)), flush=True)
    for game in asked.games:
        world = open_world("agentodyssey", game, SEED)
        for way in asked.ways:
            most = asked.trials * asked.chapter
            lived = by_chance(world, most) if way == "random" else played(asked, game, way)
            print(row(world, game, way, lived), flush=True)
        world.close()


def by_chance(world: World, most: int) -> Lived:
    """As the package's RandomAgent acts."""
    chance, lived = Random(SEED), []
    done = world.reset().done
    verbs = verbs_of(world)
    while len(lived) < most and not done:
        kinds = defaultdict(list)
        for action in world.actions():
            kinds[verb(action, verbs)].append(action)
        action = chance.choice(kinds[chance.choice(sorted(kinds))])
        seen = world.step(action)
        lived.append((action, seen.text))
        done = seen.done
    return lived


def played(asked: argparse.Namespace, game: str, way: str) -> Lived:
    """The life of a run of ``clin run``, which is played where it is not stored yet."""
    db = asked.out / f"{game}-{way}-{asked.chapter}-{asked.trials}.db"
    words = ["--world", "agentodyssey", "--task", game, "--variation", str(SEED)]
    words += ["--strategy", way, "--chapter", str(asked.chapter), "--trials", str(asked.trials)]
    words += ["--epsilon", str(asked.epsilon)]
    words += ["--lora", asked.lora] if asked.lora else []
    play(db, words, asked.model)
    with Store(db, read_only=True) as store:
        steps = [step for each in store.trials("r1") for step in store.steps(each.id)]
    return [(step.action, step.observation) for step in steps]


def row(world: World, game: str, way: str, lived: Lived) -> str:
    """The measures of a life, as a line of the table."""
    rewards = rewards_of(lived)
    world.reset()
    verbs = verbs_of(world)
    used = Counter(verb(action, verbs) for action, _ in lived)
    spread = sum(each / len(lived) * math.log(len(lived) / each) for each in used.values())
    told = [
        f"{rewards['quest']} of {stages(world)}",
        *(str(rewards[each]) for each in SUPPLEMENTARY),
        f"{len(used)} of {len(verbs)}",
        f"{spread / math.log(len(verbs)):.2f}",
    ]
    return f"| {game} | {way} | {len(lived)} | {' | '.join(told)} |"


def rewards_of(lived: Lived) -> Counter[str]:
    """The package's own rewards, added up."""
    found: Counter[str] = Counter()
    for _, observation in lived:
        for told in _REWARD.finditer(observation):
            for each in told["what"].split(", "):
                name, _, count = each.rpartition(" ")
                found[name] += int(count)
    return found


def verb(action: str, verbs: Sequence[str]) -> str:
    """The verb of an action, as the package tells it: the first that the action begins with."""
    return next((each for each in verbs if action.startswith(each)), action.split(" ")[0])


def verbs_of(world: World) -> Sequence[str]:
    assert isinstance(world, agentodyssey.AgentOdyssey)
    return world.verbs()


def stages(world: World) -> int:
    assert isinstance(world, agentodyssey.AgentOdyssey)
    return int(world.opened["stages"])


if __name__ == "__main__":
    main()
