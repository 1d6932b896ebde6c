"""The figures of lifelong learning: by hand, as properties, and against the l2metrics package on
logs in its format."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clin.analysis.lifelong import (
    Experience,
    efficiency,
    forgetting,
    maintenance,
    regimes,
    relative,
    transfer,
)


@st.composite
def sequences(draw) -> tuple[list[Experience], dict[str, list[float]]]:
    """Alternating learning blocks of one task and evaluations of all, and an expert's points for
    each task."""
    tasks = draw(
        st.lists(st.sampled_from(["a_0", "b_0", "c_0", "d_0"]), min_size=2, max_size=3, unique=True)
    )
    points = st.integers(1, 100).map(float)
    found = []
    order = draw(st.permutations(tasks * draw(st.integers(1, 2))))
    for number, task in enumerate(["", *order]):
        if task:
            found += [
                Experience(2 * number - 1, True, task, draw(points))
                for _ in range(draw(st.integers(1, 12)))
            ]
        found += [
            Experience(2 * number, False, each, draw(points))
            for each in tasks
            for _ in range(draw(st.integers(1, 2)))
        ]
    return found, {task: draw(st.lists(points, min_size=2, max_size=20)) for task in tasks}


def figures(found: list[Experience], experts: dict[str, list[float]]) -> dict[str, float | None]:
    sequence = regimes(found)
    return {
        "perf_maintenance_mrlep": maintenance(sequence),
        "forward_transfer_contrast": transfer(sequence, forward=True),
        "backward_transfer_contrast": transfer(sequence, forward=False),
        "ste_rel_perf": relative(sequence, experts),
        "sample_efficiency": efficiency(sequence, experts),
    }


def logged(found: list[Experience], folder: Path) -> Path:
    """The experiences in l2logger's format 1.1."""
    run = folder / "scenario-0"
    (run / "worker-0").mkdir(parents=True)
    (run / "logger_info.json").write_text(
        json.dumps({"metrics_columns": ["points"], "log_format_version": "1.1"})
    )
    (run / "scenario_info.json").write_text(
        json.dumps(
            {
                "author": "t",
                "complexity": "1-low",
                "difficulty": "1-easy",
                "scenario_type": "custom",
            }
        )
    )
    names = [
        "block_num",
        "exp_num",
        "worker_id",
        "block_type",
        "block_subtype",
        "task_name",
        "task_params",
        "exp_status",
        "timestamp",
        "points",
    ]
    lines = ["\t".join(names)]
    for number, each in enumerate(found):
        kind = "train" if each.learning else "test"
        lines.append(
            "\t".join(
                map(
                    str,
                    (
                        each.block,
                        number,
                        "worker-0",
                        kind,
                        "wake",
                        each.task,
                        "{}",
                        "complete",
                        "20261124T000000.000000",
                        each.points,
                    ),
                )
            )
        )
    (run / "worker-0" / "data-log.tsv").write_text("\n".join(lines) + "\n")
    return run


@settings(
    max_examples=6,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sequences())
def test_the_figures_are_those_of_l2metrics_on_the_same_logs(tmp_path_factory, made) -> None:
    report = pytest.importorskip(
        "l2metrics.report", reason="pip install l2metrics to compare with it"
    )
    pandas = pytest.importorskip("pandas")
    found, experts = made
    frames = {
        task: [
            pandas.DataFrame(
                {
                    "block_type": "train",
                    "exp_num": range(len(points)),
                    "points": points,
                    "regime_num": 0,
                    "task_name": task,
                }
            )
        ]
        for task, points in experts.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "load_ste_data", frames.get)
        # l2metrics 3.1 was written for NumPy 1.
        patch.setattr(numpy, "NaN", numpy.nan, raising=False)
        theirs = report.MetricsReport(
            log_dir=logged(found, tmp_path_factory.mktemp("l2")),
            perf_measure="points",
            transfer_method="contrast",
            smoothing_method="none",
            normalization_method="none",
            variant_mode="aware",
        )
        theirs.calculate()
    for name, mine in figures(found, experts).items():
        known = theirs.lifetime_metrics_df.get(name)
        value = (
            None
            if known is None or not len(known) or math.isnan(known.iloc[0])
            else float(known.iloc[0])
        )
        assert mine == (value if value is None else pytest.approx(value)), name


@settings(max_examples=30)
@given(sequences())
def test_names_of_tasks_do_not_matter(made) -> None:
    found, experts = made
    names = {
        task: f"other_{number}"
        for number, task in enumerate(dict.fromkeys(each.task for each in found))
    }
    renamed = [
        Experience(each.block, each.learning, names[each.task], each.points) for each in found
    ]
    assert figures(
        renamed, {names[task]: points for task, points in experts.items() if task in names}
    ) == figures(found, experts)


@settings(max_examples=30)
@given(sequences())
def test_contrasts_are_bounded_and_a_constant_learner_neither_forgets_nor_transfers(made) -> None:
    found, _ = made
    for forward in (True, False):
        value = transfer(regimes(found), forward=forward)
        assert value is None or -1 <= value <= 1
    constant = regimes([Experience(each.block, each.learning, each.task, 50.0) for each in found])
    for value in (
        maintenance(constant),
        forgetting(constant),
        transfer(constant, forward=True),
        transfer(constant, forward=False),
    ):
        assert value in (None, 0.0)


def test_by_hand() -> None:
    told = [
        (0, False, "a", 10),
        (0, False, "b", 10),
        (1, True, "a", 40),
        (2, False, "a", 40),
        (2, False, "b", 30),
        (3, True, "b", 60),
        (4, False, "a", 20),
        (4, False, "b", 60),
    ]
    sequence = regimes(Experience(*each) for each in told)
    # A fell from 40 to 20; b has no later evaluation.
    assert maintenance(sequence) == pytest.approx(-20)
    assert forgetting(sequence) == pytest.approx(((40 - 20) + (30 - 60)) / 2)
    assert transfer(sequence, forward=True) == pytest.approx((30 - 10) / 40)  # a taught b
    assert transfer(sequence, forward=False) == pytest.approx((20 - 40) / 60)  # b harmed a
    assert relative(sequence, {"a": [20.0], "b": [60.0, 90.0]}) == pytest.approx((2 + 1) / 2)
    assert efficiency(sequence, {"a": [20.0]}) is None
    rising = regimes([Experience(0, True, "a", points) for points in (0, 50, 100)])
    assert efficiency(rising, {"a": [0, 20, 50, 80, 100]}) == pytest.approx(4 / 2)
