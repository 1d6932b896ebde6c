"""What stands to the right of a trajectory: the step in full; on a wide terminal also the memory as
it stands, the scores so far, and the engine."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical

from memory.links import Hedge, Relation
from memory.store.overview import TrialLine, said, spent_since
from memory.trials import Memory, Step
from tui.curve import CurvePane
from tui.engine import LATELY, engine_line
from tui.feed import Feed, Run
from tui.held import HeldPane
from tui.holdings import Held, Possible, held_at, lights
from tui.marks import count_of_links, line
from tui.series import series
from tui.side import Side
from tui.told import Told

SLACK = 2
"""Rows of the memory's pane besides those of its links: its title, and one to grow into."""


class Aside(Vertical):
    """``open`` gives it a trial, ``light`` the step under the cursor of the trajectory."""

    DEFAULT_CSS = """
    Aside { width: 1fr; }
    Aside > HeldPane, Aside > CurvePane, Aside > .engine { display: none; }
    Aside > Side { height: 1fr; }
    Aside > CurvePane { height: 32%; max-height: 22; min-height: 8; }
    Aside > CurvePane.-maximized { height: 1fr; max-height: 100%; }
    Aside > .engine { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, feed: Feed, id: str | None = None) -> None:
        super().__init__(id=id)
        self.feed, self.held = feed, Held()
        self.possible = Possible(feed.store, 0, ())
        self.trial: TrialLine | None = None

    def compose(self) -> ComposeResult:
        yield HeldPane()
        yield Side(can_focus=False)
        yield CurvePane()
        yield Told(classes="engine")

    @property
    def pane(self) -> HeldPane:
        return self.query_one(HeldPane)

    def open(self, run: Run, trial: TrialLine, recalled: Memory) -> None:
        """Show a trial that had read ``recalled``. StoreError where a row cannot be read."""
        store, ended = self.feed.store, trial.ending is not None
        self.trial = trial
        self.held = held_at(store, run.name, trial.number, recalled, ended=ended)
        warned = [
            link.cause
            for link in recalled.links
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD
        ]
        self.possible = Possible(store, trial.id, warned)
        self.pane.show(self.held, _nothing(run, ended=ended))
        self.pane.entitle(_title(self.held, run))
        self.fit()
        self.draw(run)

    def fit(self) -> None:
        """Give the memory the rows that it needs, and at most two fifths beside a step. How many
        these are is left to the layout, for no size is known before it."""
        alone = self.screen.maximized is self.pane or not self.query_one(Side).display
        self.pane.styles.height = "1fr" if alone else self.pane.rows + SLACK
        self.pane.styles.max_height = "100%" if alone else "40%"

    def on_resize(self) -> None:
        self.call_after_refresh(self.fit)

    def draw(self, run: Run) -> None:
        """The scores of the trials that have ended."""
        curve = self.query_one(CurvePane)
        curve.set_class(not run.scores, "-empty")
        if run.scores:
            [key] = curve.draw(series([run], "score"), "score")
            curve.border_title = Text(f"Score over trials: {key.rpartition(': ')[2]}")

    def tick(self, run: Run, steps: int) -> None:
        """What the engine does, told of the trial's last steps of ``steps`` so far."""
        if self.trial is None:
            return
        spent = spent_since(self.feed.store, self.trial.id, max(0, steps - LATELY))
        text = engine_line(spent, [*self.feed.runs.values()], line(run.about("model")))
        self.query_one(Told).tell(text)

    def light(self, index: int, step: Step) -> None:
        """Light up the links that a step has to do with. StoreError where a row cannot be read."""
        if self.trial is None:
            return
        told = said(self.feed.store, self.trial.id, index).get(index)
        possible = self.possible.at(index)
        lit = lights(self.held.holdings, step, told.links if told else "", possible)
        self.pane.light(lit)


def _title(held: Held, run: Run) -> str:
    count = sum(each.mark != "-" for each in held.holdings)
    if not (held.holdings or held.notes):
        return f"Memory of {run.name}"
    changes = f" · {held.since}: {held.changes or 'nothing changed'}" if held.since else ""
    return f"Memory of {run.name}: {count_of_links(count)}{changes}"


def _nothing(run: Run, *, ended: bool) -> str:
    """Why there is no memory."""
    strategy = run.about("strategy")
    if strategy == "none":
        return "This run keeps no memory (strategy none)."
    if ended:
        return "This trial left no memory."
    return "No memory yet: it is written when the first trial ends."
