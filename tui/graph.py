"""The Graph screen: a memory as a tree of causes and effects, down from the goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from clin.analysis.graphs.tree import ASIDE, branch_words
from clin.language import words_of_run
from memory.graph import Branch, Edge, Graph, Mark, branches, graph_of
from memory.store import Store, Version
from tui.marks import LEGEND, colour, count_of_links, fitted, line, shape
from tui.watching import Watching

_STYLES = {Mark.ADDED: "bold", Mark.STRONGER: "bold", Mark.WEAKER: "italic", Mark.GONE: "strike"}
_STYLES |= {Mark.TURNED: "bold reverse", Mark.KEPT: ""}


class Causes(Tree[Branch | None]):
    """The tree. A shape and a colour say what a cause is to the line above it."""

    def __init__(self, graph: Graph) -> None:
        super().__init__("")
        self.show_root = False
        self.guide_depth = 3
        lines = list(branches(graph))
        above: list[TreeNode[Branch | None]] = []
        aside: TreeNode[Branch | None] = self.root
        for number, branch in enumerate(lines):
            if not branch.depth and number and aside is self.root:
                aside = self.root.add(ASIDE, expand=True)
            del above[branch.depth :]
            under = above[-1] if above else aside
            leads = number + 1 < len(lines) and lines[number + 1].depth > branch.depth
            above.append(under.add("", branch, expand=leads, allow_expand=leads))

    def render_label(self, node: TreeNode[Branch | None], base_style: Style, style: Style) -> Text:
        branch = node.data
        fold = ("▾ " if node.is_expanded else "▸ ") if node.allow_expand else ""
        if branch is None:
            return Text(f"{fold}{ASIDE}", base_style + Style(italic=True))
        if branch.edge is None:
            return Text(f"{fold}{branch_words(branch)}", base_style + Style(bold=True))
        link, mark = branch.edge.link, _STYLES[branch.edge.mark]
        hue = Style(color=colour(link, self.app.current_theme.dark))
        words = Text(branch_words(branch), base_style + Style.parse(mark))
        return Text.assemble((fold, base_style), (f"{shape(link)} ", base_style + hue), words)


class GraphScreen(Watching):
    """One version of a memory, or what changed between two, as a tree."""

    TOUR = (
        "What the memory says, down from the goal: what it takes, what that takes, and so on. "
        f"A line is a cause of the line above it: {LEGEND}. What means the same is one line; where "
        "it is needed twice, or goes round, it is unfolded once. Against a version that you marked "
        "with v: + new  ^ surer  v less sure  ! turned  - gone. Below stands the whole link."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fold", "Fold", tooltip="Fold all that the goal takes; again: unfold it"),
    ]
    DEFAULT_CSS = """
    GraphScreen Causes { height: 1fr; padding: 0 1; background: $background; }
    GraphScreen #legend { height: 1; padding: 0 1; color: $text-muted; }
    GraphScreen #whole { height: 4; padding: 0 1; border-top: solid $primary; }
    """

    def __init__(self, title: str, graph: Graph) -> None:
        super().__init__()
        self.about, self.graph = title, graph

    def content(self) -> ComposeResult:
        yield Static(classes="headline", markup=False)
        yield Causes(self.graph)
        yield Static(LEGEND, id="legend", markup=False)
        yield Static(id="whole", markup=False)

    def on_mount(self) -> None:
        title = fitted(
            f"{line(self.about)} · {count_of_links(len(self.graph.edges))}", self.app.size.width
        )
        self.query_one(".headline", Static).update(title)
        tree = self.query_one(Causes)
        tree.focus()
        tree.move_cursor(tree.root.children[0])

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Branch | None]) -> None:
        branch = event.node.data
        self.query_one("#whole", Static).update(_whole(branch) if branch else ASIDE)

    def action_fold(self) -> None:
        """Fold every line that stands on top, or unfold all where they are folded."""
        tree = self.query_one(Causes)
        on_top = [node for node in tree.root.children if node.allow_expand]
        folded = not any(node.is_expanded for node in on_top)
        for node in on_top:
            node.expand_all() if folded else node.collapse_all()
        tree.move_cursor(on_top[0] if on_top else None)


def _whole(branch: Branch) -> str:
    """The words of a line in full: of a cause each wording, the surest with its tally."""
    return line(branch.node.label) if branch.edge is None else _said(branch.edge)


def _said(edge: Edge) -> str:
    surest, *others = (line(str(link)) for link in edge.links)
    tally = f" ({edge.tally})" if edge.tally else ""
    was = f" (was: {line(str(edge.was))})" if edge.was else ""
    return "; also: ".join([f"{surest}{tally}{was}", *others])


def graph_screen(
    store: Store, run: str, versions: Sequence[Version], here: int, marked: int | None
) -> GraphScreen:
    """The screen of version ``here`` of ``versions``, against ``marked`` if that is another one.
    StoreError where a row cannot be read."""
    trials = store.trials(run)
    numbers = {row.id: row.number for row in trials}
    ended = [numbers.get(version.trial or 0, -1) for version in versions[: here + 1]]
    old = None if marked is None or marked == here else versions[marked]
    graph = graph_of(
        versions[here].memory.links,
        store.tallies(run, max(ended)),  # a person's version keeps those of the trial before it
        goal=trials[-1].goal if trials else run,
        language=words_of_run(store, run),
        before=old.memory.links if old else None,
    )
    against = f" against version {versions.index(old) + 1}" if old else ""
    return GraphScreen(f"{run} memory · graph of version {here + 1}{against}", graph)
