"""What a worker of a cluster takes and keeps; the cluster is a stand-in, the models are real."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from clin.errors import UserError
from clin.experiments.cells import cells, configs_of
from clin.experiments.identity import identity
from clin.experiments.kept import OneModel
from clin.experiments.resources import Share, shared
from clin.experiments.runner import opened, played_with
from clin.experiments.spec import Batch
from clin.llms import LLM
from clin.options import Engine


def cluster(*machines: tuple[int, int]) -> SimpleNamespace:
    """Ray with machines of so many processors and GPUs."""
    nodes = [{"Alive": True, "Resources": {"CPU": cpu, "GPU": gpu}} for cpu, gpu in machines]
    total = {
        "CPU": sum(cpu for cpu, _ in machines),
        "GPU": sum(gpu for _, gpu in machines),
    }
    return SimpleNamespace(nodes=lambda: nodes, cluster_resources=lambda: total)


@pytest.mark.parametrize(
    ("machines", "engine", "workers", "share"),
    [
        ([(8, 0)], Engine(), 0, Share(8, 1, 0)),
        ([(8, 0)], Engine(), 2, Share(2, 2, 0)),
        ([(8, 0)], Engine(threads=4), 0, Share(2, 4, 0)),
        ([(8, 0)], Engine(threads=3), 5, Share(2, 3, 0)),
        ([(4, 0), (6, 0)], Engine(threads=4), 0, Share(2, 4, 0)),
        ([(4, 0), (6, 0)], Engine(), 1, Share(1, 3, 0)),
        ([(16, 2)], Engine(), 0, Share(2, 1, 1)),
        ([(16, 2)], Engine(gpu_layers=0), 0, Share(16, 1, 0)),
    ],
)
def test_workers_share_processors_and_gpus(
    machines: list[tuple[int, int]], engine: Engine, workers: int, share: Share
) -> None:
    assert shared(cluster(*machines), engine, workers) == share


def test_more_threads_than_any_machine_has_is_one_line() -> None:
    with pytest.raises(UserError, match=r"no machine .* has 8 processors \(the largest has 4\)"):
        shared(cluster((4, 0), (2, 0)), Engine(threads=8))


SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1]
strategies = ["none"]
"""


def test_a_worker_keeps_one_model_whatever_the_seeds() -> None:
    made: list[LLM] = []
    batch = Batch.checked(**tomllib.loads(SMALL))
    drawn = batch.but(sampling=batch.sampling.but(temperature=0.5))
    kept = OneModel()
    try:
        for one in (batch, drawn):
            for seed in (0, 1, 1):
                made.append(opened(one, "bundled", seed, kept))
        greedy, sampled = made[:3], made[3:]
        assert greedy[0] is greedy[1] is greedy[2]
        assert sampled[0] is not sampled[1] and sampled[1] is sampled[2]
        assert sampled[-1].count("go to hall") > 0
    finally:
        kept.close()


def test_every_setting_of_an_experiment_is_part_of_a_runs_identity(tmp_path: Path) -> None:
    from clin.llms.open import open_model

    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    reference = f"scripted:{tmp_path / 'second.json'}"
    model = open_model(reference)
    changes: list[dict[str, object]] = [
        {},
        {"trials": 2},
        {"budget": 7},
        {"seeds": [3]},
        {"writer": "rules"},
        {"temperature": 0.5},
        {"top_k": 3},
        {"ctx": 512},
        {"kv_type": "q8_0"},
        {"memory_mask": True},
        {"return_to_best": True},
        {"recall": "both"},
        {"recall": "both", "guidance": 2.0},
        {"think": 7},
        {"example": "repair:1"},
        {"world_options": {"causal": {"rules": 3}}},
        {"strategies": ["clin"]},
    ]
    names = set()
    for change in changes:
        batch = Batch.checked(**{**tomllib.loads(SMALL), "models": [reference], **change})
        played = played_with(batch, reference, model)
        names |= {identity(each) for each in configs_of(batch, cells(batch)[0], played)}
    assert len(names) == len(changes)
    for engine in (Engine(lanes=4), Engine(threads=1), Engine(gpu_layers=0)):
        batch = Batch.checked(**tomllib.loads(SMALL), models=[reference], engine=engine)
        played = played_with(batch, reference, model)
        assert {identity(each) for each in configs_of(batch, cells(batch)[0], played)} <= names
