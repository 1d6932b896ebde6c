"""The form that starts a run, as a child process of the same command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Static

from clin.llms.shelf import shelf
from memory.sanitize import sanitized
from memory.strategies import strategy_names
from tui.processes import search_path
from tui.watching import Watching

FIELDS = {
    "world": ("scienceworld", "where it plays"),
    "task": ("lifespan-shortest-lived", "a task of that world"),
    "variation": ("93", "7, 3,5 or 0-9: a run each"),
    "strategy": ("evidence", "how the memory is kept"),
    "model": ("bundled", "bundled, PATH.gguf, hf:ORG/REPO:FILE, openai:MODEL@URL"),
    "trials": ("5", "of one episode"),
    "budget": ("100", "steps per trial at most"),
    "seed": ("0", "of world and sampling"),
}
OFFERED = 6
"""Completions shown below the form."""


class StartScreen(Watching):
    """World, task, variation, strategy, model …, with completion; then the run appears in Runs."""

    TOUR = (
        "The form of `clin run`. What is offered for the field that you are in stands at the "
        "bottom, and the nearest one in grey: → takes it. Ctrl+R starts the run as a process of "
        "its own, which goes on when you leave; what is wrong with a field comes back as one line."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+r", "start", "Start", key_display="^r", tooltip="Start the run", priority=True
        ),
        Binding("escape", "back", "Back", tooltip="Leave the form"),
        Binding("down", "app.focus_next", "Next field", show=False, priority=True),
        Binding("up", "app.focus_previous", "Field before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    StartScreen > VerticalScroll { height: 1fr; padding: 1 2 0 2; }
    StartScreen .row { height: 1; margin-bottom: 1; }
    StartScreen .row Label { width: 12; }
    StartScreen .row Input { width: 36; height: 1; border: none; background: $boost; }
    StartScreen .row Input:focus { background: $primary 30%; border: none; }
    StartScreen .row .why {
        width: 1fr;
        padding-left: 2;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    StartScreen #offered { height: 4; padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, list[str]] = {
            "strategy": strategy_names(),
            "model": [each.reference for each in shelf(Path.cwd())],
        }

    def content(self) -> ComposeResult:
        yield Static("start a run", classes="headline", markup=False)
        with VerticalScroll(can_focus=False):
            for name, (value, why) in FIELDS.items():
                with Horizontal(classes="row"):
                    yield Label(name)
                    yield Input(
                        value, id=name, select_on_focus=False, suggester=self._suggester(name)
                    )
                    yield Label(why, classes="why")
        yield Static(id="offered", markup=False)

    def on_mount(self) -> None:
        self.query_one("#task").focus()
        self.ask_worlds("")
        self.ask_worlds(FIELDS["world"][0])

    def _suggester(self, name: str) -> SuggestFromList | None:
        names = self.known.get(name)
        return SuggestFromList(names, case_sensitive=False) if names else None

    @work(thread=True)
    def ask_worlds(self, world: str) -> None:
        """The names of the worlds, or of the tasks of ``world``, from the command line in a process
        of its own."""
        words = [sys.executable, "-m", "clin.cli", "worlds", *([world] if world else []), "--json"]
        done = subprocess.run(
            words,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": search_path(), "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        if done.returncode == 0:
            listed = json.loads(done.stdout)
            field, rows = ("task", listed["tasks"]) if world else ("world", listed)
            self.app.call_from_thread(self._learn, field, [str(row[field]) for row in rows])

    def _learn(self, field: str, names: list[str]) -> None:
        if not self.is_mounted or not self.query("#offered"):  # the form was left meanwhile
            return
        self.known[field] = names
        self.query_one(f"#{field}", Input).suggester = self._suggester(field)
        self._offer()

    def on_descendant_focus(self) -> None:
        self._offer()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "world" and event.value in self.known.get("world", ()):
            self.ask_worlds(event.value)
        self._offer()

    def on_input_submitted(self) -> None:
        self.action_start()

    def _offer(self) -> None:
        """What could stand in the field that is being filled in."""
        field = self.focused
        if not isinstance(field, Input) or field.id not in self.known:
            self.query_one("#offered", Static).update("")
            return
        names, typed = self.known[field.id], field.value.lower()
        near = [name for name in names if typed in name.lower()]
        if typed in [name.lower() for name in names]:
            near = names
        shown = ", ".join(near[:OFFERED])
        if not near:
            shown = f"no {field.id} holds '{field.value}'"
        elif len(near) > OFFERED:
            shown += f" … ({len(near)} in all)"
        self.query_one("#offered", Static).update(sanitized(f"{field.id}: {shown}"))

    def words(self) -> list[str]:
        """The command line that the form makes."""
        filled = {name: self.query_one(f"#{name}", Input).value.strip() for name in FIELDS}
        return ["run", *(f"--{name}={value}" for name, value in filled.items() if value)]

    def action_start(self) -> None:
        self.app.processes.start(self.words())
        self.say("started; it appears in Runs when its first trial begins")
        self.app.pop_screen()
