"""The Curves screen: score and steps over trials, of one run or several."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.beside import BesideScreen
from tui.curve import CurvePane
from tui.marks import fitted
from tui.series import Series, series
from tui.watching import Watching


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
        yield CurvePane(can_focus=False)
        yield Static(id="key", markup=False)

    def on_mount(self) -> None:
        self.draw()

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        if runs & set(self.runs):
            self.draw()

    def lines(self) -> list[Series]:
        """What is drawn."""
        runs = [self.feed.runs[name] for name in self.runs if name in self.feed.runs]
        if self.apart:
            return [curve for run in runs for curve in series([run], self.what)]
        return series(runs, self.what)

    def draw(self) -> None:
        """Plot what the feed knows now."""
        key = self.query_one(CurvePane).draw(self.lines(), self.what)
        width = self.app.size.width - 2
        self.query_one("#key", Static).update("\n".join(fitted(each, width) for each in key))
        runs = "1 run" if len(self.runs) == 1 else f"{len(self.runs)} runs"
        self.query_one(".headline", Static).update(f"{self.what} over trials · {runs}")

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
