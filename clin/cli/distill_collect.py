"""``clin distill collect``: episodes to train on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from clin.cli.options import GroupedCommand, folder, gathered, number, option, words
from clin.cli.terminal import echo


@dataclass(frozen=True)
class Sources:
    """Where episodes come from that are not played."""

    stores: tuple[Path, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Wanted:
    """Which places are played."""

    worlds: list[str]
    tasks: list[str]
    per_task: int
    seed: int


@dataclass(frozen=True)
class Playing:
    """How each place is played."""

    imperfect: int
    longest: int
    workers: int
    astray: str


@click.command(cls=GroupedCommand)
@gathered(
    "wanted",
    Wanted,
    words("--worlds", "Places", "scienceworld,causal,textworldexpress", "Worlds, by commas."),
    words("--tasks", "Places", "", "Tasks, by commas.  [default: all of those worlds]"),
    number("--per-task", "Places", 24, 1, "Train places of each task at most."),
    option(
        "--seed",
        group="Places",
        default=0,
        show_default=True,
        type=int,
        help="Which places are drawn, and what imperfect players do.",
    ),
)
@gathered(
    "playing",
    Playing,
    number("--imperfect", "Episodes", 4, 0, "Imperfect episodes of each place."),
    number("--longest", "Episodes", 200, 1, "Steps of an expert path at most."),
    number("--workers", "Episodes", 0, 0, "Processes that play, each with its own simulators."),
    option(
        "--astray",
        group="Episodes",
        default="",
        help="A model that leads searches astray: bundled or PATH.gguf.  [default: chance]",
    ),
)
@gathered(
    "sources",
    Sources,
    option(
        "--from",
        "stores",
        group="Instead of playing",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Take the trials of a clin.db.",
    ),
    option(
        "--paths",
        group="Instead of playing",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Take recorded ScienceWorld paths (JSON lines, .xz).",
    ),
)
@folder("--out", "Output", "Folder of the shards and their index; what it holds already is kept.")
def collect(wanted: Wanted, playing: Playing, sources: Sources, out: Path) -> None:
    """Record episodes on train places, expert and imperfect ones. Held-out places are refused."""
    from clin.distill import collect as collecting
    from clin.distill.episodes import Shards
    from clin.distill.imported import from_paths, from_store
    from clin.distill.progress import Line

    if sources.stores or sources.paths:
        shards = Shards(out)
        for file in sources.paths:
            echo(f"{file}: {from_paths(shards, file)}")
        for file in sources.stores:
            echo(f"{file}: {from_store(shards, file)}")
    else:
        places = collecting.places(wanted.worlds, wanted.per_task, wanted.seed, wanted.tasks)
        with Line(len(places), "places") as line:
            shards = collecting.collect(
                out,
                places,
                imperfect=playing.imperfect,
                seed=wanted.seed,
                longest=playing.longest,
                workers=playing.workers,
                astray=playing.astray,
                tell=lambda done, of, place, steps: line.to(
                    done, f"{place.world} {place.task} {place.variation}", steps
                ),
            )
    rows = shards.rows.values()
    echo(
        f"{out}: {len(rows)} places, {sum(row['episodes'] for row in rows)} episodes, "
        f"{sum(row['steps'] for row in rows)} steps"
    )
