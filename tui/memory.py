"""The Memory screen: how a run's memory evolved, link by link."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from clin.language import words_of_run
from memory.changes import history
from memory.links import Link, LinkError
from memory.lives import difference, label, lives
from memory.store import Store, StoreError, Version
from memory.store.overview import TrialLine, latest_versions
from memory.store.search import search
from memory.trials import Step
from tui.graph import graph_screen
from tui.marks import LEGEND, count_of_links, fitted, line
from tui.strips import Strips
from tui.watching import Watching

MOST_VERSIONS = 200
LONGEST = 400
"""Characters of a step in one line."""
_STYLES = {"+": "bold", "^": "bold", "v": "italic", "!": "bold reverse", "-": "strike", "=": "dim"}


class MemoryScreen(Watching):
    """The versions of one run's memory."""

    TOUR = (
        "The memory over time. Each column is a version: what was written after a trial, or by a "
        f"person; above it the trial's score. Each row is a link's life: {LEGEND}. Below: what "
        "changed in the chosen version against the one before it, or against one that you marked "
        "with v; Enter shows the evidence for a link instead, and Enter there opens the step. Pin "
        "keeps a link through all rewriting, ban keeps it out; both are new versions, recorded as "
        "yours."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v", "mark", "Mark", tooltip="Mark this version: the difference is then against it"
        ),
        Binding("d", "difference", "Diff", tooltip="What changed in this version"),
        Binding(
            "slash",
            "find",
            "Search",
            key_display="/",
            tooltip="Search the links, tasks and steps of the whole file",
        ),
        Binding(
            "P",
            "rule('pin')",
            "Pin",
            tooltip="Keep this link, in this wording; again: let writers decide",
        ),
        Binding(
            "B",
            "rule('ban')",
            "Ban",
            tooltip="Take this link out and keep it out; again: let writers find it",
        ),
        Binding("g", "graph", "Graph", tooltip="This version as causes and effects, from the goal"),
        Binding("c", "curves", "Curves", show=False, tooltip="Score and steps over trials"),
        Binding("t", "trial", "Trial", tooltip="The trial after which this version was written"),
    ]
    DEFAULT_CSS = """
    MemoryScreen Strips { height: 3fr; }
    MemoryScreen #legend { height: 1; padding: 0 1; color: $text-muted; }
    MemoryScreen #below { height: 2fr; min-height: 6; border-top: solid $primary; }
    MemoryScreen #below > Static { height: 1; padding: 0 1; text-style: bold; }
    MemoryScreen #below > OptionList {
        height: 1fr;
        border: none;
        padding: 0;
        background: $background;
    }
    MemoryScreen #below > OptionList:focus { border: none; }
    MemoryScreen > Input { display: none; height: 3; }
    MemoryScreen > Input.-on { display: block; }
    """

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run
        self.versions: list[Version] = []
        self.shows = "difference"
        self.places: list[tuple[str, int, int] | None] = []

    def content(self) -> ComposeResult:
        yield Static(classes="headline", markup=False)
        yield Strips()
        yield Static(LEGEND, id="legend", markup=False)
        yield Input(placeholder='search links, tasks, steps: words, "a phrase", prefix*')
        with Vertical(id="below"):
            yield Static(markup=False)
            yield OptionList(markup=False)

    @property
    def strips(self) -> Strips:
        return self.query_one(Strips)

    def on_mount(self) -> None:
        self.fill(last=True)
        self.strips.focus()

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        if self.run in learned:
            self.fill(last=self.strips.version >= len(self.versions) - 1)

    def fill(self, *, last: bool) -> None:
        """Show the run's versions as the file has them now."""
        try:
            self.versions = latest_versions(self.feed.store, self.run, MOST_VERSIONS)
            language = words_of_run(self.feed.store, self.run)
            pinned = self.feed.store.overrides(self.run, language).pinned
        except StoreError as error:
            self.say(str(error), wrong=True)
            return
        trials = self.feed.runs[self.run].trials
        numbers = {trial.id: trial.number for trial in trials}
        points = {trial.id: trial.score for trial in trials}
        labels = [label(version, numbers) for version in self.versions]
        scores = [points.get(version.trial or 0) for version in self.versions]
        self.strips.show(labels, scores, lives(self.versions), pinned, last=last)

    # --- the lower half

    def on_strips_moved(self) -> None:
        self.shows = "difference" if self.shows == "evidence" else self.shows
        if self.shows == "difference":
            self._difference()
        self._headline()

    def on_strips_chosen(self) -> None:
        self._evidence()
        self.query_one(OptionList).focus()

    def _headline(self) -> None:
        if not self.versions:
            text = f"{self.run} · no memory yet: it is written when the first trial ends"
        else:
            at = self.versions[self.strips.version]
            unread = f" · {len(at.unreadable)} lines unreadable" if at.unreadable else ""
            text = (
                f"{self.run} memory · version {self.strips.version + 1} of {len(self.versions)} · "
                f"by {line(at.writer)} · {count_of_links(len(at.memory.links))}{unread}"
            )
        self.query_one(".headline", Static).update(fitted(text, self.app.size.width - 2))

    def _list(
        self, title: str, rows: list[Text], places: Sequence[tuple[str, int, int] | None] = ()
    ) -> None:
        self.query_one("#below > Static", Static).update(title)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(row) for row in rows])
        self.places = list(places) or [None] * len(rows)
        if self.places and self.places[0]:
            options.highlighted = 0

    def _difference(self) -> None:
        if not self.versions:
            self._list("", [])
            return
        new = self.strips.version
        old = self.strips.marked if self.strips.marked is not None else new - 1
        before = self.versions[old] if old >= 0 else None
        rows = [
            Text(f"{mark} {line(words)}", _STYLES[mark])
            for mark, words in difference(before, self.versions[new])
        ]
        against = f"version {old + 1}" if before else "nothing"
        notes = [Text(f"  note: {line(note)}") for note in self.versions[new].memory.notes]
        self._list(
            f"version {new + 1} against {against}:  + new  ^ surer  v less sure  ! turned  - gone",
            rows + notes,
        )

    @property
    def link(self) -> Link | None:
        """The link under the cursor, as the chosen version has it."""
        if not self.strips.lives:
            return None
        return self.strips.lives[self.strips.link].upto(self.strips.version)

    def _evidence(self) -> None:
        link = self.link
        if link is None:
            return
        self.shows = "evidence"
        try:
            stages = history(self.feed.store, self.run, link)
            notes = self._tally(link) + self._scope(link)
        except StoreError as error:
            self.say(str(error), wrong=True)
            return
        rows: list[Text] = []
        places: list[tuple[str, int, int]] = []
        for stage in stages:
            if stage.trial is None:
                continue
            for position, step in stage.steps:
                rows.append(_step_text(stage.trial, position, step))
                places.append((self.run, stage.trial, position))
        count = f"{len(rows)} steps speak" if len(rows) > 1 else f"{len(rows) or 'no'} step speaks"
        title = f"{count} of: {line(str(link))}{notes}"
        self._list(fitted(title, self.app.size.width - 2), rows, places)

    def _tally(self, link: Link) -> str:
        """What the record says of ``link`` in the chosen version, where its writer counted."""
        trial = self._trial()
        tally = self.feed.store.tallies(self.run, trial.number).get(link) if trial else None
        return f" ({tally})" if tally else ""

    def _trial(self) -> TrialLine | None:
        """The trial after which the chosen version was written."""
        wanted = self.versions[self.strips.version].trial if self.versions else None
        trials = self.feed.runs[self.run].trials
        return next((trial for trial in trials if trial.id == wanted), None)

    def _scope(self, link: Link) -> str:
        """Where ``link`` held, if that was in one place only, as the chosen version has it."""
        scope = self.versions[self.strips.version].memory.scope(link)
        return f" ({line(str(scope))})" if scope else ""

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        place = self.places[event.option_index]
        if place:
            self.app.open_trial(*place)

    # --- what a person does

    def action_mark(self) -> None:
        here = self.strips.version
        self.strips.marked = None if self.strips.marked == here else here
        self.strips.refresh()
        self.action_difference()

    def action_difference(self) -> None:
        self.shows = "difference"
        self._difference()
        self.strips.focus()

    def action_graph(self) -> None:
        """The chosen version as a tree, against the marked one where one is."""
        if not self.versions:
            self.say(f"{self.run} has no memory yet")
            return
        here, marked = self.strips.version, self.strips.marked
        try:
            screen = graph_screen(self.feed.store, self.run, self.versions, here, marked)
        except StoreError as error:
            self.say(str(error), wrong=True)
            return
        self.app.push_screen(screen)

    def action_trial(self) -> None:
        if trial := self._trial():
            self.app.open_trial(self.run, trial.number)

    def action_curves(self) -> None:
        self.app.open_curves([self.run])

    def action_find(self) -> None:
        self.query_one(Input).add_class("-on").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            hits = search(self.feed.store, event.value)
        except StoreError as error:
            self.say(str(error), wrong=True)
            return
        self.shows = "search"
        rows = [Text(f"{hit.kind:<4} {hit.where:<16} {line(hit.text)}") for hit in hits]
        places = [_place(hit.kind, hit.where, hit.text) for hit in hits]
        self._list(f"{len(hits)} hits for '{line(event.value)}'", rows, places)
        self.query_one(OptionList).focus()

    def action_back(self) -> None:
        field = self.query_one(Input)
        if field.has_class("-on") or self.shows != "difference":
            field.remove_class("-on")
            self.action_difference()
        else:
            super().action_back()

    def action_rule(self, kind: str) -> None:
        link = self.link
        if link is None:
            return
        try:
            with Store(self.feed.path) as store:
                language = words_of_run(store, self.run)
                overrides = store.overrides(self.run, language)
                there = overrides.bans(link) if kind == "ban" else link in overrides.pinned
                done = f"un{kind}" if there else kind
                against = overrides.contradicted(done, link)
                store.correct(self.run, done, link, language=language)
        except (StoreError, LinkError, OSError) as error:
            self.say(str(error), wrong=True)
            return
        told = f"{done}: {line(str(link))}"
        self.say(f"{told}. {line(against)}" if against else told)


def _step_text(trial: int, position: int, step: Step) -> Text:
    head = f"trial {trial} [{position}] {step.score:.4g}"
    return Text(f"{head} > {line(step.action)} | {line(step.observation)}"[:LONGEST])


def _place(kind: str, where: str, text: str) -> tuple[str, int, int] | None:
    """Where a hit is, for opening it; only steps have one place."""
    if kind != "step":
        return None
    run, _, trial = where.partition(" --trial ")
    return run, int(trial), int(text[1 : text.index("]")])
