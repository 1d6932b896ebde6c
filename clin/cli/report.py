"""``clin report [RUN ...]``."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import database, existing
from clin.cli.terminal import echo
from clin.errors import UserError
from memory.private import private, write_private

if TYPE_CHECKING:
    from clin.analysis.figures import Figure
    from clin.analysis.report import Row
    from memory.store import Store


@click.command()
@click.argument("runs", nargs=-1)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one self-contained page too: plots, and every run to unfold.",
)
@click.option(
    "--svg",
    "picture",
    type=click.Path(path_type=Path),
    help="Write the curves as one FILE.svg too, for a Markdown page.",
)
@click.option(
    "--figures",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each plot into this folder, one column wide, as SVG and PDF, with its data as CSV "
    "(extra [figures]).",
)
@click.option(
    "--rows",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the raw rows: FILE.csv, FILE.jsonl or FILE.parquet (extra [parquet]).",
)
@click.option("--world", default=None, help="Runs of this world alone.")
@click.option(
    "--strategy", multiple=True, help="Runs of this strategy alone; may be given several times."
)
@database
def report(
    runs: tuple[str, ...],
    page: Path | None,
    picture: Path | None,
    folder: Path | None,
    rows: Path | None,
    world: str | None,
    strategy: tuple[str, ...],
    db: Path,
) -> None:
    """Compare RUNS (all by default, but those that others learned from): points by trial, by task,
    paired differences, transfer by task, cost. Markdown on standard output."""
    from clin.analysis.figures import figures
    from clin.analysis.plots import panels, svg
    from clin.analysis.readable import unreadable
    from clin.analysis.report import facts
    from clin.analysis.report import rows as rows_of
    from clin.analysis.tables import markdown
    from memory.store import Store

    _check_endings(rows, picture)
    with Store(existing(db), read_only=True) as store:
        table = [
            row
            for row in rows_of(store, runs)
            if (world is None or row.world == world) and (not strategy or row.strategy in strategy)
        ]
        if not table:
            raise UserError(
                f"{db} has no ended trial that fits; `clin runs --db {db}` lists what there is"
            )
        known = facts(store, table)
        made = _page(store, table, known, f"CLIN: {db.name}") if page else ""
        for line in unreadable(store):
            echo(f"Left out: {line}", err=True)
    drawn = panels(table)
    if picture is not None and not drawn:
        raise UserError(
            "there is no curve to draw: these runs are of a sequence, and none evaluates its memory"
        )
    try:
        if rows is not None:
            FORMS[rows.suffix]([asdict(row) for row in table], rows)
        if page is not None:
            write_private(page, made)
        if picture is not None:
            write_private(picture, svg(drawn, alone=True))
        if folder is not None:
            _figures(figures(table), folder)
    except OSError as error:
        raise UserError(f"'{error.filename}' cannot be written: {error.strerror}") from None
    echo(markdown(table, known), nl=False)


def _check_endings(rows: Path | None, picture: Path | None) -> None:
    if rows is not None and rows.suffix not in FORMS:
        raise UserError(f"'{rows}' is none of {', '.join(f'FILE{form}' for form in FORMS)}")
    if picture is not None and picture.suffix != ".svg":
        raise UserError(f"'{picture}' is no FILE.svg")


def _page(store: Store, table: Sequence[Row], known: dict[str, Any], title: str) -> str:
    from clin.analysis.page.whole import page

    return page(store, table, known, title)


def _figures(made: Sequence[Figure], folder: Path) -> None:
    try:
        from clin.analysis.drawing import write_figure
    except ImportError:
        raise UserError("figures need matplotlib: pip install 'clin[figures]'") from None
    folder.mkdir(parents=True, exist_ok=True)
    for figure in made:
        write_figure(figure, folder)
        _csv(figure.rows(), folder / f"{figure.name}.csv")


def _csv(table: list[dict[str, object]], path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8", opener=private) as file:
        writer = csv.DictWriter(file, fieldnames=list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def _jsonl(table: list[dict[str, object]], path: Path) -> None:
    write_private(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table))


def _parquet(table: list[dict[str, object]], path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UserError(
            "Parquet needs pyarrow: pip install 'clin[parquet]'; FILE.csv and FILE.jsonl need "
            "nothing"
        ) from None
    with open(path, "wb", opener=private) as file:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table), file)


FORMS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
