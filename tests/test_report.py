"""Reports: transfer task by task, whether a memory falls below its best, and curves as a
picture."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT, Clin
from hypothesis import given
from hypothesis import strategies as st

from clin.analysis.plots import Panel, panels, svg, ticks
from clin.analysis.report import Row
from clin.analysis.sequences import lifelong
from clin.analysis.statistics import FEW, difference
from clin.analysis.tables import markdown
from clin.analysis.transfer import counted, transfers
from clin.config import versions
from clin.provenance import commit

KNOWN = {
    "runs": 1,
    "trials": 1,
    "models": {"m": "ab" * 32},
    "matched": {"m": [0, 30]},
    "seeds": [0],
    "places": 1,
    "worlds": ["w"],
    "played": ["2026-01-01", "2026-01-02"],
    "commits": ["abc"],
    "reported": "2026-01-03",
    "commit": "def",
}


def row(
    run: str,
    trial: int,
    score: float,
    *,
    setting: str = "adapt",
    task: str = "t",
    variation: int = 0,
    stream: str = "",
    strategy: str = "evidence",
    trials: int = 2,
) -> Row:
    return Row(
        run,
        "w",
        task,
        variation,
        setting,
        strategy,
        "m",
        0,
        trial,
        score,
        10,
        100,
        "budget",
        10,
        5,
        1,
        0.1,
        stream,
        trials,
    )


def pair(task: str, variation: int, base: tuple[float, ...], moved: tuple[float, ...]) -> list[Row]:
    """An ADAPT run and a transfer run on one place: their scores by trial."""
    place = f"{task}{variation}"
    found = [
        row(f"a{place}", number, score, task=task, variation=variation)
        for number, score in enumerate(base)
    ]
    return found + [
        row(f"g{place}", number, score, setting="gen-env", task=task, variation=variation)
        for number, score in enumerate(moved)
    ]


def test_transfer_is_told_by_task_against_trial_0_of_the_same_places() -> None:
    table = (
        pair("up", 0, (10, 50), (30, 40))
        + pair("up", 1, (0, 50), (10, 50))
        + pair("down", 0, (-100, 20), (-100, 20))
    )
    table += [row("elsewhere", 0, 100, task="up", variation=9)]
    [found] = transfers(table)
    assert (found.arm, found.strategy) == ("evidence gen-env", "evidence")
    assert {task: (each.mean.mean, each.mean.n) for task, each in found.first.items()} == {
        "up": (15, 2),
        "down": (0, 1),
    }
    assert {task: each.mean.mean for task, each in found.last.items()} == {"up": -5, "down": 0}
    told = markdown(table, KNOWN)
    assert (
        "| transfer by task: evidence gen-env | trial 0 - BASE |" in told
        and "| up | +15.0 (+10.0 to +20.0; n=2) | 2 / 0 |" in told
    )
    assert (
        "helped on 1, hurt on 0, no difference on 1 of 2 tasks. On 2 tasks n is 1 to 2: too few "
        "pairs (below 6)" in " ".join(told.split())
    )
    assert not transfers([each for each in table if each.setting == "adapt"])
    assert not transfers([each for each in table if each.setting != "adapt"])


def top(text: str) -> list[str]:
    """The lines above the first table."""
    return text.partition("\n\n")[0].splitlines()


def test_a_report_begins_with_what_was_played_when_at_which_commit_and_the_figures() -> None:
    table = pair("up", 0, (10, 50), (30, 40)) + pair("up", 1, (0, 50), (10, 50))
    told = top(markdown(table, KNOWN))
    assert len(told) <= 10 and max(map(len, told)) <= 100
    assert "\n".join(told).replace("\n  ", " ").split("\n") == [
        "- 1 runs, 1 trials, 1 places of w; seeds 0.",
        "- Model: m (sha256 abababababababab…).",
        "- Played 2026-01-01 to 2026-01-02 at commit abc; reported 2026-01-03 at commit def.",
        "- Points run from 0 to 100, negative scores count as 0; 95 % bootstrap intervals.",
        "- evidence gen-env less evidence: +15.0 (+10.0 to +20.0; n=2) in trial 0, "
        "-5.0 (-10.0 to +0.0; n=2) in the last.",
        "- evidence: 5.0 in trial 0, 50.0 (50.0 to 50.0) in trial 1; "
        "gain +45.0 (+40.0 to +50.0; n=2).",
        "- evidence gen-env: 20.0 in trial 0, 45.0 (40.0 to 50.0) in trial 1; "
        "gain +25.0 (+10.0 to +40.0; n=2).",
    ]
    unknown = {**KNOWN, "played": ["2026-01-01"], "commits": [], "commit": ""}
    assert "- Played 2026-01-01, commit not recorded; reported 2026-01-03." in top(
        markdown(table, unknown)
    )


def test_of_many_seeds_a_summary_says_how_many_there_are() -> None:
    few, many = ({**KNOWN, "seeds": list(range(count))} for count in (10, 500))
    table = [row("r1", 0, 50)]
    assert top(markdown(table, few))[0].endswith("seeds 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.")
    assert top(markdown(table, many))[0].endswith("seeds 0 to 499 (500 of them).")


@given(st.integers(1, 15))
def test_a_summary_has_at_most_ten_lines_and_says_how_many_figures_it_leaves_out(many) -> None:
    table = [row(f"r{number}", 0, number, strategy=f"s{number}") for number in range(many)]
    lines = top(markdown(table, KNOWN))
    assert len(lines) == min(10, 4 + many)
    left = many - sum(": " in line and line.endswith("in trial 0.") for line in lines)
    assert (f"- {left} more figures stand in the tables below." in lines) == (left > 0)
    assert f"- s{many - 1}: {many - 1:.1f} (n=1) in trial 0." in lines


def test_a_run_keeps_the_commit_of_the_code_that_played_it() -> None:
    here = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert commit().partition("-")[0] == here.stdout.strip()
    assert versions().get("commit", "") == commit()


def test_transfer_that_hurts_is_told_from_noise_only_where_there_are_pairs_enough() -> None:
    worse = difference([0.0] * FEW, [50.0] * FEW)
    noisy = difference([0.0, 60.0] * FEW, [50.0, 0.0] * FEW)
    few = difference([0.0], [50.0])
    assert (worse.surely_below, noisy.surely_below, few.surely_below) == (True, False, None)
    assert counted({"a": worse, "b": noisy}).endswith(
        "helped on 1, hurt on 1, no difference on 0 of 2 tasks; hurt by more than noise on 1"
    )
    assert (
        "hurt by more than noise on 1 of the 2 that have 6 pairs. On 1 tasks n is 1: too few"
        in counted({"a": worse, "b": noisy, "c": few})
    )
    assert "noise" not in counted({"c": few})


def sequence(points: list[list[float]], *, order: int = 0, strategy: str = "evidence") -> list[Row]:
    """Evaluations of one place per value, and between two of them a block of three places with two
    trials each."""
    found = []
    for block, values in enumerate(points):
        if block:
            found += [
                row(
                    f"{strategy}{order}/{block}/{place}",
                    trial,
                    50,
                    variation=100 + place,
                    stream=f"{order}/{block}/learn",
                    strategy=strategy,
                )
                for place in range(3)
                for trial in range(2)
            ]
        found += [
            row(
                f"{strategy}{order}/{block}e{place}",
                0,
                value,
                variation=place,
                stream=f"{order}/{block}/evaluate",
                strategy=strategy,
                trials=1,
            )
            for place, value in enumerate(values)
        ]
    return found


def test_a_memory_that_falls_below_its_best_is_told_from_one_that_wavers() -> None:
    falls = sequence([[50] * 8, [90] * 8, [20] * 8, [40] * 8])
    wavers = sequence([[50] * 8, [90, 50] * 4, [40, 80] * 4], strategy="clin")
    few = sequence([[90], [10]], strategy="none")
    one, other, third = lifelong(falls + wavers + few)
    assert one.learned == (0, 6, 12, 18)
    assert (one.decline.best, one.decline.last.mean.mean, one.decline.last.surely_below) == (
        1,
        -50,
        True,
    )
    assert (one.decline.lowest_at, one.decline.lowest.mean.mean) == (2, -70)
    assert (other.decline.best, other.decline.last.mean.mean, other.decline.last.surely_below) == (
        1,
        -10,
        False,
    )
    assert other.decline.last.mean.low < 0 < other.decline.last.mean.high
    told = markdown(falls + wavers + few, KNOWN)
    assert (
        "| evidence | 90.0 (6) | 40.0 (18) | -50.0 (-50.0 to -50.0; n=8) | yes | 20.0 (12) | "
        "-70.0 (-70.0 to -70.0; n=8) | yes |" in told
    )
    assert (
        "| clin | 70.0 (6) | 60.0 (12) | -10.0" in told
        and "| none | 90.0 (0) | 10.0 (6) | -80.0 (n=1) | cannot be said (n below 6) |" in told
    )
    assert third.decline.last.surely_below is None


@given(st.lists(st.lists(st.floats(0, 100), min_size=6, max_size=6), min_size=1, max_size=5))
def test_no_evaluation_is_above_the_best_and_what_ends_at_its_best_does_not_fall(points) -> None:
    [found] = lifelong(sequence(points))
    best, decline = found.curve[found.decline.best].mean, found.decline
    assert all(each.mean <= best + 1e-9 for each in found.curve)
    assert decline.lowest.mean.mean <= decline.last.mean.mean + 1e-9 <= 2e-9
    if decline.best == len(found.curve) - 1:
        assert not decline.last.surely_below and decline.last.mean.mean == 0


def drawn(text: str) -> ElementTree.Element:
    """The picture, which is sound XML, fetches nothing and has a paper of its own."""
    assert (
        "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        and "<script" not in text
    )
    root = ElementTree.fromstring(text)
    assert (
        root.tag == "{http://www.w3.org/2000/svg}svg"
        and "var(" not in text
        and "Canvas" not in text
    )
    assert root.find("{*}rect").get("fill") == "#ffffff"
    return root


def test_the_picture_has_a_panel_for_plain_runs_and_one_for_sequences_over_trials_of_learning() -> (
    None
):
    plain, streamed = pair("up", 0, (10, 50), (30, 40)), sequence([[50] * 2, [90] * 2, [20] * 2])
    [one] = panels(plain)
    assert (one.unit, [curve.name for curve in one.curves]) == (
        "trial",
        ["evidence", "evidence gen-env"],
    )
    first, second = panels(plain + streamed)
    assert (first, second.unit, second.bands) == (one, "trials of learning", True)
    assert [x for x, _ in second.curves[0].points] == [0, 6, 12]
    root = drawn(svg([first, second], alone=True))
    assert (
        len(root.findall("{*}g")) == 2
        and len(root.findall(".//{*}polygon")) == 1
        and len(root.findall(".//{*}polyline")) == 3
    )
    assert svg([first, second]).count("http") == 0  # in a page, which needs no namespace
    [evaluated] = panels([each for each in streamed if each.stream.endswith("evaluate")])
    assert evaluated.unit == "blocks of learning" and [
        x for x, _ in evaluated.curves[0].points
    ] == [0, 1, 2]


def test_a_file_has_plain_colours_and_a_page_may_choose_its_own() -> None:
    found = panels([row("r1", 0, 50), row("r1", 1, 60)])
    assert "var(" not in svg(found, alone=True)
    assert "stroke:var(--curve-0,#0072b2)" in svg(found)


def test_a_hostile_name_is_drawn_as_text() -> None:
    table = [row("r1", 0, 50, strategy="<script>&\x1b[31m" + "x" * 90)]
    assert "<script>&" in "".join(drawn(svg(panels(table), alone=True)).itertext())


@given(st.floats(1, 1e9))
def test_ticks_are_round_and_few(end: float) -> None:
    found = ticks(end)
    assert found[0] == 0 and found[-1] <= end and 1 <= len(found) <= 10
    assert len({after - before for before, after in pairwise(found)}) <= 1


def test_a_curve_of_one_point_is_drawn() -> None:
    [only] = panels([row("r1", 0, 50)])
    assert isinstance(only, Panel) and only.end == 1
    drawn(svg([only], alone=True))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("curves.png", "'curves.png' is no FILE.svg"),
        ("missing/curves.svg", "cannot be written: No such file or directory"),
        ("folder.svg", "cannot be written: Is a directory"),
    ],
)
def test_a_picture_that_cannot_be_written_is_one_line(
    path: str, said: str, tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "folder.svg").mkdir()
    assert (
        clin(
            "run",
            "--world",
            "causal",
            "--task",
            "make",
            "--variation",
            "1",
            "--trials",
            "1",
            "--budget",
            "2",
        ).returncode
        == 0
    )
    done = clin("report", "--svg", path)
    assert (
        done.returncode == 2 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1
    )
    assert clin("report", "--svg", "curves.svg").returncode == 0
    drawn((tmp_path / "curves.svg").read_text())
