"""Tables and texts that several commands print. Whatever a world or a model wrote is made harmless
first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich.text import Text

from clin.analysis.document import document
from clin.cli.console import console, table
from memory.changes import Change
from memory.evidence.tally import Tally
from memory.links import Link
from memory.sanitize import sanitized
from memory.store import Store
from memory.store.overview import asked_at
from memory.trials import Memory

NOTHING = (
    "\nNo trial found anything. With --epsilon 1 chance looks around where memory says nothing."
)


def memory_lines(memory: Memory, tallies: Mapping[Link, Tally] = MappingProxyType({})) -> list[str]:
    """The memory in words, numbered as the acting model reads it; counted links with their tally,
    links that held in one place only with that."""
    told = {link: f" ({tally})" for link, tally in tallies.items()}
    held = {link: f" ({sanitized(str(scope))})" for link, scope in memory.scopes}
    return [
        f"{number:3}. {sanitized(str(link))}{told.get(link, '')}{held.get(link, '')}"
        for number, link in enumerate(memory.links, 1)
    ] + [f"   - {sanitized(note)}" for note in memory.notes]


def trials_table(trials: Sequence[dict[str, Any]]) -> None:
    """The trials of a run as its document describes them: links kept, added, strengthened,
    weakened, reversed (flip), dropped, and lines of the writer that could not be read. Narrow
    enough for 80 columns."""
    kinds = ("kept", "added", "strengthened", "weakened", "reversed", "dropped", "unreadable")
    names = ("kept", "added", "strong", "weak", "flip", "drop", "unread")
    head = ("trial", "score", "steps", "ended", *names)
    table(
        head,
        (
            (
                t["trial"],
                f"{t['score']:g}",
                t["steps"],
                t["ending"],
                *(t["links"][kind] for kind in kinds),
            )
            for t in trials
        ),
        right=("trial", "score", "steps", *names),
        least=names[::-1],
    )


def change_lines(change: Change) -> list[str]:
    """A change between two memories, one line per link that is not merely kept."""
    lines = [f"+ {link}" for link in change.added]
    lines += [f"^ {new}   (was {old.hedge})" for old, new in change.strengthened]
    lines += [f"v {new}   (was {old.hedge})" for old, new in change.weakened]
    lines += [f"! {new}   (was: {old})" for old, new in change.reversed]
    lines += [f"- {link}" for link in change.dropped]
    return [sanitized(line) for line in lines]


def summary(store: Store, run: str) -> None:
    """What a finished run has to tell: its trials, its memory, what to try next."""
    found = document(store, run)
    out = console()
    out.print()
    trials_table(found["trials"])
    out.print("\nThe memory after the last trial:" if found["memory"] else "\nThe memory is empty.")
    last = store.version_after(run, found["trials"][-1]["trial"])
    for line in memory_lines(last.memory):
        out.print(Text(line))
    at = "" if store.path.name == "clin.db" else f" --db {store.path}"
    commands = [
        (f"clin show {run} --trial 0{at}", "what it did, step by step"),
        (
            f"clin memory diff {run} 0 {found['trials'][-1]['trial']}{at}",
            "what it learned in between",
        ),
        *(
            (f"clin prompt {run} --trial {trial} --step {step}{at}", "what the model read")
            for trial, step in _last_asked(store, run)
        ),
        (f"clin worlds {found['world']}", "other tasks to learn"),
    ]
    out.print("\nNext, try:")
    for command, why in commands:
        out.print(Text(f"  {command:<46} {why}"))
    if _found_nothing(store, run):
        out.print(Text(NOTHING))


def _last_asked(store: Store, run: str) -> list[tuple[int, int]]:
    """The last trial in which the model was asked, and the first step at which it was; empty where
    it never was."""
    for row in reversed(store.trials(run)):
        if steps := asked_at(store, row.id):
            return [(row.number, steps[0])]
    return []


def _found_nothing(store: Store, run: str) -> bool:
    """Whether no trial of several ever had points, and chance has not looked around either."""
    trials = store.trials(run)
    chance = (store.run(run).config.get("exploration") or {}).get("epsilon")
    points = (step.score for row in trials for step in store.steps(row.id))
    return len(trials) > 1 and not chance and max(points, default=0.0) <= 0
