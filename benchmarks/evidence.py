"""What the tallies learn and what they cost, apart from any model.

    python benchmarks/evidence.py

An explorer that does a random admissible action at each step plays the causal world under rules
that are held out from training; after each trial `evidence` and `clin` (by rules) write their
memories from what the trial showed, and these are held against the world's truth. It says what the
writers make of given experience, not what an agent would experience. The last writer is `evidence`
over the experience of an explorer that plays as this strategy's agent does: it goes back to where
its best trial came and is offered what an agent is offered there, still choosing by chance. Then:
how long the end of a trial takes when many steps are stored.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from clin.analysis.grading import Grade, grade
from clin.analysis.statistics import mean_of
from clin.config import ModelInfo, RunConfig
from clin.language import language_of
from clin.learner import Learner
from clin.llms import Answer, ModelCard
from clin.options import Exploration
from memory.store import Store
from memory.strategies import open_strategy
from memory.trials import Ending, Memory, Step, Trial
from worlds import World, open_world

AFTER = (1, 5, 20, 100)
TASKS = ("make", "repair", "grow", "deliver")


def explored(world: World, number: int, steps: int, chance: random.Random) -> Trial:
    """A trial of random admissible actions."""
    opening, done = world.reset().text, []
    while len(done) < steps:
        action = chance.choice(list(world.actions()))
        seen = world.step(action)
        done.append(Step(action, seen.text, seen.score))
        if seen.done:
            break
    ending = Ending.WON if done[-1].score >= 100 else Ending.BUDGET
    return Trial(number, world.goal, opening, tuple(done), ending)


def revised(strategy: object, memory: Memory, trials: Sequence[Trial]) -> Memory:
    """The memory after the last of ``trials``, by a writer that asks nothing."""
    try:
        next(strategy.revise(memory, trials, lambda text: len(text.split())))
    except StopIteration as stop:
        return stop.value.memory
    raise RuntimeError("the rules writer asks nothing")


def learned(
    name: str, task: str, rules: int, steps: int
) -> dict[int, tuple[float, float, float, float, float]]:
    """Precision, recall and F1 of a strategy's memory after so many trials; then the share of the
    core causes that some trial had reached by then, and F1 with the recall of those alone: what was
    never done with success cannot be learned."""
    world = open_world("causal", task, 0, rules=rules)
    strategy, memory, trials, chance, found = (
        open_strategy(name, language_of("causal"), writer="rules"),
        Memory(),
        [],
        random.Random(rules),
        {},
    )
    for number in range(max(AFTER)):
        trials.append(explored(world, number, steps, chance))
        memory = revised(strategy, memory, trials)
        if number + 1 in AFTER:
            found[number + 1] = figures(grade(memory.links, world.truth()), trials)
    world.close()
    return found


def figures(graded: Grade, trials: Sequence[Trial]) -> tuple[float, float, float, float, float]:
    """As :func:`learned` gives them."""
    core = {*graded.found, *graded.missing}
    reached = core & {action for trial in trials for action in gained(trial)}
    recall = len(reached & {*graded.found}) / len(reached) if reached else 0.0
    precision = graded.precision or 0.0
    fair = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, graded.recall or 0.0, graded.f1, len(reached) / len(core), fair


def gone_back(
    task: str, rules: int, steps: int
) -> dict[int, tuple[float, float, float, float, float]]:
    """As :func:`learned`, of an episode of `evidence` whose every answer is by chance."""
    config = RunConfig(
        world="causal",
        task=task,
        variation=0,
        world_options={"rules": rules},
        writer="rules",
        trials=max(AFTER),
        budget=steps,
        exploration=Exploration(
            repeats=2, memory_mask=True, risk_mask=True, novelty=True, return_to_best=True
        ),
        model=ModelInfo(reference="chance"),
    )
    world, chance = open_world("causal", task, 0, rules=rules), random.Random(rules)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "chance.db") as store:
        learner = Learner(store, config, ModelCard("chance", prompt="compact-2"), len)
        asking = learner.adapt()
        try:
            question = next(asking)
            while True:
                question = asking.send(Answer(chance.choice(question.choices)))
        except StopIteration:
            pass
        trials = [store.trial(row.id) for row in store.trials(learner.run)]
        memories = {number: store.version_after(learner.run, number - 1).memory for number in AFTER}
    world.reset()
    found = {
        number: figures(grade(memory.links, world.truth()), trials[:number])
        for number, memory in memories.items()
    }
    world.close()
    return found


def gained(trial: Trial) -> Iterator[str]:
    """The actions that raised the score."""
    before = 0.0
    for step in trial.steps:
        if step.score > before:
            yield step.action
        before = step.score


def trial_ends(trials: int, steps: int) -> list[float]:
    """Milliseconds of `evidence` at the end of each of ``trials`` trials of ``steps`` steps."""
    world, chance = open_world("causal", "make", 0, rules=901), random.Random(0)
    strategy = open_strategy("evidence", language_of("causal"), writer="rules")
    memory, told, took = Memory(), [], []
    for number in range(trials):
        told.append(explored(world, number, steps, chance))
        began = time.perf_counter()
        memory = revised(strategy, memory, told)
        took.append(1000 * (time.perf_counter() - began))
    world.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", type=int, default=5, help="how many rule seeds, from 901")
    parser.add_argument("--steps", type=int, default=100, help="steps of a trial")
    parser.add_argument(
        "--ends", type=int, default=1000, help="trials for the time at a trial's end"
    )
    given = parser.parse_args()
    places = [(task, 901 + number) for task in TASKS for number in range(given.rules)]
    print(
        "| writer | trials | precision | recall | F1 (95 % bootstrap interval) | causes reached "
        "| F1 of what was reached |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in ("clin", "evidence", "evidence, going back"):
        one = gone_back if "back" in name else partial(learned, name)
        found = [one(task, rules, given.steps) for task, rules in places]
        for after in AFTER:
            precision, recall, f1, reached, fair = (
                mean_of([each[after][part] for each in found]) for part in range(5)
            )
            told = (
                f"{each.mean:.2f} ({each.low:.2f} to {each.high:.2f}; n={each.n})"
                for each in (f1, fair)
            )
            print(
                f"| {name} | {after} | {precision.mean:.2f} | {recall.mean:.2f} | {next(told)} | "
                f"{reached.mean:.2f} | {next(told)} |"
            )
    took = trial_ends(given.ends, given.steps)
    print("\n| steps stored | ms at the end of a trial (median of 50) |\n|---|---|")
    for part in range(5):
        upto = max(50, len(took) * (part + 1) // 5)
        print(f"| {upto * given.steps:,} | {statistics.median(took[upto - 50 : upto]):.1f} |")


if __name__ == "__main__":
    main()
