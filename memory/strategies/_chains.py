"""The chains of a memory, closed by what the record says makes an action possible: for trials that
are told at each step what to do now."""

from __future__ import annotations

from collections.abc import Sequence

from memory.evidence.preconditions import Preconditions
from memory.language import Language
from memory.links import Link
from memory.strategies import Episode
from memory.trials import Trial


class Chains:
    """What the trials of one episode say of preconditions, each read once."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._known = Preconditions(language)
        self._read = 0

    def opened(self, links: Sequence[Link], trials: Sequence[Trial]) -> tuple[Link, ...]:
        """``links`` that were written before the last of ``trials``, without those that the record
        derives by itself: they are derived anew where they are needed."""
        self._learn(trials, len(trials) - 1)
        return tuple(link for link in links if not self._known.derives(link))

    def closed(self, links: Sequence[Link], trials: Sequence[Trial]) -> tuple[Link, ...]:
        """``links``, and those that close their chains, after ``trials``."""
        self._learn(trials, len(trials))
        return (*links, *self._known.closing(links))

    def bare(self, links: Sequence[Link], trials: Sequence[Trial]) -> tuple[Link, ...]:
        """``links`` of an episode without those that its own ``trials`` derive."""
        self._known, self._read = Preconditions(self._language), 0
        self._learn(trials, len(trials))
        return tuple(link for link in links if not self._known.derives(link))

    def over(self, links: Sequence[Link], past: Sequence[Episode]) -> tuple[Link, ...]:
        """``links`` that several episodes taught, with what closes their chains wherever they were
        learned: what an action needed in one place alone is left out, and so is the way to where
        it was done, unless it was done there in all places."""
        trials = [trial for episode in past for trial in episode.trials]
        self._known, self._read = Preconditions(self._language), 0
        opened = self.opened(links, trials)
        self._learn(trials, len(trials))
        each = [Preconditions(self._language, episode.trials) for episode in past]
        closing = [
            link
            for link in self._known.closing(opened)
            if not self._language.is_move(link.cause) or all(k.leads_there(link) for k in each)
        ]
        return (*opened, *closing)

    def _learn(self, trials: Sequence[Trial], upto: int) -> None:
        if self._read > upto:  # another episode
            self._known, self._read = Preconditions(self._language), 0
        for number in range(self._read, upto):
            self._known.add(trials[number])
        self._read = max(self._read, upto)
