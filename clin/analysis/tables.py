"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clin.analysis.pairs import paired
from clin.analysis.report import Arm, Row, arms, by_task, solved
from clin.analysis.sequences import FIGURES, Lifelong, lifelong
from clin.analysis.statistics import FEW, Difference
from clin.analysis.stream_tables import stream_tables
from clin.analysis.summary import interval, summary, wrapped
from clin.analysis.transfer import Transfer, counted, transfers
from memory.sanitize import sanitized


def markdown(table: Sequence[Row], known: dict[str, Any]) -> str:
    """The report as Markdown: a summary of at most ten lines, then the tables."""
    single = [row for row in table if not row.stream]
    compared, moved, sequences = arms(single), transfers(single), lifelong(table)
    blocks = [summary(single, known, compared, moved, sequences)]
    if single:
        blocks += [_curves(compared), _tasks(single), _solved(single)]
        blocks.append(_differences(single, compared))
        for transfer in moved:
            blocks += _transfer(transfer)
        blocks.append(_costs(compared))
    blocks += [_table(head, lines) for head, lines in stream_tables(table)]
    if any(each.curve for each in sequences):
        blocks += [_evaluations(sequences), *_declines(sequences), _lifelong(sequences)]
    return "\n\n".join(blocks) + "\n"


def _evaluations(sequences: Sequence[Lifelong]) -> str:
    """At most a dozen evaluations, evenly spread, the first and last among them."""
    most = max(len(strategy.curve) for strategy in sequences)
    shown = sorted({round(number) for number in np.linspace(0, most - 1, min(most, 12))})
    head = ["sequences: points with the memory frozen, after learning blocks", *map(str, shown)]
    lines = []
    for strategy in sequences:
        curve = dict(enumerate(strategy.curve))
        cells = [f"{curve[n].mean:.1f}" if n in curve else "" for n in shown]
        lines.append([strategy.strategy, *cells])
    return _table(head, lines)


def _declines(sequences: Sequence[Lifelong]) -> list[str]:
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
    for strategy in sequences:
        if decline := strategy.decline:
            line = [strategy.strategy, _evaluation(strategy, decline.best)]
            line += [_evaluation(strategy, -1), *_fall(decline.last)]
            line += [_evaluation(strategy, decline.lowest_at), *_fall(decline.lowest)]
            lines.append(line)
    return [_table(head, lines)] if lines else []


def _evaluation(strategy: Lifelong, at: int) -> str:
    """The points of an evaluation, and after how many trials of learning."""
    return f"{strategy.curve[at].mean:.1f} ({strategy.learned[at]:.0f})"


def _fall(delta: Difference) -> list[str]:
    return [interval(delta), _below(delta)]


def _below(delta: Difference) -> str:
    return {True: "yes", False: "no", None: f"cannot be said (n below {FEW})"}[delta.surely_below]


def _transfer(transfer: Transfer) -> list[str]:
    """A table by task and a line that counts."""
    head = [
        f"transfer by task: {transfer.arm}",
        "trial 0 - BASE",
        "better / worse pairs",
        f"last trial - {transfer.strategy}'s last",
        "better / worse pairs",
    ]
    lines = []
    for task, first in transfer.first.items():
        last = transfer.last.get(task)
        lines.append([task, *_pairs(first), *(_pairs(last) if last else ("", ""))])
    arm, strategy = sanitized(transfer.arm), sanitized(transfer.strategy)
    text = (
        f"{arm} against {strategy} on the same places. "
        f"Trial 0 against BASE ({strategy}'s trial 0): {counted(transfer.first)}. "
        f"Last trials: {counted(transfer.last)}."
    )
    return [_table(head, lines), wrapped(text)]


def _lifelong(sequences: Sequence[Lifelong]) -> str:
    lines = []
    for strategy in sequences:
        figures = [_spread(strategy.figures[name]) for name in FIGURES]
        spread = "" if strategy.spread is None else f"{strategy.spread:.1f}"
        size = [str(strategy.sequences), f"{strategy.tokens:.0f}"]
        lines.append([strategy.strategy, *figures, spread, *size])
    return _table(["sequences", *FIGURES, "sd over orders", "n", "tokens per sequence"], lines)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"{np.mean(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = "|" + "---|" * len(head)
    return "\n".join([_line(head), rule, *(_line([*map(sanitized, line)]) for line in lines)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _curves(compared: Sequence[Arm]) -> str:
    most = max(len(arm.curve) for arm in compared)
    trials = [f"trial {number}" for number in range(most)]
    lines = []
    for arm in compared:
        missing = [""] * (most - len(arm.curve))
        share = f"{arm.share[0]:.2f}, {arm.share[-1]:.2f}"
        lines.append([arm.name, *map(str, arm.curve), *missing, share])
    return _table(["points by trial", *trials, "steps/budget, first and last"], lines)


def _tasks(table: Sequence[Row]) -> str:
    return _by_arm("last trial, by task", table, by_task(table))


def _by_arm(title: str, table: Sequence[Row], figures: Mapping[str, Mapping[str, object]]) -> str:
    """A line for each task, a column for each arm of ``table``; empty where it has no figure."""
    names = list(dict.fromkeys(row.arm for row in table))
    lines = [[task, *(str(by.get(name, "")) for name in names)] for task, by in figures.items()]
    return _table([title, *names], lines)


def _solved(table: Sequence[Row]) -> str:
    """By task only where seeds make a task's share worth telling."""
    shares = solved(table)
    if len({row.seed for row in table}) == 1:
        shares = {"all": shares["all"]}
    return _by_arm("last trial at 100 points", table, shares)


def _differences(table: Sequence[Row], compared: Sequence[Arm]) -> str:
    lines = [[name, *_delta(delta)] for name, delta in paired(table, compared)]
    return _table(["paired difference", "mean", "better / worse pairs", "sign test, p"], lines)


def _delta(delta: Difference) -> list[str]:
    return [*_pairs(delta), f"{delta.p:.3f}"]


def _pairs(delta: Difference) -> tuple[str, str]:
    return interval(delta), f"{delta.above} / {delta.below}"


def _costs(compared: Sequence[Arm]) -> str:
    head = ["cost per trial", "tokens read", "of them reused", "written", "model seconds"]
    lines = []
    for arm in compared:
        reused = f"{arm.reused / max(1, arm.read):.1%}"
        tokens = [f"{arm.read:.0f}", reused, f"{arm.written:.0f}"]
        lines.append([arm.name, *tokens, f"{arm.seconds:.2f}"])
    return _table(head, lines)
