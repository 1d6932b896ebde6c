"""Why a link reads as it does: what each trial of its run says of it, and the steps behind that."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from memory.evidence.events import record, spellings
from memory.evidence.ledger import claim_of
from memory.evidence.tally import Tally, count, stated
from memory.language import Language
from memory.links import Link, folded
from memory.store import Store
from memory.trials import Trial

MOST_STEPS = 20
"""Steps that are quoted at most, the latest ones."""


def explained(store: Store, run: str, link: Link, language: Language) -> dict[str, Any]:
    """The tally of ``link`` over the ended trials of ``run``, what follows from it, what each trial
    counts as, and the latest steps at which its cause was done. What the run carried over from
    others is in the stored tally alone."""
    claim = claim_of(link)
    total, trials = Tally(), []
    steps: list[dict[str, Any]] = []
    rows = [row for row in store.trials(run) if row.ending is not None]
    for row in rows:
        trial = store.trial(row.id)
        counted = count(*claim, record(trial, language))
        total += counted
        trials += [{"trial": row.number, "counts_as": word} for word in _words(counted)]
        steps += _steps(trial, claim[0])
    follows = stated(link, total)
    stored = store.tallies(run, rows[-1].number).get(link) if rows else None
    return {
        "link": str(link),
        "tally": asdict(total),
        "told": str(total),
        "says": str(follows) if follows else "",
        "stored_tally": asdict(stored) if stored else None,
        "trials": trials,
        "steps": steps[-MOST_STEPS:],
    }


def _words(tally: Tally) -> list[str]:
    return [name for name, times in asdict(tally).items() if times]


def _steps(trial: Trial, cause: str) -> list[dict[str, Any]]:
    """The steps of ``trial`` that did the folded ``cause``, with the points that each gained."""
    names = set(spellings(cause))
    found, before = [], 0.0
    for position, step in enumerate(trial.steps):
        gain, before = step.score - before, step.score
        if folded(step.action) in names:
            place = {"trial": trial.number, "step": position, "action": step.action}
            found.append({**place, "observation": step.observation[:200], "gain": gain})
    return found
