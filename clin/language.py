"""The language of a world by the world's name; :mod:`memory.language` says who is handed it."""

from __future__ import annotations

from functools import cache

import worlds
from memory.archive import Route, route_of
from memory.language import Language
from memory.meaning import PLAIN
from memory.store import Store


@cache
def language_of(world: str) -> Language:
    """What ``world`` says of its words, completed with neutral answers. WorldError for a world that
    does not exist, LanguageError for one that says what nobody asks for; starts no simulator."""
    return Language.of(worlds.language_of(world), world)


def language_of_run(store: Store, run: str) -> Language:
    """The language of the world in which ``run`` was played, for what is stored of it."""
    return language_of(store.run(run).config.get("world", ""))


def words_of_run(store: Store, run: str) -> Language:
    """As :func:`language_of_run`; the neutral one where the run's world is not known here, so that
    what was made by hand, or of a world that has gone, can be corrected like any other."""
    return words_of(store.run(run).config.get("world", ""))


def words_of(world: str) -> Language:
    """As :func:`language_of`; the neutral one for a world that is not known here."""
    try:
        return language_of(world)
    except worlds.WorldError:
        return PLAIN


def route_taken(store: Store, run: str, trial_id: int) -> Route | None:
    """The route that a stored trial took first. The language is asked for only where there is one:
    a run that was made by hand, or whose world has gone, is shown like any other."""
    if store.route(trial_id) is None:
        return None
    return route_of(store, trial_id, language_of_run(store, run))
