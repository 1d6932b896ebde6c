"""The top of a report: what was played, with which model, when, at which commit, and the headline
figures. At most ten lines; the tables follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clin.analysis.report import Arm, Row, against, gained
from clin.analysis.sequences import Lifelong
from clin.analysis.statistics import Difference
from clin.analysis.transfer import Transfer
from memory.sanitize import sanitized

LINES = 10


def summary(
    table: Sequence[Row],
    known: Mapping[str, Any],
    found: Sequence[Arm],
    moved: Sequence[Transfer],
    sequences: Sequence[Lifelong],
) -> str:
    """A Markdown list of at most ``LINES`` lines. Figures come in this order: sequences, transfer,
    then arms from the highest last trial down; what does not fit is only counted."""
    facts = _facts(known)
    figures = [
        *(_sequence(each) for each in sequences if each.curve),
        *(_transfer(table, each) for each in moved),
        *(_arm(table, each) for each in sorted(found, key=_reached, reverse=True)),
    ]
    room = LINES - len(facts)
    if len(figures) > room:
        left = len(figures) - room + 1
        figures = [*figures[: room - 1], f"{left} more figures stand in the tables below."]
    return "\n".join(f"- {sanitized(line)}" for line in (*facts, *figures))


def interval(delta: Difference) -> str:
    """A difference with its interval and n, signed."""
    mean = delta.mean
    if mean.n == 1:
        return f"{mean.mean:+.1f} (n=1)"
    return f"{mean.mean:+.1f} ({mean.low:+.1f} to {mean.high:+.1f}; n={mean.n})"


def _facts(known: Mapping[str, Any]) -> list[str]:
    models = ", ".join(
        f"{name} (sha256 {sha[:16]}…)" if sha else name for name, sha in known["models"].items()
    )
    return [
        f"{known['runs']} runs, {known['trials']} trials, {known['places']} places of "
        f"{', '.join(known['worlds'])}; seeds {', '.join(map(str, known['seeds']))}.",
        f"Model: {models}.",
        _dates(known),
        "Points run from 0 to 100, negative scores count as 0; 95 % bootstrap intervals.",
    ]


def _dates(known: Mapping[str, Any]) -> str:
    days, commits = known["played"], known["commits"]
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "at an unknown time"
    where = f" at commit {', '.join(commits)}" if commits else ", commit not recorded"
    here = f" at commit {known['commit']}" if known["commit"] else ""
    return f"Played {when}{where}; reported {known['reported']}{here}."


def _arm(table: Sequence[Row], arm: Arm) -> str:
    if len(arm.curve) == 1:
        return f"{arm.name}: {arm.curve[0]} in trial 0."
    text = f"{arm.name}: {arm.curve[0]} in trial 0, {arm.curve[-1]} in trial {len(arm.curve) - 1}"
    delta = gained(table, arm.name)
    return f"{text}; gain {interval(delta)}." if delta else f"{text}."


def _transfer(table: Sequence[Row], found: Transfer) -> str:
    text = f"{found.arm} less {found.strategy}:"
    first = against(table, found.arm, found.strategy, first=True)
    last = against(table, found.arm, found.strategy)
    told = [
        f"{interval(delta)} in {when}"
        for delta, when in ((first, "trial 0"), (last, "the last trial"))
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
