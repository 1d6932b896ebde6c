"""A claim's tally over trials, and the rule by which its relation and hedge follow from it.

The rule, and its reasons. Three questions are asked of a claim "cause … effect": how often the
cause stood before the effect when there was an effect (*necessity*), how often the effect followed
when the cause was there (*use*), and how often the effect came about when the cause was not there
(*chance*). Necessity and use are probabilities with a uniform prior, so after h sightings for and m
against one is Beta(1 + h, 1 + m), and we are *sure* that it is above one half when that has 0.85 of
the posterior: three sightings without an exception are sure (0.94), two are (0.875), one is not
(0.75).

- Where the world's own score speaks (an action that gained or lost points at its very step), a
  sighting counts twice: no other cause can have moved the score. One gain or one loss is therefore
  enough to be sure, until another trial differs.
- Never an effect: the cause DOES NOT CONTRIBUTE. Of the task as a whole that is sure only where the
  cause lost points, or where the task was completed without it; else it may have lacked something
  that must come first, and MAY NOT CONTRIBUTE.
- An effect at times: NECESSARY while hardly one effect in five stood without the cause (a record of
  necessity has no exceptions, but a phrase may be misread now and then), SHOULD when necessity is
  sure, use is not in doubt, and it was tested: some trial went without the cause, or the world's
  score speaks. Else it MAY CONTRIBUTE, or SHOULD where use is sure; and where use is surely below
  one half, it does not contribute.
- An effect that comes about without the cause as often as with it is *explained away*: the cause
  went before it by chance, and the claim leaves. (Where everybody picks up the lever, some have
  been in the cellar before.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb, erfc, sqrt

from memory.evidence.events import (
    PROGRESS,
    TASK,
    Record,
    is_complete,
    is_find,
    is_progress,
    spellings,
)
from memory.links import Hedge, Link, Relation, conjuncts

SURE = 0.85
SCORED = 2
"""What a sighting counts where the score itself moved."""
EXCEPTIONS = 0.2
"""The share of effects without the cause up to which it is called necessary."""
TWICE = 2
MANY = 500


@dataclass(frozen=True)
class Tally:
    """In how many trials a claim's cause and effect stood ``together`` (the cause first), the
    effect ``without`` the cause before it, the cause ``alone`` (no effect after it), in how many
    the cause ``lost`` points, and in how many ``neither`` was there."""

    together: int = 0
    without: int = 0
    alone: int = 0
    lost: int = 0
    neither: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.together + other.together,
            self.without + other.without,
            self.alone + other.alone,
            self.lost + other.lost,
            self.neither + other.neither,
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            self.together - other.together,
            self.without - other.without,
            self.alone - other.alone,
            self.lost - other.lost,
            self.neither - other.neither,
        )

    @property
    def seen(self) -> int:
        """Trials that bear on the claim."""
        return self.together + self.without + self.alone + self.lost

    @property
    def tried(self) -> int:
        """Trials with the cause."""
        return self.together + self.alone + self.lost

    @property
    def untried(self) -> int:
        """Trials without the cause before the effect."""
        return self.without + self.neither

    def __str__(self) -> str:
        told = (
            f"{self.together} of {self.tried} trials with, {self.without} of {self.untried} without"
        )
        return f"{told}; {self.lost} lost points" if self.lost else told


def count(cause: str, effect: str, trial: Record) -> Tally:
    """What one trial says about the claim that the folded ``cause`` brings about the folded
    ``effect``. A conjunction stands where all of its parts do, from the last of them on."""
    parts = [_named(part, trial) for part in conjuncts(cause)]
    names = [name for part in parts for name in part] if all(parts) else []
    if is_progress(effect):
        return _scored(parts, trial)
    at = trial.effect_at(effect)
    begun = _begun(parts, trial)
    if at is None:
        lost = is_complete(effect) and any(name in trial.lost for name in names)
        return Tally(lost=1) if lost else Tally(alone=1) if names else Tally(neither=1)
    at_once = is_complete(effect) or is_find(effect) or effect in trial.changed
    if begun is not None and (begun < at or (begun == at and at_once)):
        return Tally(together=1)
    return Tally(without=1)


def _named(cause: str, trial: Record) -> list[str]:
    """The spellings of one ``cause`` that this trial did or tried."""
    return [name for name in spellings(cause) if name in trial.first or name in trial.refused]


def _begun(parts: list[list[str]], trial: Record) -> int | None:
    """The step from which all ``parts`` were done; None where one never was."""
    firsts = [[trial.first[name] for name in part if name in trial.first] for part in parts]
    return max(map(min, firsts)) if all(firsts) else None


def _scored(parts: list[list[str]], trial: Record) -> Tally:
    """Gains have many causes, so a gain elsewhere is no evidence against this one, except where the
    task was completed without it, or a part of it gained without the rest."""
    names = [name for part in parts for name in part]
    gained = any(name in trial.gained for name in names)
    if all(parts):
        if gained:
            return Tally(together=1)
        return Tally(lost=1) if any(name in trial.lost for name in names) else Tally(alone=1)
    return Tally(without=1) if gained or trial.won_at is not None else Tally(neither=1)


def judged(tally: Tally, effect: str) -> tuple[Relation, Hedge] | None:
    """The relation and hedge that follow from ``tally`` by the rule above; None while no trial
    bears on the claim."""
    if not tally.seen:
        return None
    weight = SCORED if is_progress(effect) or is_complete(effect) else 1
    together, against = weight * tally.together, tally.alone + SCORED * tally.lost
    use = above_half(together, against)
    necessity = above_half(together, tally.without)
    # Without either, it may have lacked something that must come first.
    seen = weight == 1 or tally.lost or tally.without
    if not tally.together and (tally.without or weight == SCORED):
        unused = 1 - (use if weight == SCORED else necessity)
        return Relation.NOT_CONTRIBUTE, Hedge.SHOULD if unused >= SURE and seen else Hedge.MAY
    if not tally.together:
        # the cause was there and the effect never was, by whatever cause: nothing to tell them
        # apart
        return None
    if weight == SCORED and 1 - use >= SURE:
        return Relation.NOT_CONTRIBUTE, Hedge.SHOULD if seen else Hedge.MAY
    if tally.without <= EXCEPTIONS * (tally.together + tally.without) and (
        weight == 1 or use > 0.5
    ):
        tested = use >= SURE if weight == SCORED else tally.untried > 0
        return Relation.NECESSARY, Hedge.SHOULD if necessity >= SURE and tested else Hedge.MAY
    return Relation.CONTRIBUTE, Hedge.SHOULD if use >= SURE else Hedge.MAY


def explained_away(tally: Tally, effect: str) -> bool:
    """Whether ``effect`` (an action or a find) comes about without the cause as often as with it.
    That takes ``TWICE`` sightings without it; the score's own word is never explained away."""
    if is_progress(effect) or is_complete(effect) or tally.without < TWICE:
        return False
    # Posterior means, without fractions.
    with_it = (tally.together + 1) * (tally.untried + 2)
    return with_it <= (tally.without + 1) * (tally.tried + 2)


@lru_cache(maxsize=4096)
def above_half(hits: int, misses: int) -> float:
    """The probability that a proportion is above one half, after ``hits`` and ``misses`` and a
    uniform prior: that a fair coin shows at most ``hits`` heads in ``hits`` + ``misses`` + 1
    throws. From ``MANY`` throws on by the normal distribution, less than 0.0001 from the sum, so
    that it costs the same however much is stored."""
    total = hits + misses + 1
    if total < MANY:
        exact: float = sum(comb(total, k) for k in range(hits + 1)) / 2**total
        return exact
    return erfc((total - 1 - 2 * hits) / sqrt(2 * total)) / 2


def stated(link: Link, tally: Tally) -> Link | None:
    """``link`` as its tally has it; None where nothing bears on it. What helps helps "to make
    progress"; what does not contributes nothing "to the task"."""
    _cause, effect = link.claim
    verdict = judged(tally, effect)
    if verdict is None:
        return None
    words = link.effect
    if verdict[0] is Relation.NOT_CONTRIBUTE and (is_progress(effect) or is_complete(effect)):
        words = TASK
    elif is_progress(effect):
        words = PROGRESS
    return Link(link.cause, verdict[1], verdict[0], words)
