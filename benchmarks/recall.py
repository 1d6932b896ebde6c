"""What a model makes of a memory that holds: one trial in places where an expert's path was shown
once. Its memory is what the rules write of that path, with the chains that the admissible actions
close. It is read in the head or at each step, with and without guidance; or it is another place's
memory of the same task, or its own without one decisive link; or it is what an explorer found there
in twenty trials, who draws among what is new and goes back to its best state.

    python benchmarks/recall.py --model smollm2-q4_0.gguf --world causal --places 16

Each row is one way to read: points with a 95 % bootstrap interval over places, the paired
difference to no memory, of the steps at which memory said something the share whose action was the
one that it named, and what a step cost (the model's seconds, tokens evaluated, share of the prompt
that came from the cache).
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clin.analysis.statistics import mean_of
from clin.config import ModelInfo, RunConfig
from clin.defaults import chosen_world_options
from clin.language import language_of
from clin.learner import Learner
from clin.llms import LLM, Answer, ModelCard, Question
from clin.llms.addresses import allowed_hosts
from clin.models import open_models
from clin.options import Engine, Exploration, Prompting, Sampling
from clin.rollout.scheduler import drive
from memory.evidence.events import is_progress
from memory.evidence.preconditions import Preconditions
from memory.lifting import Renaming
from memory.rules import links
from memory.store import Store
from memory.store.overview import Spent, said, spent_by_trial
from memory.trials import Ending, Memory, Step, Trial
from worlds import find_task, open_world, world_module
from worlds.experts import expert


@dataclass(frozen=True)
class Way:
    """One way to read a memory: ``recall`` and ``guidance`` as the options name them, ``whose`` it
    is (own, other, lifted: the other in the words of this goal, cut: own without one decisive link,
    or explored: an explorer's), and whether ``whole`` actions are weighed instead of their tokens
    one after the other."""

    recall: str
    guidance: float = 0.0
    whose: str = "own"
    whole: bool = False


WAYS = {
    "no memory": Way("none"),
    "head": Way("head"),
    "both": Way("both"),
    "both, a = 4": Way("both", 4.0),
    "another place's, both": Way("both", whose="other"),
    "another place's, both, a = 4": Way("both", 4.0, "other"),
    "step": Way("step"),
    "step, a = 1": Way("step", 1.0),
    "step, a = 2": Way("step", 2.0),
    "step, a = 4": Way("step", 4.0),
    "step, a = 8": Way("step", 8.0),
    "step, a = 4, whole actions": Way("step", 4.0, whole=True),
    "another place's, step, a = 4": Way("step", 4.0, "other"),
    "another place's in this goal's words, step, a = 4": Way("step", 4.0, "lifted"),
    "one link left out, step, a = 4": Way("step", 4.0, "cut"),
    "an explorer's, step, a = 4": Way("step", 4.0, "explored"),
}
BASE = "no memory"
FOLLOWER = "follower"
"""As ``--model``: a program that does what is recalled, and else draws an offered action."""


class Follower:
    """See :class:`clin.llms.LLM`: the bound of what recall is worth to who always does it."""

    def __init__(self) -> None:
        self.card = ModelCard(name=FOLLOWER)
        self._asked: list[tuple[int, Question]] = []
        self._draw = random.Random(0)

    def submit(self, question: Question, *, lane: int) -> None:
        self._asked.append((lane, question))

    def ready(self, until: Callable[[], bool] = lambda: False) -> Sequence[tuple[int, Answer]]:
        asked, self._asked = self._asked, []
        return [(lane, Answer(self._chosen(question), read=1)) for lane, question in asked]

    def _chosen(self, question: Question) -> str:
        line = question.recalled
        named = [each for each in question.choices if line.startswith(f"{each.strip()} ")]
        return max(named, key=len, default="") or self._draw.choice(question.choices)

    def count(self, text: str) -> int:
        return len(text) // 4

    def cancel(self, lane: int) -> None:
        self._asked = [each for each in self._asked if each[0] != lane]

    def close(self) -> None:
        self._asked.clear()


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
    """A task in a variation, with the memories of its own expert's path, of another place's, of its
    own without one decisive link, and of an explorer; ``found`` are the points that this one
    reached."""

    task: str
    variation: int
    memories: dict[str, Memory]
    found: float = 0.0


@dataclass(frozen=True)
class Played:
    """A trial: its points and steps, what the model ``spent`` on it, the steps at which memory
    spoke (``told``), and those of them that did what it named."""

    points: float
    steps: int
    spent: Spent
    told: int
    followed: int


def parser_of(description: str | None, places: int) -> argparse.ArgumentParser:
    """The options that a benchmark of recall has: which model plays which places."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--lora", nargs="*", default=[], help="adapters on the model")
    parser.add_argument("--world", default="causal")
    parser.add_argument("--places", type=int, default=places)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--first", type=int, default=0, help="variations of the split to pass over")
    parser.add_argument("--tasks", nargs="*", default=[])
    parser.add_argument("--budget", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--epsilon", type=float, default=0.0, help="share of the steps at which chance chooses"
    )
    return parser


