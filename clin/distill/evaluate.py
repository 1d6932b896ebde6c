"""How a model does on held-out places, played by the project's own learner: the same code path for
every strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from clin.config import ModelInfo, RunConfig, versions
from clin.defaults import chosen_go_back, chosen_heed, chosen_repeats, chosen_writer
from clin.distill.places import Place
from clin.errors import UserError, nearest
from clin.learner import Learner
from clin.llms import LLM
from clin.rollout.scheduler import drive
from memory.store import Store
from worlds import find_task, world_module

PAPER = (
    "use-thermometer",
    "measure-melting-point-known-substance",
    "find-plant",
    "find-living-thing",
    "chemistry-mix",
    "chemistry-mix-paint-secondary-color",
    "lifespan-longest-lived",
    "lifespan-shortest-lived",
    "identify-life-stages-2",
    "identify-life-stages-1",
    "boil",
    "freeze",
    "grow-plant",
    "grow-fruit",
    "inclined-plane-determine-angle",
    "inclined-plane-friction-named-surfaces",
    "mendelian-genetics-known-plant",
    "mendelian-genetics-unknown-plant",
)
"""The paper's 18 tasks; its two find tasks are taken to be find-plant and find-living-thing."""
SHORT = (
    "find-living-thing",
    "find-non-living-thing",
    "lifespan-longest-lived",
    "lifespan-shortest-lived",
)
"""The four short tasks of the first experiment."""
RESAMPLES = 2000


def places(world: str, tasks: Sequence[str], split: str, per_task: int, seed: int) -> list[Place]:
    """``per_task`` places of each task from ``split`` (all for ``all``); for ``causal`` the rule
    seeds are of that split too. UserError for a split that does not exist."""
    module = world_module(world)
    names = {"all": [each.name for each in module.tasks()], "paper": PAPER, "short": SHORT}.get(
        " ".join(tasks), tasks
    )
    found = []
    for name in names:
        task = find_task(world, name)
        if split not in task.splits:
            raise UserError(
                f"no split '{split}' of {world}{nearest(split, task.splits)} (splits: "
                f"{', '.join(task.splits)})"
            )
        random = Random(f"{seed} {world} {task.name} {split}")
        numbers = list(task.splits[split])
        rules = getattr(module, "RULE_SPLITS", {}).get(split)
        for variation in random.sample(numbers, min(per_task, len(numbers))):
            found.append(
                Place.of(
                    world, task.name, variation, {"rules": random.choice(rules)} if rules else {}
                )
            )
    return found


@dataclass(frozen=True)
class Plan:
    """What is played: each place with each strategy, ``trials`` trials of ``budget`` steps."""

    places: Sequence[Place]
    strategies: Sequence[str]
    trials: int
    budget: int
    seed: int = 0
    heed: bool | None = None
    go_back: bool | None = None


def evaluate(
    store: Store,
    llm: LLM,
    reference: str,
    plan: Plan,
    *,
    lanes: int,
    tell: Callable[[int, int, str], None],
) -> None:
    """Play what ``store`` does not hold yet; interrupted, the same call goes on."""
    known = {_key(run.config): run for run in store.runs()}
    waiting = [
        config
        for config in (
            _config(llm, reference, place, strategy, plan)
            for strategy in plan.strategies
            for place in plan.places
        )
        if known.get(_key(config.model_dump(mode="json"))) is None
        or known[_key(config.model_dump(mode="json"))].state != "finished"
    ]

    def played(config: RunConfig, number: int) -> Iterable[Any]:
        before = known.get(_key(config.model_dump(mode="json")))
        yield from Learner(
            store, config, llm.card, llm.count, before.name if before else None
        ).adapt()
        tell(number, len(waiting), f"{config.strategy} {config.task} {config.variation}")

    # A Learner's generator is sent answers, which `yield from` passes on.
    drive([played(config, number) for number, config in enumerate(waiting, 1)], llm, lanes=lanes)  # type: ignore[misc]


def _config(llm: LLM, reference: str, place: Place, strategy: str, plan: Plan) -> RunConfig:
    return RunConfig.checked(
        world=place.world,
        task=place.task,
        variation=place.variation,
        world_options=dict(place.options),
        strategy=strategy,
        trials=plan.trials,
        budget=plan.budget,
        seed=plan.seed,
        writer=chosen_writer(None, llm.card),
        repeats=chosen_repeats(None, llm.card),
        heed=chosen_heed(plan.heed, llm.card),
        go_back=chosen_go_back(plan.go_back, strategy),
        model=ModelInfo.of(reference, llm.card, {}),
        versions=versions(),
    )


def _key(config: Mapping[str, Any]) -> str:
    place = Place.of(config["world"], config["task"], config["variation"], config["world_options"])
    fields = (
        config["strategy"],
        config["trials"],
        config["budget"],
        config["seed"],
        config.get("heed", False),
        config.get("go_back", False),
    )
    return f"{config['model']['sha256']} {' '.join(map(str, fields))} {place.key}"


@dataclass(frozen=True)
class Figure:
    """A mean of ``n`` values and its 95 % bootstrap interval."""

    n: int
    mean: float
    low: float
    high: float


def figure(values: Sequence[float]) -> Figure:
    """By 2,000 resamples of ``values`` (at least one) with a fixed seed."""
    random = Random(0)
    means = sorted(
        sum(random.choices(values, k=len(values))) / len(values) for _ in range(RESAMPLES)
    )
    return Figure(
        len(values),
        sum(values) / len(values),
        means[int(0.025 * RESAMPLES)],
        means[int(0.975 * RESAMPLES) - 1],
    )


@dataclass(frozen=True)
class Outcome:
    """One strategy's scores by place, a row of trials per finished run; negative scores count as
    0."""

    strategy: str
    scores: dict[str, tuple[float, ...]]

    def trial(self, number: int) -> Figure:
        return figure([row[number] for row in self.scores.values()])

    def gain(self) -> Figure:
        """The last trial less the first, place by place."""
        return figure([row[-1] - row[0] for row in self.scores.values()])

    def over(self, other: Outcome) -> Figure | None:
        """The last trial less the other strategy's, on the places that both have played; None where
        there is none."""
        both = [key for key in self.scores if key in other.scores]
        return (
            figure([self.scores[key][-1] - other.scores[key][-1] for key in both]) if both else None
        )


def outcomes(store: Store, sha256: str, plan: Plan) -> list[Outcome]:
    """What ``store`` holds of the plan, by strategy; strategies without a finished run are left
    out."""
    wanted = {(strategy, place.key) for strategy in plan.strategies for place in plan.places}
    rows: dict[str, dict[str, tuple[float, ...]]] = {}
    for run in store.runs():
        config = run.config
        place = Place.of(
            config["world"], config["task"], config["variation"], config["world_options"]
        )
        same = (config["model"]["sha256"], config["trials"], config["budget"], config["seed"]) == (
            sha256,
            plan.trials,
            plan.budget,
            plan.seed,
        )
        if same and run.state == "finished" and (config["strategy"], place.key) in wanted:
            rows.setdefault(config["strategy"], {})[place.key] = tuple(
                max(0.0, row.score) for row in store.trials(run.name)
            )
    return [Outcome(strategy, rows[strategy]) for strategy in plan.strategies if strategy in rows]
