"""Why a tally makes a link say what it says: the rule of :mod:`memory.evidence.tally` in words,
with the figures that decided."""

from __future__ import annotations

from memory.evidence.events import is_complete, is_progress
from memory.evidence.tally import EXCEPTIONS, SCORED, SURE, Tally, above_half, judged
from memory.links import Hedge, Relation


def reason(tally: Tally, effect: str) -> str:
    """Why :func:`memory.evidence.tally.judged` rules as it does on ``tally`` for a claim with the
    folded ``effect``; one or two sentences."""
    verdict = judged(tally, effect)
    if verdict is None:
        if not tally.seen:
            return "No trial bears on it, so it is a hint."
        return "The cause was done and the effect never came, by whatever cause."
    if verdict[0] is Relation.NOT_CONTRIBUTE:
        return _vain(tally, effect, verdict[1])
    scored = is_progress(effect) or is_complete(effect)
    together = SCORED * tally.together if scored else tally.together
    sure = above_half(together, tally.without)
    if verdict[0] is Relation.CONTRIBUTE:
        use = above_half(together, tally.alone + SCORED * tally.lost)
        why = _often_without(tally) or "It came to nothing as often as it helped."
        return f"{why} {_sureness('that it helps', use)}"
    return (
        f"{_necessary(tally)} {_sureness('that it is needed', sure)}{_untested(verdict[1], sure)}"
    )


def _necessary(tally: Tally) -> str:
    without = f"in {tally.without} without it" if tally.without else "never without it"
    return f"The effect came in {_trials(tally.together)} with the cause before it, {without}."


def _often_without(tally: Tally) -> str:
    if tally.without <= EXCEPTIONS * (tally.together + tally.without):
        return ""
    share = f"{tally.without} of {_trials(tally.together + tally.without)}"
    return f"The effect came without it in {share} that had the effect, more than one in five."


def _sureness(of_what: str, probability: float) -> str:
    sign = "at least" if probability >= SURE else "below"
    return f"The probability {of_what} is {probability:.2f}, {sign} the {SURE:g} of SHOULD."


def _untested(hedge: Hedge, sure: float) -> str:
    if hedge is Hedge.SHOULD or sure < SURE:
        return ""
    return " But no trial has tested it: none went without the cause."


def _vain(tally: Tally, effect: str, hedge: Hedge) -> str:
    parts = []
    if tally.lost:
        parts.append(f"it lost points in {_trials(tally.lost)}")
    if tally.alone:
        parts.append(f"it came to nothing in {_trials(tally.alone)}")
    if tally.without:
        parts.append(f"the effect came without it in {_trials(tally.without)}")
    if tally.together:
        parts.append(f"it helped in {tally.together} alone")
    told = f"{'; '.join(parts)}."
    told = told[:1].upper() + told[1:]
    if hedge is Hedge.MAY and (is_progress(effect) or is_complete(effect)):
        told += " It may have lacked something that must come first, so it is not sure."
    return told


def _trials(count: int) -> str:
    return f"{count} trial{'' if count == 1 else 's'}"
