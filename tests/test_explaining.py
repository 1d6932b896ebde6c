"""A link is explained: what counts for and against it, and why it reads as it does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given
from hypothesis import strategies as st

from memory.episode import Episode, Place
from memory.evidence.reasons import reason
from memory.evidence.tally import Tally, judged
from memory.explaining import explained
from memory.links import parse
from memory.meaning import PLAIN
from memory.store import Store, StoreError
from memory.trials import Ending

MAKE = "make SHOULD BE NECESSARY to make progress"


def ship(episode: Episode, steps: Sequence[tuple[str, float]]) -> None:
    episode.begin()
    for action, score in steps:
        episode.step(action, "done", score=score)
    episode.end()


@pytest.fixture
def store(tmp_path: Path):
    with (
        Store(tmp_path / "clin.db") as store,
        Episode(store, "ship it", Place("shell", "ship")) as episode,
    ):
        ship(episode, [("wait", 0), ("make", 50), ("push", 100)])
        ship(episode, [("make", 0), ("make", 50)])
        ship(episode, [("push", 0), ("make", -20)])
        yield store


def test_trials_and_steps_count_for_and_against(store: Store) -> None:
    found = explained(store, "r1", parse(MAKE), PLAIN)
    assert [each["counts_as"] for each in found.trials] == ["together", "together", "lost"]
    assert found.tally == Tally(together=2, lost=1) == found.stored
    steps = [(each["trial"], each["step"], each["gain"]) for each in found.steps]
    assert steps == [(0, 1, 50), (1, 0, 0), (1, 1, 50), (2, 1, -20)]
    assert found.held == found.says and str(found.held) in str(found.versions[-1]["form"])
    assert "2 trials with the cause" in found.why


def test_a_deed_that_ended_a_trial_is_told_with_what_makes_it_sure(tmp_path: Path) -> None:
    eaten = parse("eat carrot MAY NOT CONTRIBUTE to the task")
    with (
        Store(tmp_path / "eaten.db") as store,
        Episode(store, "cook a meal", Place("kitchen", "cook")) as episode,
    ):
        episode.begin()
        episode.step("eat carrot", "You lost!")
        episode.end(Ending.LOST)
        found = explained(store, "r1", eaten, PLAIN)
        assert str(found.held) == str(eaten) and "its time may have been over" in found.why
        ship(episode, [("wait", 0), ("wait", 0)])
        found = explained(store, "r1", eaten, PLAIN)
        assert str(found.held) == "eat carrot DOES NOT CONTRIBUTE to the task"
        assert found.why.endswith(
            "trial 0 as lost when this was done; another trial went on for longer."
        )


def test_the_step_that_brought_the_effect_is_quoted_too(store: Store) -> None:
    store.correct("r1", "add", parse("make SHOULD BE NECESSARY to push"))
    found = explained(store, "r1", parse("make SHOULD BE NECESSARY to push"), PLAIN)
    first = [(each["step"], each["what"]) for each in found.steps if each["trial"] == 0]
    assert first == [(1, "cause"), (2, "effect")]
    assert found.why.startswith("A person (") and found.corrections[0]["kind"] == "add"


def test_another_wording_of_the_same_finds_it(store: Store) -> None:
    found = explained(store, "r1", parse("making MAY CONTRIBUTE to the task"), PLAIN)
    assert found.link.cause == "make"


def test_a_link_that_was_banned_says_who_did_it(store: Store) -> None:
    held = explained(store, "r1", parse(MAKE), PLAIN).held
    store.correct("r1", "ban", held, who="ann")
    found = explained(store, "r1", parse(MAKE), PLAIN)
    assert found.held is None and "a person (ann) took it out, ban" in found.why
    assert found.versions[-1]["form"] == ""


def test_a_link_that_never_was_names_the_nearest(store: Store) -> None:
    with pytest.raises(StoreError, match="never had this link; did you mean 'make "):
        explained(store, "r1", parse("makes SHOULD BE NECESSARY to make progresses"), PLAIN)


def test_the_command_says_it_in_words_and_in_json(store: Store, clin: Clin) -> None:
    said = clin("memory", "explain", "r1", MAKE)
    assert said.returncode == 0, said.stderr
    assert "for: the cause, and then the effect (2): trials 0, 1" in said.stdout
    assert "against: the cause lost points (1): trial 2" in said.stdout
    assert "trial 2 [1] cause: > make -70 points" not in said.stdout
    assert "trial 2 [1] cause: > make -20 points" in said.stdout
    found = json.loads(clin("memory", "explain", "r1", MAKE, "--json").stdout)
    assert found["run"] == "r1" and found["tally"] == found["stored_tally"]
    wrong = clin("memory", "explain", "r1", "x SHOULD BE NECESSARY to y")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1


COUNTS = st.integers(0, 6)


@given(
    st.builds(Tally, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    st.sampled_from(["make progress", "complete the task", "open door"]),
)
def test_the_reason_agrees_with_the_verdict(tally: Tally, effect: str) -> None:
    why, verdict = reason(tally, effect), judged(tally, effect)
    if "at least the 0.85" in why and "no trial has tested" not in why:
        assert verdict and verdict[1].value == "SHOULD"
    if "below the 0.85" in why:
        assert verdict and verdict[1].value == "MAY"
    assert ("hint" in why) is (not tally.seen)
