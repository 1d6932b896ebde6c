"""Recorded trials as runs of a store, from which a memory is learned as they are told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clin.language import words_of
from clin.trajectories import Given
from memory.episode import Episode, Place
from memory.store import Store, TrialRow
from memory.store.merging import merge


@dataclass(frozen=True)
class Recorded:
    """A run that was made: its name, its trials, the links and the steps that were left out."""

    run: str
    trials: tuple[TrialRow, ...]
    links: int
    left_out: int


def record(db: Path, given: Iterable[Given], strategy: str) -> list[Recorded]:
    """Make a run of each place in the file ``db``, its trials in their order, with what the
    ``strategy`` learns of them. They are played into a file beside and come over in one
    transaction: all or none."""
    places: dict[tuple[object, ...], list[Given]] = {}
    for each in given:
        places.setdefault(each.place, []).append(each)
    with tempfile.TemporaryDirectory() as folder:
        loose = Path(folder) / "recorded.db"
        with Store(loose) as beside:
            for trials in places.values():
                _play(beside, trials, strategy)
        with Store(db) as store:
            names = merge(store, loose)
            return [
                _told(store, run, trials)
                for run, trials in zip(names, places.values(), strict=True)
            ]


def _play(store: Store, trials: list[Given], strategy: str) -> None:
    first = trials[0]
    place = Place(first.world, first.task, first.variation, first.options)
    language = words_of(first.world)
    with Episode(
        store, first.goal, place, language=language, strategy=strategy, who="import"
    ) as episode:
        for each in trials:
            episode.begin(each.opening)
            for step in each.steps:
                episode.step(step.action, step.observation, score=step.score, actions=step.actions)
            episode.end(each.ending, success=each.success)


def _told(store: Store, run: str, trials: list[Given]) -> Recorded:
    links = len(store.current_memory(run).links)
    return Recorded(run, tuple(store.trials(run)), links, sum(each.left_out for each in trials))
