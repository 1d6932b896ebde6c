"""What the page holds of a run: its line in the list, and everything else packed until somebody
unfolds it."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from html import escape

from clin.analysis.graphs.svg import drawn
from clin.analysis.graphs.tree import written as tree
from clin.analysis.report import Row
from clin.language import words_of_run
from memory.graph import graph_of
from memory.links import Hedge, Link, Relation
from memory.lives import label, lives
from memory.sanitize import sanitized
from memory.store import Store, StoreError, TrialRow, Version
from memory.store.overview import said
from memory.trials import Memory

SHAPES = {Relation.NECESSARY: "■□", Relation.CONTRIBUTE: "▲△", Relation.NOT_CONTRIBUTE: "▼▽"}
"""Filled for SHOULD, hollow for MAY."""
MOST_DRAWN = 60
"""Links of a graph that is drawn; a larger one stands as a tree alone."""


def listed(store: Store, table: Sequence[Row]) -> str:
    """The runs of ``table`` as HTML: a line each, and what they hold. Text is there without a
    script: the goal, the scores, and the last memory."""
    by_run: dict[str, list[Row]] = {}
    for row in table:
        by_run.setdefault(row.run, []).append(row)
    return "".join(_run(store, name, rows) for name, rows in by_run.items())


def _run(store: Store, name: str, rows: Sequence[Row]) -> str:
    first, last = rows[0], rows[-1]
    scores = " ".join(f"{row.score:.4g}" for row in rows)
    cells = [name, f"{first.task} {first.variation}", first.arm, first.model, first.world, scores]
    spans = "".join(f"<span>{_text(cell)}</span>" for cell in cells)
    head = f"{spans}<span>{_marks(rows)}</span>"
    try:
        packed, memory = _packed(store, name)
    except StoreError as error:  # one run that cannot be read costs no other
        return (
            f'<details class="run"><summary>{head}</summary>'
            f"<p>It cannot be read: {_text(str(error))}</p></details>"
        )
    return (
        f'<details class="run" data-run="{name}" data-arm="{_text(first.arm)}" '
        f'data-last="{last.score:.4g}"><summary>{head}</summary>'
        f'<div class="last"><h4>Memory after the last trial</h4>{memory}</div></details>'
        f'<script type="text/plain" id="data-{name}">{packed}</script>\n'
    )


def _marks(rows: Sequence[Row]) -> str:
    """The scores of the trials as a small picture, from -100 to 100."""
    points = " ".join(
        f"{4 + 8 * number},{(100 - max(-100.0, min(100.0, row.score))) / 10 + 1:.1f}"
        for number, row in enumerate(rows)
    )
    wide = 8 * len(rows)
    return (
        f'<svg class="spark" viewBox="0 0 {wide} 22" width="{wide}" height="22" '
        f'aria-hidden="true"><line x1="0" x2="{wide}" y1="11" y2="11"/>'
        f'<polyline points="{points}"/></svg>'
    )


def _packed(store: Store, name: str) -> tuple[str, str]:
    """All of a run as compressed JSON in base64; its last memory as HTML."""
    trials = [row for row in store.trials(name) if row.ending is not None]
    versions = store.versions(name)
    held = {
        "goal": sanitized(trials[-1].goal if trials else ""),
        "trials": [_trial(store, row) for row in trials],
        **_memory(versions, trials),
        **_graphs(store, name, versions, trials),
    }
    data = zlib.compress(json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    last = versions[-1].memory if versions else Memory()
    return base64.b64encode(data).decode(), _as_list(last)


def _as_list(memory: Memory) -> str:
    lines = [*map(str, memory.links), *memory.notes]
    if not lines:
        return "<p>None.</p>"
    return f"<ol>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ol>"


def _trial(store: Store, row: TrialRow) -> dict[str, object]:
    told = said(store, row.id)
    return {
        "number": row.number,
        "score": row.score,
        "ending": str(row.ending),
        "read": [sanitized(str(link)) for link in store.recalled(row.id).links],
        "opening": sanitized(row.opening),
        "steps": [
            [
                sanitized(step.action),
                sanitized(step.observation),
                step.score,
                sanitized(step.thought),
                step.cited,
                sanitized(told[at].links) if at in told else "",
            ]
            for at, step in enumerate(store.steps(row.id))
        ],
    }


def _memory(versions: Sequence[Version], trials: Sequence[TrialRow]) -> dict[str, object]:
    """The timeline: a column for each version, a row for each link's life."""
    numbers = {row.id: row.number for row in trials}
    scores = {row.id: row.score for row in trials}
    return {
        "versions": [
            {
                "label": label(version, numbers),
                "score": scores.get(version.trial or 0),
                "notes": [sanitized(note) for note in version.memory.notes],
            }
            for version in versions
        ],
        "lives": [
            {"link": sanitized(str(life.link)), "forms": [_form(form) for form in life.forms]}
            for life in lives(versions)
        ],
    }


def _form(link: Link | None) -> str:
    return "" if link is None else SHAPES[link.relation][link.hedge is not Hedge.SHOULD]


def _graphs(
    store: Store, name: str, versions: Sequence[Version], trials: Sequence[TrialRow]
) -> dict[str, object]:
    """Each version that changed something as a tree of causes and effects (the others are empty);
    the last one drawn too."""
    if not trials or not versions:
        return {"trees": [], "graph": ""}
    language, goal = words_of_run(store, name), trials[-1].goal
    graphs = [
        graph_of(
            version.memory.links,
            goal=goal,
            language=language,
            before=before.memory.links if before else None,
        )
        for before, version in zip([None, *versions], versions, strict=False)
    ]
    last = graph_of(versions[-1].memory.links, goal=goal, language=language)
    return {
        "trees": [
            "" if before and before.memory.links == version.memory.links else tree(graph)
            for before, version, graph in zip([None, *versions], versions, graphs, strict=False)
        ],
        "graph": drawn(last) if 0 < len(last.edges) <= MOST_DRAWN else "",
    }


def _text(text: str) -> str:
    return escape(sanitized(text))
