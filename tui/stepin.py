"""Stepping into a live trial: it waits, a person chooses its actions or tells it something, and
hands it back."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from clin.language import words_of_run
from memory.corrections import in_words
from memory.links import LinkError
from memory.store import Store, StoreError
from memory.store.overview import steps_between
from memory.store.requests import Offer, ask
from tui.marks import fitted, line
from tui.watching import Watching

BAR = 10


class Actions(OptionList):
    """The list, with a word for what Enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select", "Do it", tooltip="Do the action under the cursor, as your choice"
        )
    ]


class StepIn(Watching):
    """The admissible actions of a paused trial, the likeliest first."""

    TOUR = (
        "You have paused a live trial. The list holds every action that is possible now, with the "
        "model's own probability and a bar; Enter does the one under the cursor and pauses again, "
        "so that you can play the whole trial yourself. With w you say something in words: it "
        "becomes a link of yours in the memory, pinned, and is read from the next trial on. Hand "
        "back with g. Esc leaves this screen while the trial still waits. All is recorded as yours."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "o",
            "step",
            "One step",
            tooltip="Let the model take one step of its own, then wait again",
        ),
        Binding("g", "go", "Hand back", tooltip="Hand control back to the model"),
        Binding(
            "w",
            "say_it",
            "Say",
            tooltip="Correct it in words: a link of yours, read from the next trial on",
        ),
        Binding(
            "slash",
            "find",
            "Filter",
            key_display="/",
            tooltip="Show only actions that hold these words",
        ),
        Binding("m", "memory", "Memory", tooltip="Its memory; pin and ban links there"),
    ]
    DEFAULT_CSS = """
    StepIn #seen { height: auto; max-height: 6; padding: 0 1; background: $secondary 20%; }
    StepIn > OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    StepIn > OptionList:focus { border: none; }
    StepIn > Input { display: none; height: 3; }
    StepIn > Input.-on { display: block; }
    StepIn > #reads { height: auto; padding: 0 1; display: none; }
    StepIn > #reads.-on { display: block; }
    """

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run
        self.offer: Offer | None = None
        self.asked = "pause"
        self.listed: list[str] = []

    def content(self) -> ComposeResult:
        yield Static(classes="headline", markup=False)
        yield Static(id="seen", markup=False)
        yield Actions(markup=False)
        yield Static(id="reads", markup=False)
        yield Input(id="find", placeholder="filter the actions; Enter: to the list")
        yield Input(
            id="say", placeholder="in words, such as: the stove is broken, use the blast furnace"
        )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        if self.feed.runs[self.run].offer is None:
            self._ask("pause")
        self.fill()

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        self.fill()

    # --- what is shown

    def fill(self) -> None:
        """Show the offer that the run waits with, or what it is doing instead."""
        run = self.feed.runs[self.run]
        if run.offer != self.offer or not self.offer:
            self.offer = run.offer
            self._list()
        trial = run.trials[-1]
        where = f"{self.run} trial {trial.number} · step {trial.steps} · score {trial.score:.4g}"
        if self.offer:
            now = f"it would: {line(self.offer.choice)}"
        elif not run.live:
            now = f"{run.state}: nothing to step into any more"
        elif self.asked == "go":
            now = "it plays on"
        else:
            now = "waiting for the model to end its step …"
        text = fitted(f"{where} · {now}", self.app.size.width - 2)
        self.query_one(".headline", Static).update(text)
        self._seen(trial.id, trial.steps)

    def _seen(self, trial: int, steps: int) -> None:
        try:
            last = steps_between(self.feed.store, trial, steps - 1, steps)
        except StoreError:
            return  # the headline of the screen below says what is wrong with the file
        text = "The trial has just begun."
        if last:
            text = f"> {line(last[0].action)}\n{line(last[0].observation)}"
        self.query_one("#seen", Static).update(text)

    def _list(self) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        self.listed = []
        if self.offer is None:
            return
        words = self.query_one("#find", Input).value.lower().split()
        unknown = [math.nan] * len(self.offer.actions)
        scores = dict(zip(self.offer.actions, self.offer.scores or unknown, strict=False))
        ranked = sorted(scores, key=lambda action: (-_share(scores[action]), action))
        self.listed = [action for action in ranked if all(word in action.lower() for word in words)]
        options.add_options([Option(self._row(action, scores[action])) for action in self.listed])
        if self.listed:
            options.highlighted = 0

    def _row(self, action: str, score: float) -> Text:
        share = _share(score)
        row = Text(f"{_percent(score)} {'█' * round(share * BAR):<{BAR}} ")
        chosen = self.offer is not None and action == self.offer.choice
        row.append(line(action), "bold" if chosen else "")
        return row.append("  ← the model's" if chosen else "")

    # --- what a person does

    def _ask(self, kind: str, value: str = "") -> None:
        self.asked = kind
        try:
            with Store(self.feed.path) as store:
                ask(store, self.run, kind, value)
        except (StoreError, OSError) as error:
            self.say(str(error), wrong=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if self.offer:
            self._ask("act", self.listed[event.option_index])

    def action_step(self) -> None:
        if self.offer:
            self._ask("step")

    def action_go(self) -> None:
        self._ask("go")
        self.say(f"{self.run} goes on by itself")
        self.app.pop_screen()

    def action_memory(self) -> None:
        self.app.open_memory(self.run)

    def action_find(self) -> None:
        self.query_one("#find", Input).add_class("-on").focus()

    def action_say_it(self) -> None:
        self.query_one("#say", Input).add_class("-on").focus()
        self.query_one("#reads").add_class("-on")

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "find":
            self._list()
            return
        try:
            reads = f"becomes: {line(str(in_words(event.value)))}" if event.value.strip() else ""
        except LinkError as error:
            reads = line(str(error))
        self.query_one("#reads", Static).update(reads)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "say" and event.value.strip():
            if not self._corrected(event.value):
                return
            self._close_inputs()
        self.query_one(OptionList).focus()

    def _corrected(self, words: str) -> bool:
        """Whether ``words`` have become a link of the memory."""
        try:
            link = in_words(words)
            with Store(self.feed.path) as store:
                language = words_of_run(store, self.run)
                against = store.overrides(self.run, language).contradicted("add", link)
                store.correct(self.run, "add", link, language=language)
        except (StoreError, LinkError, OSError) as error:
            self.say(str(error), wrong=True)
            return False
        told = f"from the next trial on it reads: {line(str(link))}"
        self.say(f"{told}. {line(against)}" if against else told)
        return True

    def _close_inputs(self) -> bool:
        shown = [field for field in self.query(Input) if field.has_class("-on")]
        for field in shown:
            field.value = ""
            field.remove_class("-on")
        self.query_one("#reads").remove_class("-on")
        self.query_one(OptionList).focus()
        return bool(shown)

    def action_back(self) -> None:
        if self._close_inputs():
            return
        if self.offer:
            self.say(f"{self.run} still waits for you: i steps in again, g there hands it back")
        super().action_back()


def _percent(score: float) -> str:
    """A log-probability in six cells."""
    if math.isnan(score):
        return "     ?"
    share = _share(score)
    return f"{100 * share:5.1f}%" if share >= 0.0005 else "<0.05%"


def _share(score: float) -> float:
    """A log-probability as a share of 1; unknown ones count as nothing."""
    return 0.0 if math.isnan(score) else math.exp(score)
