"""The Beside screen: two trials side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from memory.store import StoreError
from memory.store.overview import TrialLine, outline, steps_between
from memory.trials import Step
from tui.marks import fitted, line
from tui.trajectory import Trajectory
from tui.watching import Watching


class BesideScreen(Watching):
    """Two trials side by side; both move together."""

    TOUR = (
        "The last trials of two runs, step by step: the cursor stands on the same step in both. "
        "Tab goes to the other side, [ and ] show another trial of the side that you are on, and n "
        "goes to the next step at which the two differ."
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
        trials = self.feed.runs[self.sides[side]].trials
        return next(trial for trial in trials if trial.number == self.numbers[side])

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
            f"{run.name} {run.about('strategy')} · trial {trial.number} · "
            f"score {trial.score:.4g} · {trial.steps} steps"
        )
        width = self.app.size.width // 2 - 2
        self.query_one(f"#head-{side}", Static).update(fitted(line(head), width))

    def _focused(self) -> str:
        return "right" if self.query_one("#right").has_focus else "left"

    def on_trajectory_selected(self, message: Trajectory.Selected) -> None:
        if not message.trajectory.has_focus:
            return
        other_side = "left" if message.trajectory.id == "right" else "right"
        other = self.query_one(f"#{other_side}", Trajectory)
        if other.cursor != min(message.step, len(other) - 1):
            other.select(message.step)

    def action_trial(self, by: int) -> None:
        side = self._focused()
        wanted = self.numbers[side] + by
        if any(trial.number == wanted for trial in self.feed.runs[self.sides[side]].trials):
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
