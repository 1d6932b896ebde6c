"""Causal links: the vocabulary of the memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Hedge(StrEnum):
    """How certain a link is."""

    MAY = "MAY"
    SHOULD = "SHOULD"


class Relation(StrEnum):
    """What the cause is to the effect."""

    NECESSARY = "BE NECESSARY to"
    CONTRIBUTE = "CONTRIBUTE to"
    NOT_CONTRIBUTE = "NOT CONTRIBUTE to"


@dataclass(frozen=True, order=True)
class Link:
    """A causal abstraction: ``cause`` and ``effect`` are actions or what they bring about, in words."""

    cause: str
    hedge: Hedge
    relation: Relation
    effect: str
