"""``episodic``: no abstraction; the most useful stored trajectories stand in the prompt.

The baseline that "Useful Memories Become Faulty When Continuously Updated" (arXiv 2605.12978) asks
for: raw episodes stay competitive where rewritten memories decay. Ours keeps each trial as one note
(actions and the score they led to), and a trial reads the two that scored best, the newest of
equals.
"""

from __future__ import annotations

from collections.abc import Sequence

from memory.strategies import Episode, Revised, Revision, Size, Strategy
from memory.strategies._options import check_counts, check_setting
from memory.strategies._trajectories import added, score_of
from memory.trials import Memory, Trial


def open(*, shown: int = 2, writer: str = "rules") -> Episodic:
    """``shown`` episodes are read by a trial. There is no writer: ``writer`` is taken and means
    nothing."""
    check_counts("episodic", shown=shown)
    return Episodic(shown)


class Episodic(Strategy):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone."""

    def __init__(self, shown: int) -> None:
        self.shown = shown

    def recall(self, memory: Memory, goal: str) -> Memory:
        ranked = sorted(range(len(memory.notes)), key=lambda n: (score_of(memory.notes[n]), n))[
            -self.shown :
        ]
        return Memory(notes=tuple(memory.notes[n] for n in sorted(ranked)))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        return Revised(added(memory.notes, trials[-1:]))
        yield  # a generator that asks nothing

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The best trial of each earlier episode, as it was."""
        check_setting(setting)
        best = [
            max(episode.trials, key=lambda trial: (trial.score, trial.number))
            for episode in past
            if episode.trials
        ]
        return Revised(added((), best))
        yield  # a generator that asks nothing
