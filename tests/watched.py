"""A database that real runs made, for tests of what watches one: three runs of the bundled model in
ScienceWorld (16 trials), and a link that a person pinned. Made with ``clin run`` (default task, 5
trials; find-living-thing 225, 4 trials; default task with ``--strategy none``, 3 trials) and ``clin
memory pin r2``; the machine's name was taken out."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from pathlib import Path

from holders import keep

from memory.store import NewTrial, Store
from memory.trials import Step

STORED = Path(__file__).parent / "data" / "watched.db.xz"


def finished(path: Path) -> Path:
    """The stored sample as a file at ``path``."""
    path.write_bytes(lzma.decompress(STORED.read_bytes()))
    return path


def live(path: Path, steps: int = 9) -> Path:
    """The sample with a fourth run, which this process plays: its first trial is under way."""
    finished(path)
    with Store(path) as store:
        begin(store, store.steps(store.trials("r2")[0].id)[:steps])
    keep(path, "r4")
    return path


def begin(store: Store, steps: Sequence[Step]) -> int:
    """A run like r2 with one trial under way; the trial's id."""
    run = store.begin_run(store.run("r2").config)
    row = store.trials("r2")[0]
    trial = store.begin_trial(
        run, NewTrial(0, row.world, row.task, row.variation, row.goal, row.opening)
    )
    for step in steps:
        store.append_step(trial, step)
    return trial