def opened(asked: argparse.Namespace) -> LLM:
    """The model that was asked for, as one that can be guided."""
    return open_models(
        asked.model,
        Engine(threads=asked.threads, lora=tuple(asked.lora)),
        Sampling(),
        seed=0,
        guided=True,
        allowed=allowed_hosts(typed=[asked.model]),
    )


def main() -> None:
    parser = parser_of(__doc__, places=9)
    parser.add_argument("--think", type=int, default=0)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    asked = parser.parse_args()
    llm: LLM = Follower() if asked.model == FOLLOWER else opened(asked)
    options = chosen_world_options(asked.world, {}, llm.card)
    explored = any(WAYS[way].whose == "explored" for way in asked.ways)
    places = _places(asked, options, explored=explored)
    print(f"{llm.card.name}, {asked.world}, {len(places)} places of {asked.split}")
    if explored:
        print(f"the explorer's best: {mean_of([place.found for place in places])}")
    without: list[float] = []
    for way in asked.ways:
        played = [_played(llm, asked, options, place, way) for place in places]
        points = [each.points for each in played]
        without = points if way == BASE else without
        print(_row(way, played, without), flush=True)


def _row(way: str, played: list[Played], without: list[float]) -> str:
    points = [each.points for each in played]
    told, followed = (sum(each.told for each in played), sum(each.followed for each in played))
    steps = sum(each.steps for each in played)
    read, reused = (sum(each.spent.read for each in played), sum(e.spent.reused for e in played))
    seconds = sum(each.spent.seconds for each in played)
    gain = ""
    if without and way != BASE:
        pairs = zip(points, without, strict=True)
        gain = f"less none {mean_of([with_it - bare for with_it, bare in pairs])}"
    cost = (
        f"{seconds / steps:.2f} s, {(read - reused) / steps:.0f} tokens a step, "
        f"{100 * reused / max(read, 1):.1f} % reused"
    )
    return (
        f"{way:<50} {mean_of(points)}  {gain}  followed {followed} of {told}  {cost}  "
        f"{[round(each) for each in points]}"
    )


