"""The trajectory of a trial as one widget: appended to, never rebuilt, and flat in memory however
long the trial is.

It keeps a few numbers per step. The words are read from the store when they come into view, and
only the last few hundred steps that were seen are kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.message import Message

from memory.sanitize import sanitized
from memory.trials import Step
from tui.lines import Lines, Row
from tui.marks import fitted, gain, line

PAGE = 64
KEPT_PAGES = 8
"""Pages of steps whose words are kept at once."""
INDENT = " " * 11
"""Before a thought and an observation."""

Load = Callable[[int, int], Sequence[Step]]


class Trajectory(Lines):
    """Steps from 0, two or three lines each: score and action, thought if any, observation;
    ``Enter`` unfolds one."""

    class Selected(Message):
        """Another step is under the cursor."""

        def __init__(self, trajectory: Trajectory, step: int) -> None:
            super().__init__()
            self.trajectory, self.step = trajectory, step

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(0)", "First step", show=False),
        Binding(
            "end,G",
            "edge(1)",
            "Last step",
            show=False,
            tooltip="The last step; new ones are followed again",
        ),
        Binding(
            "enter",
            "fold",
            "Unfold",
            show=False,
            tooltip="Show all of this step, or two lines of it",
        ),
        Binding(
            "f", "fold_all", "Fold all", show=False, tooltip="Unfold every step, or fold them all"
        ),
    ]
    DEFAULT_CSS = "Trajectory { height: 1fr; }"

    def __init__(self, load: Load, id: str | None = None) -> None:
        super().__init__(id=id)
        self.load = load
        self.clear()

    def clear(self) -> None:
        """No steps."""
        self.scores, self._ends = array("d"), array("l")
        self.thoughts, self.people = bytearray(), set[int]()
        self.cursor, self.following = 0, True
        self.unfolded: dict[int, int] = {}
        self.all_unfolded = False
        self._pages: OrderedDict[int, Sequence[Step]] = OrderedDict()
        self._drawn: dict[tuple[int, bool, int], list[tuple[str, Style]]] = {}
        self.set_height(0)

    def __len__(self) -> int:
        return len(self.scores)

    # --- adding

    def append(self, outline: Sequence[tuple[float, bool]]) -> None:
        """More steps have been stored: the score after each, and whether it has a thought."""
        first = len(self)
        for score, thought in outline:
            self.scores.append(score)
            self.thoughts.append(thought)
            index = len(self.scores) - 1
            self._ends.append((self._ends[-1] if self._ends else 0) + self._height(index))
        for page in range(first // PAGE, len(self) // PAGE + 1):
            self._pages.pop(page, None)
        self._resized()
        if self.following and len(self):
            self.select(len(self) - 1, follow=True)
        else:
            self.refresh()

    def step(self, index: int) -> Step:
        """The step at ``index``, read from the store if it is not at hand."""
        page = index // PAGE
        if page not in self._pages:
            self._pages[page] = self.load(page * PAGE, min(len(self), (page + 1) * PAGE))
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return self._pages[page][index % PAGE]

    def gained(self, index: int) -> float:
        """How the score changed at ``index``."""
        return self.scores[index] - (self.scores[index - 1] if index else 0.0)

    # --- heights

    def _height(self, index: int) -> int:
        if self.all_unfolded and index not in self.unfolded:
            self.unfolded[index] = len(self._lines(index, True))
        return self.unfolded.get(index) or 2 + self.thoughts[index]

    def _measure(self, first: int = 0) -> None:
        end = self._ends[first - 1] if first else 0
        for index in range(first, len(self)):
            end += self._height(index)
            self._ends[index] = end
        self._resized()

    def _resized(self) -> None:
        self.set_height(self._ends[-1] if self._ends else 0)

    def on_resize(self) -> None:
        self.unfolded = {index: len(self._lines(index, True)) for index in self.unfolded}
        self._measure()
        if len(self):
            self.call_after_refresh(self.select, self.cursor, follow=self.following)

    # --- drawing

    def row(self, row: int) -> Row:
        index = bisect_right(self._ends, row)
        if index >= len(self):
            return ()
        top = self._ends[index - 1] if index else 0
        lines = self._lines(index, index in self.unfolded)
        text, style = lines[min(row - top, len(lines) - 1)]
        if index != self.cursor:
            return ((" " + text, style),)
        if not self.has_focus:
            return (("▌" + text, style),)
        here = self._here()
        room = self.scrollable_content_region.width - 1 - cell_len(text)
        return ("▌" + text, style + here), (" " * room, here)

    def _here(self) -> Style:
        """The ground of the step under the cursor."""
        background = self.background_colors[1]
        primary = self.app.theme_variables.get("primary", "#0178D4")
        return Style(bgcolor=background.blend(Color.parse(primary), 0.3).hex6)

    def _lines(self, index: int, unfolded: bool) -> list[tuple[str, Style]]:
        """A step as drawn; stored steps do not change, so those in view are laid out once."""
        width = max(20, self.scrollable_content_region.width - 2)
        key = index, unfolded, width
        if key not in self._drawn:
            if len(self._drawn) >= KEPT_PAGES * PAGE:
                self._drawn.clear()
            self._drawn[key] = self._laid_out(index, unfolded, width)
        return self._drawn[key]

    def _laid_out(self, index: int, unfolded: bool, width: int) -> list[tuple[str, Style]]:
        step = self.step(index)
        change = gain(self.scores[index], self.scores[index] - self.gained(index))
        notes = f"  uses {','.join(map(str, step.cited))}" if step.cited else ""
        notes += "  [you]" if index in self.people else ""
        head = f"{index:>4} {change or '·':>5} > {line(step.action)}"
        head = fitted(head, width - len(notes)) + notes
        lines = [(head, Style(bold=True, reverse=False))]
        if step.thought:
            lines += _block(step.thought, width, unfolded, Style(italic=True))
        return lines + _block(step.observation, width, unfolded, Style(dim=True))

    # --- moving

    def select(self, index: int, *, follow: bool = False) -> None:
        """Put the cursor on ``index`` and bring it into view."""
        if not len(self):
            return
        self.cursor = max(0, min(index, len(self) - 1))
        self.following = follow or self.cursor == len(self) - 1
        top = self._ends[self.cursor - 1] if self.cursor else 0
        bottom, height = self._ends[self.cursor], self.size.height
        if bottom > self.scroll_offset.y + height:
            fits = bottom - top < height
            self.scroll_to(y=bottom - height if fits else top, animate=False, force=True)
        elif top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        self.refresh()
        self.post_message(self.Selected(self, self.cursor))

    def action_move(self, by: int) -> None:
        self.select(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.select(self.cursor + by * max(1, self.size.height // 3))

    def action_edge(self, end: int) -> None:
        self.select(len(self) - 1 if end else 0)

    def action_fold(self) -> None:
        if len(self):
            if self.unfolded.pop(self.cursor, None) is None:
                self.unfolded[self.cursor] = len(self._lines(self.cursor, True))
            self.all_unfolded = False
            self._measure(self.cursor)
            self.select(self.cursor)

    def action_fold_all(self) -> None:
        self.all_unfolded = not self.all_unfolded
        self.unfolded.clear()
        self._measure()
        self.select(self.cursor)

    def unfold_where_it_fits(self) -> None:
        """Show every step in full, if that leaves nothing out of view."""
        height = self.scrollable_content_region.height
        if self.all_unfolded or len(self) > height // 2:
            return
        if sum(len(self._lines(index, True)) for index in range(len(self))) <= height:
            self.action_fold_all()

    def jump(self, wanted: Callable[[int], bool], by: int) -> bool:
        """Go to the next step (``by`` 1 or -1) that is ``wanted``; False if there is none."""
        index = self.cursor + by
        while 0 <= index < len(self):
            if wanted(index):
                self.select(index)
                return True
            index += by
        return False


def _block(text: str, width: int, unfolded: bool, style: Style) -> list[tuple[str, Style]]:
    """``text`` under a step's head: one line, or all of it in lines of ``width`` cells."""
    room = width - len(INDENT)
    if not unfolded:
        return [(INDENT + fitted(line(text), room), style)]
    lines: list[str] = []
    for paragraph in sanitized(text).expandtabs(4).split("\n"):
        lines += chop_cells(paragraph, room) or [""]
    return [(INDENT + part, style) for part in lines]
