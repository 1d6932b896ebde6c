"""ALFWorld's six task types, and which variation is which game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from worlds import Task

SPLITS: Mapping[str, str] = {"train": "train", "dev": "valid_seen", "test": "valid_unseen"}
"""Our splits, and the folders that the download has for them: ``valid_unseen`` has rooms that no
game of the other two is played in."""
COUNTS: Mapping[str, tuple[int, int, int]] = {
    "pick_and_place_simple": (790, 35, 24),
    "look_at_obj_in_light": (308, 13, 18),
    "pick_clean_then_place_in_recep": (650, 27, 31),
    "pick_heat_then_place_in_recep": (459, 16, 23),
    "pick_cool_then_place_in_recep": (533, 25, 21),
    "pick_two_obj_and_place": (813, 24, 17),
}
"""Games of each type in the three splits (table 1 of the paper): 3553, 140 and 134 in all. The
order is the package's, which numbers the types from 1."""


def tasks() -> Sequence[Task]:
    """The six types; needs neither the package nor the download. The variations of a type are its
    games in train, then in dev, then in test, each in the order of their paths."""
    return tuple(
        Task(name, sum(counts), _splits(counts), (str(number),))
        for number, (name, counts) in enumerate(COUNTS.items(), 1)
    )


def place(task: str, variation: int) -> tuple[str, int]:
    """The split of a variation, as we name it, and which of the games of ``task`` there it is."""
    for name, numbers in _splits(COUNTS[task]).items():
        if variation in numbers:
            return name, numbers.index(variation)
    raise ValueError(f"{task} has no variation {variation}")


def _splits(counts: Sequence[int]) -> dict[str, range]:
    ends = accumulate(counts)
    sizes = zip(SPLITS, ends, counts, strict=True)
    return {name: range(end - count, end) for name, end, count in sizes}
