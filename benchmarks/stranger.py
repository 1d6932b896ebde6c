"""A stranger's loop: an agent that clin does not run records trials of ``causal`` through the
server of `clin mcp` and reads the memory back. Is it what `clin run` makes of the same steps?

    python benchmarks/stranger.py [--trials 200] [--budget 30] [--task repair] [--variation 203]

A seeded random explorer plays the trials as the model of `clin run`, with the default strategy and
the rules as writer. Then the same steps go through ``memory.episode.Episode``, and through the
protocol's official client to a server in a process of its own. It prints for each way the links,
and how they stand against the truth; it exits with 1 where the ways differ. It takes the extra
``[mcp]``.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

sys.path.insert(0, str(Path(__file__).parent.parent))

from clin.analysis.grading import grade
from clin.config import ModelInfo, RunConfig
from clin.language import language_of
from clin.learner import Learner
from clin.llms import Answer
from clin.llms.open import open_model
from clin.options import Prompting
from memory.episode import Episode, Place
from memory.links import parse
from memory.store import Store
from memory.trials import Trial
from worlds import open_world

ROOT, WORLD = Path(__file__).parent.parent, "causal"


@dataclass(frozen=True)
class Learned:
    """What a way made of the steps: the links as text, and their tallies as text."""

    links: tuple[str, ...]
    tallies: dict[str, str]
    seconds: float


def played(db: Path, place: Place, trials: int, budget: int, seed: int = 0) -> Learned:
    """Trials whose actions a seeded explorer chooses in the model's place."""
    chance, since = random.Random(seed), time.perf_counter()
    with Store(db) as store:
        llm = open_model("bundled", threads=1)
        config = RunConfig(
            world=place.world,
            task=place.task,
            variation=place.variation,
            trials=trials,
            budget=budget,
            writer="rules",
            prompting=Prompting(recall="step"),
            model=ModelInfo.of("bundled", llm.card),
        )
        learner = Learner(store, config, llm.card, llm.count)
        asking = learner.adapt()
        try:
            question = next(asking)
            while True:
                question = asking.send(Answer(chance.choice(question.choices)))
        except StopIteration:
            pass
        llm.close()
        return learned(store, str(learner.run), since)


def learned(store: Store, run: str, since: float) -> Learned:
    """What stands in the file."""
    last = store.trials(run)[-1].number
    tallies = {str(link): str(tally) for link, tally in store.tallies(run, last).items()}
    links = tuple(map(str, store.current_memory(run).links))
    return Learned(links, tallies, time.perf_counter() - since)


def trials_of(db: Path) -> list[Trial]:
    """The trials of the only run in a file."""
    with Store(db, read_only=True) as store:
        return [store.trial(row.id) for row in store.trials("r1")]


def recorded(db: Path, place: Place, trials: Sequence[Trial]) -> Learned:
    """The same steps through Python."""
    since, language = time.perf_counter(), language_of(place.world)
    with Store(db) as store:
        with Episode(store, trials[0].goal, place, language=language) as episode:
            for trial in trials:
                episode.begin(trial.opening)
                for each in steps_of(trial):
                    episode.step(**each)
                episode.end()
        return learned(store, episode.run, since)


def steps_of(trial: Trial) -> list[dict[str, Any]]:
    """The steps of a trial as arguments of a tool."""
    return [
        {
            "action": step.action,
            "observation": step.observation,
            "score": step.score,
            "actions": sorted(offered or ()),
        }
        for step, offered in zip(trial.steps, trial.admissible, strict=True)
    ]


def over_the_wire(db: Path, place: Place, trials: Sequence[Trial]) -> Learned:
    """The same steps through the official client, to a server in a process of its own."""
    return anyio.run(_over_the_wire, db, place, trials)


async def _over_the_wire(db: Path, place: Place, trials: Sequence[Trial]) -> Learned:
    since = time.perf_counter()
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "clin.cli", "mcp", "--db", str(db)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    where = {"world": place.world, "task": place.task, "variation": place.variation}
    async with Client(server) as client:
        for trial in trials:
            if trial.number:
                await told(client, "begin_trial", run="r1", opening=trial.opening)
            else:
                goal = {"goal": trial.goal, "opening": trial.opening}
                await told(client, "begin_episode", **goal, **where)
            await told(client, "record_steps", run="r1", steps=steps_of(trial))
            await told(client, "end_trial", run="r1")
        read = await told(client, "read_memory", run="r1")
    return Learned(tuple(read["memory"]), read["tallies"], time.perf_counter() - since)


async def told(client: Client, tool: str, **given: Any) -> dict[str, Any]:
    """What a tool answers."""
    done = await client.call_tool(tool, given)
    if done.is_error:
        raise SystemExit(f"{tool}: {done.content}")
    answer: dict[str, Any] = done.structured_content
    return answer


def three_ways(folder: Path, place: Place, trials: int, budget: int) -> dict[str, Learned]:
    """What each way makes of the same steps."""
    ways = {"clin run": played(folder / "run.db", place, trials, budget)}
    same = trials_of(folder / "run.db")
    others: dict[str, Callable[[Path, Place, Sequence[Trial]], Learned]] = {
        "memory.episode": recorded,
        "clin mcp": over_the_wire,
    }
    for number, (name, way) in enumerate(others.items()):
        ways[name] = way(folder / f"{number}.db", place, same)
    return ways


def row(name: str, way: Learned, place: Place) -> str:
    """A line of the table."""
    truth = open_world(place.world, place.task, place.variation).truth()
    found = grade([*map(parse, way.links)], truth)
    shares = f"{found.precision or 0:.3f} | {found.recall or 0:.3f} | {found.f1:.4f}"
    return f"| {name} | {len(way.links)} | {shares} | {way.seconds:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--budget", type=int, default=30, help="steps of a trial")
    parser.add_argument("--task", default="repair")
    parser.add_argument("--variation", type=int, default=203)
    asked = parser.parse_args()
    place = Place(WORLD, asked.task, asked.variation)
    with tempfile.TemporaryDirectory() as folder:
        ways = three_ways(Path(folder), place, asked.trials, asked.budget)
        steps = [len(trial.steps) for trial in trials_of(Path(folder) / "run.db")]
    print(f"{len(steps)} trials, {sum(steps)} steps, {asked.task} {asked.variation}")
    print("| way | links | precision | recall | F1 | seconds |")
    print("|---|---|---|---|---|---|")
    for name, way in ways.items():
        print(row(name, way, place))
    made = {(way.links, tuple(sorted(way.tallies.items()))) for way in ways.values()}
    print("All ways have the same links and tallies." if len(made) == 1 else "The ways differ.")
    sys.exit(len(made) != 1)


if __name__ == "__main__":
    main()
