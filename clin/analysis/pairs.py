"""Which arms of a report are compared, pair by pair."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from clin.analysis.report import Arm, Row, against, gained
from clin.analysis.statistics import Difference


def paired(table: Sequence[Row], compared: Sequence[Arm]) -> list[tuple[str, Difference]]:
    """Paired differences with what each is of: within an arm its last trial less its first, then
    each two arms on the places that they share, if they differ in strategy or in setting alone."""
    found = []
    for arm in compared:
        delta = gained(table, arm.name) if len(arm.curve) > 1 else None
        if delta:
            found.append((f"{arm.name}: last trial - trial 0", delta))
    settings = {row.arm: (row.strategy, row.setting) for row in table}
    for other, one in itertools.combinations(compared, 2):
        (strategy, setting), (base, plain) = settings[one.name], settings[other.name]
        if strategy != base and setting != plain:
            continue
        same = strategy == base
        if same and (delta := against(table, one.name, other.name, first=True)):
            found.append((f"{one.name} - {other.name}, trial 0", delta))
        if delta := against(table, one.name, other.name):
            found.append((f"{one.name} - {other.name}, last trials", delta))
    return found
