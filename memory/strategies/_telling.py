"""A trial as its writer reads it: all of it where that fits, else what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memory.language import Language
from memory.strategies import Size
from memory.trials import Trial

BANDS = (
    (-100.0, "the trial ended at once because of a critical mistake: nothing was achieved"),
    (0.0, "the score fell below zero: mistakes outweigh what was done"),
    (20.0, "hardly any of the task was done"),
    (50.0, "a smaller part of the task was done"),
    (90.0, "a good part of the task was done, and important steps are missing"),
    (100.0, "almost all of the task was done"),
)
"""Final scores in words: each band ends below its bound, the first at it (the paper's seven bands;
the last is 100)."""
DONE = "the task was solved"
LATEST = 2
"""Steps at the end that are told in full for as long as that fits."""
LONGEST_ACTION = 40
"""Characters of an action where only changes of the score are told."""


def in_words(score: float) -> str:
    """A final score as the writer reads it."""
    if score >= 100:
        return DONE
    if score <= BANDS[0][0]:
        return BANDS[0][1]
    return next(words for bound, words in BANDS[1:] if score < bound)


def told(trial: Trial, language: Language, room: int, size: Size) -> str:
    """``trial`` in at most ``room`` tokens: every step in full where that fits; else every step in
    short; then equal steps in a row as one; then only those that changed something, of these the
    latest, and how many others there were. The ending and every change of the score are told where
    the room is 60 tokens and 20 more for each change; empty where not even the ending fits."""
    return next((text for text in _tellings(trial, language) if size(text) <= room), "")


def in_full(trial: Trial) -> str:
    """Every step of ``trial`` as it was, and how it ended."""
    return _lines(_turns(trial, Language()), Language(), len(trial.steps)) + ended(trial)


def ended(trial: Trial) -> str:
    """How ``trial`` ended."""
    return f"It ended: {in_words(trial.score)}; score {trial.score:.3g} of 100.\n"


@dataclass(frozen=True)
class _Turn:
    """Equal actions in a row, with what the last was answered: ``gain`` in points, ``changed``
    where something was new or somewhere else was reached."""

    action: str
    observation: str
    gain: float
    changed: bool
    refused: bool
    times: int = 1


def _turns(trial: Trial, language: Language) -> list[_Turn]:
    known, before, turns = {trial.opening}, 0.0, []
    for step in trial.steps:
        refused = language.is_refused(step.observation)
        new = not refused and step.observation not in known
        moved = not refused and language.is_move(step.action)
        gain, before = step.score - before, step.score
        known.add(step.observation)
        turns.append(_Turn(step.action, step.observation, gain, new or moved, refused))
    return turns


def _folded(turns: Sequence[_Turn]) -> list[_Turn]:
    """Equal actions in a row, but for those that changed the score, as one."""
    folded: list[_Turn] = []
    for turn in turns:
        last = folded[-1] if folded else None
        alike = last and (last.action, last.refused) == (turn.action, turn.refused)
        if last and alike and not (last.gain or turn.gain):
            changed, times = last.changed or turn.changed, last.times + 1
            action, said = turn.action, turn.observation
            folded[-1] = _Turn(action, said, 0.0, changed, turn.refused, times)
        else:
            folded.append(turn)
    return folded


def _tellings(trial: Trial, language: Language) -> Iterator[str]:
    """From all of it to nearly nothing."""
    yield in_full(trial)
    turns, end = _turns(trial, language), ended(trial)
    yield _lines(turns, language, LATEST) + end
    folded = _folded(turns)
    yield _lines(folded, language, LATEST) + end
    changed = sum(turn.changed for turn in folded)
    for latest in (LATEST, 0):
        most = changed
        while True:
            yield _lines(_kept(folded, most), language, latest) + end
            if not most:
                break
            most = most * 3 // 4
    scores = [_score(turn) for turn in turns if turn.gain]
    for left_out in range(len(scores) + 1):
        gap = f"(The first {left_out} changes of the score are left out.)\n" if left_out else ""
        yield gap + "".join(scores[left_out:]) + end
    yield end


def _score(turn: _Turn) -> str:
    return f"{turn.gain:+.3g}: {' '.join(turn.action.split())[:LONGEST_ACTION]}\n"


def _kept(turns: Sequence[_Turn], most: int) -> list[_Turn | str]:
    """What changed the score, the last turn, and the latest ``most`` of those that changed anything
    else; of the others, how many there were."""
    changed = [number for number, turn in enumerate(turns) if turn.changed]
    wanted = {*changed[len(changed) - most :], len(turns) - 1}
    told: list[_Turn | str] = []
    skipped: list[_Turn] = []
    for number, turn in enumerate(turns):
        if turn.gain or number in wanted:
            told += [_skipped(skipped), turn] if skipped else [turn]
            skipped = []
        else:
            skipped.append(turn)
    return told


def _skipped(turns: Sequence[_Turn]) -> str:
    count = sum(turn.times for turn in turns)
    refused = sum(turn.times for turn in turns if turn.refused)
    that = f", {refused} of them refused" if refused else ""
    return f"({count} {'steps are' if count > 1 else 'step is'} left out{that}.)\n"


def _lines(turns: Sequence[_Turn | str], language: Language, full: int) -> str:
    """The turns as text, the last ``full`` of them as they were, the others in short."""
    told = []
    for number, turn in enumerate(turns):
        if isinstance(turn, str):
            told.append(turn)
            continue
        times = f" x{turn.times}" if turn.times > 1 else ""
        said = turn.observation
        if number < len(turns) - full:
            said = language.shortened(turn.action, said)
        gain = f"(score {turn.gain:+.3g})\n" if turn.gain else ""
        told.append(f"> {turn.action}{times}\n{said.rstrip()}\n{gain}")
    return "".join(told)
