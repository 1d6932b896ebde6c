"""How a world is practised while a model is trained: what its trials go wrong in, how it is
searched, which of its names may change, and its drills.

Each world says so in its own words (``worlds/<name>/practice.py``, an object with any of the names
of :class:`Practice`); what it does not say has the neutral answer here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from memory.language import completed
from worlds import world_names
from worlds.experts import practice_of as said_of


class Practice:
    """The questions, with the neutral answers."""

    share: float = 0.1
    """The world's share of the samples of acting."""
    look: str = ""
    """The action that looks around."""
    harmless: tuple[str, ...] = ()
    """How actions begin that change nothing that matters."""
    favoured: tuple[str, ...] = ()
    """First words of what one tries who has no idea."""
    fatal: tuple[str, ...] = ()
    """Classes of actions (of :meth:`object_matters`) that end a trial when they are wrong."""
    two_things: tuple[str, ...] = ()
    """Those in which one thing is brought to another."""
    not_weighted: tuple[str, ...] = ()
    """Those that are learned no harder for a warning in the memory."""
    ways: tuple[str, ...] = ()
    """How moves begin that name their place."""
    commands: frozenset[str] = frozenset()
    """Words of its commands, which are never renamed."""
    names_are_shuffled: bool = False
    """Whether names of all classes may be exchanged for others of their class."""
    can_be_led_astray: bool = False
    """Whether its search finds back from wherever a model led it."""
    drills: tuple[Callable[[Any], dict[str, Any]], ...] = ()
    """Scenes in which one of several things is right; see :mod:`clin.distill.drills`."""

    def object_matters(self, action: str) -> str:
        """The class of an action whose object matters, so that another object of the same class is
        a mistake that a memory can teach to avoid; empty for any other."""
        return ""

    def way_back(self, move: str) -> str:
        """The move that leads back from where ``move`` led; empty where that depends on where one
        came from."""
        return ""

    def names_matter(self, task: str) -> bool:
        """Whether knowledge hangs on the names in this task."""
        return False

    def begun(self, opening: str, path: Sequence[str]) -> list[str]:
        """``path`` from anywhere: nobody is told in the prompt where a trial begins, so a path that
        starts in the right room goes there first."""
        return list(path)

    def shows_the_way(self, action: str) -> bool:
        """Whether a path that begins with ``action`` shows how one gets to where it is played."""
        return True

    def search(self, task: str) -> Callable[..., None] | None:
        """How ``task`` is searched by one who does not know; None where nobody has said how."""
        return None

    def paths(self, task: str, variation: int, options: dict[str, object]) -> list[tuple[str, ...]]:
        """Expert paths; :func:`worlds.experts.expert` asks for them."""
        return []


@cache
def practice_of(world: str) -> Practice:
    """What ``world`` says of its practice, completed. WorldError for a world that does not exist,
    LanguageError for one that says what nobody asks for; starts no simulator."""
    return completed(Practice(), said_of(world), f"the practice of {world}")


def practised() -> dict[str, Practice]:
    """The worlds that say how they are practised, by their shares."""
    found = {name: practice_of(name) for name in world_names() if said_of(name) is not None}
    return dict(sorted(found.items(), key=lambda each: -each[1].share))
