"""What a model makes of a memory that holds: one trial in places whose expert's path was written
down as links (by the rules), with the memory read in the head or at each step, with and without
guidance; and with another place's memory of the same task.

    python benchmarks/recall.py --model smollm2-q4_0.gguf --world causal --places 9

Each row is one way to read: points with a 95 % bootstrap interval over places, of the steps at
which memory said something the share whose action was the one that it named, and the model's
seconds per step.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clin.analysis.statistics import mean_of
from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_world_options
from clin.language import language_of
from clin.learner import Learner
from clin.llms import LLM, Question
from clin.llms.addresses import allowed_hosts
from clin.models import open_models
from clin.options import Engine, Exploration, Prompting, Sampling
from clin.rollout.scheduler import drive
from memory.rules import links
from memory.store import Store
from memory.store.overview import said, spent_by_trial
from memory.trials import Ending, Memory, Step, Trial
from worlds import find_task, open_world, world_module
from worlds.experts import expert


@dataclass(frozen=True)
class Way:
    """One way to read a memory: ``recall`` and ``guidance`` as the options name them, whose it is,
    and whether whole actions are weighed instead of their tokens one after the other."""

    recall: str
    guidance: float = 0.0
    own: bool = True
    whole: bool = False


WAYS = {
    "no memory": Way("none"),
    "head": Way("head"),
    "step": Way("step"),
    "step, a = 2": Way("step", 2.0),
    "step, a = 4": Way("step", 4.0),
    "step, a = 4, whole actions": Way("step", 4.0, whole=True),
    "another place's, step, a = 4": Way("step", 4.0, own=False),
}


class Whole:
    """A model that is asked for the log-probability of every whole action, and so decides by
    these where the question is guided."""

    def __init__(self, llm: LLM) -> None:
        self._llm, self.card, self.count = llm, llm.card, llm.count
        self.ready, self.cancel, self.close = llm.ready, llm.cancel, llm.close

    def submit(self, question: Question, *, lane: int) -> None:
        self._llm.submit(replace(question, score_choices=question.guided), lane=lane)


@dataclass(frozen=True)
class Place:
    """A task in a variation, with the memory of its expert's path and of another place's."""

    task: str
    variation: int
    own: Memory
    other: Memory


@dataclass(frozen=True)
class Played:
    """A trial: its points, its steps with the model's seconds, the steps at which memory spoke
    (``told``), and those of them that did what it named."""

    points: float
    steps: int
    seconds: float
    told: int
    followed: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--world", default="causal")
    parser.add_argument("--places", type=int, default=9)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--tasks", nargs="*", default=[])
    parser.add_argument("--budget", type=int, default=30)
    parser.add_argument("--think", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    asked = parser.parse_args()
    llm = open_models(
        asked.model,
        Engine(threads=asked.threads),
        Sampling(),
        seed=0,
        guided=True,
        allowed=allowed_hosts(typed=[asked.model]),
    )
    options = chosen_world_options(asked.world, {}, llm.card)
    places = _places(asked, options)
    print(f"{llm.card.name}, {asked.world}, {len(places)} places of {asked.split}")
    for way in asked.ways:
        played = [_played(llm, asked, options, place, way) for place in places]
        points = [each.points for each in played]
        told, followed = (sum(each.told for each in played), sum(each.followed for each in played))
        seconds = sum(each.seconds for each in played) / sum(each.steps for each in played)
        print(
            f"{way:<30} {mean_of(points)}  followed {followed} of {told}  {seconds:.2f} s a step  "
            f"{[round(each) for each in points]}",
            flush=True,
        )


def _places(asked: argparse.Namespace, options: dict[str, Any]) -> list[Place]:
    """The first variations of the split, task by task, each with the next one's memory beside."""
    tasks = asked.tasks or [each.name for each in world_module(asked.world).tasks()]
    found: list[Place] = []
    for number in range(asked.places):
        task = tasks[number % len(tasks)]
        split = list(find_task(asked.world, task).splits[asked.split])
        at = (number // len(tasks)) * 2
        own, other = (_memory(asked.world, task, split[at + k], options) for k in (0, 1))
        found.append(Place(task, split[at], own, other))
    return found


def _memory(world: str, task: str, variation: int, options: dict[str, Any]) -> Memory:
    """What the rules write of the first of the expert's paths that solves the task."""
    opened = open_world(world, task, variation, **options)
    best: Trial | None = None
    for path in expert(world, task, variation, **options):
        opening, steps = opened.reset().text, []
        for action in path:
            seen = opened.step(action)
            steps.append(Step(action, seen.text, seen.score))
            if seen.done:
                break
        trial = Trial(0, opened.goal, opening, tuple(steps), Ending.WON)
        best = trial if best is None or trial.score > best.score else best
        if best.score >= 100:
            break
    opened.close()
    assert best is not None
    return Memory(tuple(links([best], language_of(world))))


def _played(
    llm: LLM, asked: argparse.Namespace, options: dict[str, Any], place: Place, way: str
) -> Played:
    """One trial."""
    read = WAYS[way]
    config = RunConfig(
        world=asked.world,
        task=place.task,
        variation=place.variation,
        world_options=options,
        strategy="clin",
        writer="rules",
        trials=1,
        budget=asked.budget,
        read_only_memory=True,
        exploration=Exploration(
            repeats=2, memory_mask=False, risk_mask=False, novelty=False, return_to_best=False
        ),
        prompting=Prompting(think=asked.think, recall=read.recall, guidance=read.guidance),
        model=ModelInfo.of(asked.model, llm.card),
    )
    memory = place.own if read.own else place.other
    llm = Whole(llm) if read.whole else llm
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.db") as store:
        drive([Learner.over(llm, store, config, initial=memory).adapt()], llm)
        [row] = store.trials("r1")
        steps, spoke = store.steps(row.id), said(store, row.id)
        followed = sum(
            f"{steps[at].action} " in each.links.splitlines()[0] for at, each in spoke.items()
        )
        seconds = spent_by_trial(store)[row.id].seconds
        return Played(max(0.0, row.score), len(steps), seconds, len(spoke), followed)


if __name__ == "__main__":
    main()
