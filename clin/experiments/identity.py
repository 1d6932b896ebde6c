"""What makes two runs the same, for both engines: their whole configuration. A batch finds by it
what a store holds already, whoever played that."""

from __future__ import annotations

import hashlib

from clin.config import RunConfig
from clin.errors import UserError
from clin.options import Engine
from memory.store import RunRow, Store
from memory.store.overview import commits


def identity(config: RunConfig) -> str:
    """The SHA-256 of all that decides what happens in a run: all but the versions of packages, the
    number of lanes and where the model runs."""
    engine = Engine(ctx=config.engine.ctx, kv_type=config.engine.kv_type, lora=config.engine.lora)
    same = config.but(versions={}, engine=engine, model=config.model.but(exact=True))
    return hashlib.sha256(same.model_dump_json().encode()).hexdigest()


class Known:
    """The runs of ``store`` that no person played, by what makes two runs the same. Of equal ones a
    finished one counts, else the latest."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: dict[str, str] = {}
        """What a run's configuration is; empty for those that are none of a batch's."""
        self._runs: dict[str, RunRow] = {}
        self._commits = -1

    def run(self, config: RunConfig) -> RunRow | None:
        """The run of this ``config``, as it was at the last :meth:`look`."""
        return self._runs.get(identity(config))

    def look(self, *, always: bool = True) -> None:
        """Read the store again; unless ``always``, only where another process has written it."""
        now = commits(self._store)
        if now == self._commits and not always:
            return
        self._commits, self._runs = now, {}
        for run in self._store.runs():
            name = self._name(run)
            before = self._runs.get(name)
            if name and (before is None or before.state != "finished"):
                self._runs[name] = run

    def _name(self, run: RunRow) -> str:
        if run.uid not in self._names:
            try:
                config = RunConfig.checked(**run.config)
            except UserError:  # of another version of clin: no run of this one is the same
                self._names[run.uid] = ""
            else:
                played = config.model.reference != "person"
                self._names[run.uid] = identity(config) if played else ""
        return self._names[run.uid]
