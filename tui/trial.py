"""The Trial screen: a trajectory as it happens, or replayed."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Input, Static

from clin.language import route_taken
from memory.store import StoreError
from memory.store.overview import (
    TrialLine,
    by_person,
    costs,
    outline,
    said,
    steps_between,
    steps_with,
)
from memory.trials import Memory, Step
from tui.aside import Aside
from tui.engine import score_bar
from tui.marks import ENDINGS, STATES, fitted, line
from tui.side import Side, about_calls, about_step, at_first
from tui.stepin import StepIn
from tui.told import Told
from tui.trajectory import Trajectory
from tui.watching import Watching

WIDE = 120
ONE_SCREEN = 140
"""Columns from which on all of a run stands on one screen."""
SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 200.0)
"""Steps a second of a replay."""
BAR = 20
"""Cells of the bar that says the score."""


class TrialScreen(Watching):
    """One trial of one run."""

    TOUR = (
        "One trial, step by step: how the score changed, the action, what the world answered; the "
        "goal stays on top. A live trial grows at the end, and is followed while the cursor stands "
        "on the last step. 'uses 2' names the learnings that the model cited; [you] marks what a "
        "person chose. The panel shows the step in full or, with p, exactly what the model read, "
        "with the tokens that it read and those it could reuse. From 140 columns on the memory "
        "stands beside it (else press l): what the last revision made new (+), surer (^), less "
        "sure (v), turned (!) or gone (-), and which links this step cited, was told by recall, "
        "did, or was warned by; then the scores of the trials, and the engine."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "other(-1)",
            "Prev trial",
            key_display="[",
            show=False,
            tooltip="The trial before",
        ),
        Binding(
            "right_square_bracket",
            "other(1)",
            "Next trial",
            key_display="]",
            show=False,
            tooltip="The trial after",
        ),
        Binding("n", "score(1)", "Next score", tooltip="The next step at which the score changed"),
        Binding(
            "N",
            "score(-1)",
            "Previous score",
            show=False,
            tooltip="The step before at which the score changed",
        ),
        Binding(
            "slash",
            "find",
            "Search",
            key_display="/",
            tooltip="Search this trial; Enter goes to the next hit",
        ),
        Binding("p", "prompt", "Prompt", tooltip="What the model read and wrote at this step"),
        Binding("d", "detail", "Panel", show=False, tooltip="Show or hide the step in full"),
        Binding(
            "l",
            "links",
            "Links",
            show=False,
            tooltip="The memory as it stands, and the links that this step has to do with",
        ),
        Binding("y", "copy", "Copy", show=False, tooltip="Copy the step to the clipboard"),
        Binding(
            "r",
            "replay",
            "Replay",
            tooltip="Play the trial again from its first step, or stop the replay",
        ),
        Binding(
            "plus,equals_sign",
            "speed(1)",
            "Faster",
            show=False,
            key_display="+",
            tooltip="Replay faster",
        ),
        Binding(
            "minus", "speed(-1)", "Slower", show=False, key_display="-", tooltip="Replay slower"
        ),
        Binding(
            "i",
            "step_in",
            "Step in",
            tooltip="Pause the live run, choose its next action, correct it",
        ),
        Binding("m", "memory", "Memory", tooltip="How the memory evolved"),
        Binding("c", "curves", "Curves", show=False, tooltip="Score and steps over trials"),
        Binding("tab", "pane(1)", "Next pane", key_display="Tab", tooltip="Go to the next pane"),
        Binding(
            "shift+tab",
            "pane(-1)",
            "Pane before",
            show=False,
            key_display="S-Tab",
            tooltip="The pane before",
        ),
        Binding("z", "large", "Large", tooltip="Give this pane the whole screen, or take it back"),
    ]
    DEFAULT_CSS = """
    TrialScreen #goal { height: auto; max-height: 4; padding: 0 1; background: $secondary 20%; }
    TrialScreen #body { height: 1fr; }
    TrialScreen Trajectory { width: 1fr; }
    TrialScreen Aside { display: none; }
    TrialScreen.-panel Aside, TrialScreen.-links Aside { display: block; }
    TrialScreen.-narrow.-panel Trajectory, TrialScreen.-narrow.-links Trajectory { display: none; }
    TrialScreen.-links Aside > Side { display: none; }
    TrialScreen.-links Aside > HeldPane { display: block; }
    TrialScreen.-one Trajectory { border-top: solid $primary; }
    TrialScreen.-one Trajectory:focus { border-top: heavy $accent; }
    TrialScreen.-one Aside { display: block; border-left: solid $primary; }
    TrialScreen.-one Aside > * { display: block; border-top: solid $primary; border-left: none; }
    TrialScreen.-one Aside > *:focus { border-top: heavy $accent; }
    TrialScreen.-one Aside > .engine { border-top: none; }
    TrialScreen.-one Aside > .-empty, TrialScreen.-one Aside > Side { display: none; }
    TrialScreen.-one.-panel Aside > Side { display: block; }
    TrialScreen > Input { display: none; height: 3; }
    TrialScreen > Input.-on { display: block; }
    """

    def __init__(self, run: str, number: int, step: int | None = None) -> None:
        super().__init__()
        self.run, self.number, self.first_step = run, number, step
        self.panel: bool | None = None
        self.prompt = False
        self.words, self.hits = "", list[int]()
        self.replayed: Timer | None = None
        self.speed = 3
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

    def on_mount(self) -> None:
        self.open()
        self.steps.focus()

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

    # --- content

    def load(self, first: int, last: int) -> Sequence[Step]:
        """Steps of the store; what cannot be read now is shown as such."""
        try:
            return steps_between(self.feed.store, self.trial.id, first, last)
        except StoreError as error:
            return [Step("(cannot be read now)", str(error), 0.0)] * (last - first)

    def open(self) -> None:
        """Show the trial from the store."""
        try:
            store, trial = self.feed.store, self.trial
            row = next(row for row in store.trials(self.run) if row.number == self.number)
            self.recalled, self.opening = store.recalled(trial.id), row.opening
            known, people = outline(store, trial.id), by_person(store, trial.id)
            test = store.link_test(trial.id)
            route = route_taken(store, self.run, trial.id)
            self.aside.open(self.feed.runs[self.run], trial, self.recalled)
        except ValueError as error:  # of the store, or a world that is not here any more
            self.say(str(error), wrong=True)
            return
        self.steps.clear()
        self.steps.people = people
        learned = f"{len(self.recalled.links)} learnings" if self.recalled.links else "nothing"
        goal = f"Goal ({learned} read): {line(row.goal)}"
        if route:
            goal += f"  It {route}."
        if test:
            goal += f"  Test of a link, its cause withheld for {test.steps} steps: "
            goal += line(str(test.link))
        self.query_one("#goal", Static).update(goal)
        self.steps.append(known)
        self.panel_text()
        if self.first_step is not None:
            self.steps.select(self.first_step)
            self.call_after_refresh(self.steps.select, self.first_step)
        self.aside.tick(self.feed.runs[self.run], len(self.steps))
        if self.has_class("-one") and trial.ending and self.first_step is None:
            self.call_after_refresh(self.steps.unfold_where_it_fits)
        self.headline()

    def headline(self) -> None:
        run, trial = self.feed.runs[self.run], self.trial
        score, steps = trial.score, f"{trial.steps} steps"
        state = ENDINGS.get(str(trial.ending), "")
        if trial.ending is None:
            state = STATES.get(run.state, run.state)
        if self.replayed:
            score = self.steps.scores[-1] if len(self.steps) else score
            steps = f"step {len(self.steps)} of {trial.steps} · {SPEEDS[self.speed]:g}/s"
            state = "replay"
        of = f" of {run.about('trials')}" if run.about("trials") else ""
        task = f"{line(run.about('task'))} {run.about('variation')}"
        head = (
            f"{self.run} trial {self.number}{of} · score {score:.4g} · {steps} · {state} · {task}"
        )
        shown = fitted(head, self.app.size.width - 2)
        self.query_one(".headline", Told).tell(shown)
        most = run.about("budget")
        room = f" of at most {most}" if most not in ("", "0") else ""
        bar = f"Score {score_bar(score, BAR)} {score:.4g}"
        self.steps.entitle(f"{bar} · {steps}{room}")

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        if self.run not in self.feed.runs:
            return
        if not self.replayed:
            if self.run in runs:
                self._grow()
                if self.steps.following:
                    self._follow()
                if self._lit != (self.trial.id, self.steps.cursor):
                    self.panel_text()  # now, so that one drawing shows it all
            self._beside(learned)
        self.headline()

    def _grow(self) -> None:
        """Append what has been stored of this trial."""
        store, here = self.feed.store, len(self.steps)
        try:
            fresh = outline(store, self.trial.id, here)
            self.steps.people |= by_person(store, self.trial.id, here)
        except StoreError as error:
            self.say(str(error), wrong=True)
            return
        if fresh:
            self.steps.append(fresh)

    def _beside(self, learned: Set[str]) -> None:
        """What changed beside the steps: the memory, the scores, the engine."""
        run = self.feed.runs[self.run]
        ended = self.trial.ending != (self.aside.trial and self.aside.trial.ending)
        if ended or self.run in learned:
            self._open_aside()
        self.aside.tick(run, len(self.steps))

    def _open_aside(self) -> None:
        try:
            self.aside.open(self.feed.runs[self.run], self.trial, self.recalled)
        except StoreError as error:
            self.say(str(error), wrong=True)
        self.panel_text()

    def _follow(self) -> None:
        """Go on to the next trial of a live run when this one has ended."""
        run = self.feed.runs[self.run]
        latest = run.trials[-1].number
        if run.live and self.trial.ending and latest == self.number + 1:
            self.number = latest
            self.open()

    # --- the panel

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

    def action_prompt(self) -> None:
        self.prompt = not self.prompt if self.has_class("-panel") else True
        narrow = self.has_class("-narrow")
        self._panel(self.prompt or not narrow)

    def action_detail(self) -> None:
        self.prompt = False
        self._panel(not self.has_class("-panel"))

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

    # --- going about

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

    def action_other(self, by: int) -> None:
        numbers = [trial.number for trial in self.feed.runs[self.run].trials]
        if self.number + by in numbers:
            self._end_replay()
            self.number, self.first_step = self.number + by, None
            self.open()
        else:
            self.say(f"{self.run} has trials {numbers[0]} to {numbers[-1]}")

    def action_score(self, by: int) -> None:
        if not self.steps.jump(lambda index: self.steps.gained(index) != 0, by):
            where = "after" if by > 0 else "before"
            self.say(f"the score does not change {where} this step")

    def action_find(self) -> None:
        self.query_one(Input).add_class("-on").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value != self.words:
            self.words, self.hits = event.value, []
            if self.words:
                self.hits = steps_with(self.feed.store, self.trial.id, self.words)
        later = [hit for hit in self.hits if hit > self.steps.cursor] or self.hits
        if later:
            self.steps.select(later[0])
            self.say(f"hit {self.hits.index(later[0]) + 1} of {len(self.hits)}")
        else:
            self.say(f"no step holds '{line(event.value)}'")

    def action_copy(self) -> None:
        if len(self.steps):
            step = self.steps.step(self.steps.cursor)
            self.app.copy_to_clipboard(f"> {step.action}\n{step.observation}")
            self.say(f"step {self.steps.cursor} copied")

    def action_memory(self) -> None:
        self.app.open_memory(self.run)

    def action_curves(self) -> None:
        self.app.open_curves([self.run])

    def action_step_in(self) -> None:
        if self.feed.runs[self.run].live:
            self.app.push_screen(StepIn(self.run))
        else:
            self.say(
                f"{self.run} is not being played; only a live run can be stepped into", wrong=True
            )

    # --- replay

    def action_replay(self) -> None:
        if self.replayed:
            self._end_replay()
            self.first_step = None
            self.open()
            return
        self.steps.clear()
        self.replayed = self.set_interval(1 / SPEEDS[self.speed], self._next_step)
        self._next_step()

    def _next_step(self) -> None:
        known = outline(self.feed.store, self.trial.id)
        if len(self.steps) < len(known):
            self.steps.append([known[len(self.steps)]])
            self.headline()
        elif self.trial.ending:
            self._end_replay()

    def _end_replay(self) -> None:
        if self.replayed:
            self.replayed.stop()
            self.replayed = None
            self.headline()

    def action_speed(self, by: int) -> None:
        self.speed = max(0, min(len(SPEEDS) - 1, self.speed + by))
        if self.replayed:
            self.replayed.stop()
            self.replayed = self.set_interval(1 / SPEEDS[self.speed], self._next_step)
            self.headline()
