"""TextWorld's families of generated games as tasks, and their settings as options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from memory.spelling import did_you_mean
from worlds import Task, WorldError, whole_number

_SEEDS = 1000
SPLITS = {
    split: range(_SEEDS * place, _SEEDS * (place + 1))
    for place, split in enumerate(("train", "dev", "test"))
}
"""A variation is the seed of its game."""
_NAMED_BY_TEXTWORLD = {"train": "train", "dev": "valid", "test": "test"}
OWN = "game"
"""The task of a game that the user brings."""


@dataclass(frozen=True)
class Family:
    """A challenge of TextWorld, as ``tw-make`` calls it; ``options`` are what a user may set, each
    with what it may be, the default first."""

    challenge: str
    fixed: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, Sequence[object]] = field(default_factory=dict)
    alias: str = ""


_ROOMS = (1, 1, 1, 6, 9, 12, 1, 6, 6, 12)
_INGREDIENTS = (1, 1, 1, 1, 1, 1, 1, 3, 3, 3)
_CUT, _COOK = (3, 7, 9, 10), (2, 7, 9, 10)


def _cooking(level: int) -> Family:
    """A level of the ten that TALES plays (``TWCookingLevel1`` to ``10``, arXiv 2504.14128). They
    are GATA's (Adhikari et al. 2020, arXiv 2002.09127): how many ingredients and rooms, and
    whether to cut and to cook. Doors and containers are closed, and each ingredient is to be
    found."""
    ingredients = _INGREDIENTS[level - 1]
    skills = {"recipe": ingredients, "take": ingredients, "go": _ROOMS[level - 1]}
    flags = {"open": True, "cook": level in _COOK, "cut": level in _CUT}
    fixed = {**skills, **flags, "drop": False, "recipe_seed": 0}
    return Family("tw-cooking", fixed, alias=f"TWCookingLevel{level}")


def _levels(usual: int, *allowed: range) -> dict[str, Sequence[object]]:
    return {"level": (usual, *(each for part in allowed for each in part if each != usual))}


FAMILIES: Mapping[str, Family] = {
    "simple": Family(
        "tw-simple",
        options={
            "rewards": ("dense", "balanced", "sparse"),
            "goal": ("detailed", "brief", "none"),
        },
        alias="tw-simple",
    ),
    "coin-collector": Family(
        "tw-coin_collector",
        # Version 1.7 makes no game of more than 100 rooms.
        options=_levels(5, range(1, 101), range(101, 151), range(201, 234)),
        alias="tw-coin_collector",
    ),
    "treasure-hunter": Family(
        "tw-treasure_hunter", options=_levels(5, range(1, 31)), alias="tw-treasure_hunter"
    ),
    **{f"cooking-{level}": _cooking(level) for level in range(1, 11)},
}


def tasks() -> Sequence[Task]:
    """The families, then :data:`OWN`; needs no TextWorld."""
    own = Task(OWN, 1, {"test": range(1)})
    count = _SEEDS * len(SPLITS)
    families = FAMILIES.items()
    return (*(Task(name, count, SPLITS, (each.alias,)) for name, each in families), own)


def settings(task: str, variation: int, options: Mapping[str, object]) -> dict[str, object]:
    """What the game of a place is made of, beside its challenge and seed. WorldError for an option
    that ``task`` does not have, or that may not be so."""
    family = FAMILIES[task]
    chosen = {name: allowed[0] for name, allowed in family.options.items()}
    for name, value in options.items():
        chosen[name] = _checked(task, name, value, family.options)
    split = next(name for name, numbers in SPLITS.items() if variation in numbers)
    if family.challenge == "tw-simple":
        chosen["test"] = split == "test"
    if family.challenge == "tw-cooking":
        chosen["split"] = _NAMED_BY_TEXTWORLD[split]
    return {**family.fixed, **chosen}


def _checked(
    task: str, name: str, value: object, options: Mapping[str, Sequence[object]]
) -> object:
    if name not in options:
        takes = f"its options: {', '.join(options)}" if options else "it takes none"
        own = f"; --task {OWN} plays a game of your own" if name == "game" else ""
        raise WorldError(
            f"textworld's {task} has no option '{name}'{did_you_mean(name, tuple(options))} "
            f"({takes}){own}"
        )
    allowed = options[name]
    if isinstance(allowed[0], int):
        value = whole_number(value) if whole_number(value) is not None else value
    if value not in allowed:
        raise WorldError(f"{task}'s {name} is {_spans(allowed)}, not '{value}'")
    return value


def _spans(allowed: Sequence[object]) -> str:
    """What an option may be, in words; numbers as spans."""
    numbers = sorted(each for each in allowed if isinstance(each, int))
    if not numbers:
        return ", ".join(map(str, allowed))
    starts = [each for each in numbers if each - 1 not in numbers]
    ends = [each for each in numbers if each + 1 not in numbers]
    return "a whole number from " + " or ".join(
        f"{start} to {end}" for start, end in zip(starts, ends, strict=True)
    )
