"""``clin distill``: a small model from experience. Needs the extra ``[distill]`` except for collecting."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json
from clin.errors import UserError


@click.group()
def distill() -> None:
    """Make a small model from experience: collect, train, export, evaluate (docs/distill.md)."""


def _folder(name: str, help: str) -> click.Option:
    return click.option(name, type=click.Path(path_type=Path, file_okay=False), required=True, help=help)


@distill.command()
@_folder("--out", "Folder of the shards and their index; what it holds already is kept.")
@click.option("--worlds", default="scienceworld,causal,textworldexpress", show_default=True, help="Worlds, by commas.")
@click.option("--tasks", default="", help="Tasks, by commas.  [default: all of those worlds]")
@click.option("--per-task", default=24, show_default=True, type=click.IntRange(1), help="Train places of each task at most.")
@click.option("--imperfect", default=4, show_default=True, type=click.IntRange(0), help="Imperfect episodes of each place.")
@click.option("--longest", default=200, show_default=True, type=click.IntRange(1), help="Steps of an expert path at most.")
@click.option("--from", "stores", multiple=True, type=click.Path(path_type=Path), help="Take the trials of a clin.db instead of playing.")
@click.option("--paths", multiple=True, type=click.Path(path_type=Path), help="Take recorded ScienceWorld paths (JSON lines, .xz) instead of playing.")
@click.option("--seed", default=0, show_default=True, type=int)
def collect(
    out: Path, worlds: str, tasks: str, per_task: int, imperfect: int, longest: int, stores: tuple[Path, ...], paths: tuple[Path, ...], seed: int,
) -> None:
    """Record expert and imperfect episodes on train places; held-out places are refused."""
    from clin.distill import collect as collecting
    from clin.distill.episodes import Shards
    from clin.distill.imported import from_paths, from_store
    from clin.distill.progress import Line

    if stores or paths:
        shards = Shards(out)
        for file in paths:
            click.echo(f"{file}: {from_paths(shards, file)}")
        for file in stores:
            click.echo(f"{file}: {from_store(shards, file)}")
    else:
        wanted = collecting.places(_words(worlds), per_task, seed, _words(tasks))
        with Line(len(wanted), "places") as line:
            shards = collecting.collect(
                out, wanted, imperfect=imperfect, seed=seed, longest=longest,
                tell=lambda done, of, place, steps: line.to(done, f"{place.world} {place.task} {place.variation}", steps),
            )
    rows = shards.rows.values()
    click.echo(f"{out}: {len(rows)} places, {sum(row['episodes'] for row in rows)} episodes, {sum(row['steps'] for row in rows)} steps")


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
