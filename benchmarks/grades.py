"""How right the memories of played runs are, against the truth of `causal`: after the first trial
and after the last, by strategy.

clin batch bundled --db bundled.db
python benchmarks/grades.py bundled.db [MORE.db ...]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

sys.path = [
    each for each in sys.path if Path(each).resolve() != Path(__file__).parent
]  # or benchmarks/memory.py would be `memory`

from clin.analysis.grading import Grade, grade_run  # noqa: E402
from clin.analysis.statistics import mean_of  # noqa: E402
from memory.store import Store  # noqa: E402


def graded(path: Path) -> dict[tuple[str, int], list[Grade]]:
    """Grades by (strategy, trial) of the runs of `causal` that ended and keep links."""
    found: dict[tuple[str, int], list[Grade]] = defaultdict(list)
    with Store(path, read_only=True) as store:
        for run in store.runs():
            config = run.config
            if (
                config["world"] != "causal"
                or config["setting"] != "adapt"
                or config["strategy"] not in ("clin", "evidence")
            ):
                continue
            last = config["trials"] - 1
            if len([row for row in store.trials(run.name) if row.ending is not None]) > last:
                for number in (0, last):
                    found[config["strategy"], number].append(grade_run(store, run.name, number))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    found: dict[tuple[str, int], list[Grade]] = defaultdict(list)
    for path in parser.parse_args().files:
        for key, grades in graded(path).items():
            found[key] += grades
    print(
        "| strategy | after trial | precision | recall | F1 (95 % bootstrap interval) "
        "|\n|---|---|---|---|---|"
    )
    for (strategy, number), grades in sorted(found.items()):
        precision, recall, f1 = (
            mean_of([getattr(each, name) or 0.0 for each in grades])
            for name in ("precision", "recall", "f1")
        )
        told = f"{f1.mean:.2f} ({f1.low:.2f} to {f1.high:.2f}; n={f1.n})"
        print(f"| {strategy} | {number} | {precision.mean:.2f} | {recall.mean:.2f} | {told} |")


if __name__ == "__main__":
    main()
