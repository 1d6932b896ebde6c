"""The engine in one line: how fast it reads and writes, what it reuses, how much is in flight."""

from __future__ import annotations

from memory.store.overview import Spent
from tui.feed import Run

LATELY = 50
"""Steps that the figures are about."""


def engine_line(spent: Spent, runs: list[Run], model: str) -> str:
    """What calls that ``spent`` so much say of the engine; how many lanes are busy now, with a
    trial of the file each; and the model."""
    busy = sum(run.live and bool(run.trials) and run.trials[-1].ending is None for run in runs)
    parts = []
    if spent.read and spent.seconds:
        fresh = spent.read - spent.reused + spent.written
        parts.append(f"{fresh / spent.seconds:,.0f} tokens/s")
    parts.append(f"{spent.reused / spent.read:.0%} reused" if spent.read else "not asked lately")
    if spent.choices:
        parts.append(f"{1000 * spent.seconds / spent.choices:,.0f} ms a choice")
    if busy:
        parts.append("1 lane" if busy == 1 else f"{busy} lanes")
    return " · ".join([*parts, model] if model else parts)


def score_bar(score: float, width: int) -> str:
    """Points from 0 to 100 as a bar of ``width`` cells; what is below 0 fills none of them."""
    full = round(max(0.0, min(100.0, score)) / 100 * width)
    return "█" * full + "░" * (width - full)
