"""What a database's runs say, compared: rows, tables, curves. Negative scores count as 0, as in the
paper's figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clin.analysis.readable import readable
from clin.analysis.statistics import Difference, Mean, Share, difference, mean_of, share_of
from clin.provenance import commit
from memory.store import RunRow, Store, StoreError, TrialRow
from memory.store.overview import Spent, spent_by_trial
from memory.trials import Ending


@dataclass(frozen=True)
class Row:
    """One ended trial. ``score`` is the world's, negative where it says so; tokens and seconds are
    the models'."""

    run: str
    world: str
    task: str
    variation: int
    setting: str
    strategy: str
    model: str
    seed: int
    trial: int
    score: float
    steps: int
    budget: int
    ending: str
    read: int
    reused: int
    written: int
    seconds: float
    stream: str = ""
    trials: int = 0
    """How many trials its run was to have."""
    choices: int = 0
    """How many times the model chose an action."""
    matched: int = 0
    """How many of these replies were none of the actions, so that the nearest was taken."""

    @property
    def points(self) -> float:
        """The score, not below 0."""
        return max(0.0, self.score)

    @property
    def arm(self) -> str:
        """What is compared: the strategy, and what sets it apart from plain ADAPT with one
        model."""
        return self.strategy if self.setting == "adapt" else f"{self.strategy} {self.setting}"

    @property
    def place(self) -> tuple[str, str, int, str, int]:
        """What pairs two arms."""
        return self.world, self.task, self.variation, self.model, self.seed


def rows(store: Store, runs: Sequence[str] = ()) -> list[Row]:
    """Every ended trial of ``runs``; a person's and crashed ones are left out. By default of all
    runs but those that were played for others to learn from."""
    wanted = {store.run(name).name for name in runs} or {
        run.name for run in readable(store)
    } - sources(store)
    spent = spent_by_trial(store)
    found = []
    for run in readable(store):
        config = run.config
        if run.name not in wanted or config["model"]["reference"] == "person":
            continue
        with suppress(StoreError):  # a row of its trials is bad; `clin memory check` tells of it
            for trial in store.trials(run.name):
                if trial.ending is not None and trial.ending is not Ending.CRASHED:
                    found.append(_row(run, trial, spent.get(trial.id, Spent())))
    return found


def _row(run: RunRow, trial: TrialRow, spent: Spent) -> Row:
    config = run.config
    return Row(
        run=run.name,
        world=config["world"],
        task=config["task"],
        variation=config["variation"],
        setting=config["setting"],
        strategy=config["strategy"],
        model=config["model"]["name"],
        seed=config["seed"],
        trial=trial.number,
        score=trial.score,
        steps=trial.steps,
        budget=config["budget"] or trial.steps or 1,  # a loop of its own has no budget
        ending=str(trial.ending),
        read=spent.read,
        reused=spent.reused,
        written=spent.written,
        seconds=spent.seconds,
        stream=config.get("stream", ""),
        choices=spent.choices,
        matched=spent.matched,
        trials=config["trials"],
    )


def sources(store: Store) -> set[str]:
    """Runs on places where a meta-memory came from and nothing is compared: train variations,
    mostly. Left in, they would make plain ADAPT a mean over other places than the settings beside
    it."""
    needed = ("world", "task", "variation", "setting", "start")
    configs = {run.name: run.config for run in readable(store, needed)}
    compared = {_ground(config) for config in configs.values() if config["setting"] != "adapt"}
    learned_from = {
        (config["world"], task, int(variation))
        for config in configs.values()
        if config["setting"] != "adapt"
        for task, _, variation in (place.rpartition(":") for place in config["start"].split())
    }
    return {
        name
        for name, config in configs.items()
        if config["setting"] == "adapt" and _ground(config) in learned_from - compared
    }


def _ground(config: Mapping[str, Any]) -> tuple[str, str, int]:
    return config["world"], config["task"], config["variation"]


@dataclass(frozen=True)
class Arm:
    """One strategy in one setting: mean points by trial, steps as a share of the budget, what it
    cost per trial."""

    name: str
    curve: tuple[Mean, ...]
    share: tuple[float, ...]
    read: float
    reused: float
    written: float
    seconds: float


def arms(table: Sequence[Row]) -> list[Arm]:
    """The arms, in order of first appearance. Every run counts once per trial."""
    return [_arm(name, rows) for name, rows in _grouped(table, lambda row: row.arm).items()]


