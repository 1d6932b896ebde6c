"""How many lines of the memories of played runs tell a reader nothing: that looking, waiting or
walking somewhere did not contribute, or that something helped with a deed that helped with nothing.

    clin batch EXPERIMENT.toml --db lines.db
    python benchmarks/idle_lines.py lines.db
    python benchmarks/idle_lines.py before.db after.db --print > memories.md

Prints the lines of the last memories, how many of them are of either kind, and the mean points of
each trial with a 95 % bootstrap interval over runs; of two files also the paired difference.
``--print``: every memory in full instead, those of one place below each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clin.analysis.statistics import mean_of
from clin.language import language_of
from memory.evidence.worth import serving
from memory.language import Language
from memory.links import Link, Relation
from memory.store import Store


@dataclass(frozen=True)
class Played:
    """A run: its place, its goal, the points of each trial, and the links after the last."""

    place: str
    goal: str
    points: list[float]
    links: tuple[Link, ...]
    language: Language


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
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--print", action="store_true", help="every memory in full")
    asked = parser.parse_args()
    played = {file.stem: _runs(file) for file in asked.files}
    if asked.print:
        _print(played)
    else:
        _count(played)


def _runs(file: Path) -> dict[str, Played]:
    """The runs of a file by place."""
    found = {}
    with Store(file, read_only=True) as store:
        for run in store.runs():
            rows = store.trials(run.name)
            place = f"{rows[0].world} {rows[0].task} {rows[0].variation}"
            points = [max(0.0, row.score) for row in rows]
            links = store.current_memory(run.name).links
            language = language_of(run.config["world"])
            found[place] = Played(place, rows[0].goal, points, links, language)
    return found


def _count(played: dict[str, dict[str, Played]]) -> None:
    for name, runs in played.items():
        every = list(runs.values())
        lines = sum(len(run.links) for run in every)
        idle = sum(is_idle(link, run.language) for run in every for link in run.links)
        vain = sum(len(run.links) - len(serving(run.links, run.goal)) for run in every)
        print(f"{name}: {len(every)} runs, {lines} lines, {idle} idle, {vain} lead nowhere")
        for number, scores in enumerate(zip(*(run.points for run in every), strict=True)):
            print(f"  trial {number}: {mean_of(list(scores))}")
    if len(played) == 2:
        one, two = played.values()
        both = [place for place in one if place in two]
        for number in range(len(one[both[0]].points)):
            less = [two[place].points[number] - one[place].points[number] for place in both]
            print(f"the second less the first, trial {number}: {mean_of(less)}")


def _print(played: dict[str, dict[str, Played]]) -> None:
    first = next(iter(played.values()))
    for place, run in first.items():
        print(f"\n## {place}\n\n    {run.goal}")
        for name, runs in played.items():
            if place in runs:
                points = ", ".join(f"{each:.0f}" for each in runs[place].points)
                print(f"\n{name}, {points} points:\n")
                print("\n".join(f"    {link}" for link in runs[place].links) or "    (nothing)")


if __name__ == "__main__":
    main()
