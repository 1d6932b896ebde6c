"""Checks that any world's language can be held against its world with; yours too.

>>> import pytest
>>> from memory.language import Language
>>> from worlds.language_checks import CHECKS
>>> @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
... def test_my_language_agrees_with_my_world(check):
...     check(lambda: MyWorld("a task", 0), Language.of(MyLanguage, "mine"))

Every check takes a function that opens a new world of one place, not yet reset, and its language,
completed by :class:`memory.language.Language`. It raises AssertionError with what is wrong. Needs
hypothesis (extra ``test``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worlds import World
from worlds.conformance import any_action, walk

Open = Callable[[], World]
STEPS = 16
MOST = 2_000
"""Characters of a short form at most."""
OF_ACTIONS = (
    *("destination", "is_move", "is_jump", "passes_time", "is_look", "inspects"),
    *("takes_or_opens", "opens", "is_deed", "alters", "tried_on", "called"),
)
OF_OBSERVATIONS = ("is_unknown", "is_refused", "choices_offered", "room", "sights")
OF_BOTH = (
    *("did_not_fit", "came_to_nothing", "meant", "changes", "arrived_at", "things_seen"),
    "shortened",
)
"""The questions that any text has an answer to, by what they are asked about."""


@dataclass(frozen=True)
class Told:
    """A step: what was seen and held ``before`` and ``after``, by how many points it moved the
    score, and what the world answered."""

    action: str
    before: str
    text: str
    after: str
    gain: float


def played(open: Open) -> Iterator[Told]:
    """A walk through the world, a new start wherever it ends, and what nobody would do."""
    world = open()
    actions = [step.action for step in walk(world, STEPS)[1:]]
    for number in range(2):
        score = world.reset().score
        for action in [*actions[number * 8 : number * 8 + 8], "qwx", "go qwx", "0", ""]:
            before = world.surroundings()
            seen = world.step(action)
            after = "" if seen.done else world.surroundings()
            yield Told(action, before, seen.text, after, seen.score - score)
            score = seen.score
            if seen.done:
                break
    world.close()


def a_move_leads_where_it_says_or_is_refused(open: Open, language: Any) -> None:
    """Wherever one can go first, or second."""
    world = open()
    world.reset()
    first = [action for action in world.actions() if language.is_move(action)]
    for action in first[:4]:
        world.reset()
        _leads(world, action, language)
        onward = [each for each in world.actions() if language.is_move(each)]
        if onward:
            _leads(world, onward[-1], language)
    world.close()


def _leads(world: World, action: str, language: Any) -> None:
    text = world.step(action).text
    named, place = language.destination(action), language.arrived_at(action, text)
    if language.came_to_nothing(action, text) or language.choices_offered(text):
        assert not place, f"{action!r} came to nothing and led to {place!r}"
        return
    assert place == named or not named, f"{action!r} led to {place!r}: {text[:80]!r}"
    here = language.room(world.surroundings())  # "go to door": the answer names the room
    assert here in action or here in text, f"after {action!r} one is in {here!r}: {text[:80]!r}"


def what_comes_to_nothing_changes_nothing(open: Open, language: Any) -> None:
    """Where there is nothing to see, the last answer may be all that is seen."""
    for each in played(open):
        if language.came_to_nothing(each.action, each.text):
            assert each.gain == 0, f"{each.action!r} came to nothing and moved the score"
            same = each.after in (each.before, each.text)
            assert same, f"{each.action!r} came to nothing and changed what is seen"


def what_is_seen_is_told_thing_by_thing(open: Open, language: Any) -> None:
    """Each phrase is one line with something in it, and the place is one that the text names."""
    for each in played(open):
        place, seen, held = language.sights(each.before)
        for phrase in (*seen, *held):
            assert phrase.strip() and "\n" not in phrase, f"{phrase!r} is no phrase"
        assert not place or place in each.before, f"nobody is told of {place!r}"


def every_choice_offered_is_admissible(open: Open, language: Any) -> None:
    """And nothing else is, while the world asks."""
    world = open()
    done = True
    for number in range(STEPS):
        if done:
            world.reset()
        actions = world.actions()
        seen = world.step(actions[number * 37 % len(actions)])
        done = seen.done
        choices = language.choices_offered(seen.text)
        if choices and not done:
            assert set(choices) == set(world.actions()), f"asks for {sorted(choices)}"
            done = world.step(world.actions()[0]).done
    world.close()


def what_is_read_is_one_bounded_line(open: Open, language: Any) -> None:
    for each in played(open):
        for text in (each.text, each.before):
            short = language.shortened(each.action, text)
            assert len(short) <= MOST and short.splitlines() in ([short], []), short[:80]


def any_text_has_an_answer(open: Open, language: Any) -> None:
    """The same twice, and none that contradicts another."""
    world = open()
    world.reset()
    real = st.sampled_from([*world.actions(), world.surroundings()])
    world.close()

    @settings(
        max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(any_action(), real), st.one_of(any_action(), st.text(max_size=300), real))
    def answered(action: str, observation: str) -> None:
        answers = _asked(language, action, observation)
        assert answers == _asked(language, action, observation), "an answer differs from the first"
        says = dict(answers)
        assert bool(says["is_move"]) >= bool(says["destination"]), "what leads somewhere is a move"
        assert says["is_move"] >= says["is_jump"], "a jump is a move"
        assert says["is_look"] >= says["inspects"], "to inspect is to look"
        assert says["is_refused"] >= says["is_unknown"], "what is unknown is refused"
        assert not (says["is_refused"] and says["arrived_at"]), "what is refused leads nowhere"
        assert not (says["is_refused"] and says["changes"]), "what is refused changes nothing"
        assert says["is_deed"] >= says["alters"], "what alters is a deed"
        assert language.called(says["called"]) == says["called"], "a thing has one name"
        assert len(says["shortened"]) <= MOST and "\n" not in says["shortened"]

    answered()


def _asked(language: Any, action: str, observation: str) -> list[tuple[str, Any]]:
    return [
        *((name, getattr(language, name)(action)) for name in OF_ACTIONS),
        *((name, getattr(language, name)(observation)) for name in OF_OBSERVATIONS),
        *((name, getattr(language, name)(action, observation)) for name in OF_BOTH),
    ]


def the_way_to_a_place_leads_there(open: Open, language: Any) -> None:
    """In words of the world's own, from what was done."""
    world = open()
    world.reset()
    moves = [each for each in world.actions() if language.destination(each)]
    world.close()
    for move in moves[:5]:
        for done in (moves, [move], []):
            place = language.destination(move)
            way = language.way_to(place, done)
            assert language.destination(way) == place or not done, f"{way!r} is no way to {place!r}"


CHECKS = (
    a_move_leads_where_it_says_or_is_refused,
    what_comes_to_nothing_changes_nothing,
    what_is_seen_is_told_thing_by_thing,
    every_choice_offered_is_admissible,
    what_is_read_is_one_bounded_line,
    any_text_has_an_answer,
    the_way_to_a_place_leads_there,
)
