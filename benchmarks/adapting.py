"""Which part of what is gained over trials (ADAPT) is the memory's: a model that nobody trained
plays a place again and again, and its memory is of its own trials alone.

    python benchmarks/adapting.py --model smollm2-q4_0.gguf --world causal --places 8

Each row is one way to play: what keeps the memory, where it is read, and whether a trial goes back
to the best state first. All explore alike (novelty, risk mask, memory mask, loop guard); with
``--loop-guard-alone`` the loop guard is the only rule of play, and memory is but read. A row has
the mean points of each trial, the last trial with a 95 % bootstrap interval over places, its paired
difference to the first trial and to the same exploration without a memory, the share of the
recalled lines that were followed, and the points of each place.
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
from clin.learner import Learner
from clin.llms import LLM
from clin.options import Exploration, Prompting
from clin.rollout.scheduler import drive
from memory.store import Store
from memory.store.overview import said
from worlds import find_task, world_module


@dataclass(frozen=True)
class Way:
    """One way to play: the ``strategy``, where its memory is read, how much the line is followed,
    and whether a trial goes ``back`` to the best state first."""

    strategy: str
    recall: str
    guidance: float = 0.0
    back: bool = False


WAYS = {
    "no memory": Way("none", "none"),
    "clin, step, a = 4": Way("clin", "step", 4.0),
    "clin, head": Way("clin", "head"),
    "clin, both": Way("clin", "both"),
    "clin, both, a = 4": Way("clin", "both", 4.0),
    "no memory, returning": Way("none", "none", back=True),
    "evidence, step, a = 4": Way("evidence", "step", 4.0),
    "evidence, step, a = 4, returning": Way("evidence", "step", 4.0, back=True),
    "evidence, head": Way("evidence", "head"),
    "evidence, both": Way("evidence", "both"),
    "evidence, both, a = 4": Way("evidence", "both", 4.0),
    "reflexion, step, a = 4": Way("reflexion", "step", 4.0),
    "reflexion, head": Way("reflexion", "head"),
    "episodic, step, a = 4": Way("episodic", "step", 4.0),
}
BASE = "no memory"


@dataclass(frozen=True)
class Played:
    """A run: the points of each trial; the steps at which memory spoke, and those that did it."""

    points: list[float]
    told: int
    followed: int


def main() -> None:
    parser = parser_of(__doc__, places=8)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument(
        "--loop-guard-alone", action="store_true", help="no masks, no novelty, no returning"
    )
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    asked = parser.parse_args()
    llm: LLM = Follower() if asked.model == FOLLOWER else opened(asked)
    places = _places(asked)
    print(f"{llm.card.name}, {asked.world}, {len(places)} places of {asked.split}", flush=True)
    without: list[float] = []
    for way in asked.ways:
        played = [_played(llm, asked, place, WAYS[way]) for place in places]
        last = [each.points[-1] for each in played]
        without = last if way == BASE else without
        print(_row(way, played, without), flush=True)


def _places(asked: argparse.Namespace) -> list[tuple[str, int]]:
    """Tasks and variations of the split in order, task by task."""
    tasks = asked.tasks or [each.name for each in world_module(asked.world).tasks()]
    found = []
    for number in range(asked.places):
        task = tasks[number % len(tasks)]
        split = list(find_task(asked.world, task).splits[asked.split])
        found.append((task, split[(asked.first + number // len(tasks)) % len(split)]))
    return found


def _played(llm: LLM, asked: argparse.Namespace, place: tuple[str, int], way: Way) -> Played:
    task, variation = place
    explores = not asked.loop_guard_alone
    # Without memory, rules or chance each trial is the first again, so it is played once.
    alike = way.strategy == "none" and not explores and not asked.epsilon
    config = RunConfig(
        world=asked.world,
        task=task,
        variation=variation,
        world_options=chosen_world_options(asked.world, {}, llm.card),
        strategy=way.strategy,
        writer="rules",
        trials=1 if alike else asked.trials,
        budget=asked.budget,
        exploration=Exploration(
            repeats=2,
            memory_mask=explores,
            risk_mask=explores,
            novelty=explores,
            return_to_best=way.back,
            epsilon=asked.epsilon,
        ),
        prompting=Prompting(think=0, recall=way.recall, guidance=way.guidance),
        model=ModelInfo.of(asked.model, llm.card),
    )
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.db") as store:
        drive([Learner.over(llm, store, config).adapt()], llm)
        rows = store.trials("r1")
        told = followed = 0
        for row in rows:
            spoke, steps = said(store, row.id), store.steps(row.id)
            told += len(spoke)
            followed += sum(
                f"{steps[at].action} " in each.links.splitlines()[0] for at, each in spoke.items()
            )
        points = [max(0.0, row.score) for row in rows]
        return Played(points * asked.trials if alike else points, told, followed)


def _row(way: str, played: list[Played], without: list[float]) -> str:
    trials = range(len(played[0].points))
    means = [round(sum(each.points[k] for each in played) / len(played), 1) for k in trials]
    last = [each.points[-1] for each in played]
    gains = [each.points[-1] - each.points[0] for each in played]
    told, followed = (sum(each.told for each in played), sum(each.followed for each in played))
    beside = ""
    if without and way != BASE:
        pairs = zip(last, without, strict=True)
        beside = f"less no memory {mean_of([own - bare for own, bare in pairs])}  "
    return (
        f"{way:<34} {means}  last {mean_of(last)}  gain {mean_of(gains)}  {beside}"
        f"followed {followed} of {told}  {[[round(each) for each in one.points] for one in played]}"
    )


if __name__ == "__main__":
    main()
