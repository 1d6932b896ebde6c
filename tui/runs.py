"""The Runs screen: a line per run, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import DataTable, Input, Static

from memory.store import StoreError
from tui.feed import Run
from tui.marks import STATES, fitted, line, spark
from tui.watching import Watching

WIDE = 110
_COLUMNS = (
    "",
    "run",
    "task",
    "var",
    "strategy",
    "model",
    "world",
    "trials",
    "scores",
    "last",
    "state",
)
_NARROW = ("", "run", "task", "var", "strategy", "trials", "scores", "last", "state")
_ORDERS = ("newest", "task", "strategy", "score", "state")


class RunTable(DataTable[Text]):
    """The table, with a word for what Enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select_cursor", "Trial", tooltip="The latest trial of this run, step by step"
        )
    ]


class RunsScreen(Watching):
    """Every run of the file; filter, sort, mark for comparison, open."""

    TOUR = (
        "Every run in the file, newest first. The bars are the final scores of its trials: the "
        "lowest is -100, the highest 100. Runs that are being played move by themselves; this "
        "screen only reads the file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "open_memory", "Memory", tooltip="How its memory evolved"),
        Binding(
            "c",
            "open_curves",
            "Curves",
            tooltip="Score and steps over trials, of this run or of all marked ones",
        ),
        Binding("space", "mark", "Mark", key_display="␣", tooltip="Mark for comparison in Curves"),
        Binding(
            "slash",
            "filter",
            "Filter",
            key_display="/",
            tooltip="Show only runs that hold these words",
        ),
        Binding(
            "s", "sort", "Sort", show=False, tooltip="Sort by: newest, task, strategy, score, state"
        ),
        Binding("n", "start_run", "New", tooltip="Start a run"),
        Binding("x", "stop", "Stop", tooltip="Ask this run to end after its current step"),
        Binding("r", "resume", "Resume", tooltip="Go on with an interrupted run"),
    ]
    DEFAULT_CSS = """
    RunsScreen > RunTable { height: 1fr; }
    RunsScreen > Input { display: none; height: 3; }
    RunsScreen > Input.-on { display: block; }
    RunsScreen > #empty {
        display: none;
        height: 1fr;
        content-align: center middle;
        text-align: center;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[str] = set()
        self.words = ""
        self.order = _ORDERS[0]
        self._columns: tuple[str, ...] = ()

    def content(self) -> ComposeResult:
        yield Static(classes="headline", markup=False)
        yield Input(
            placeholder="filter: words that a run's line must hold; Enter keeps, Esc clears"
        )
        yield RunTable(cursor_type="row", zebra_stripes=True)
        yield Static(
            "No run yet.\nPress n to start one, or `clin run` in another terminal: it appears "
            "here.",
            id="empty",
            markup=False,
        )

    def on_mount(self) -> None:
        self.fill()
        self.query_one(DataTable).focus()

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self.fill()

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        self.fill()

    # --- what is shown

    def shown(self) -> list[Run]:
        """The runs that pass the filter, in the chosen order."""
        words = self.words.lower().split()
        runs = [run for run in self.feed.runs.values() if _holds(run, words)]
        runs.sort(key=lambda run: -run.row.id)
        if self.order == "score":
            runs.sort(key=lambda run: -run.scores[-1] if run.scores else 1000)
        elif self.order == "state":
            runs.sort(key=lambda run: run.state)
        elif self.order != "newest":
            runs.sort(key=lambda run: run.about(self.order))
        return runs

    def fill(self) -> None:
        """Bring the table up to date: cells where only they changed, everything where the rows
        did."""
        table = self.query_one(RunTable)
        columns = _COLUMNS if self.app.size.width >= WIDE else _NARROW
        runs = self.shown()
        if columns != self._columns:
            table.clear(columns=True)
            self._columns = columns
            for name in columns:
                table.add_column(name, key=name)
        if [row.value for row in table.rows] == [run.name for run in runs]:
            self._update(table, runs)
        else:
            self._refill(table, runs)
        self._headline(len(runs))

    def _update(self, table: RunTable, runs: Sequence[Run]) -> None:
        for run in runs:
            for name, cell in zip(self._columns, self._cells(run), strict=True):
                if table.get_cell(run.name, name) != cell:
                    table.update_cell(run.name, name, cell, update_width=True)

    def _refill(self, table: RunTable, runs: Sequence[Run]) -> None:
        """The cursor stays on its run where that is still shown."""
        at = self.current
        table.clear()
        for run in runs:
            table.add_row(*self._cells(run), key=run.name)
        names = [run.name for run in runs]
        if at in names:
            table.move_cursor(row=names.index(at))

    def _cells(self, run: Run) -> list[Text]:
        wanted, scores = run.about("trials"), run.scores
        wide = self._columns == _COLUMNS
        cells = {
            "": "●" if run.name in self.marked else " ",
            "run": run.name,
            "task": fitted(line(run.about("task")), 44 if wide else 22),
            "var": run.about("variation"),
            "strategy": fitted(line(run.about("strategy")), 10),
            "model": fitted(line(run.about("model")), 20),
            "world": fitted(line(run.about("world")), 16),
            "trials": f"{len(scores)}/{wanted}" if wanted not in ("", "0") else str(len(scores)),
            "scores": spark(scores, 24 if wide else 9),
            "last": _last(run),
            "state": STATES.get(run.state, run.state),
        }
        return [Text(cells[name]) for name in self._columns]

    def _headline(self, shown: int) -> None:
        live = sum(run.live for run in self.feed.runs.values())
        runs = "1 run" if len(self.feed.runs) == 1 else f"{len(self.feed.runs)} runs"
        parts = [f"clin · {line(self.feed.path.name)} · {runs}, {live} live", f"by {self.order}"]
        if self.words:
            parts.append(f"{shown} with '{line(self.words)}'")
        self.query_one(".headline", Static).update(" · ".join(parts), layout=False)
        empty = not self.feed.runs
        self.query_one("#empty").display = empty
        self.query_one(DataTable).display = not empty

    @property
    def current(self) -> str:
        """The run under the cursor; empty when there is none."""
        table = self.query_one(DataTable)
        if not table.row_count:
            return ""
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    # --- what a person does

    def on_data_table_row_selected(self) -> None:
        if self.current:
            self.app.open_trial(self.current)

    def action_open_memory(self) -> None:
        if self.current:
            self.app.open_memory(self.current)

    def action_open_curves(self) -> None:
        runs = [name for name in self.feed.runs if name in self.marked] or [self.current]
        if runs[0]:
            self.app.open_curves(runs)

    def action_mark(self) -> None:
        if self.current:
            self.marked ^= {self.current}
            self.fill()

    def action_sort(self) -> None:
        self.order = _ORDERS[(_ORDERS.index(self.order) + 1) % len(_ORDERS)]
        self.fill()

    def action_filter(self) -> None:
        self.query_one(Input).add_class("-on").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.words = event.value
        self.fill()

    def on_input_submitted(self) -> None:
        self.query_one(DataTable).focus()

    def action_back(self) -> None:
        field = self.query_one(Input)
        field.value = ""
        field.remove_class("-on")
        self.query_one(DataTable).focus()

    def action_start_run(self) -> None:
        self.app.action_start_run()

    def action_stop(self) -> None:
        run = self.feed.runs.get(self.current)
        if run is None or not run.live:
            self.say(f"{self.current or 'No run'} is not being played", wrong=True)
            return
        self._try(
            lambda: self.app.processes.stop(run.name), f"{run.name} ends after its current step"
        )

    def action_resume(self) -> None:
        run = self.feed.runs.get(self.current)
        if run is None or run.state not in ("interrupted", "stopped", "failed"):
            self.say(
                f"{self.current or 'No run'} is {run.state if run else 'not there'}; only "
                "interrupted runs are resumed",
                wrong=True,
            )
            return
        self._try(
            lambda: self.app.processes.start(["resume", run.name]),
            f"{run.name} goes on in a process of its own",
        )

    def _try(self, do: Callable[[], object], said: str) -> None:
        try:
            do()
            self.say(said)
        except (StoreError, OSError) as error:
            self.say(str(error), wrong=True)


def _holds(run: Run, words: Sequence[str]) -> bool:
    """Whether what can be said of a run holds all of ``words``."""
    fields = ("task", "world", "strategy", "model", "variation", "writer", "seed")
    text = " ".join([run.name, run.state, *map(run.about, fields)]).lower()
    return all(word in text for word in words)


def _last(run: Run) -> str:
    """The last trial's score, and its step while it is under way."""
    if not run.trials:
        return ""
    trial = run.trials[-1]
    if trial.ending is None:
        return f"{trial.score:.4g} at {trial.steps}"
    return f"{run.scores[-1]:.4g}"
