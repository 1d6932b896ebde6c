"""What a memory is worth in the next place (GEN-ENV) and the next task (GEN-TASK), where it is read
at each step: at once, and after trials there.

    python benchmarks/carrying.py --model follower --places 16

Earlier places are played first, a few trials each, with a memory of their own. What these memories
become together is said in the words of the new goal, and the model plays there: once with it, and
on. In GEN-ENV the earlier places are other variations of the task, in GEN-TASK other tasks in the
same variation. Beside them stand no memory, and a memory of the place's own trials alone (ADAPT).
Each row has the points of the first and of the last trial, with a 95 % bootstrap interval over
places, and the paired differences to no memory. ``--model follower`` is a program that does what
memory recalls and else draws.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recall import FOLLOWER, Follower, opened, parser_of

from clin.analysis.statistics import mean_of
from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_world_options
from clin.language import language_of
from clin.learner import Learner, strategy_of
from clin.llms import LLM
from clin.options import Exploration, Prompting
from clin.rollout.scheduler import drive
from memory.lifting import in_words_of
from memory.store import Store
from memory.strategies import Episode
from memory.trials import Memory
from worlds import find_task, open_world, world_module

GUIDANCE = 4.0
SETTINGS = {"no memory": "", "own trials (ADAPT)": "", "GEN-ENV": "gen-env", "GEN-TASK": "gen-task"}
SOURCES = 3
"""Earlier places that a memory comes from."""


@dataclass(frozen=True)
class Place:
    """A task in a variation; ``others`` are the variations and the tasks it may learn from."""

    task: str
    variation: int
    others: dict[str, list[tuple[str, int]]]


def main() -> None:
    parser = parser_of(__doc__, places=8)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--strategy", default="clin", choices=["clin", "evidence"])
    parser.add_argument("--ways", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    asked = parser.parse_args()
    llm: LLM = Follower() if asked.model == FOLLOWER else opened(asked)
    places = _places(asked)
    print(f"{llm.card.name}, {asked.world}, {len(places)} places of {asked.split}", flush=True)
    without: list[list[float]] = []
    for way in asked.ways:
        played = [_played(llm, asked, place, way) for place in places]
        without = played if way == "no memory" else without
        print(_row(way, played, without), flush=True)


def _places(asked: argparse.Namespace) -> list[Place]:
    """Variations of the split in order, task by task. The earlier variations of a place are the
    next ones, and its earlier tasks those that follow in the world's list."""
    tasks = asked.tasks or [each.name for each in world_module(asked.world).tasks()]
    found = []
    for number in range(asked.places):
        at = number % len(tasks)
        split = list(find_task(asked.world, tasks[at]).splits[asked.split])
        first = asked.first + (number // len(tasks)) * (SOURCES + 1)
        variation, *later = (split[(first + k) % len(split)] for k in range(SOURCES + 1))
        next_tasks = [tasks[(at + k) % len(tasks)] for k in range(1, SOURCES + 1)]
        others = {
            "gen-env": [(tasks[at], each) for each in later],
            "gen-task": [(each, variation) for each in next_tasks],
        }
        found.append(Place(tasks[at], variation, others))
    return found


def _played(llm: LLM, asked: argparse.Namespace, place: Place, way: str) -> list[float]:
    """The points of each trial in ``place``."""
    setting = SETTINGS[way]
    config = _config(asked, llm, place.task, place.variation, way)
    if not setting:
        return [trial.score for trial in _run(llm, config, None).trials]
    past = [
        _run(llm, _config(asked, llm, *each, "own trials (ADAPT)"), None)
        for each in place.others[setting]
    ]
    initial = _together(llm, config, past, setting)
    return [trial.score for trial in _run(llm, config.but(setting=setting), initial).trials]


def _config(asked: argparse.Namespace, llm: LLM, task: str, variation: int, way: str) -> RunConfig:
    bare = way == "no memory"
    recall = "none" if bare else "step"
    return RunConfig(
        world=asked.world,
        task=task,
        variation=variation,
        world_options=chosen_world_options(asked.world, {}, llm.card),
        strategy="none" if bare else asked.strategy,
        writer="rules",
        trials=asked.trials,
        budget=asked.budget,
        exploration=Exploration(
            repeats=2,
            memory_mask=True,
            risk_mask=True,
            novelty=True,
            return_to_best=False,
            epsilon=asked.epsilon,
        ),
        prompting=Prompting(think=0, recall=recall, guidance=0.0 if bare else GUIDANCE),
        model=ModelInfo.of(asked.model, llm.card),
    )


def _run(llm: LLM, config: RunConfig, initial: Memory | None) -> Episode:
    """All trials of a run, and its memories. A follower draws anew in each, so that what was drawn
    before makes no difference."""
    llm = Follower() if isinstance(llm, Follower) else llm
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.db") as store:
        drive([Learner.over(llm, store, config, initial=initial).adapt()], llm)
        rows = store.trials("r1")
        trials = tuple(store.trial(row.id) for row in rows)
        memories = tuple(store.version_after("r1", row.number).memory for row in rows)
    return Episode(config.world, config.task, config.variation, trials, memories)


def _together(llm: LLM, config: RunConfig, past: list[Episode], setting: str) -> Memory:
    """What the memories of ``past`` become, in the words of the goal of ``config``."""
    world = open_world(config.world, config.task, config.variation, **config.world_options)
    goal = world.goal
    world.close()
    strategy = strategy_of(config, language_of(config.world))
    said = [in_words_of(goal, each) for each in past]
    writing = strategy.generalise(said, goal, setting, llm.count)
    try:
        next(writing)
    except StopIteration as stop:
        memory: Memory = stop.value.memory
        return memory
    raise RuntimeError("the rules writer asks nothing")


def _row(way: str, played: list[list[float]], without: list[list[float]]) -> str:
    gained = [[max(0.0, points) for points in each] for each in played]
    bare = [[max(0.0, points) for points in each] for each in without]
    told = [f"{way:<20}"]
    for name, at in (("first", 0), ("last", -1)):
        told.append(f"{name} {mean_of([each[at] for each in gained])}")
        if bare and way != "no memory":
            pairs = zip(gained, bare, strict=True)
            less = mean_of([one[at] - other[at] for one, other in pairs])
            told.append(f"less no memory {less}")
    return "  ".join(told) + f"  {[[round(each) for each in one] for one in gained]}"


if __name__ == "__main__":
    main()
