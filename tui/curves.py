"""The Curves screen: score and steps over trials, of one run or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from tui.beside import BesideScreen
from tui.marks import fitted, line
from tui.series import Series, series
from tui.watching import Arrived, Watching

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


class CurvesScreen(Watching):
    """Learning curves of ``runs``."""

    TOUR = (
        "Score over trials, of one run or of all that were marked with space in Runs; each curve "
        "has its own shape as well as its own colour. Runs that differ in seed or variation alone "
        "become one curve of means, with dots at the ends of its 95 % bootstrap interval. b lays "
        "the last trials of the first two runs side by side."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "other", "Score/steps", tooltip="Score or steps on the upright axis"),
        Binding(
            "a",
            "apart",
            "Apart",
            tooltip=(
                "A curve for every run, or one for runs that are alike but for seed and variation"
            ),
        ),
        Binding(
            "b",
            "beside",
            "Side by side",
            tooltip="The last trials of the first two runs, step by step",
        ),
    ]
    DEFAULT_CSS = """
    CurvesScreen > #key { height: auto; max-height: 8; padding: 0 1; }
    """

    def __init__(self, runs: Sequence[str]) -> None:
        super().__init__()
        self.runs = list(runs)
        self.what, self.apart = "score", False

    def content(self) -> ComposeResult:
        yield Static(classes="headline", markup=False)
        yield PlotextPlot()
        yield Static(id="key", markup=False)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.draw())
        self.draw()

    def on_arrived(self, message: Arrived) -> None:
        if message.news.runs & set(self.runs):
            self.draw()

    def lines(self) -> list[Series]:
        """What is drawn."""
        runs = [self.feed.runs[name] for name in self.runs if name in self.feed.runs]
        if self.apart:
            return [curve for run in runs for curve in series([run], self.what)]
        return series(runs, self.what)

    def draw(self) -> None:
        """Plot what the feed knows now."""
        widget = self.query_one(PlotextPlot)
        plot, lines = widget.plt, self.lines()
        plot.clear_data()
        plot.clear_figure()
        key = [self._draw_line(plot, index, curve) for index, curve in enumerate(lines)]
        numbers = sorted({number for curve in lines for number, _ in curve.points})
        if numbers:
            plot.xticks(numbers[:: max(1, len(numbers) // 12)])
        if self.what == "score":
            plot.ylim(min([0.0, *(low for curve in lines for low in curve.low)]), 100)
        plot.xlabel("trial")
        widget.refresh()
        self.query_one("#key", Static).update("\n".join(key))
        runs = "1 run" if len(self.runs) == 1 else f"{len(self.runs)} runs"
        self.query_one(".headline", Static).update(f"{self.what} over trials · {runs}")

    def _draw_line(self, plot: Any, index: int, curve: Series) -> str:
        """Draw one curve; its line in the key."""
        colours = _DARK if self.app.current_theme.dark else _LIGHT
        shape, colour = SHAPES[index % len(SHAPES)], colours[index % len(colours)]
        width = self.app.size.width - 2
        name = f"{shape} {line(curve.name)}"
        if not curve.points:
            return fitted(f"{name}: no trial has ended", width)
        xs = [number for number, _ in curve.points]
        ys = [value for _, value in curve.points]
        plot.plot(xs, ys, marker="braille", color=colour)
        plot.scatter(xs, ys, marker=shape, color=colour)
        span = ""
        if curve.runs > 1:
            plot.scatter(xs + xs, [*curve.low, *curve.high], marker="·", color=colour)
            span = f" [{curve.low[-1]:.3g}, {curve.high[-1]:.3g}]"
        return fitted(f"{name}: {ys[-1]:.3g} after trial {xs[-1]}{span}", width)

    def action_other(self) -> None:
        self.what = "steps" if self.what == "score" else "score"
        self.draw()

    def action_apart(self) -> None:
        self.apart = not self.apart
        self.draw()

    def action_beside(self) -> None:
        played = [name for name in self.runs if self.feed.runs[name].trials]
        if len(played) < 2:
            self.say(
                "mark two runs with space in Runs, then c: their trials can be laid side by side",
                wrong=True,
            )
        else:
            self.app.push_screen(BesideScreen(played[0], played[1]))
