"""The pane of learning curves: one run or several, each curve with its own shape and colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual_plotext import PlotextPlot

from tui.marks import line
from tui.series import Series

SHAPES = ("●", "◆", "▲", "■", "x", "+")
_DARK = (
    (86, 180, 233),
    (230, 159, 0),
    (47, 201, 154),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
)
_LIGHT = ((0, 96, 160), (163, 71, 0), (0, 107, 79), (110, 100, 0), (150, 50, 110), (180, 60, 0))


class CurvePane(PlotextPlot):  # type: ignore[misc]  # it has no types
    """``draw`` gives it the curves."""

    def __init__(self, *, can_focus: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = can_focus
        self.drawn: tuple[tuple[Series, ...], str] = ((), "score")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._plot_again())

    def _plot_again(self) -> None:
        lines, what = self.drawn
        self.draw(lines, what)

    def draw(self, lines: Sequence[Series], what: str) -> list[str]:
        """Plot ``lines``, whose values are ``what`` ("score" or "steps"); a line of the key for
        each."""
        self.drawn, plot = (tuple(lines), what), self.plt
        plot.clear_data()
        plot.clear_figure()
        key = [self._draw_line(plot, index, curve) for index, curve in enumerate(lines)]
        numbers = sorted({number for curve in lines for number, _ in curve.points})
        if numbers:
            plot.xticks(numbers[:: max(1, len(numbers) // 12)])
        if what == "score":
            plot.ylim(min([0.0, *(low for curve in lines for low in curve.low)]), 100)
        plot.xlabel("trial")
        self.refresh()
        return key

    def _draw_line(self, plot: Any, index: int, curve: Series) -> str:
        """Draw one curve; its line in the key."""
        colours = _DARK if self.app.current_theme.dark else _LIGHT
        shape, colour = SHAPES[index % len(SHAPES)], colours[index % len(colours)]
        name = f"{shape} {line(curve.name)}"
        if not curve.points:
            return f"{name}: no trial has ended"
        xs = [number for number, _ in curve.points]
        ys = [value for _, value in curve.points]
        plot.plot(xs, ys, marker="braille", color=colour)
        plot.scatter(xs, ys, marker=shape, color=colour)
        span = ""
        if curve.runs > 1:
            plot.scatter(xs + xs, [*curve.low, *curve.high], marker="·", color=colour)
            span = f" [{curve.low[-1]:.3g}, {curve.high[-1]:.3g}]"
        return f"{name}: {ys[-1]:.3g} after trial {xs[-1]}{span}"
