"""``exprag``: the trajectories of the most similar earlier tasks stand in the prompt (ExpRAG, the
baseline of Evo-Memory: Wei et al. 2025, arXiv 2511.20857).

Where it departs: similar is what SQLite's full text finds similar, task against task, instead of
dense vectors; of equally similar ones those that scored more come first. A trajectory tells actions
and scores, without what was observed.
"""

from __future__ import annotations

from collections.abc import Sequence

from memory.strategies import Episode, Revised, Revision, Size, Strategy
from memory.strategies._options import check_counts, check_setting
from memory.strategies._trajectories import added, alike, goal_of, score_of
from memory.trials import Memory, Trial


def open(*, shown: int = 4, writer: str = "rules") -> ExpRAG:
    """``shown`` trajectories are read by a trial (the paper's k is 4). There is no writer:
    ``writer`` is taken and means nothing."""
    check_counts("exprag", shown=shown)
    return ExpRAG(shown)


class ExpRAG(Strategy):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone."""

    def __init__(self, shown: int) -> None:
        self.shown = shown

    def recall(self, memory: Memory, goal: str) -> Memory:
        """The most similar last: where there is no room for all, the first ones give way."""
        goals = [goal_of(note) for note in memory.notes]
        best = alike(goals, goal, [score_of(note) for note in memory.notes], self.shown)
        return Memory(notes=tuple(memory.notes[at] for at in reversed(best)))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        return Revised(added(memory.notes, trials[-1:], goal=True))
        yield  # a generator that asks nothing

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """Every trial of the earlier episodes, as it was: what is similar is decided later."""
        check_setting(setting)
        trials = [trial for episode in past for trial in episode.trials]
        return Revised(added((), trials, goal=True))
        yield  # a generator that asks nothing
