"""A tiny download of ALFWorld: one small kitchen, and in it a game of each type in each split.

No game may be shipped. These are made of the package's own domain and grammar, and of the kitchen
below. They are named and laid out as ``alfworld-download`` has them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from worlds.alfworld import SPLITS

_HELD_BY = {
    "CounterTop_bar_1": (1, ("Apple_bar_1", "Apple_bar_2", "Knife_bar_1")),
    "Desk_bar_1": (2, ("DeskLamp_bar_1",)),
    "Drawer_bar_1": (3, ()),
    "Drawer_bar_2": (3, ("Mug_bar_1",)),
    "Fridge_bar_1": (4, ("Apple_bar_3",)),
    "Microwave_bar_1": (5, ()),
    "Sink_bar_1_bar_SinkBasin": (6, ()),
}
"""The furniture, each with the place where it stands and the things on or in it. Two drawers stand
at one place, as in many real kitchens."""
_OPENABLE = ("Drawer", "Fridge", "Microwave")
_FOOD = ("pickupable", "cleanable", "heatable", "coolable", "sliceable")
_CAN_BE = {"Apple": _FOOD, "Mug": _FOOD[:4], "Knife": _FOOD[:2], "DeskLamp": ("toggleable",)}

_APPLE = "(objectType ?o AppleType)"
_ON_DESK = "(receptacleType ?r DeskType) (inReceptacle ?o ?r)"


def _laid(*more: str) -> str:
    """That an apple lies on the desk, of which ``more`` holds."""
    told = " ".join((_APPLE, _ON_DESK, *more))
    return f"(exists (?r - receptacle) (exists (?o - object) (and {told})))"


_LIGHT = (
    "(exists (?t - object ?r - receptacle ?a - agent ?l - location) (and "
    "(objectType ?t DeskLampType) (isToggled ?t) (receptacleAtLocation ?r ?l) (atLocation ?a ?l) "
    f"(inReceptacle ?t ?r))) (exists (?o - object ?a - agent) (and {_APPLE} (holds ?a ?o)))"
)
_SECOND = (
    "(exists (?p - object) (and (not (= ?o ?p)) (objectType ?p AppleType) (inReceptacle ?p ?r)))"
)
GOALS = {
    "pick_and_place_simple": (_laid(), "put a apple in desk"),
    "look_at_obj_in_light": (_LIGHT, "look at apple under the desklamp"),
    "pick_clean_then_place_in_recep": (_laid("(isClean ?o)"), "put a clean apple in desk"),
    "pick_heat_then_place_in_recep": (_laid("(isHot ?o)"), "put a hot apple in desk"),
    "pick_cool_then_place_in_recep": (_laid("(isCool ?o)"), "put a cool apple in desk"),
    "pick_two_obj_and_place": (_laid(_SECOND), "put two apple in desk"),
}
"""What is to be done, for the planner and in words."""

_TAKE = ("go to countertop 1", "take apple 3 from countertop 1")
_LAY = ("go to desk 1", "move apple 3 to desk 1")
WON_BY = {
    "pick_and_place_simple": (*_TAKE, *_LAY),
    "look_at_obj_in_light": (*_TAKE, "go to desk 1", "use desklamp 1"),
    "pick_clean_then_place_in_recep": (
        *(*_TAKE, "go to sinkbasin 1", "clean apple 3 with sinkbasin 1", *_LAY),
    ),
    "pick_heat_then_place_in_recep": (
        *(*_TAKE, "go to microwave 1", "heat apple 3 with microwave 1", *_LAY),
    ),
    "pick_cool_then_place_in_recep": (
        *(*_TAKE, "go to fridge 1", "cool apple 3 with fridge 1", *_LAY),
    ),
    "pick_two_obj_and_place": (
        *(*_TAKE, *_LAY, "go to countertop 1", "take apple 2 from countertop 1", "go to desk 1"),
        "move apple 2 to desk 1",
    ),
}
"""How each is won. The package numbers things of one kind from the end."""


@cache
def download() -> Path:
    """The folder with a game of each type in each split; it lasts as long as the process."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="clin-alfworld-"))
    data = Path(_KEPT[-1].name)
    for split in SPLITS.values():
        for task in GOALS:
            add(data, task, split)
    return data


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def add(data: Path, task: str, split: str, *, name: str = "trial_T1", **parts: object) -> Path:
    """The file of one more game of ``task`` in the download ``data``, with ``parts`` in place of
    its own."""
    folder = data / "json_2.1.1" / split / f"{task}-Apple-None-Desk-1" / name
    folder.mkdir(parents=True)
    path = folder / "game.tw-pddl"
    path.write_text(json.dumps({**game(task), **parts}))
    return path


def game(task: str) -> dict[str, object]:
    """What is in the file of a game of ``task``."""
    domain, grammar = (_package(f"data/alfred.{kind}") for kind in ("pddl", "twl2"))
    goal, words = GOALS[task]
    return {
        "pddl_domain": domain,
        "grammar": grammar.replace("UNKNOWN GOAL", words),
        "pddl_problem": _problem(goal),
        "walkthrough": [],
        "solvable": True,
    }


def worded_as_before(grammar: str) -> str:
    """``grammar`` as games had it before version 0.4.0 (alfworld/alfworld, pull request 94)."""
    for new, old in (
        ("You arrive at {r.name}.", "You arrive at {lend.name}."),
        ("move {o} to {r}", "put {o} in/on {r}"),
        ("You move the {o.name} to the {r.name}.", "You put the {o.name} in/on the {r.name}."),
    ):
        assert new in grammar
        grammar = grammar.replace(new, old)
    return grammar


def _package(path: str) -> str:
    found = find_spec("alfworld")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / path).read_text("utf-8")


def _problem(goal: str) -> str:
    objects, facts = "\n".join(_objects()), "\n".join(_facts())
    return (
        f"(define (problem tiny)\n(:domain alfred)\n(:objects\n{objects}\n)\n(:init\n{facts}\n)\n"
        f"(:goal (and {goal}))\n(:metric minimize (total-cost))\n)\n"
    )


def _kind(name: str) -> str:
    return "SinkBasin" if name.endswith("SinkBasin") else name.partition("_")[0]


_KINDS = list(dict.fromkeys(map(_kind, _HELD_BY)))


def _objects() -> Iterator[str]:
    yield "agent1 - agent"
    yield from (f"loc_bar_{number} - location" for number in range(7))
    yield from (f"{name} - receptacle" for name in _HELD_BY)
    yield from (f"{thing} - object" for _, things in _HELD_BY.values() for thing in things)
    yield from (f"{kind}Type - rtype" for kind in _KINDS)
    yield from (f"{kind}Type - otype" for kind in (*_CAN_BE, "ButterKnife"))


def _facts() -> Iterator[str]:
    yield "(= (total-cost) 0)"
    yield "(atLocation agent1 loc_bar_0)"
    for holder, (number, things) in _HELD_BY.items():
        yield f"(receptacleType {holder} {_kind(holder)}Type)"
        yield f"(receptacleAtLocation {holder} loc_bar_{number})"
        if _kind(holder) in _OPENABLE:
            yield f"(openable {holder})"
        for thing in things:
            yield f"(objectType {thing} {_kind(thing)}Type)"
            yield f"(inReceptacle {thing} {holder})"
            yield f"(objectAtLocation {thing} loc_bar_{number})"
            yield from (f"({each} {thing})" for each in _CAN_BE[_kind(thing)])
    for kind in _KINDS:
        yield from (f"(canContain {kind}Type {each}Type)" for each in ("Apple", "Mug", "Knife"))
