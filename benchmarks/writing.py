"""How near the memories that a small model writes come to those that rules write, on stored trials.

    python benchmarks/writing.py DATABASE [--model bundled]

For each trial of the runs in DATABASE (played on places that nobody was trained on) the model
revises the memory that the trial had read, as `--writer model` would; the rules read all trials of
the run up to it. A link agrees when it says the same of the same cause and effect, whatever its
hedge. For `causal` both are held against the world's truth.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path = [
    each for each in sys.path if Path(each).resolve() != Path(__file__).parent
]  # or benchmarks/memory.py would be `memory`

from clin.analysis.grading import grade  # noqa: E402
from clin.analysis.statistics import mean_of  # noqa: E402
from clin.language import language_of  # noqa: E402
from clin.llms import LLM, Question  # noqa: E402
from clin.llms.open import open_model  # noqa: E402
from clin.prompts.compact_writer import ROOM, asked, grammar  # noqa: E402
from memory import rules  # noqa: E402
from memory.language import Language  # noqa: E402
from memory.links import Link, read  # noqa: E402
from memory.store import RunRow, Store  # noqa: E402
from memory.strategies import RevisionRequest  # noqa: E402
from memory.trials import Trial  # noqa: E402
from worlds import open_world  # noqa: E402


def written(llm: LLM, trial: Trial, language: Language) -> tuple[Link, ...]:
    """What the model makes of ``trial``."""
    about = RevisionRequest(trial, language)
    parts = asked(about, llm.count, llm.card.context)
    question = Question(parts, grammar=grammar(about), max_tokens=ROOM - 64, role="revise")
    llm.submit(question, lane=0)
    return read(llm.ready()[0][1].text).links


def scores(found: Sequence[Link], wanted: Sequence[Link]) -> tuple[float, float, float]:
    """Precision, recall and F1; an empty memory where none is wanted is right."""
    said, asked = {each.sense for each in found}, {each.sense for each in wanted}
    if not said or not asked:
        return (float(said == asked),) * 3
    precision, recall = len(said & asked) / len(said), len(said & asked) / len(asked)
    return (
        precision,
        recall,
        2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def compared(
    store: Store, llm: LLM, run: RunRow, most: int
) -> Iterator[tuple[tuple[float, float, float], float, tuple[float, float] | None]]:
    """For each of the first ``most`` trials: agreement, seconds, and F1 of model and rules against
    the truth where there is one."""
    config = run.config
    world = (
        open_world(config["world"], config["task"], config["variation"], **config["world_options"])
        if config["world"] == "causal"
        else None
    )
    language = language_of(config["world"])
    trials: list[Trial] = []
    for row in store.trials(run.name)[:most]:
        trials.append(store.trial(row.id))
        began = time.perf_counter()
        mine = written(llm, trials[-1], language)
        took, theirs = time.perf_counter() - began, rules.links(trials, language)
        truth = world.truth() if world else None
        yield (
            scores(mine, theirs),
            took,
            (grade(mine, truth).f1, grade(theirs, truth).f1) if truth else None,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database", type=Path)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--trials", type=int, default=2, help="trials of each run, from the first")
    given = parser.parse_args()
    llm = open_model(given.model, seed=0, threads=1)
    print(
        "| world | memories | precision | recall | F1 (95 % bootstrap interval) | seconds each | "
        "F1 against the truth: model | rules |\n|---|---|---|---|---|---|---|---|"
    )
    with Store(given.database) as store:
        runs = [run for run in store.runs() if run.config["strategy"] in ("clin", "none")]
        for world in dict.fromkeys(run.config["world"] for run in runs):
            found = [
                each
                for run in runs
                if run.config["world"] == world
                for each in compared(store, llm, run, given.trials)
            ]
            precision, recall, f1 = (
                mean_of([each[0][part] for each in found]) for part in range(3)
            )
            truths = [each[2] for each in found if each[2]]
            told = [
                f"{mean_of([each[part] for each in truths]).mean:.2f}" if truths else ""
                for part in range(2)
            ]
            seconds = sum(each[1] for each in found) / len(found)
            print(
                f"| {world} | {f1.n} | {precision.mean:.2f} | {recall.mean:.2f} | {f1.mean:.2f} "
                f"({f1.low:.2f} to {f1.high:.2f}) | {seconds:.2f} | "
                f"{told[0]} | {told[1]} |"
            )
    llm.close()


if __name__ == "__main__":
    main()
