"""What reading a link did to the scores of those who read it, so that a link whose transfer hurt is
withheld."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memory.evidence.ledger import Claim, claim_of
from memory.evidence.tally import SURE, above_half
from memory.trials import Trial


def hurt(claim: Claim, episodes: Iterable[Sequence[Trial]]) -> str | None:
    """Why ``claim`` is withheld; None where its transfer did not hurt.

    Each episode in which some trials read the claim and others did not is one comparison of their
    mean scores (negative scores as 0: what a trial can lose is what it would have won). Episodes
    are different lineages, so they count once each; ties say nothing. It hurt where the chance that
    reading it helps in more than half of the episodes is below 15 %: two episodes out of two, say.
    Scores rise over an episode's trials and links come late, so doubt goes in the link's favour.
    """
    differences = [each for each in (_difference(claim, trials) for trials in episodes) if each]
    worse = sum(each < 0 for each in differences)
    if not worse or above_half(len(differences) - worse, worse) > 1 - SURE:
        return None
    mean = sum(differences) / len(differences)
    return (
        f"its transfer hurt: with it {worse} of {len(differences)} episodes scored lower "
        f"than without it ({mean:+.1f} points)"
    )


def _difference(claim: Claim, trials: Sequence[Trial]) -> float | None:
    """Mean score of the trials that read ``claim`` less that of the others; None where one side is
    empty."""
    read: list[float] = []
    unread: list[float] = []
    for trial in trials:
        (read if claim in map(claim_of, trial.recalled.links) else unread).append(
            max(0.0, trial.score)
        )
    return sum(read) / len(read) - sum(unread) / len(unread) if read and unread else None
