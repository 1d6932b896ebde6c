"""A trial's trajectory in words, for a terminal and for a cast of one. Whatever a world or a model
wrote is made harmless first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rich.text import Text

from clin.cli.tables import memory_lines
from memory.archive import Route
from memory.sanitize import sanitized
from memory.store.overview import Said
from memory.store.recalled import LinkTest
from memory.trials import Trial

CUT = "(The context was full here: the model no longer reads the earliest steps.)"


def head(trial: Trial, test: LinkTest | None, route: Route | None) -> list[Text]:
    """The task, what was read, and what was settled when the trial began."""
    read = memory_lines(trial.recalled) or ["  (empty)"]
    told = [Text(f"Task: {sanitized(trial.goal)}", "bold")]
    told.append(Text("\n".join(["Memory that it read:", *read])))
    if test:
        about = f"{sanitized(str(test.link))}; its cause is not offered in the first {test.steps}"
        told.append(Text(f"Test of a link: {about} steps.", "italic"))
    if route:
        told.append(Text(f"It {route}.", "italic"))
    return [*told, Text(f"\n{sanitized(trial.opening)}")]


def steps(trial: Trial, cut: Collection[int], recalled: Mapping[int, Said]) -> Iterator[list[Text]]:
    """Each step: its score, what memory said, thought, action and observation."""
    before = 0.0
    for index, step in enumerate(trial.steps):
        gain = f"  ({step.score - before:+g})" if step.score != before else ""
        cited = f"  cites {', '.join(map(str, step.cited))}" if step.cited else ""
        top = f"\n[{index}] score {step.score:g}{gain}{cited}"
        told = [Text(top, "bold" if gain else "dim")]
        if index in cut:
            told.append(Text(CUT, "italic"))
        if index in recalled:
            told.append(Text(_said(recalled[index]), "magenta"))
        if step.thought:
            told.append(Text(f"Thought: {sanitized(step.thought)}"))
        told.append(Text(f"> {sanitized(step.action)}", "cyan"))
        yield [*told, Text(sanitized(step.observation))]
        before = step.score


def _said(said: Said) -> str:
    """What memory said, and how much that moved the choice."""
    told = sanitized("; ".join(said.links.splitlines()))
    return f"Memory: {told}; {said.moved}" if said.moved else f"Memory: {told}"


def end(trial: Trial, *, under_way: bool) -> list[Text]:
    """How it ended, or that it has not."""
    count = len(trial.steps)
    if under_way:
        return [Text(f"\nUnder way: {count} steps so far.")]
    return [Text(f"\nEnded: {trial.ending}, score {trial.score:g} after {count} steps.")]
