"""The plots of the page that are not learning curves: drawn when it is written, so that they are
there without a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from clin.analysis.figures import Differences, HeatMap
from clin.analysis.marks import mark
from clin.analysis.plots import PAGE_COLOURS, ticks
from clin.analysis.report import Arm
from memory.sanitize import sanitized

WIDE, NAMES, ROW, EDGE = 700, 310, 24, 32
LONGEST = 44
HIGH, LEFT, BELOW = 300, 56, 44


def differences(figure: Differences) -> str:
    """Paired differences in points as dots with their 95 % intervals."""
    low = min(0.0, *(delta.mean.low for _, delta in figure.pairs))
    high = max(0.0, *(delta.mean.high for _, delta in figure.pairs))
    span = (high - low) or 1.0

    def x(points: float) -> float:
        return NAMES + EDGE + (points - low) / span * (WIDE - NAMES - 2 * EDGE)

    deep = ROW * len(figure.pairs)
    drawn = [_line(x(0), x(0), 0, deep, "axis"), _label(x(0), deep + 16, "0", "middle")]
    for end in {low, high} - {0.0}:
        drawn.append(_label(x(end), deep + 16, f"{end:+.1f}", "middle"))
    for number, (name, delta) in enumerate(figure.pairs):
        y, mean = ROW * number + ROW / 2, delta.mean
        drawn.append(_label(NAMES, y + 4, f"{_short(name)} (n={mean.n})", "end"))
        drawn.append(_line(x(mean.low), x(mean.high), y, y, "span"))
        told = f"{name}: {mean.mean:+.1f} ({mean.low:.1f} to {mean.high:.1f})"
        title = f"<title>{_text(told)}</title>"
        drawn.append(f'<circle class="dot" cx="{x(mean.mean):.1f}" cy="{y}" r="4">{title}</circle>')
    return _svg("Paired differences in points, 95 % intervals", deep + 24, drawn)


def heat_map(figure: HeatMap) -> str:
    """Mean points of the last trial, by task and strategy, as a table of coloured cells."""
    arms = figure.arms
    heads = "".join(f"<th>{_text(arm)}</th>" for arm in arms)
    rows = []
    for task, by_arm in figure.means.items():
        cells = "".join(
            f'<td style="--points:{max(0.0, min(100.0, by_arm[arm].mean)):.0f}%" '
            f'title="{_text(str(by_arm[arm]))}">{by_arm[arm].mean:.0f}</td>'
            if arm in by_arm
            else "<td></td>"
            for arm in arms
        )
        rows.append(f"<tr><th>{_text(task)}</th>{cells}</tr>")
    return f'<table class="heat"><tr><th>task</th>{heads}</tr>{"".join(rows)}</table>'


def costs(compared: Sequence[Arm]) -> str:
    """Points of the last trial against the tokens that a trial took: what was read anew, and what
    was written."""
    taken = [arm.read - arm.reused + arm.written for arm in compared]
    most = max(1.0, *taken)
    right, deep = WIDE - 190, HIGH - BELOW

    def at(tokens: float, points: float) -> tuple[float, float]:
        return LEFT + tokens / most * (right - LEFT - 12), 10 + (100 - points) / 100 * (deep - 10)

    drawn = []
    for value in (0, 25, 50, 75, 100):
        height = at(0, value)[1]
        drawn.append(_line(LEFT, right, height, height, "axis"))
        drawn.append(_label(LEFT - 8, height + 4, str(value), "end"))
    for tick in ticks(most):
        drawn.append(_label(at(tick, 0)[0], deep + 18, f"{tick:,}", "middle"))
    drawn.append(_label((LEFT + right) / 2, HIGH - 6, "tokens per trial", "middle"))
    for number, (arm, tokens) in enumerate(zip(compared, taken, strict=True)):
        colour, beside = PAGE_COLOURS[number % len(PAGE_COLOURS)], 20 + 18 * number
        told = (
            f"<title>{_text(f'{arm.name}: {arm.curve[-1]} points, {tokens:,.0f} tokens')}</title>"
        )
        drawn.append(mark(number, *at(tokens, arm.curve[-1].mean), colour, told))
        drawn.append(mark(number, right + 20, beside - 4, colour))
        drawn.append(_label(right + 32, beside, _short(arm.name, 24), "start"))
    high = max(HIGH, 30 + 18 * len(compared))
    return _svg("Points of the last trial against tokens per trial", high, drawn)


def _svg(title: str, high: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDE} {high:.0f}" width="{WIDE}" height="{high:.0f}" role="img" '
        f'aria-label="{_text(title)}" font-size="12">{"".join(drawn)}</svg>'
    )


def _line(x1: float, x2: float, y1: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_text(text)}</text>'


def _short(name: str, longest: int = LONGEST) -> str:
    shown = sanitized(name)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _text(text: str) -> str:
    return escape(sanitized(text))
