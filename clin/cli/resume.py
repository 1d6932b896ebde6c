"""``clin resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json, database, existing
from clin.cli.run import follow
from clin.errors import UserError


@click.command()
@click.argument("run")
@click.option("--verbose", "-v", is_flag=True, help="Print every step once it is stored.")
@database
@as_json
def resume(run: str, verbose: bool, db: Path, as_json: bool) -> None:
    """Go on with RUN where it was interrupted; it ends as it would have ended undisturbed. A batch
    (b1, b2, ...) goes on with what it has not played yet."""
    from clin.config import RunConfig
    from clin.defaults import open_models, same_models
    from memory.store import Store

    with Store(existing(db)) as store:
        if run.startswith("b"):
            from clin.cli.batch import follow_batch
            from clin.experiments.spec import Batch
            from memory.batches import batch

            follow_batch(store, Batch.checked(**batch(store, run)), plan=False, as_json=as_json)
            return
        config = RunConfig.checked(**store.run(run).config)
        if config.model.reference == "person":
            raise UserError(
                f"{run} was played by a person; `clin play {config.world} {config.task}` begins "
                "another"
            )
        roles = {name: info.reference for name, info in config.role_models.items()}
        options = {**config.model.options, "lanes": 1}
        llm = open_models(config.model.reference, roles, options, config.seed)
        try:
            same_models(config, llm)
            store.claim_run(run)
            alone = config.model_copy(
                update={"model": config.model.model_copy(update={"options": options})}
            )
            follow(store, llm, [(alone, run)], as_json=as_json, verbose=verbose)
        finally:
            llm.close()
