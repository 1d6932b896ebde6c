"""A report as Markdown and as one self-contained HTML file."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from clin.analysis.plots import panels, svg
from clin.analysis.report import Arm, Row, against, arms, by_task, gained, solved
from clin.analysis.sequences import FIGURES, Lifelong, lifelong
from clin.analysis.statistics import FEW, Difference
from clin.analysis.summary import interval, summary, wrapped
from clin.analysis.transfer import Transfer, counted, transfers
from memory.sanitize import sanitized


def markdown(table: Sequence[Row], known: dict[str, Any]) -> str:
    """The report as Markdown: a summary of at most ten lines, then the tables."""
    single = [row for row in table if not row.stream]
    found, moved, sequences = arms(single), transfers(single), lifelong(table)
    blocks = [summary(single, known, found, moved, sequences)]
    if single:
        blocks += [_curves(found), _tasks(single), _solved(single), _differences(single, found)]
        blocks += [block for each in moved for block in _transfer(each)]
        blocks.append(_costs(found))
    if sequences:
        blocks += [_evaluations(sequences), *_declines(sequences), _lifelong(sequences)]
    return "\n\n".join(blocks) + "\n"


def _evaluations(found: Sequence[Lifelong]) -> str:
    """At most a dozen evaluations, evenly spread, the first and last among them."""
    most = max(len(each.curve) for each in found)
    shown = sorted({round(number) for number in np.linspace(0, most - 1, min(most, 12))})
    head = ["sequences: points with the memory frozen, after learning blocks", *map(str, shown)]
    lines = [
        [
            each.strategy,
            *(
                f"{each.curve[number].mean:.1f}" if number < len(each.curve) else ""
                for number in shown
            ),
        ]
        for each in found
    ]
    return _table(head, lines)


def _declines(found: Sequence[Lifelong]) -> list[str]:
    """Whether usefulness falls below its best by more than the interval: at the end, and at its
    lowest since."""
    head = [
        "sequences: falls below its best?",
        "best (after trials of learning)",
        "last",
        "last - best",
        "falls below",
        "lowest since",
        "lowest - best",
        "fell below",
    ]
    lines = []
    for each in found:
        if decline := each.decline:
            best, last, low = (
                f"{each.curve[at].mean:.1f} ({each.learned[at]:.0f})"
                for at in (decline.best, -1, decline.lowest_at)
            )
            lines.append(
                [
                    each.strategy,
                    best,
                    last,
                    interval(decline.last),
                    _below(decline.last),
                    low,
                    interval(decline.lowest),
                    _below(decline.lowest),
                ]
            )
    return [_table(head, lines)] if lines else []


def _below(delta: Difference) -> str:
    return {True: "yes", False: "no", None: f"cannot be said (n below {FEW})"}[delta.surely_below]


def _transfer(found: Transfer) -> list[str]:
    """A table by task and a line that counts."""
    head = [
        f"transfer by task: {found.arm}",
        "trial 0 - BASE",
        "better / worse pairs",
        f"last trial - {found.strategy}'s last",
        "better / worse pairs",
    ]
    lines = [
        [
            task,
            *_delta(delta)[:2],
            *(_delta(found.last[task])[:2] if task in found.last else ["", ""]),
        ]
        for task, delta in found.first.items()
    ]
    arm, strategy = sanitized(found.arm), sanitized(found.strategy)
    told = (
        f"{arm} against {strategy} on the same places. Trial 0 against BASE ({strategy}'s trial "
        f"0): {counted(found.first)}. Last trials: {counted(found.last)}."
    )
    return [_table(head, lines), wrapped(told)]


def _lifelong(found: Sequence[Lifelong]) -> str:
    lines = [
        [
            each.strategy,
            *(_spread(each.figures[name]) for name in FIGURES),
            "" if each.spread is None else f"{each.spread:.1f}",
            str(each.sequences),
            f"{each.tokens:.0f}",
        ]
        for each in found
    ]
    return _table(["sequences", *FIGURES, "sd over orders", "n", "tokens per sequence"], lines)


def _spread(values: Sequence[float]) -> str:
    return (
        f"{np.mean(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})" if values else "none"
    )


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(
        [
            "| " + " | ".join(head) + " |",
            "|" + "---|" * len(head),
            *("| " + " | ".join(map(sanitized, line)) + " |" for line in lines),
        ]
    )


def _curves(found: Sequence[Arm]) -> str:
    most = max(len(arm.curve) for arm in found)
    head = [
        "points by trial",
        *(f"trial {number}" for number in range(most)),
        "steps/budget, first and last",
    ]
    lines = [
        [
            arm.name,
            *(str(mean) for mean in arm.curve),
            *([""] * (most - len(arm.curve))),
            f"{arm.share[0]:.2f}, {arm.share[-1]:.2f}",
        ]
        for arm in found
    ]
    return _table(head, lines)


def _tasks(table: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.arm for row in table))
    lines = [
        [task, *(str(means[name]) if name in means else "" for name in names)]
        for task, means in by_task(table).items()
    ]
    return _table(["last trial, by task", *names], lines)


def _solved(table: Sequence[Row]) -> str:
    """By task only where seeds make a task's share worth telling."""
    names = list(dict.fromkeys(row.arm for row in table))
    told = solved(table)
    kept = told if len({row.seed for row in table}) > 1 else {"all": told["all"]}
    return _table(
        ["last trial at 100 points", *names],
        [
            [task, *(str(shares[name]) if name in shares else "" for name in names)]
            for task, shares in kept.items()
        ],
    )


