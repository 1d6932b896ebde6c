"""Makes one TextWorld game; run in a process of its own by :mod:`worlds.textworld.cache`."""

from __future__ import annotations

import sys

import textworld
import textworld.challenges
from textworld.challenges.registration import CHALLENGES


def make(challenge: str, settings: dict[str, object], seed: int, path: str) -> None:
    """Write the game that ``tw-make CHALLENGE --seed SEED`` makes to ``path`` (.z8), and what
    TextWorld knows of it beside it (.json). Exits with a line on what cannot be made."""
    options = textworld.GameOptions()
    options.seeds = seed
    options.path = path
    options.force_recompile = True
    textworld.g_rng.set_seed(seed)
    _, build, _ = CHALLENGES[challenge]
    try:
        textworld.generator.compile_game(build(settings, options), options)
    except Exception as error:  # of many kinds: a seed may have no such quest or map
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
