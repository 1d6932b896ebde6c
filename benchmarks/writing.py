"""What the memories that a model writes are worth, line by line, or against those of rules.

    python benchmarks/writing.py DATABASE
    python benchmarks/writing.py DATABASE --model bundled

The first judges the replies that are stored in DATABASE: the shares of their lines that are
readable, grounded and say something, by the rule of clin/analysis/writing.py.

The second has a model with a form of its own write. For each trial of the runs in DATABASE (played
on places that nobody was trained on) it revises the memory that the trial had read, as `--writer
model` would; the rules read all trials of the run up to it. A link agrees when it says the same of
the same cause and effect, whatever its hedge. For `causal` both are held against the world's truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clin.analysis.grading import grade
from clin.analysis.statistics import mean_of
from clin.analysis.writing import VERDICTS, Line, shares, written
from clin.language import language_of
from clin.llms import LLM, Question
from clin.llms.open import open_model
from clin.prompts.compact_writer import ROOM, asked, grammar
from memory import rules
from memory.language import Language
from memory.links import Link, read
from memory.store import RunRow, Store
from memory.strategies import RevisionRequest
from memory.trials import Trial
from worlds import open_world
from worlds.causal import Causal
from worlds.causal.truth import Truth


@dataclass(frozen=True)
class Agreement:
    """How near one memory comes to another, as shares of 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 where both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Compared:
    """A memory of the model against the rules', and the F1 of both against the truth where there is
    one."""

    agreement: Agreement
    seconds: float
    truth: tuple[float, float] | None


def asked_of(llm: LLM, trial: Trial, language: Language) -> tuple[Link, ...]:
    """What the model makes of ``trial``."""
    about = RevisionRequest(trial, language)
    parts = asked(about, llm.count, llm.card.context)
    question = Question(parts, grammar=grammar(about), max_tokens=ROOM - 64, role="revise")
    llm.submit(question, lane=0)
    return read(llm.ready()[0][1].text).links


def agreement(links: Sequence[Link], wanted: Sequence[Link]) -> Agreement:
    """An empty memory where none is wanted is right."""
    said, asked = {link.sense for link in links}, {link.sense for link in wanted}
    if not said or not asked:
        return Agreement(float(said == asked), float(said == asked))
    return Agreement(len(said & asked) / len(said), len(said & asked) / len(asked))


def compared(store: Store, llm: LLM, run: RunRow, most: int) -> Iterator[Compared]:
    """The memories after each of the first ``most`` trials."""
    truth, language = truth_of(run), language_of(run.config["world"])
    trials: list[Trial] = []
    for row in store.trials(run.name)[:most]:
        trials.append(store.trial(row.id))
        began = time.perf_counter()
        mine = asked_of(llm, trials[-1], language)
        took, theirs = time.perf_counter() - began, rules.links(trials, language)
        right = (grade(mine, truth).f1, grade(theirs, truth).f1) if truth else None
        yield Compared(agreement(mine, theirs), took, right)


def truth_of(run: RunRow) -> Truth | None:
    """What holds where ``run`` was played, where that is known."""
    config = run.config
    if config["world"] != "causal":
        return None
    place = config["world"], config["task"], config["variation"]
    world = open_world(*place, **config["world_options"])
    assert isinstance(world, Causal)
    return world.truth()


def line(world: str, memories: Sequence[Compared]) -> str:
    """A line of the table."""
    precision = mean_of([memory.agreement.precision for memory in memories]).mean
    recall = mean_of([memory.agreement.recall for memory in memories]).mean
    f1 = mean_of([memory.agreement.f1 for memory in memories])
    seconds = sum(memory.seconds for memory in memories) / len(memories)
    truths = [memory.truth for memory in memories if memory.truth]
    model, by_rules = "", ""
    if truths:
        model = f"{mean_of([f1 for f1, _ in truths]).mean:.2f}"
        by_rules = f"{mean_of([f1 for _, f1 in truths]).mean:.2f}"
    return (
        f"| {world} | {f1.n} | {precision:.2f} | {recall:.2f} | {f1.mean:.2f} ({f1.low:.2f} to "
        f"{f1.high:.2f}) | {seconds:.2f} | {model} | {by_rules} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database", type=Path)
    parser.add_argument("--model", help="have it write, and compare it with the rules")
    parser.add_argument("--trials", type=int, default=2, help="trials of each run, from the first")
    given = parser.parse_args()
    with Store(given.database, read_only=not given.model) as store:
        if given.model:
            compare(store, given.model, given.trials)
        else:
            judge_stored(store)


def judge_stored(store: Store) -> None:
    """The table of stored replies, by world, strategy and writer."""
    print(f"| world | strategy | writer | replies | lines | {' | '.join(VERDICTS)} |")
    print("|---" * (5 + len(VERDICTS)) + "|")
    found: dict[tuple[str, ...], list[list[Line]]] = {}
    for run in store.runs():
        config = run.config
        models = config.get("role_models") or {}
        writer = models.get("writer", config["model"])["name"]
        key = (config["world"], config["strategy"], writer)
        found.setdefault(key, []).extend(written(store, run.name))
    for key, replies in found.items():
        lines = [line for reply in replies for line in reply]
        figures = " | ".join(f"{each:.2f}" for each in shares(lines).values())
        if replies:
            print(f"| {' | '.join(key)} | {len(replies)} | {len(lines)} | {figures} |")


def compare(store: Store, model: str, trials: int) -> None:
    """The table of a model's memories beside those of the rules."""
    llm = open_model(model, seed=0, threads=1)
    print(
        "| world | memories | precision | recall | F1 (95 % bootstrap interval) | seconds each | "
        "F1 against the truth: model | rules |\n|---|---|---|---|---|---|---|---|"
    )
    memories: dict[str, list[Compared]] = {}
    for run in store.runs():
        if run.config["strategy"] in ("clin", "none"):
            of_world = memories.setdefault(run.config["world"], [])
            of_world += compared(store, llm, run, trials)
    for world, of_world in memories.items():
        print(line(world, of_world))
    llm.close()


if __name__ == "__main__":
    main()