def _arm(name: str, rows: Sequence[Row]) -> Arm:
    """The curve ends before the first trial that no run has."""
    numbers = range(max(row.trial for row in rows) + 1)
    every_trial = ([row for row in rows if row.trial == number] for number in numbers)
    trials = list(itertools.takewhile(len, every_trial))
    return Arm(
        name,
        curve=tuple(mean_of([row.points for row in trial]) for trial in trials),
        share=tuple(_mean([row.steps / row.budget for row in trial]) for trial in trials),
        read=_mean([row.read for row in rows]),
        reused=_mean([row.reused for row in rows]),
        written=_mean([row.written for row in rows]),
        seconds=_mean([row.seconds for row in rows]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _grouped(table: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """The rows by ``key``, in order of first appearance."""
    groups: dict[str, list[Row]] = {}
    for row in table:
        groups.setdefault(key(row), []).append(row)
    return groups


def by_task(table: Sequence[Row]) -> dict[str, dict[str, Mean]]:
    """Mean points of the last trial, by task and arm."""
    means: dict[str, dict[str, Mean]] = {}
    for task, rows in _grouped(last_trials(table), lambda row: row.task).items():
        by_arm = _grouped(rows, lambda row: row.arm)
        means[task] = {arm: mean_of([row.points for row in mine]) for arm, mine in by_arm.items()}
    return means


def solved(table: Sequence[Row]) -> dict[str, dict[str, Share]]:
    """In how many runs the last trial reached 100 points, by task and arm; the whole under the name
    "all"."""
    final = last_trials(table)
    shares: dict[str, dict[str, Share]] = {}
    for task, rows in ({"all": final} | _grouped(final, lambda row: row.task)).items():
        by_arm = _grouped(rows, lambda row: row.arm)
        shares[task] = {arm: _solved(mine) for arm, mine in by_arm.items()}
    return shares


def _solved(rows: Sequence[Row]) -> Share:
    return share_of(sum(row.points >= 100 for row in rows), len(rows))


def last_trials(table: Iterable[Row]) -> list[Row]:
    """The last trial of each run."""
    last: dict[str, Row] = {}
    for row in table:
        if row.run not in last or row.trial > last[row.run].trial:
            last[row.run] = row
    return list(last.values())


def against(
    table: Sequence[Row], one: str, other: str, *, first: bool = False
) -> Difference | None:
    """The last trials of arm ``one`` (the ``first`` ones if so asked) against those of ``other`` on
    the same places; None where they share none."""
    compared = [row for row in table if row.trial == 0] if first else last_trials(table)
    left = {row.place: row.points for row in compared if row.arm == one}
    right = {row.place: row.points for row in compared if row.arm == other}
    places = sorted(left.keys() & right.keys())
    if not places:
        return None
    return difference([left[place] for place in places], [right[place] for place in places])


def gained(table: Sequence[Row], arm: str) -> Difference | None:
    """The last trial of each run of ``arm`` against its first."""
    first = {row.run: row.points for row in table if row.arm == arm and row.trial == 0}
    last = {row.run: row.points for row in last_trials(table) if row.arm == arm}
    runs = sorted(first.keys() & last.keys())
    if not runs:
        return None
    return difference([last[run] for run in runs], [first[run] for run in runs])


def facts(store: Store, table: Sequence[Row]) -> dict[str, Any]:
    """What a reader must know to believe the figures: runs, models with their hashes, seeds,
    places; the days and the commits that the runs were played on, and those of this report."""
    names = {row.run for row in table}
    played = [run for run in readable(store) if run.name in names]
    models = {run.config["model"]["name"]: run.config["model"]["sha256"] for run in played}
    commits = {run.config.get("versions", {}).get("commit", "") for run in played}
    days = {run.started[:10] for run in played}
    days |= {(run.ended or run.started)[:10] for run in played}
    return {
        "runs": len(names),
        "trials": len(table),
        "models": models,
        "matched": {
            name: [sum(row.matched for row in mine), sum(row.choices for row in mine)]
            for name, mine in _grouped(table, lambda row: row.model).items()
        },
        "seeds": sorted({row.seed for row in table}),
        "places": len({row.place[:3] for row in table}),
        "worlds": sorted({row.world for row in table}),
        "played": sorted(days),
        "commits": sorted(commits - {""}),
        "reported": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
    }
