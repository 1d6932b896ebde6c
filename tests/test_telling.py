"""How a trial is told to its writer: in full where it fits, else what changed, and never beyond the
room."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st
from languages import CAUSAL, SCIENCE

from memory.strategies._telling import ended, in_full, told
from memory.testing import trials
from memory.trials import Ending, Step, Trial


def tokens(text: str) -> int:
    """A tokeniser that is worse than real ones: a token for every three characters."""
    return -(-len(text) // 3)


def played(*steps: tuple[str, str, float]) -> Trial:
    made = tuple(Step(*step) for step in steps)
    return Trial(0, "a goal", "a hall", made, Ending.BUDGET)


LONG = played(
    *[(f"look at wall {n}", "It is a wall. " * 30, 0.0) for n in range(4)],
    ("go to kitchen", "You walk to the kitchen.", 0.0),
    *[("wait", "Time passes.", 0.0)] * 12,
    ("open oven", "You can't open that.", 0.0),
    ("open stove", "No known action matches that input.", 0.0),
    ("pull lever", "A bell rings.", 8.0),
    *[("sing", "You sing.", 8.0)] * 30,
    ("push wall", "It moves. " * 30, 5.0),
    ("leave", "You leave. " * 30, 5.0),
)


def changes(trial: Trial) -> list[float]:
    scores = [0.0, *(step.score for step in trial.steps)]
    return [now - then for then, now in itertools.pairwise(scores) if now != then]


@given(trials(), st.integers(0, 400))
def test_a_telling_never_takes_more_than_its_room(trial: Trial, room: int) -> None:
    text = told(trial, SCIENCE, room, tokens)
    assert tokens(text) <= room
    assert text == told(trial, SCIENCE, room, tokens)
    if tokens(in_full(trial)) <= room:
        assert text == in_full(trial)


@given(trials(), st.integers(0, 200))
def test_the_ending_and_every_change_of_the_score_are_told_in_a_small_room(
    trial: Trial, more: int
) -> None:
    text = told(trial, SCIENCE, 60 + 20 * len(changes(trial)) + more, tokens)
    assert text.endswith(ended(trial))
    gains = [f"{gain:+.3g}" for gain in changes(trial)]
    found = re.findall(r"^(?:\(score )?([+-][\d.e+]+)(?:\)$|: )", text, re.MULTILINE)
    assert len(found) >= len(gains) and not set(gains) - set(found)


def test_a_long_trial_is_told_in_short_then_folded_then_by_what_changed() -> None:
    full = tokens(in_full(LONG))
    told_in = {room: told(LONG, SCIENCE, room, tokens) for room in (full, full - 1, 700, 500, 200)}
    assert told_in[full] == in_full(LONG)
    assert told_in[full - 1].count("> wait\n") == 12
    folded = told_in[700]
    assert "> wait x12\nTime passes.\n" in folded and "> sing x30\n" in folded
    assert "> open oven\n" in folded
    changed = told_in[500]
    assert "(2 steps are left out, 2 of them refused.)" in changed and "> open oven" not in changed
    assert "It moves. It moves." in changed and changed.count("You leave.") == 30
    for text in told_in.values():
        assert "(score +8)" in text and "(score -3)" in text and text.endswith(ended(LONG))


def test_what_is_told_counts_what_is_left_out() -> None:
    for room in range(150, 700, 10):
        text = told(LONG, SCIENCE, room, tokens)
        if "> " not in text:
            continue
        shown = sum(int(each or 1) for each in re.findall(r"^> .+?(?: x(\d+))?$", text, re.M))
        skipped = sum(map(int, re.findall(r"^\((\d+) steps? (?:is|are) left out", text, re.M)))
        assert shown + skipped == len(LONG.steps)


def test_in_too_small_a_room_the_latest_changes_are_told_or_the_ending_or_nothing() -> None:
    many = played(*[(f"push {n}", "It moves.", float(n)) for n in range(40)])
    latest = told(many, SCIENCE, 100, tokens)
    assert latest.startswith("(The first ") and latest.endswith("+1: push 39\n" + ended(many))
    assert told(many, SCIENCE, tokens(ended(many)), tokens) == ended(many)
    assert told(many, SCIENCE, tokens(ended(many)) - 1, tokens) == ""


def test_a_world_says_what_a_refusal_is() -> None:
    trial = played(*[("use key on door", "Nothing happens. " * 9, 0.0)] * 9, ("x", "y" * 400, 1.0))
    assert "> use key on door x9" in told(trial, CAUSAL, 250, tokens)
