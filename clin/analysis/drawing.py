"""Figures of one column's width, as SVG and PDF, by matplotlib (extra [figures])."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure as Sheet

from clin.analysis.figures import Curves, Differences, Figure, HeatMap
from clin.analysis.plots import COLOURS
from memory.private import private
from memory.sanitize import sanitized

COLUMN = 3.3
"""Inches that a column of a paper in two columns is wide (ACL, ICML)."""
MARKS = "os^Dv*PX"
LOOK = {
    "font.size": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # fonts that journals accept
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "clin",  # the same figure twice is the same file
    "text.parse_math": False,  # names may hold a dollar sign
}
UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
_NO_XML = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}


def write_figure(figure: Figure, folder: Path) -> None:
    """Write ``figure`` into ``folder``, named after it; OSError where it cannot be written."""
    with matplotlib.rc_context(LOOK), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that the font has not, which show as boxes
        sheet = _drawn(figure)
        for form, metadata in UNDATED.items():
            made = io.BytesIO()
            sheet.savefig(made, format=form, metadata=metadata, bbox_inches=None)
            with open(folder / f"{figure.name}.{form}", "wb", opener=private) as file:
                file.write(made.getvalue())


def _drawn(figure: Figure) -> Sheet:
    match figure:
        case Curves():
            return _curves(figure)
        case Differences():
            return _differences(figure)
        case HeatMap():
            return _heat_map(figure)


def _sheet(high: float) -> tuple[Sheet, Any]:
    """A sheet of one column's width, ``high`` inches high, and its axes."""
    sheet = Sheet(figsize=(COLUMN, high), layout="constrained")
    return sheet, sheet.add_subplot()


def _curves(figure: Curves) -> Sheet:
    panel = figure.panel
    sheet, axes = _sheet(2.1 + 0.14 * len(panel.curves))
    for number, curve in enumerate(panel.curves):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        xs = [x for x, _ in curve.points]
        means = [mean.mean for _, mean in curve.points]
        low, high = ([getattr(each, end) for _, each in curve.points] for end in ("low", "high"))
        if panel.bands:
            axes.fill_between(xs, low, high, color=colour, alpha=0.15, linewidth=0)
        else:
            # Side by side, so that intervals at one trial can be told apart.
            aside = 0.02 * panel.end * (number - (len(panel.curves) - 1) / 2)
            xs = [x + aside for x in xs]
            axes.vlines(xs, low, high, color=colour, alpha=0.5, linewidth=0.9)
        every = -(-len(xs) // 12)
        axes.plot(xs, means, color=colour, marker=mark, markevery=every, label=_name(curve.name))
    axes.set_ylim(0, 100)
    axes.set_ylabel("points")
    axes.set_xlabel(panel.unit)
    axes.xaxis.get_major_locator().set_params(integer=True)
    sheet.legend(loc="outside lower center", ncols=2 if len(panel.curves) > 1 else 1)
    return sheet


def _differences(figure: Differences) -> Sheet:
    names = [_wrapped(f"{name} (n={delta.mean.n})", 26) for name, delta in figure.pairs]
    rows = sum(name.count("\n") + 1.6 for name in names)
    sheet, axes = _sheet(0.6 + 0.12 * rows)
    means = [delta.mean for _, delta in figure.pairs]
    axes.axvline(0, color="0.6", linewidth=0.8)
    axes.hlines(range(len(means)), [m.low for m in means], [m.high for m in means], color="0.35")
    axes.plot([m.mean for m in means], range(len(means)), "o", color=COLOURS[0])
    axes.set_yticks(range(len(means)), names)
    axes.set_ylim(len(means) - 0.5, -0.5)
    axes.set_xlabel("difference in points, 95 % interval")
    return sheet


def _heat_map(figure: HeatMap) -> Sheet:
    tasks, columns = list(figure.means), figure.arms
    heads = [_wrapped(arm, 14) for arm in columns]
    names = [_wrapped(task, 26) for task in tasks]
    rows = sum(name.count("\n") + 1.5 for name in names)
    sheet, axes = _sheet(0.5 + 0.12 * (rows + max(head.count("\n") + 1 for head in heads)))
    cells = [
        [figure.means[task][arm].mean if arm in figure.means[task] else float("nan")
         for arm in columns]
        for task in tasks
    ]  # fmt: skip
    edges = ([number - 0.5 for number in range(len(of) + 1)] for of in (columns, tasks))
    axes.pcolormesh(*edges, cells, cmap="viridis", vmin=0, vmax=100)
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    for row, of_task in enumerate(cells):
        for column, mean in enumerate(of_task):
            if mean == mean:  # there is one
                ink = "black" if mean > 60 else "white"
                axes.text(column, row, f"{mean:.0f}", ha="center", va="center", color=ink)
    axes.set_xticks(range(len(columns)), heads)
    axes.set_yticks(range(len(tasks)), names)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return sheet


def _name(text: str) -> str:
    """``text`` as matplotlib shows it: a name that begins with an underscore would have no place in
    a legend."""
    shown = sanitized(" ".join(text.split())).translate(_NO_XML)
    return f" {shown}" if shown.startswith("_") else shown


def _wrapped(text: str, columns: int) -> str:
    lines: Sequence[str] = textwrap.wrap(_name(text), columns, max_lines=4, placeholder=" …")
    return "\n".join(lines)
