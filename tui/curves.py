"""The Curves screen: score and steps over trials, of one run or several; and two trials side by
side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static
from textual_plotext import PlotextPlot

from memory.store import StoreError
from memory.store.overview import TrialLine, outline, steps_between
from memory.trials import Step
from tui.marks import fitted, line
from tui.series import Series, series
from tui.trajectory import Trajectory
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
        "has its own shape as well "
        "as its own colour. Runs that differ in seed or variation alone become one curve of "
        "means, with dots at the ends of "
        "its 95 % bootstrap interval. b lays the last trials of the first two runs side by side."
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
            return [each for run in runs for each in series([run], self.what)]
        return series(runs, self.what)

    def draw(self) -> None:
        """Plot what the feed knows now."""
        widget, dark = self.query_one(PlotextPlot), self.app.current_theme.dark
        plot, lines = widget.plt, self.lines()
        plot.clear_data()
        plot.clear_figure()
        key = []
        for index, each in enumerate(lines):
            shape, colour = (
                SHAPES[index % len(SHAPES)],
                (_DARK if dark else _LIGHT)[index % len(_DARK)],
            )
            xs = [number for number, _ in each.points]
            ys = [value for _, value in each.points]
            if xs:
                plot.plot(xs, ys, marker="braille", color=colour)
                plot.scatter(xs, ys, marker=shape, color=colour)
            if each.runs > 1 and xs:
                plot.scatter(xs + xs, [*each.low, *each.high], marker="·", color=colour)
            last = f"{ys[-1]:.3g} after trial {xs[-1]}" if xs else "no trial has ended"
            span = f" [{each.low[-1]:.3g}, {each.high[-1]:.3g}]" if each.runs > 1 and xs else ""
            key.append(fitted(f"{shape} {line(each.name)}: {last}{span}", self.app.size.width - 2))
        numbers = sorted({number for each in lines for number, _ in each.points})
        if numbers:
            plot.xticks(numbers[:: max(1, len(numbers) // 12)])
        if self.what == "score":
            plot.ylim(min([0.0, *(low for each in lines for low in each.low)]), 100)
        plot.xlabel("trial")
        widget.refresh()
        self.query_one("#key", Static).update("\n".join(key))
        headline = (
            f"{self.what} over trials · {len(self.runs)} run{'s' if len(self.runs) != 1 else ''}"
        )
        self.query_one(".headline", Static).update(headline)

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


class BesideScreen(Watching):
    """Two trials side by side; both move together."""

    TOUR = (
        "The last trials of two runs, step by step: the cursor stands on the same step in both. "
        "Tab goes to the other side, "
        "[ and ] show another trial of the side that you are on, and = marks where the two first "
        "differ."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Other side"),
        Binding(
            "left_square_bracket",
            "trial(-1)",
            "Trial",
            key_display="[ ]",
            tooltip="The trial before, on this side",
        ),
        Binding(
            "right_square_bracket",
            "trial(1)",
            "Next trial",
            show=False,
            key_display="]",
            tooltip="The trial after",
        ),
        Binding(
            "n",
            "differ",
            "Next difference",
            tooltip="The next step at which the two do different things",
        ),
    ]
    DEFAULT_CSS = """
    BesideScreen > Horizontal { height: 1fr; }
    BesideScreen Trajectory { width: 1fr; }
    BesideScreen #right { border-left: solid $primary; }
    BesideScreen #heads { height: 1; }
    BesideScreen #heads Static { width: 1fr; }
    """

    def __init__(self, left: str, right: str) -> None:
        super().__init__()
        self.sides = {"left": left, "right": right}
        self.numbers: dict[str, int] = {}

    def content(self) -> ComposeResult:
        with Horizontal(id="heads"):
            yield Static(id="head-left", classes="headline", markup=False)
            yield Static(id="head-right", classes="headline", markup=False)
        with Horizontal():
            yield Trajectory(lambda first, last: self.load("left", first, last), id="left")
            yield Trajectory(lambda first, last: self.load("right", first, last), id="right")

    def on_mount(self) -> None:
        for side, run in self.sides.items():
            self.numbers[side] = self.feed.runs[run].trials[-1].number
            self.open(side)
        self.query_one("#left").focus()

    def _trial(self, side: str) -> TrialLine:
        return next(
            each
            for each in self.feed.runs[self.sides[side]].trials
            if each.number == self.numbers[side]
        )

    def load(self, side: str, first: int, last: int) -> Sequence[Step]:
        try:
            return steps_between(self.feed.store, self._trial(side).id, first, last)
        except StoreError as error:
            return [Step("(cannot be read now)", str(error), 0.0)] * (last - first)

    def open(self, side: str) -> None:
        """Show the chosen trial of a side from its first step."""
        trial, steps = self._trial(side), self.query_one(f"#{side}", Trajectory)
        run = self.feed.runs[self.sides[side]]
        steps.clear()
        steps.following = False
        steps.append(outline(self.feed.store, trial.id))
        steps.select(0)
        head = (
            f"{run.name} {run.about('strategy')} · trial {trial.number} · score "
            f"{trial.score:.4g} · {trial.steps} steps"
        )
        self.query_one(f"#head-{side}", Static).update(
            fitted(line(head), self.app.size.width // 2 - 2)
        )

    def _focused(self) -> str:
        return "right" if self.query_one("#right").has_focus else "left"

    def on_trajectory_selected(self, message: Trajectory.Selected) -> None:
        if message.trajectory.has_focus:
            other = self.query_one(
                "#left" if message.trajectory.id == "right" else "#right", Trajectory
            )
            if other.cursor != min(message.step, len(other) - 1):
                other.select(message.step)

    def action_trial(self, by: int) -> None:
        side = self._focused()
        wanted = self.numbers[side] + by
        if any(each.number == wanted for each in self.feed.runs[self.sides[side]].trials):
            self.numbers[side] = wanted
            self.open(side)

    def action_differ(self) -> None:
        left, right = (self.query_one(f"#{side}", Trajectory) for side in ("left", "right"))
        here = left if left.has_focus else right
        for index in range(here.cursor + 1, min(len(left), len(right))):
            if left.step(index).action != right.step(index).action:
                here.select(index)
                return
        self.say("from here on they do the same, or one of them has ended")
