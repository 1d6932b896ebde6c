"""``clin report --figures DIR``: plots of one column's width with their data beside them."""

from __future__ import annotations

import csv
import re
import stat
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
import watched
from conftest import Clin
from hostile import NAME, raw
from test_report import row

from clin.analysis.figures import Curves, Differences, HeatMap, figures
from clin.analysis.report import Row

drawing = pytest.importorskip("clin.analysis.drawing")
NAMES = ["learning-curves", "paired-differences", "task-by-strategy"]
SVG = "{http://www.w3.org/2000/svg}"


def table() -> list[Row]:
    return [
        row(f"{strategy}{task}", trial, 10 * trial + len(strategy), strategy=strategy, task=task)
        for strategy in ("none", "evidence")
        for task in ("boil", "melt")
        for trial in (0, 1)
    ]


def test_each_plot_is_written_with_its_data(clin: Clin, tmp_path: Path) -> None:
    watched.finished(tmp_path / "clin.db")
    done = clin("report", "--figures", "out/figures")
    assert done.returncode == 0 and done.stdout.startswith("- 3 runs")
    folder = tmp_path / "out" / "figures"
    files = {f"{name}.{form}" for name in NAMES for form in ("svg", "pdf", "csv")}
    assert {path.name for path in folder.iterdir()} == files
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert all(path.read_bytes().startswith(b"%PDF-1") for path in folder.glob("*.pdf"))
    for path in folder.glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(72 * 3.3)
    drawn = "".join(ElementTree.parse(folder / "learning-curves.svg").getroot().itertext())
    assert "evidence" in drawn or "clin" in drawn
    with open(folder / "learning-curves.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [each["trial"] for each in rows if each["curve"] == "none"] == ["0", "1", "2"]
    assert all(float(each["low"]) <= float(each["mean"]) <= float(each["high"]) for each in rows)


def test_the_data_are_those_of_the_report() -> None:
    curves, differences, heat = figures(table())
    assert isinstance(curves, Curves) and isinstance(differences, Differences)
    assert isinstance(heat, HeatMap) and heat.arms == ["none", "evidence"]
    assert [(each["curve"], each["trial"], each["mean"]) for each in curves.rows()] == [
        ("none", 0, 4.0),
        ("none", 1, 14.0),
        ("evidence", 0, 8.0),
        ("evidence", 1, 18.0),
    ]
    told = {each["difference"]: each["mean"] for each in differences.rows()}
    assert told["evidence - none, last trials"] == 4.0
    assert [(each["task"], each["strategy"]) for each in heat.rows()] == [
        ("boil", "none"),
        ("boil", "evidence"),
        ("melt", "none"),
        ("melt", "evidence"),
    ]


def test_a_cell_that_nobody_played_is_left_empty() -> None:
    *_, heat = figures([each for each in table() if each.run != "nonemelt"])
    assert isinstance(heat, HeatMap)
    assert [(each["task"], each["strategy"]) for each in heat.rows()] == [
        ("boil", "none"),
        ("boil", "evidence"),
        ("melt", "evidence"),
    ]


def test_nothing_is_drawn_of_nothing() -> None:
    assert figures([]) == []


@pytest.mark.parametrize("name", [NAME, "$x_1", "_hidden", "<script>alert(1)</script>", "\uffff"])
def test_a_name_is_text_and_nothing_else(name: str, tmp_path: Path) -> None:
    rows = [replace(each, strategy=name, task=name) for each in table()]
    for figure in figures(rows):
        drawing.write_figure(figure, tmp_path)
    for path in tmp_path.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        assert not raw(text)
        assert not {each.tag for each in root.iter()} & {f"{SVG}script", f"{SVG}a", f"{SVG}image"}
    legend = "".join(ElementTree.parse(tmp_path / "learning-curves.svg").getroot().itertext())
    assert re.sub(r"\W", "", name)[:7] in re.sub(r"\W", "", legend)


def test_the_same_figure_twice_is_the_same_file(tmp_path: Path) -> None:
    written = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        for figure in figures(table()):
            drawing.write_figure(figure, folder)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1] and len(written[0]) == 6


def test_without_matplotlib_it_is_one_line(clin: Clin, tmp_path: Path, monkeypatch) -> None:
    watched.finished(tmp_path / "clin.db")
    monkeypatch.delitem(sys.modules, "clin.analysis.drawing")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = clin("report", "--figures", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: figures need matplotlib: pip install 'clin[figures]'\n"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_line(clin: Clin, tmp_path: Path) -> None:
    watched.finished(tmp_path / "clin.db")
    (tmp_path / "taken").write_text("a file")
    done = clin("report", "--figures", "taken/below")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: 'taken") and done.stderr.count("\n") == 1
