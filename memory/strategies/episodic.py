"""``episodic``: no abstraction; the most useful stored trajectories stand in the prompt.

The baseline that "Useful Memories Become Faulty When Continuously Updated" (arXiv 2605.12978) asks
for: raw episodes stay competitive where rewritten memories decay. Ours keeps each trial as one note
(actions and the score they led to), and a trial reads the two that scored best, the newest of
equals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memory.spelling import did_you_mean
from memory.strategies import (
    Episode,
    Revised,
    Revision,
    Size,
    Strategy,
    StrategyError,
    _clin_prompts,
)
from memory.trials import Memory, Trial

LONGEST = 900
"""Characters of an episode as a note."""
MOST = 50
"""Episodes that are kept."""
_STEP_SCORE = re.compile(r" \(score (?P<score>-?\d+(?:\.\d+)?)\)$")
_SCORE = re.compile(
    r"^An earlier trial that scored (?P<score>-?[\d.]+)"
    r"(?P<lost>, where the last action was a mistake)?: "
)


def open(*, shown: int = 2, writer: str = "rules") -> Episodic:
    """``shown`` episodes are read by a trial. There is no writer: ``writer`` is taken and means
    nothing."""
    if shown < 1:
        raise StrategyError(f"episodic's shown is 1 or more, not {shown}")
    return Episodic(shown)


class Episodic(Strategy):
    """See :class:`memory.strategies.Strategy`; its memory is notes alone."""

    def __init__(self, shown: int) -> None:
        self.shown = shown

    def recall(self, memory: Memory, goal: str) -> Memory:
        ranked = sorted(range(len(memory.notes)), key=lambda n: (_score(memory.notes[n]), n))[
            -self.shown :
        ]
        return Memory(notes=tuple(memory.notes[n] for n in sorted(ranked)))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        told = (_told(trials[-1]),) if trials and trials[-1].steps else ()
        return Revised(Memory(notes=tuple(dict.fromkeys((*memory.notes, *told)))[-MOST:]))
        yield  # a generator that asks nothing

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The best trial of each earlier episode, as it was."""
        if setting not in _clin_prompts.SETTINGS:
            raise StrategyError(
                f"no setting '{setting}'{did_you_mean(setting, _clin_prompts.SETTINGS)} (settings: "
                "gen-env, gen-task)"
            )
        best = [
            max(episode.trials, key=lambda trial: (trial.score, trial.number))
            for episode in past
            if episode.trials
        ]
        return Revised(
            Memory(
                notes=tuple(dict.fromkeys(_told(trial) for trial in best if trial.steps))[-MOST:]
            )
        )
        yield  # a generator that asks nothing


def _told(trial: Trial) -> str:
    before, kept = 0.0, []
    for step in trial.steps:
        kept.append(
            f"{step.action} (score {step.score:g})" if step.score != before else step.action
        )
        before = step.score
    lost = ", where the last action was a mistake" if trial.score < 0 else ""
    text = "; ".join(" ".join(each.split()) for each in kept)
    return f"An earlier trial that scored {trial.score:g}{lost}: {text}"[:LONGEST]


def _score(note: str) -> float:
    found = _SCORE.match(note)
    return float(found["score"]) if found else 0.0


def gainful(note: str) -> tuple[str, ...] | None:
    """The steps that an episode tells up to the last one that gained points, as it tells them; none
    where nothing was gained. None for a note that is no episode."""
    head = _SCORE.match(note)
    if not head:
        return None
    told, before, end = note[head.end() :].split("; "), 0.0, 0
    for number, step in enumerate(told, 1):
        if found := _STEP_SCORE.search(step):
            end = number if float(found["score"]) > before else end
            before = float(found["score"])
    return tuple(told[:end])
