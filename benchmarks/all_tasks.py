"""One test variation of each of the 30 ScienceWorld tasks, 2 trials each, with the bundled model:
does it all hold?

    python benchmarks/all_tasks.py --db all_tasks.db --out docs/results/all-tasks.md

It can be interrupted and started again: runs that the database holds are not played twice.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path = [
    each for each in sys.path if Path(each).resolve() != Path(__file__).parent
]  # or memory.py here is `memory`

from clin.config import ModelInfo, RunConfig, versions  # noqa: E402
from clin.learner import Learner  # noqa: E402
from clin.llms.open import open_model  # noqa: E402
from clin.rollout.scheduler import drive  # noqa: E402
from memory.store import Store  # noqa: E402
from worlds import world_module  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--budget", type=int, default=100)
    given = parser.parse_args()
    llm = open_model("bundled")
    began = time.monotonic()
    with Store(given.db) as store:
        known = {(run.config["task"], run.config["variation"]): run for run in store.runs()}
        for task in world_module("scienceworld").tasks():
            variation = task.splits["test"][0]
            config = RunConfig(
                task=task.name,
                variation=variation,
                writer="rules",
                trials=given.trials,
                budget=given.budget,
                model=ModelInfo.of("bundled", llm.card),
                versions=versions(),
            )
            before = known.get((task.name, variation))
            if before is None or before.state != "finished":
                learner = Learner(
                    store, config, llm.card, llm.count, before.name if before else None
                )
                drive([learner.adapt()], llm)
            print(f"{time.monotonic() - began:6.0f} s  {task.name}", flush=True)
        given.out.write_text(page(store, llm.card.sha256, given, time.monotonic() - began))


def page(store: Store, sha256: str, given: argparse.Namespace, seconds: float) -> str:
    """The table as Markdown."""
    heads = "".join(f" trial {k} | steps | ended |" for k in range(given.trials))
    lines = [
        f"| task | variation |{heads} links |",
        "|---|---|" + "---|---|---|" * given.trials + "---|",
    ]
    scores = []
    for run in store.runs():
        rows = store.trials(run.name)
        cells = "".join(f" {row.score:g} | {row.steps} | {row.ending} |" for row in rows)
        links = len(store.version_after(run.name, rows[-1].number).memory.links)
        lines.append(f"| {run.config['task']} | {run.config['variation']} |{cells} {links} |")
        scores.append([max(0.0, row.score) for row in rows])
    means = ", ".join(
        f"trial {k}: {sum(s[k] for s in scores) / len(scores):.1f}" for k in range(given.trials)
    )
    return f"""# All 30 ScienceWorld tasks, one test variation each

Does every task run to its end? This table answers that, not how well the agent learns: one \
variation per task is n = 1.

    python benchmarks/all_tasks.py --db all_tasks.db --out docs/results/all-tasks.md

{datetime.now(UTC):%Y-%m-%d}; bundled model, sha256 {sha256[:16]}…; strategy clin, memory written \
by rules; simplifications
easy; budget {given.budget} steps; seed 0; {len(scores)} runs in {seconds:.0f} s, no crash. Mean \
score with negative scores
counted as 0: {means} (n = {len(scores)}).

{chr(10).join(lines)}
"""


if __name__ == "__main__":
    main()
