"""``clin worlds [WORLD]``: tasks, numbers of variations, splits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json

if TYPE_CHECKING:
    from worlds import Task


@click.command()
@click.argument("world", required=False)
@as_json
def worlds(world: str | None, as_json: bool) -> None:
    """The worlds; with WORLD its tasks, their variations and official splits."""
    if world is None:
        _list_worlds(as_json)
    else:
        _list_tasks(world, as_json)


def _list_worlds(as_json: bool) -> None:
    from clin.cli.console import table
    from clin.cli.terminal import dump
    from worlds import world_module, world_names

    modules = {name: world_module(name) for name in world_names()}
    rows = [(name, len(module.tasks()), module.SCORE) for name, module in modules.items()]
    head = ("world", "tasks", "score")
    if as_json:
        dump([dict(zip(head, row, strict=True)) for row in rows])
    else:
        table(head, rows, right=("tasks",))


def _list_tasks(world: str, as_json: bool) -> None:
    from clin.cli.console import console, table
    from clin.cli.terminal import dump
    from worlds import world_module

    module = world_module(world)
    tasks = module.tasks()
    if as_json:
        dump({"world": world, "score": module.SCORE, "tasks": [_document(task) for task in tasks]})
        return
    console().print(f"{world}: {module.SCORE}\n")
    names = {name for task in tasks for name in task.splits}
    splits = sorted(names, key=["train", "dev", "test"].index)
    rows = [
        (
            task.name,
            " ".join(task.aliases[:1]),
            task.variations,
            *(spans(task.splits.get(name, ())) for name in splits),
        )
        for task in tasks
    ]
    head = ("task", "id", "variations", *splits)
    table(head, rows, right=("variations",), least=("id", "variations"))


def _document(task: Task) -> dict[str, object]:
    return {
        "task": task.name,
        "aliases": task.aliases,
        "variations": task.variations,
        "splits": {name: list(numbers) for name, numbers in task.splits.items()},
    }


def spans(numbers: Iterable[int]) -> str:
    """``0-3 7 9-10`` for [0, 1, 2, 3, 7, 9, 10]."""
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
