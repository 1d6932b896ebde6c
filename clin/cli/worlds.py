"""``clin worlds [WORLD]``: tasks, numbers of variations, splits."""

from __future__ import annotations

import click

from clin.cli.options import as_json


@click.command()
@click.argument("world", required=False)
@as_json
def worlds(world: str | None, as_json: bool) -> None:
    """The worlds; with WORLD its tasks, their variations and official splits."""
    from clin.cli.tables import console, dump, table
    from worlds import world_module, world_names

    if world is None:
        found = [
            {
                "world": name,
                "tasks": len(world_module(name).tasks()),
                "score": world_module(name).SCORE,
            }
            for name in world_names()
        ]
        if as_json:
            dump(found)
        else:
            table(("world", "tasks", "score"), ([*row.values()] for row in found), right=("tasks",))
        return
    module = world_module(world)
    rows = [
        {
            "task": task.name,
            "aliases": task.aliases,
            "variations": task.variations,
            "splits": {name: list(numbers) for name, numbers in task.splits.items()},
        }
        for task in module.tasks()
    ]
    if as_json:
        dump({"world": world, "score": module.SCORE, "tasks": rows})
        return
    console().print(f"{world}: {module.SCORE}\n")
    splits = sorted(
        {name for row in rows for name in row["splits"]}, key=["train", "dev", "test"].index
    )
    table(
        ("task", "id", "variations", *splits),
        (
            [
                row["task"],
                " ".join(row["aliases"][:1]),
                row["variations"],
                *(spans(row["splits"].get(name, [])) for name in splits),
            ]
            for row in rows
        ),
        right=("variations",),
    )


def spans(numbers: list[int]) -> str:
    """``0-3 7 9-10`` for [0, 1, 2, 3, 7, 9, 10]."""
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
