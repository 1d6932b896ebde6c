"""The tables of a report about streams: heads and lines, for :mod:`clin.analysis.tables`."""

from __future__ import annotations

from collections.abc import Sequence

from clin.analysis.gains import BASELINE, gains, streamed
from clin.analysis.report import Row
from clin.analysis.statistics import Difference
from clin.analysis.summary import interval

Table = tuple[list[str], list[list[str]]]


def stream_tables(table: Sequence[Row]) -> list[Table]:
    """The tables that ``table`` has data for."""
    return [each for each in (_streamed(table), _gains(table)) if each[1]]


def _streamed(table: Sequence[Row]) -> Table:
    head = ["streams while learning", "success, %", "progress, points", "steps of a trial"]
    head += ["sd of progress over orders", f"progress less {BASELINE}'s", "trials"]
    lines = []
    for each in streamed(table):
        spread = "" if each.spread is None else f"{each.spread:.1f}"
        means = [str(each.success), str(each.progress), str(each.steps)]
        less = "" if each.strategy == BASELINE else _told(each.less)
        lines.append([each.strategy, *means, spread, less, str(each.trials)])
    return head, lines


def _gains(table: Sequence[Row]) -> Table:
    head = ["streams with targets", "strategy", "targets, first pass", "plasticity gain"]
    head += ["stability gain", "generalisation gain", f"targets below {BASELINE}'s"]
    lines = []
    for each in sorted(gains(table), key=lambda each: each.kind):
        told = [_told(each.plasticity), _told(each.stability), _told(each.generalisation)]
        harmed = f"{each.harmed}/{each.compared}" if each.compared else ""
        if each.strategy == BASELINE:
            told, harmed = ["", _told(each.stability), ""], ""
        lines.append([each.kind, each.strategy, str(each.first), *told, harmed])
    return head, lines


def _told(delta: Difference | None) -> str:
    return interval(delta) if delta else "none"
