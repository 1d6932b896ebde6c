"""One trial and what stands beside its steps: which panes a terminal has room for, and what they
say of the step under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Input, Static

from memory.store import StoreError
from memory.store.overview import TrialLine, costs, said, steps_between
from memory.trials import Memory, Step
from tui.aside import Aside
from tui.marks import line
from tui.side import Side, about_calls, about_step, at_first
from tui.told import Told
from tui.trajectory import Trajectory
from tui.watching import Watching

WIDE = 120
ONE_SCREEN = 140
"""Columns from which on all of a run stands on one screen."""


class Panes(Watching):
    """The steps of a trial and, where there is room, the panes beside them."""

    DEFAULT_CSS = """
    Panes #goal { height: auto; max-height: 4; padding: 0 1; background: $secondary 20%; }
    Panes #body { height: 1fr; }
    Panes Trajectory { width: 1fr; }
    Panes Aside { display: none; }
    Panes.-panel Aside, Panes.-links Aside { display: block; }
    Panes.-narrow.-panel Trajectory, Panes.-narrow.-links Trajectory { display: none; }
    Panes.-links Aside > Side { display: none; }
    Panes.-links Aside > HeldPane { display: block; }
    Panes.-one Trajectory { border-top: solid $primary; }
    Panes.-one Trajectory:focus { border-top: heavy $accent; border-title-color: $foreground; }
    Panes.-one Aside { display: block; border-left: solid $primary; }
    Panes.-one Aside > * { display: block; border-top: solid $primary; border-left: none; }
    Panes.-one Aside > *:focus { border-top: heavy $accent; border-title-color: $foreground; }
    Panes.-one Aside > .engine { border-top: none; }
    Panes.-one Aside > .-empty, Panes.-one Aside > Side { display: none; }
    Panes.-one.-panel Aside > Side { display: block; }
    Panes > Input { display: none; height: 3; }
    Panes > Input.-on { display: block; }
    """

    def __init__(self, run: str, number: int) -> None:
        super().__init__()
        self.run, self.number = run, number
        self.panel: bool | None = None
        self.prompt = False
        self.recalled, self.opening = Memory(), ""
        self._lit = 0, 0

    def content(self) -> ComposeResult:
        self._sized(self.app.size.width)  # before the first drawing, or it would jump
        yield Told(classes="headline")
        yield Static(id="goal", markup=False)
        with Horizontal(id="body"):
            yield Trajectory(self.load)
            yield Aside(self.feed)
        yield Input(placeholder="search this trial; Enter: next hit, Esc: done")

    @property
    def steps(self) -> Trajectory:
        return self.query_one(Trajectory)

    @property
    def aside(self) -> Aside:
        return self.query_one(Aside)

    @property
    def trial(self) -> TrialLine:
        trials = self.feed.runs[self.run].trials
        return next(trial for trial in trials if trial.number == self.number)

    def load(self, first: int, last: int) -> Sequence[Step]:
        """Steps of the store; what cannot be read now is shown as such."""
        try:
            return steps_between(self.feed.store, self.trial.id, first, last)
        except StoreError as error:
            return [Step("(cannot be read now)", str(error), 0.0)] * (last - first)

    # --- room

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._sized(event.size.width)
        self._lit = 0, 0  # other panes may be in view
        self._side_focus()
        self.refresh_bindings()

    def _sized(self, width: int) -> None:
        """Choose the panes that a terminal of this ``width`` has room for."""
        self.set_class(width < WIDE, "-narrow")
        self.set_class(width >= ONE_SCREEN, "-one")
        self.set_class(width >= WIDE if self.panel is None else self.panel, "-panel")

    def _panel(self, on: bool, *, links: bool = False) -> None:
        self.panel = on
        self.set_class(on, "-panel")
        self.set_class(links, "-links")
        self.aside.fit()
        self.panel_text()
        self._side_focus()
        if links:
            self.aside.pane.focus()
        else:
            (self.query_one(Side) if on and self.has_class("-narrow") else self.steps).focus()

    def _side_focus(self) -> None:
        """The step in full is scrolled where it is a pane among others, or alone."""
        alone = self.has_class("-panel") and self.has_class("-narrow")
        self.query_one(Side).can_focus = alone or self.has_class("-one")

    # --- the step under the cursor

    def on_trajectory_selected(self, message: Trajectory.Selected) -> None:
        if self._lit != (self.trial.id, message.step):
            self.panel_text()

    def panel_text(self) -> None:
        """Show the step under the cursor in full, and light up its links."""
        self._lit = self.trial.id, self.steps.cursor
        if not len(self.steps):
            self.query_one(Side).show(at_first(self.opening))
            return
        index, store, trial = self.steps.cursor, self.feed.store, self.trial.id
        try:
            if self.aside.pane.display:
                self.aside.light(index, self.steps.step(index))
            if not self.has_class("-panel"):
                return
            if self.prompt:
                text = about_calls(index, store.calls(trial, index))
            else:
                step, spent = self.steps.step(index), costs(store, trial, index)
                told = said(store, trial, index).get(index)
                text = about_step(index, step, self.recalled, spent, self.opening, told)
        except StoreError as error:
            text = Text(line(str(error)))
        self.query_one(Side).show(text)

    # --- what a person does with them

    def action_prompt(self) -> None:
        self.prompt = not self.prompt if self.has_class("-panel") else True
        narrow = self.has_class("-narrow")
        self._panel(self.prompt or not narrow)

    def action_detail(self) -> None:
        self.prompt = False
        self._panel(not self.has_class("-panel"))

    def action_links(self) -> None:
        """On a wide terminal the links are there already."""
        if self.has_class("-one"):
            self.aside.pane.focus()
        else:
            links = not self.has_class("-links")
            self._panel(False if links else not self.has_class("-narrow"), links=links)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Panes are for terminals that are wide enough for several."""
        if action in ("pane", "large"):
            return self.has_class("-one") or self.query_one(Input).has_class("-on")
        return True

    def action_pane(self, by: int) -> None:
        self.focus_next() if by > 0 else self.focus_previous()

    def action_large(self) -> None:
        if self.maximized:
            self.minimize()
        else:
            self.action_maximize()
        self.aside.fit()

    def action_back(self) -> None:
        field = self.query_one(Input)
        if self.maximized:
            self.action_large()
        elif field.has_class("-on"):
            field.remove_class("-on")
            self.steps.focus()
        elif self.has_class("-links"):
            self.action_links()
        elif self.has_class("-narrow") and self.has_class("-panel"):
            self._panel(False)
        else:
            super().action_back()
