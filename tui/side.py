"""The side panel of a trial: one step in full with what it cost, or exactly what the model read and
wrote."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from memory.store.overview import Cost, Said
from memory.trials import Call, Memory, Step
from tui.marks import plain


class Side(VerticalScroll):
    """``step`` or ``prompt`` of the step under the cursor."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    Side { width: 1fr; border-left: solid $primary; padding: 0 1; }
    Side > Static { min-height: 100%; }
    """

    def __init__(self, *, can_focus: bool = True) -> None:
        super().__init__(can_focus=can_focus)
        self._shown = Content()

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, text: Text) -> None:
        """Show ``text`` from its beginning. The screen is laid out anew only where it needs another
        height than the text before."""
        content, shown = Content.from_rich_text(text), self.query_one(Static)
        if content.is_same(self._shown):
            return
        room = self.scrollable_content_region
        rows = max(room.height, content.get_height({}, room.width)) if room.width else 0
        shown.update(content, layout=rows != shown.size.height or not rows)
        self._shown = content
        self.scroll_home(animate=False)


def about_step(
    index: int,
    step: Step,
    recalled: Memory,
    costs: Sequence[Cost],
    opening: str,
    said: Said | None = None,
) -> Text:
    """A step in full, what memory ``said`` at it, the learnings that it cited in words, and what
    its model calls cost; before the first step, what was seen at the beginning."""
    text = Text()
    text.append(f"Step {index}, score {step.score:.4g}\n", "bold")
    for cost in costs:
        text.append(cost_line(cost) + "\n", "dim")
    if index == 0:
        text.append("\n").append_text(at_first(opening))
    if said:
        told = "\n".join(filter(None, [said.links, said.moved]))
        text.append("\nWhat memory said\n", "bold").append_text(plain(told)).append("\n")
    if step.thought:
        text.append("\nThought\n", "bold").append_text(plain(step.thought)).append("\n")
    text.append("\nAction\n", "bold").append_text(plain(step.action)).append("\n")
    text.append("\nObservation\n", "bold").append_text(plain(step.observation)).append("\n")
    if step.cited:
        text.append("\nLearnings it used\n", "bold")
        for number in step.cited:
            if number <= len(recalled.links):
                learning = plain(str(recalled.links[number - 1]))
                text.append(f"[{number}] ").append_text(learning).append("\n")
    return text


def at_first(opening: str) -> Text:
    """What was seen at the beginning of a trial."""
    return Text.assemble(("At first\n", "bold"), plain(opening), "\n")


def about_calls(index: int, calls: Sequence[Call]) -> Text:
    """What the model read and wrote at a step, word for word but for control characters."""
    text = Text()
    for number, call in enumerate(calls, 1):
        cost = Cost(
            call.role,
            call.read,
            call.reused,
            call.written,
            call.logprob,
            call.seconds,
            call.choices,
        )
        text.append(f"Step {index}, call {number} of {len(calls)}\n{cost_line(cost)}\n\n", "bold")
        text.append("It wrote\n", "bold").append_text(plain(call.reply)).append("\n\n")
        text.append("It had read\n", "bold").append_text(plain("".join(call.parts))).append("\n\n")
    return text if calls else Text("No model was asked at this step.")


def cost_line(cost: Cost) -> str:
    """A call in numbers, in words."""
    if cost.role == "person":
        return "chosen by a person"
    among = f"; one of {cost.choices} actions" if cost.choices else ""
    return (
        f"{cost.role}: {cost.read} tokens read, {cost.reused} of them reused, "
        f"{cost.written} written, {cost.seconds:.2f} s{among}"
    )
