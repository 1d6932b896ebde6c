"""What a database's runs say, compared: rows, tables, curves. Negative scores count as 0, as in the
paper's figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clin.analysis.statistics import Difference, Mean, Share, difference, mean_of, share_of
from clin.provenance import commit
from memory.store import RunRow, Store, TrialRow
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
        run.name for run in store.runs()
    } - sources(store)
    spent = spent_by_trial(store)
    found = []
    for run in store.runs():
        config = run.config
        if run.name not in wanted or config["model"]["reference"] == "person":
            continue
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
        budget=config["budget"],
        ending=str(trial.ending),
        read=spent.read,
        reused=spent.reused,
        written=spent.written,
        seconds=spent.seconds,
        stream=config.get("stream", ""),
        trials=config["trials"],
    )


def sources(store: Store) -> set[str]:
    """Runs on places where a meta-memory came from and nothing is compared: train variations,
    mostly. Left in, they would make plain ADAPT a mean over other places than the settings beside
    it."""
    configs = {run.name: run.config for run in store.runs()}
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
    found = []
    for name in dict.fromkeys(row.arm for row in table):
        mine = [row for row in table if row.arm == name]
        by_trial = [
            [row for row in mine if row.trial == number]
            for number in range(max(row.trial for row in mine) + 1)
        ]
        by_trial = list(itertools.takewhile(len, by_trial))
        found.append(
            Arm(
                name,
                tuple(mean_of([row.points for row in each]) for each in by_trial),
                tuple(sum(row.steps / row.budget for row in each) / len(each) for each in by_trial),
                *(
                    sum(getattr(row, key) for row in mine) / len(mine)
                    for key in ("read", "reused", "written", "seconds")
                ),
            )
        )
    return found


def by_task(table: Sequence[Row]) -> dict[str, dict[str, Mean]]:
    """Mean points of the last trial, by task and arm."""
    final = last_trials(table)
    return {
        task: {
            arm: mean_of([row.points for row in final if (row.task, row.arm) == (task, arm)])
            for arm in dict.fromkeys(row.arm for row in final if row.task == task)
        }
        for task in dict.fromkeys(row.task for row in final)
    }


def solved(table: Sequence[Row]) -> dict[str, dict[str, Share]]:
    """In how many runs the last trial reached 100 points, by task and arm; the whole under the name
    "all"."""
    final = last_trials(table)
    names = dict.fromkeys(row.arm for row in final)
    told = {"all": final} | {
        task: [row for row in final if row.task == task]
        for task in dict.fromkeys(row.task for row in final)
    }
    return {
        task: {
            arm: share_of(sum(row.points >= 100 for row in mine), len(mine))
            for arm in names
            if (mine := [row for row in rows if row.arm == arm])
        }
        for task, rows in told.items()
    }


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
    final = [row for row in table if row.trial == 0] if first else last_trials(table)
    left = {row.place: row.points for row in final if row.arm == one}
    right = {row.place: row.points for row in final if row.arm == other}
    places = sorted(left.keys() & right.keys())
    return (
        difference([left[place] for place in places], [right[place] for place in places])
        if places
        else None
    )


def gained(table: Sequence[Row], arm: str) -> Difference | None:
    """The last trial of each run of ``arm`` against its first."""
    first = {row.run: row.points for row in table if row.arm == arm and row.trial == 0}
    last = {row.run: row.points for row in last_trials(table) if row.arm == arm}
    runs = sorted(first.keys() & last.keys())
    return difference([last[run] for run in runs], [first[run] for run in runs]) if runs else None


def facts(store: Store, table: Sequence[Row]) -> dict[str, Any]:
    """What a reader must know to believe the figures: runs, models with their hashes, seeds,
    places; the days and the commits that the runs were played on, and those of this report."""
    names = {row.run for row in table}
    models: dict[str, str] = {}
    commits: set[str] = set()
    days: set[str] = set()
    for run in store.runs():
        if run.name in names:
            models[run.config["model"]["name"]] = run.config["model"]["sha256"]
            commits.add(run.config.get("versions", {}).get("commit", ""))
            days |= {run.started[:10], (run.ended or run.started)[:10]}
    return {
        "runs": len(names),
        "trials": len(table),
        "models": models,
        "seeds": sorted({row.seed for row in table}),
        "places": len({row.place[:3] for row in table}),
        "worlds": sorted({row.world for row in table}),
        "played": sorted(days),
        "commits": sorted(commits - {""}),
        "reported": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
    }
