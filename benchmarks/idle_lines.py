"""How many lines of the memories of played runs tell a reader nothing: that looking, waiting or
walking somewhere did not contribute.

    clin batch EXPERIMENT.toml --db lines.db
    python benchmarks/idle_lines.py lines.db

Prints the lines of the last memories, how many of them are idle, and the mean points of each trial
with a 95 % bootstrap interval over runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from clin.analysis.statistics import mean_of
from clin.language import language_of
from memory.language import Language
from memory.links import Link, Relation
from memory.store import Store


def is_idle(link: Link, language: Language) -> bool:
    """Whether it says that looking, waiting or walking somewhere did not contribute."""
    kinds: Sequence[bool] = (
        language.is_look(link.cause),
        language.passes_time(link.cause),
        language.is_move(link.cause),
    )
    return link.relation is Relation.NOT_CONTRIBUTE and any(kinds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    lines = idle = 0
    points: list[list[float]] = []
    with Store(parser.parse_args().file, read_only=True) as store:
        for run in store.runs():
            language = language_of(run.config["world"])
            links = store.current_memory(run.name).links
            lines += len(links)
            idle += sum(is_idle(link, language) for link in links)
            points.append([max(0.0, row.score) for row in store.trials(run.name)])
    print(f"{len(points)} runs, {lines} lines, {idle} idle")
    for number, scores in enumerate(zip(*points, strict=True)):
        print(f"trial {number}: {mean_of(list(scores))}")


if __name__ == "__main__":
    main()