def _differences(table: Sequence[Row], found: Sequence[Arm]) -> str:
    lines = []
    for arm in found:
        if len(arm.curve) > 1 and (delta := gained(table, arm.name)):
            lines.append([f"{arm.name}: last trial - trial 0", *_delta(delta)])
    settings = {row.arm: (row.strategy, row.setting) for row in table}
    for other, one in itertools.combinations(found, 2):
        (strategy, setting), (base, plain) = settings[one.name], settings[other.name]
        if strategy == base and (delta := against(table, one.name, other.name, first=True)):
            lines.append([f"{one.name} - {other.name}, trial 0", *_delta(delta)])
        if (strategy == base or setting == plain) and (
            delta := against(table, one.name, other.name)
        ):
            lines.append([f"{one.name} - {other.name}, last trials", *_delta(delta)])
    return _table(["paired difference", "mean", "better / worse pairs", "sign test, p"], lines)


def _delta(delta: Difference) -> list[str]:
    return [interval(delta), f"{delta.above} / {delta.below}", f"{delta.p:.3f}"]


def _costs(found: Sequence[Arm]) -> str:
    return _table(
        ["cost per trial", "tokens read", "of them reused", "written", "model seconds"],
        [
            [
                arm.name,
                f"{arm.read:.0f}",
                f"{arm.reused / max(1, arm.read):.1%}",
                f"{arm.written:.0f}",
                f"{arm.seconds:.2f}",
            ]
            for arm in found
        ],
    )


def page(table: Sequence[Row], known: dict[str, Any], title: str) -> str:
    """The report as one HTML file: no script, nothing fetched, light and dark."""
    body = "".join(_as_html(block) for block in markdown(table, known).split("\n\n"))
    drawn = panels(table)
    plots = svg(drawn) if drawn else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport"
    content="width=device-width"><title>{html.escape(title)}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem;
    background: Canvas; color: CanvasText; }}
table {{ border-collapse: collapse; margin: 1.5rem 0; display: block; overflow-x: auto; }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid color-mix(in srgb, CanvasText 20%,
    Canvas); text-align: left; white-space: nowrap; }}
svg {{ max-width: 100%; height: auto; }} svg text {{ fill: CanvasText; }} svg .paper {{ fill: none;
    }}
svg .axis {{ stroke: CanvasText; stroke-opacity: .4; }}
</style></head><body><h1>{html.escape(title)}</h1>{plots}{body}</body></html>
"""


def _as_html(block: str) -> str:
    if block.startswith("- "):
        items = block.strip().removeprefix("- ").split("\n- ")
        return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"
    if not block.startswith("|"):
        return f"<p>{html.escape(block.strip())}</p>"
    head, _, *lines = [
        [html.escape(cell.strip()) for cell in line.strip("|").split("|")]
        for line in block.strip().splitlines()
    ]
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines
    )
    return f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{cells}</table>"
