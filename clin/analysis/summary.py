"""The top of a report: what was played, with which model, when, at which commit, and the headline
figures. At most ten lines; the tables follow."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from clin.analysis.report import Arm, Row, against, gained
from clin.analysis.sequences import Lifelong
from clin.analysis.statistics import Difference
from clin.analysis.transfer import Transfer
from memory.sanitize import sanitized

LINES, WIDTH, NAMED = 10, 100, 10


def summary(
    table: Sequence[Row],
    known: Mapping[str, Any],
    found: Sequence[Arm],
    moved: Sequence[Transfer],
    sequences: Sequence[Lifelong],
) -> str:
    """A Markdown list of at most ``LINES`` lines of ``WIDTH`` columns. Figures come in this order:
    sequences, transfer, then arms from the highest last trial down; what does not fit is only
    counted."""
    items = [wrapped(f"- {sanitized(fact)}") for fact in _facts(known)]
    figures = [
        *(_sequence(each) for each in sequences if each.curve),
        *(_transfer(table, each) for each in moved),
        *(_arm(table, each) for each in sorted(found, key=_reached, reverse=True)),
    ]
    for number, figure in enumerate(figures):
        item = wrapped(f"- {sanitized(figure)}")
        left = len(figures) - number
        if _height([*items, item]) + (left > 1) > LINES:
            items.append(f"- {left} more figures stand in the tables below.")
            break
        items.append(item)
    return "\n".join(items)


def wrapped(text: str) -> str:
    """``text`` in lines of at most ``WIDTH`` columns; what belongs to a list item is indented."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _height(items: Sequence[str]) -> int:
    return sum(item.count("\n") + 1 for item in items)


def interval(delta: Difference) -> str:
    """A difference with its interval and n, signed."""
    mean = delta.mean
    if mean.n == 1:
        return f"{mean.mean:+.1f} (n=1)"
    return f"{mean.mean:+.1f} ({mean.low:+.1f} to {mean.high:+.1f}; n={mean.n})"


def _facts(known: Mapping[str, Any]) -> list[str]:
    models = ", ".join(
        f"{name}{f' (sha256 {sha[:16]}…)' if sha else ''}{_matched(*known['matched'][name])}"
        for name, sha in known["models"].items()
    )
    return [
        f"{known['runs']} runs, {known['trials']} trials, {known['places']} places of "
        f"{', '.join(known['worlds'])}; seeds {_seeds(known['seeds'])}.",
        f"Model: {models}.",
        _dates(known),
        "Points run from 0 to 100, negative scores count as 0; 95 % bootstrap intervals.",
    ]


def _seeds(seeds: Sequence[int]) -> str:
    """Each of a few seeds; of more, which two they lie between and how many there are."""
    if len(seeds) <= NAMED:
        return ", ".join(map(str, seeds))
    return f"{min(seeds)} to {max(seeds)} ({len(seeds)} of them)"


def _matched(matched: int, choices: int) -> str:
    """How often a model's reply was none of the actions; empty where it never was."""
    if not matched:
        return ""
    share = f"{matched} of its {choices} choices ({matched / choices:.1%})"
    return f"; {share} were none of the actions, and the nearest was taken"


def _dates(known: Mapping[str, Any]) -> str:
    days, commits = known["played"], known["commits"]
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "at an unknown time"
    where = f" at commit {', '.join(commits)}" if commits else ", commit not recorded"
    here = f" at commit {known['commit']}" if known["commit"] else ""
    return f"Played {when}{where}; reported {known['reported']}{here}."


def _arm(table: Sequence[Row], arm: Arm) -> str:
    if len(arm.curve) == 1:
        return f"{arm.name}: {arm.curve[0]} in trial 0."
    last = arm.curve[-1]
    reached = f"{last.mean:.1f} ({last.low:.1f} to {last.high:.1f}) in trial {len(arm.curve) - 1}"
    text = f"{arm.name}: {arm.curve[0].mean:.1f} in trial 0, {reached}"
    delta = gained(table, arm.name)
    return f"{text}; gain {interval(delta)}." if delta else f"{text}."


def _transfer(table: Sequence[Row], found: Transfer) -> str:
    text = f"{found.arm} less {found.strategy}:"
    first = against(table, found.arm, found.strategy, first=True)
    last = against(table, found.arm, found.strategy)
    told = [
        f"{interval(delta)} in {when}"
        for delta, when in ((first, "trial 0"), (last, "the last"))
        if delta
    ]
    return f"{text} {', '.join(told)}."


def _sequence(found: Lifelong) -> str:
    text = (
        f"{found.strategy} in sequences: {found.curve[0].mean:.1f} before learning, "
        f"{found.curve[-1]} at the end"
    )
    decline = found.decline
    return f"{text}; last less best {interval(decline.last)}." if decline else f"{text}."


def _reached(arm: Arm) -> float:
    return arm.curve[-1].mean
