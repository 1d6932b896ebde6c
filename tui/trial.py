"""The Trial screen: a trajectory as it happens, or replayed."""

from __future__ import annotations

from collections.abc import Set
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input, Static

from clin.language import route_taken
from memory.store import StoreError
from memory.store.overview import by_person, outline, steps_with
from tui.engine import score_bar
from tui.marks import ENDINGS, STATES, fitted, line
from tui.replay import SPEEDS, Replay
from tui.stepin import StepIn
from tui.told import Told
from tui.trial_keys import KEYS, TOUR

BAR = 20
"""Cells of the bar that says the score."""


class TrialScreen(Replay):
    """One trial of one run."""

    TOUR = TOUR
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, run: str, number: int, step: int | None = None) -> None:
        super().__init__(run, number)
        self.first_step = step
        self.words, self.hits = "", list[int]()

    def on_mount(self) -> None:
        self.open()
        self.steps.focus()

    # --- content

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

    def replay_ended(self) -> None:
        self.first_step = None
        self.open()

    # --- what is new

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
            self.aside.pane.blink()
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

    # --- going about

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
