"""Batches by number: round ``n`` is decided by the seed alone, so that training resumes anywhere
and prepares ahead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

from clin.distill.form import Sample, Window, windows
from clin.distill.mix import Bank, Mixer
from clin.distill.presets import Recipe
from clin.distill.saying import with_sayings
from clin.distill.tokens import Encoder
from clin.prompts.compact import LAYOUTS

Batch = list[Window]
AT_ONCE = 16
"""Windows drawn between two looks whether there are enough."""


def round_of(mixer: Mixer, encode: Encoder, recipe: Recipe, number: int) -> list[Batch]:
    """The ``recipe.round_batches`` batches of round ``number``: windows of alike length stand
    together."""
    random = Random(f"{recipe.seed} round {number}")
    drawn: list[Window] = []
    room = recipe.round_batches * recipe.batch_tokens
    while sum(len(window.tokens) for window in drawn) < room:
        before = len(drawn)
        while len(drawn) < before + AT_ONCE:
            drawn += _windows(mixer.draw(random), encode, recipe, random)
    drawn.sort(key=lambda window: len(window.tokens) + random.random() * 40)
    batches: list[Batch] = [[]]
    for window in drawn:
        if batches[-1] and (len(batches[-1]) + 1) * len(window.tokens) > recipe.batch_tokens:
            batches.append([])
        batches[-1].append(window)
    random.shuffle(batches)
    return (batches * 2)[: recipe.round_batches]


def _windows(sample: Sample, encode: Encoder, recipe: Recipe, random: Random) -> Iterator[Window]:
    """The windows of ``sample`` in the form that the recipe's model reads."""
    layout = LAYOUTS[recipe.prompt]
    if layout.recalls:
        sample = with_sayings(random, sample)
    return windows(sample, encode, recipe.context, begin=encode.begin, layout=layout)


def rounds(
    bank: Bank, encode: Encoder, recipe: Recipe, first: int, workers: int
) -> Iterator[list[Batch]]:
    """Rounds from ``first`` on without end; with ``workers`` processes they are made ahead."""
    if not workers:
        mixer = Mixer(bank, recipe.shares, recipe.worlds)
        while True:
            yield round_of(mixer, encode, recipe, first)
            first += 1
    with ProcessPoolExecutor(workers, get_context("fork"), _keep, (bank, encode, recipe)) as pool:
        coming: list[Future[list[Batch]]] = []
        while True:
            while len(coming) < 2 * workers:
                coming.append(pool.submit(_kept_round, first))
                first += 1
            yield coming.pop(0).result()


_kept: list[tuple[Mixer, Encoder, Recipe]] = []


def _keep(bank: Bank, encode: Encoder, recipe: Recipe) -> None:
    _kept[:] = [(Mixer(bank, recipe.shares, recipe.worlds), encode, recipe)]


def _kept_round(number: int) -> list[Batch]:
    mixer, encode, recipe = _kept[0]
    return round_of(mixer, encode, recipe, number)