def _places(asked: argparse.Namespace, options: dict[str, Any], *, explored: bool) -> list[Place]:
    """Variations of the split in order, task by task, each with the next one's memory beside, and
    where it is ``explored`` an explorer's."""
    tasks = asked.tasks or [each.name for each in world_module(asked.world).tasks()]
    found: list[Place] = []
    for number in range(asked.places):
        task = tasks[number % len(tasks)]
        split = list(find_task(asked.world, task).splits[asked.split])
        at = asked.first + (number // len(tasks)) * 2
        near, far = split[at % len(split)], split[(at + 1) % len(split)]
        own, other = (_shown(asked.world, task, each, options) for each in (near, far))
        memories = {"own": _memory(asked.world, own), "other": _memory(asked.world, other)}
        renaming = Renaming.between(other.goal, own.goal)
        memories["lifted"] = renaming.memory(memories["other"])
        memories["cut"] = _without_one(memories["own"])
        best = 0.0
        if explored:
            memories["explored"], best = _explored(asked.world, task, near, options)
        found.append(Place(task, near, memories, best))
    return found


EXPLORED_TRIALS, EXPLORED_STEPS = 20, 100


def _explored(
    world: str, task: str, variation: int, options: dict[str, Any]
) -> tuple[Memory, float]:
    """The memory that `evidence` keeps of an explorer's trials, with what closes its chains, and
    the most points that a trial had."""
    config = RunConfig(
        world=world,
        task=task,
        variation=variation,
        world_options=options,
        strategy="evidence",
        writer="rules",
        trials=EXPLORED_TRIALS,
        budget=EXPLORED_STEPS,
        exploration=Exploration(
            repeats=2, memory_mask=True, risk_mask=True, novelty=True, return_to_best=True
        ),
        prompting=Prompting(think=0, recall="none"),
        model=ModelInfo(reference=FOLLOWER),
    )
    llm = Follower()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.db") as store:
        drive([Learner.over(llm, store, config).adapt()], llm)
        trials = [store.trial(row.id) for row in store.trials("r1")]
        learned = store.version_after("r1", len(trials) - 1).memory.links
    closing = Preconditions(language_of(world), trials).closing(learned)
    best = max(step.score for trial in trials for step in trial.steps)
    return Memory((*learned, *closing)), max(0.0, best)


def _shown(world: str, task: str, variation: int, options: dict[str, Any]) -> Trial:
    """The first of the expert's paths that solves the task, done as the world offers it; else the
    one that comes furthest."""
    opened = open_world(world, task, variation, **options)
    best: Trial | None = None
    for path in expert(world, task, variation, **options):
        opening, steps, admissible = opened.reset().text, [], []
        for wanted in path:
            offered = opened.actions()
            action = _as_offered(wanted, offered)
            seen = opened.step(action)
            steps.append(Step(action, seen.text, seen.score))
            admissible.append(frozenset(offered))
            if seen.done:
                break
        trial = Trial(
            0, opened.goal, opening, tuple(steps), Ending.WON, admissible=tuple(admissible)
        )
        best = trial if best is None or trial.score > best.score else best
        if best.score >= 100:
            break
    opened.close()
    assert best is not None
    return best


_IDLE = frozenset(["in", "into", "on", "to", "the", "inventory", "stage"])
_NEAR = 3


def _as_offered(action: str, offered: Sequence[str]) -> str:
    """The expert of ScienceWorld writes things by other names than its text shows ("egg parrot"):
    the offered action of the same verb with nearly the same words; else as it is."""

    def bag(text: str) -> Counter[str]:
        return Counter(word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _IDLE)

    def apart(other: str) -> int:
        return ((wanted - bag(other)) + (bag(other) - wanted)).total()

    wanted = bag(action)
    alike = [each for each in offered if each.split()[0] == action.split()[0]]
    if action in offered or not alike:
        return action
    nearest = min(alike, key=lambda each: (apart(each), each))
    return nearest if apart(nearest) <= _NEAR else action


def _memory(world: str, trial: Trial) -> Memory:
    """What the rules write of a trial, and what closes its chains."""
    language = language_of(world)
    learned = links([trial], language, whole=True)
    return Memory((*learned, *Preconditions(language, [trial]).closing(learned)))


def _without_one(memory: Memory) -> Memory:
    """Without the second thing that helped, and all that is said about it: the first often stands
    in sight."""
    helped = [link for link in memory.links if is_progress(link.claim[1])]
    if len(helped) < 2:
        return Memory()
    gone = helped[1].claim[0]
    return Memory(tuple(link for link in memory.links if gone not in link.claim))


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
            repeats=2,
            memory_mask=False,
            risk_mask=False,
            novelty=False,
            return_to_best=False,
            epsilon=asked.epsilon,
        ),
        prompting=Prompting(think=asked.think, recall=read.recall, guidance=read.guidance),
        model=ModelInfo.of(asked.model, llm.card),
    )
    memory = place.memories[read.whose]
    llm = Whole(llm) if read.whole else llm
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.db") as store:
        drive([Learner.over(llm, store, config, initial=memory).adapt()], llm)
        [row] = store.trials("r1")
        steps, spoke = store.steps(row.id), said(store, row.id)
        followed = sum(
            f"{steps[at].action} " in each.links.splitlines()[0] for at, each in spoke.items()
        )
        spent = spent_by_trial(store).get(row.id, Spent())
        return Played(max(0.0, row.score), len(steps), spent, len(spoke), followed)


if __name__ == "__main__":
    main()
