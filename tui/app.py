"""``clin watch``: the Textual app over one database file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from clin.cli.terminal import has_unicode
from memory.private import write_private
from memory.sanitize import harmless
from tui.curves import CurvesScreen
from tui.door import Door, unmarked
from tui.feed import POLL_SECONDS, Feed
from tui.first import first_time
from tui.marks import line
from tui.memory import MemoryScreen
from tui.plain import Plain
from tui.processes import Children
from tui.runs import RunsScreen
from tui.start import StartScreen
from tui.terminal import on_terminal
from tui.trial import TrialScreen
from tui.watching import Watching, own_keys


class Watch(App[None]):
    """The app. ``start`` are words of a ``clin run`` command line that is started at once as a
    child process; ``hint`` tells of the keys, to who is here for the first time."""

    TITLE = "clin"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", tooltip="Leave; runs in other processes go on"),
        Binding("ctrl+t", "other_theme", "Light/dark", show=False),
        Binding(
            "ctrl+s", "picture", "Picture", show=False, tooltip="Keep the screen as an SVG file"
        ),
    ]
    CSS = """
    .headline { height: 1; padding: 0 1; background: $primary 30%; text-style: bold; }
    .trouble { height: auto; padding: 0 1; background: $error 40%; display: none; }
    .trouble.-on { display: block; }
    """

    def __init__(
        self, path: str | os.PathLike[str], *, start: Iterable[str] = (), hint: bool = False
    ) -> None:
        super().__init__()
        self.hint = hint
        self.feed = Feed(path)
        self.processes = Children(Path(path))
        self._start = list(start)
        self.polling = True
        self._door = Door()

    def on_mount(self) -> None:
        self.push_screen(RunsScreen())
        self.set_interval(POLL_SECONDS, self.poll)
        if self._start:
            self.processes.start(self._start)

    def on_unmount(self) -> None:
        self.feed.close()

    def poll(self) -> None:
        """Ask the feed and tell every open screen."""
        before, opened = self.feed.trouble, self.feed.opened
        news = self.feed.poll()
        if self.feed.opened != opened:
            self._begin_again()
        for child in self.processes.reap():
            self.notify(
                child.farewell,
                title=child.title,
                severity="error" if child.failed else "information",
                markup=False,
            )
        if news or news.trouble != before or self.feed.opened != opened:
            for screen in self.screen_stack:
                if isinstance(screen, Watching):
                    screen.hear(news)

    def _begin_again(self) -> None:
        """Another file stands at the path: what other screens show is not in it."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.notify("another file has come in this one's place", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield SystemCommand(
            "Start a run", "Fill in a form; the run is a process of its own", self.action_start_run
        )
        if isinstance(screen, Watching):
            yield SystemCommand(
                "What is this screen?", "What it shows, and its keys", screen.action_explain
            )
            yield from self._commands_of(screen)
        for run in list(self.feed.runs.values())[-50:]:
            about = unmarked(f"{run.name}: {run.about('task')} {run.about('variation')}")
            trial, memory = partial(self.open_trial, run.name), partial(self.open_memory, run.name)
            yield SystemCommand(f"Trial of {about}", "Its latest trial", trial)
            yield SystemCommand(f"Memory of {about}", "How it evolved", memory)

    def _commands_of(self, screen: Watching) -> Iterable[SystemCommand]:
        """Every key of ``screen`` by its name."""
        for active in own_keys(screen):
            binding = active.binding
            does = partial(self.run_action, binding.action, active.node)
            told = binding.tooltip or binding.description
            yield SystemCommand(
                f"{binding.description} ({self.get_key_display(binding)})", told, does
            )

    def get_driver_class(self) -> type[Driver]:
        return on_terminal(super().get_driver_class())

    def get_line_filters(self) -> Sequence[LineFilter]:
        plain = [] if has_unicode() else [Plain()]
        return [*super().get_line_filters(), self._door, *plain]

    def copy_to_clipboard(self, text: str) -> None:
        """What is pasted elsewhere is harmless there too."""
        super().copy_to_clipboard(harmless(text))

    def action_start_run(self) -> None:
        self.push_screen(StartScreen())

    def action_other_theme(self) -> None:
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_picture(self) -> None:
        moment = datetime.now().isoformat().replace(":", "_")
        path = Path.cwd() / f"clin_{moment}.svg"
        write_private(path, self.export_screenshot())
        self.notify(f"Kept as {line(str(path))}", markup=False)

    def open_trial(self, run: str, number: int | None = None, step: int | None = None) -> None:
        """Show a trial of ``run`` (the latest without ``number``), at ``step`` if given."""
        trials = self.feed.runs[run].trials
        if not trials:
            self.notify(f"{run} has no trial yet", markup=False)
            return
        self.push_screen(TrialScreen(run, trials[-1].number if number is None else number, step))

    def open_memory(self, run: str) -> None:
        self.push_screen(MemoryScreen(run))

    def open_curves(self, runs: list[str]) -> None:
        self.push_screen(CurvesScreen(runs))


def watch(path: str | os.PathLike[str], start: Iterable[str] = ()) -> None:
    """Show ``path`` until the person leaves. StoreError if it cannot be opened."""
    Watch(path, start=start, hint=first_time()).run()
