"""What a model is trained on stays what it was, to the byte.

``tests/data/training.jsonl.xz`` was written by the code before worlds owned their language: seeded
drills, draws of the mix over the episodes in ``tests/data/training``, and episodes that are played.
Searches were pinned anew when memories lost their idle lines, when they lost what leads nowhere,
and with the mix when they told what came about.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from clin.distill.collect import of_place
from clin.distill.drills import drill
from clin.distill.episodes import Episode, opened
from clin.distill.form import Sample, windows
from clin.distill.mix import Bank, Mixer
from clin.distill.places import Place
from clin.distill.playing import played
from worlds import open_world

DATA = Path(__file__).parent / "data"
with lzma.open(DATA / "training.jsonl.xz", "rt", encoding="utf-8") as file:
    PINNED: list[dict[str, Any]] = [json.loads(line) for line in file]
PLAYED = ("causal", "scienceworld", "textworldexpress")
KINDS = ("mistakes", "detours", "loops", "wandering")


def digest(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()


def of_sample(sample: Sample) -> str:
    """All of a sample, and the windows that it becomes in a context of 6,000 bytes."""
    acts = [(act.action, act.observation, act.weight) for act in sample.acts]
    cut = windows(sample, lambda text: list(text.encode()), 6000)
    return digest(
        [
            *(sample.goal, sample.memory, acts, sample.opening, sample.ended),
            *(sample.elsewhere, sample.written),
            [(window.tokens, window.weights) for window in cut],
        ]
    )


def of_episode(episode: Episode) -> str:
    steps = [(each.action, each.observation, each.score, each.right) for each in episode.steps]
    told = [episode.kind, episode.goal, episode.opening, str(episode.ending)]
    return digest([*told, episode.memory, steps])


def rows(what: Iterable[str]) -> list[dict[str, Any]]:
    return [row for row in PINNED if row["what"] in set(what)]


def test_drills_are_what_they_were() -> None:
    pinned = rows(["drill"])
    assert len(pinned) == 120
    for row in pinned:
        sample = drill(Random(row["seed"]))
        assert sample.goal == row["goal"]
        assert of_sample(sample) == row["told"], row


def test_the_mix_is_what_it_was() -> None:
    mixer, random = Mixer(Bank.of(opened(DATA / "training"))), Random(0)
    pinned = [row for row in PINNED if row["what"] not in ("drill", *PLAYED)]
    assert len(pinned) == 200 and len({row["what"] for row in pinned}) == 8
    for row in pinned:
        sample = mixer.draw(random)
        assert (sample.kind, sample.goal) == (row["what"], row["goal"])
        assert of_sample(sample) == row["told"], row


def test_searches_and_wrong_turns_in_causal_are_what_they_were() -> None:
    places = (("make", 3, {"rules": 5}), ("compose-2", 7, {"rules": 11}))
    found = [
        (f"{episode.kind} {episode.place.key}", of_episode(episode))
        for task, variation, options in places
        for episode in of_place(Place.of("causal", task, variation, options), 6, 0)
    ]
    assert found == [(row["goal"], row["told"]) for row in rows(["causal"])]


@pytest.mark.slow
@pytest.mark.parametrize(
    "place", [("scienceworld", "find-plant", 110), ("textworldexpress", "cookingworld", 549)]
)
def test_wrong_turns_on_an_experts_path_are_what_they_were(place: tuple[str, str, int]) -> None:
    world = open_world(*place)
    pinned = [row for row in rows([place[0]]) if row["goal"] in KINDS]
    assert len(pinned) == len(KINDS)
    for row in pinned:
        episode = played(world, Place.of(*place, {}), row["path"], row["goal"], Random(row["seed"]))
        assert of_episode(episode) == row["told"], row["goal"]
    world.close()
