"""Experience that was recorded elsewhere: a store's trials (``--from clin.db``) and files of expert
paths (``--paths``)."""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clin.analysis.readable import readable
from clin.distill.episodes import Episode, Shards, Taken
from clin.distill.places import Place, split
from clin.distill.practice import practice_of
from clin.errors import UserError
from clin.language import language_of
from memory.language import Language
from memory.store import RunRow, Store
from memory.trials import Ending, Trial

STRAIGHT_FROM = 100.0
"""Points from which a stored trial's actions are imitated; the others are only what memories are
written from."""


@dataclass
class Taking:
    """What came in and what was left out, and why."""

    episodes: int = 0
    held_out: int = 0
    known: int = 0

    def __str__(self) -> str:
        return (
            f"{self.episodes} episodes taken; left out: {self.held_out} of held-out "
            f"places, {self.known} places already there"
        )


def _add(shards: Shards, by_place: dict[Place, list[Episode]]) -> Taking:
    taking = Taking()
    for place, episodes in by_place.items():
        if split(place) != "train":
            taking.held_out += len(episodes)
        elif place in shards:
            taking.known += 1
        else:
            shards.add(episodes)
            taking.episodes += len(episodes)
    return taking


def from_store(shards: Shards, db: Path) -> Taking:
    """The ended trials of every run in ``db``. Held-out places are counted and left out."""
    if not db.is_file():
        raise UserError(f"no database '{db}'; `clin run` makes one")
    by_place: dict[Place, list[Episode]] = {}
    with Store(db, read_only=True) as store:
        for run in readable(store, ("world", "task", "variation", "world_options")):
            for episode in _of_run(store, run):
                by_place.setdefault(episode.place, []).append(episode)
    return _add(shards, by_place)


def _of_run(store: Store, run: RunRow) -> Iterator[Episode]:
    """Its ended trials, but for those without a step."""
    config = run.config
    place = Place.of(config["world"], config["task"], config["variation"], config["world_options"])
    language = language_of(place.world)
    for row in store.trials(run.name):
        if row.steps and row.ending is not None and row.ending is not Ending.CRASHED:
            yield _of_trial(place, store.trial(row.id), language)


def _of_trial(place: Place, trial: Trial, language: Language) -> Episode:
    """A won trial is imitated up to its refused actions and loops; of any other nothing is."""
    won = trial.score >= STRAIGHT_FROM
    steps = []
    for number, step in enumerate(trial.steps):
        again = number > 0 and trial.steps[number - 1].action == step.action
        idle = again or language.is_refused(step.observation)
        steps.append(Taken(step.action, step.observation, step.score, won and not idle))
    return Episode(place, "played", trial.goal, trial.opening, tuple(steps), trial.ending)


def from_paths(shards: Shards, file: Path, world: str = "scienceworld") -> Taking:
    """Paths of ``world`` as JSON lines, compressed or not.

    Rows have ``task``, ``var``, ``desc``, ``gold`` (and perhaps ``pruned`` and ``expl``); each step
    is ``[action, observation, score, done, mark]``, with mark 2 for what is not imitated.
    """
    if not file.is_file():
        raise UserError(f"no file '{file}' of expert paths")
    by_place: dict[Place, list[Episode]] = {}
    for row in _rows(file):
        place = Place.of(world, row["task"], row["var"], {})
        by_place.setdefault(place, []).extend(_of_row(place, row))
    return _add(shards, by_place)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    open_text = lzma.open if file.suffix == ".xz" else io.open
    try:
        with open_text(file, "rt", encoding="utf-8") as lines:
            rows = map(json.loads, lines)
            yield from (_checked(row, file) for row in rows)
    except UserError:
        raise
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise UserError(
            f"'{file}' is not JSON lines, compressed with xz or plain: {error}"
        ) from None


def _checked(row: dict[str, Any], file: Path) -> dict[str, Any]:
    if not {"task", "var", "desc", "gold"} <= row.keys():
        raise UserError(f"'{file}' is no file of expert paths: a row lacks task, var, desc or gold")
    return row


def _of_row(place: Place, row: dict[str, Any]) -> Iterator[Episode]:
    for kind, name in (("expert", "pruned"), ("expert", "gold")):
        if row.get(name):
            yield _episode(place, row["desc"], kind, row[name])
    for steps in row.get("expl", ()):
        if steps:
            yield _episode(place, row["desc"], "detours", steps)


def _episode(place: Place, goal: str, kind: str, rows: list[list[Any]]) -> Episode:
    """A path that starts in the right room shows no way there, so that nothing of it is imitated;
    mark 1 is a visit to a wrong room."""
    begun = practice_of(place.world).shows_the_way(rows[0][0])
    steps = tuple(
        Taken(action, seen.strip("\n"), float(score), begun and not mark)
        for action, seen, score, _, mark in rows
    )
    _, _, score, done, _ = rows[-1]
    ending = Ending.BUDGET
    if score >= 100:
        ending = Ending.WON
    elif done or score < 0:
        ending = Ending.LOST
    return Episode(place, kind, goal, "", steps, ending)
