"""How right the memories of played runs are, against the truth of `causal`: after the first trial
and after the last, by strategy.

clin batch bundled --db bundled.db
python benchmarks/grades.py bundled.db [MORE.db ...]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from clin.analysis.grading import Grade, grade_run
from clin.analysis.statistics import mean_of
from memory.store import Store


def graded(path: Path) -> dict[tuple[str, int], list[Grade]]:
    """Grades by (strategy, trial) of the runs of `causal` that ended and keep links."""
    grades: dict[tuple[str, int], list[Grade]] = defaultdict(list)
    with Store(path, read_only=True) as store:
        for run in store.runs():
            strategy, trials = run.config["strategy"], run.config["trials"]
            plain = (run.config["world"], run.config["setting"]) == ("causal", "adapt")
            if not plain or strategy not in ("clin", "evidence"):
                continue
            ended = [row for row in store.trials(run.name) if row.ending is not None]
            if len(ended) >= trials:
                for number in (0, trials - 1):
                    grades[strategy, number].append(grade_run(store, run.name, number))
    return grades


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    by_arm: dict[tuple[str, int], list[Grade]] = defaultdict(list)
    for path in parser.parse_args().files:
        for arm, grades in graded(path).items():
            by_arm[arm] += grades
    print(
        "| strategy | after trial | precision | recall | F1 (95 % bootstrap interval) "
        "|\n|---|---|---|---|---|"
    )
    for (strategy, number), grades in sorted(by_arm.items()):
        precision = mean_of([grade.precision or 0.0 for grade in grades]).mean
        recall = mean_of([grade.recall or 0.0 for grade in grades]).mean
        f1 = mean_of([grade.f1 for grade in grades])
        interval = f"{f1.mean:.2f} ({f1.low:.2f} to {f1.high:.2f}; n={f1.n})"
        print(f"| {strategy} | {number} | {precision:.2f} | {recall:.2f} | {interval} |")


if __name__ == "__main__":
    main()
