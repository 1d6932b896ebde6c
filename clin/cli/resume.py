"""``clin resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json, database, existing
from clin.cli.run import follow


@click.command()
@click.argument("run")
@click.option("--verbose", "-v", is_flag=True, help="Print every step once it is stored.")
@database
@as_json
def resume(run: str, verbose: bool, db: Path, as_json: bool) -> None:
    """Go on with RUN where it was interrupted; it ends as it would have ended undisturbed."""
    from clin.experiment import RunConfig
    from clin.llms.open import open_model
    from clin.start import same_model
    from memory.store import Store

    with Store(existing(db)) as store:
        config = RunConfig.checked(**store.run(run).config)
        llm = open_model(config.model.reference, seed=config.seed, **config.model.options)
        try:
            same_model(config, llm.card)
            store.claim_run(run)
            follow(store, llm, config, run, as_json=as_json, verbose=verbose)
        finally:
            llm.close()
