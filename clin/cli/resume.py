"""``clin resume RUN``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from clin.cli.follow import Shown, follow, verbose
from clin.cli.options import GroupedCommand, allow_host, as_json, database, existing, gathered
from clin.cli.terminal import echo
from clin.config import RunConfig
from clin.errors import UserError

if TYPE_CHECKING:
    from memory.store import Store


@click.command(cls=GroupedCommand)
@click.argument("run")
@gathered("shown", Shown, verbose, database, as_json)
@allow_host
def resume(run: str, shown: Shown, allowed: frozenset[str]) -> None:
    """Go on with RUN where it was interrupted; it ends as it would have ended undisturbed. A batch
    (b1, b2, ...) goes on with what it has not played yet."""
    from memory.store import Store

    with Store(existing(shown.db)) as store:
        if run.startswith("b"):
            _resume_batch(store, run, shown, allowed)
        else:
            _resume_run(store, run, shown, allowed)


def _resume_batch(store: Store, name: str, shown: Shown, allowed: frozenset[str]) -> None:
    from clin.cli.batch import follow_batch
    from clin.experiments.spec import Batch

    batch = Batch.checked(**store.batch(name))
    follow_batch(store, batch, as_json=shown.as_json, allowed=allowed)


def _resume_run(store: Store, name: str, shown: Shown, allowed: frozenset[str]) -> None:
    from clin.installed import check_world
    from clin.models import open_models, same_models
    from memory.episode import MODEL

    stored = store.run(name).config
    if dict(stored.get("model", {})).get("reference") == MODEL:
        raise UserError(f"{name} was recorded by a loop of its own, which alone can go on with it")
    config = RunConfig.checked(**stored)
    if config.model.reference == "person":
        raise UserError(
            f"{name} was played by a person; `clin play {config.world} {config.task}` begins "
            "another"
        )
    if config.retired:
        options = ", ".join(f"{option} = {value}" for option, value in config.retired.items())
        raise UserError(f"{name} was played with {options}, which this version cannot do any more")
    check_world(name, config)
    alone = config.but(engine=config.engine.but(lanes=1))
    roles = {role: info.reference for role, info in config.role_models.items()}
    llm = open_models(
        config.model.reference,
        alone.engine,
        alone.sampling,
        seed=config.seed,
        roles=roles,
        think=config.prompting.think,
        guided=bool(config.prompting.guidance),
        allowed=allowed,
        tell=partial(echo, err=True),
    )
    try:
        same_models(config, llm)
        _tell_versions(name, config)
        store.claim_run(name)
        follow(store, llm, [(alone, name)], shown)
    finally:
        llm.close()


def _tell_versions(name: str, config: RunConfig) -> None:
    """Say under which other versions than its own the run goes on."""
    from clin.installed import changed

    for package, (was, now) in changed(config).items():
        note = f"Note: {name} began with {package} {was}, and goes on with {now}."
        echo(note, err=True)
