"""What cost points is not offered again, under whatever name, as long as no more are held; and what
the goal names is told from what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE
from test_return_to_best import offered
from test_trial import Ladder

from clin.exploration.risk_mask import RiskMask, Risks
from memory.archive import Archive, ScoreChange
from memory.evidence.ledger import Ledger
from memory.evidence.proposals import of
from memory.evidence.tally import stated
from memory.links import Hedge, Relation, parse
from memory.rules.naming import UNNAMED, Goal, thing, verb, warned, words
from memory.strategies import Episode, open_strategy
from memory.strategies.evidence import dispose
from memory.trials import Ending, Memory, Step, Trial
from worlds import Observation

BOIL = (
    "Your task is to boil soap. First, focus on the substance. Then, take actions that "
    "will cause it to change its state of matter."
)
CREATE = (
    "Your task is to use chemistry to create violet paint. When you are done, focus on "
    "the violet paint."
)


class Room(Ladder):
    """Offers what it is told to; ``up`` gains 25 points, ``which`` is asked about."""

    def __init__(self, goal: str, *actions: str, asks: str = "") -> None:
        super().__init__()
        self.goal, self._offers, self._asks = goal, actions, asks

    def step(self, action: str) -> Observation:
        return Observation(self._asks, 0.0, False) if action == "which" else super().step(action)

    def actions(self) -> Sequence[str]:
        return self._offers


def lost(meant: str, held: float = 0.0, action: str = "") -> ScoreChange:
    return ScoreChange(action or meant, held, -100.0, meant)


def masked(world: Room, risks: Risks) -> RiskMask:
    return RiskMask(world, SCIENCE, risks)


def test_an_unnamed_thing_is_out_after_one_loss_where_a_named_one_is_offered() -> None:
    first = Risks([lost("focus on metal pot")])
    assert offered(masked(Room(BOIL, "focus on cup", "focus on soap", "open door"), first)) == [
        "focus on soap",
        "open door",
    ]
    assert offered(masked(Room(BOIL, "focus on cup", "open door"), first)) == [
        "focus on cup",
        "open door",
    ]
    twice = Risks([lost("focus on metal pot"), lost("focus on chair")])
    assert offered(masked(Room(BOIL, "focus on cup", "open door"), twice)) == ["open door"]


def test_points_are_not_staked_a_third_time_on_what_the_goal_does_not_ask_for() -> None:
    twice = Risks([lost("jump on box", 25.0), lost("jump on bed", 25.0)])
    world = Room("climb the ladder", "jump on chair", "up")
    assert "jump on chair" in offered(masked(world, Risks([lost("jump on box", 25.0)])), "up")
    assert "jump on chair" not in offered(masked(world, twice), "up")
    assert "jump on chair" in offered(masked(world, twice))  # nothing is held
    assert "jump on chair" in offered(masked(world, twice), "up", "up")  # further than ever
    gained = Risks([*twice.moved, ScoreChange("jump on bag", 25.0, 50.0, "jump on bag")])
    assert "jump on chair" in offered(masked(world, gained), "up")


def test_what_the_goal_does_not_name_is_out_however_many_points_are_held() -> None:
    twice = Risks([lost("focus on metal pot", 25.0), lost("focus on chair")])
    for ups in range(3):
        assert "focus on cup" not in offered(
            masked(Room(BOIL, "focus on cup", "up"), twice), *["up"] * ups
        )


def test_the_last_trial_stakes_less() -> None:
    once = [lost("focus on metal pot", 25.0)]
    assert "focus on cup" in offered(masked(Room(BOIL, "focus on cup", "up"), Risks(once)), "up")
    assert "focus on cup" not in offered(
        masked(Room(BOIL, "focus on cup", "up"), Risks(once, last=True)), "up"
    )
    named = [lost("focus on soap bar", 25.0), lost("focus on soap dish", 25.0)]
    assert "focus on soap" in offered(masked(Room(BOIL, "focus on soap", "up"), Risks(named)), "up")
    assert "focus on soap" not in offered(
        masked(Room(BOIL, "focus on soap", "up"), Risks(named, last=True)), "up"
    )


def test_what_gained_as_often_as_it_lost_is_offered() -> None:
    both = Risks(
        [lost("focus on metal pot"), ScoreChange("focus on cup", 0.0, 10.0, "focus on cup")]
    )
    assert offered(masked(Room(BOIL, "focus on lid", "focus on soap"), both)) == [
        "focus on lid",
        "focus on soap",
    ]


def test_a_thing_that_lost_is_out_wherever_it_is() -> None:
    found = offered(
        masked(
            Room(CREATE, "focus on orange paint in bowl", "focus on violet paint"),
            Risks([lost("focus on orange paint")]),
        )
    )
    assert found == ["focus on violet paint"]
    by_number = Risks([lost("focus on orange soap", action="focus on soap in cup")])
    assert offered(masked(Room(BOIL, "focus on soap in jar", "focus on red soap"), by_number)) == [
        "focus on red soap"
    ]


PLANES = (
    "Your task is to determine which of the two inclined planes (titanium, plastic) has "
    "the least friction. Then focus on that inclined plane."
)


@pytest.mark.parametrize(
    ("again", "out"),
    [
        ("focus on inclined plane in inventory", True),  # a vaguer name
        ("focus on inclined plane with a titanium surface", False),
        ("focus on big inclined plane with a plastic surface", True),  # the goal does not say big
        ("focus on plane", False),  # one word alone
    ],
)
def test_a_vaguer_name_and_a_fuller_one_may_be_the_same_thing(again: str, out: bool) -> None:
    once = Risks([lost("focus on inclined plane with a plastic surface")])
    assert (again not in offered(masked(Room(PLANES, again, "open door"), once))) is out


def test_the_last_trial_counts_what_lost_before_so_much_was_held() -> None:
    lower = [lost("focus on soap bar", 5.0), lost("focus on soap dish", 10.0)]
    room = Room(BOIL, "focus on soap", "up")
    assert "focus on soap" in offered(masked(room, Risks(lower)), "up")
    assert "focus on soap" not in offered(masked(room, Risks(lower, last=True)), "up")


JUICE = (
    "First, focus on the thermometer. Next, focus on the orange juice. If it is cold, "
    "focus on the blue box."
)


@pytest.mark.parametrize(
    ("action", "out"),
    [
        ("focus on orange juice in cup", False),
        ("focus on cold orange juice", False),  # the same in more words
        ("focus on blue box", False),
        ("focus on orange", True),  # only one word of its name
        ("focus on cup containing orange juice", True),  # what it is in
        ("focus on recipe to make orange juice", True),
        ("focus on juice", True),
        ("look at orange", False),
    ],
)
def test_what_the_goal_says_by_its_name_is_that_and_nothing_else_once_another_thing_lost(
    action: str, out: bool
) -> None:
    room = Room(JUICE, action, "up")
    assert action in offered(masked(room, Risks([])))
    for ups in range(3):
        assert (
            action
            not in offered(masked(room, Risks([lost("focus on metal pot", 25.0)])), *["up"] * ups)
        ) is out
    assert (
        action not in offered(masked(room, Risks([], ["focus on"])))
    ) is out  # other places taught it
    other = Risks(
        [lost("focus on metal pot", 25.0), ScoreChange("focus on lid", 25.0, 50.0, "focus on lid")]
    )
    assert action in offered(masked(room, other))


def test_what_was_asked_for_and_lost_says_nothing_of_other_things() -> None:
    room = Room(JUICE, "focus on cup", "up")
    assert "focus on cup" in offered(
        masked(room, Risks([lost("focus on thermometer", 25.0)])), "up", "up"
    )


def test_where_the_goal_describes_or_names_a_class_nothing_is_asked_for_by_name() -> None:
    for goal in (
        PLANES,
        BOIL,
        "Focus on the animal with the longest life span.",
        "First, focus on the thing. Then focus on the box.",
    ):
        assert Goal(goal, SCIENCE).by_name("focus on") == []
    assert Goal(JUICE, SCIENCE).by_name("focus on") == [
        ("thermometer",),
        ("orange", "juice"),
        ("blue", "box"),
    ]
    assert Goal("To complete the task, focus on the grown lemon.", SCIENCE).by_name("focus on") == [
        ("lemon",)
    ]


def test_what_the_goal_names_better_is_judged_by_itself() -> None:
    thrice = Risks([lost(f"focus on {colour} paint") for colour in ("red", "blue", "yellow")])
    assert offered(
        masked(Room(CREATE, "focus on orange paint", "focus on violet paint"), thrice)
    ) == ["focus on violet paint"]


def test_what_lost_is_out_for_good_while_nothing_of_its_kind_has_gained() -> None:
    egg, moth = (
        lost("focus on moth egg"),
        ScoreChange("focus on moth larva", 0.0, 10.0, "focus on moth larva"),
    )
    room = Room("Focus on the life stages of the moth.", "focus on moth egg", "up")
    assert "focus on moth egg" not in offered(masked(room, Risks([egg])), "up")
    # It may have come too early.
    assert "focus on moth egg" in offered(masked(room, Risks([egg, moth])), "up")
    assert "focus on moth egg" not in offered(masked(room, Risks([egg, moth])))


def test_a_name_counts_as_it_was_offered_and_as_it_was_meant() -> None:
    twice = [lost("focus on pollen", action="focus on soap pollen"), lost("focus on soap bar")]
    assert "focus on soap" in offered(masked(Room(BOIL, "focus on soap", "up"), Risks(twice)))
    assert "focus on soap" not in offered(
        masked(Room(BOIL, "focus on soap", "up"), Risks(twice, last=True))
    )


def test_answers_are_judged_by_what_they_stand_for() -> None:
    asks = (
        "Ambiguous request: Please enter the number for the action you intended (or blank "
        "to cancel):\n0:\tfocus on red paint\n1:\tfocus on violet paint"
    )
    world = masked(Room(CREATE, "0", "1", asks=asks), Risks([lost("focus on red paint")]))
    assert offered(world) == ["0", "1"]
    assert offered(world, "which") == ["1"]
    assert offered(world, "which", "up") == ["0", "1"]


def test_where_nothing_else_is_left_all_is_offered() -> None:
    thrice = Risks([lost(f"focus on {name}") for name in ("cup", "lid", "jar")])
    assert offered(masked(Room(BOIL, "focus on cup", "focus on jar"), thrice)) == [
        "focus on cup",
        "focus on jar",
    ]


def test_what_other_places_taught_counts_from_the_first_trial() -> None:
    room = Room(BOIL, "focus on cup", "open door")
    assert offered(masked(room, Risks.of(Archive(SCIENCE), ["focus on"], False))) == ["open door"]
    assert offered(masked(room, Risks.of(Archive(SCIENCE), [], False))) == [
        "focus on cup",
        "open door",
    ]


def test_what_other_places_taught_is_given_up_once_it_left_a_trial_without_such_an_action() -> None:
    points = Archive(SCIENCE)
    points.add(0, [Step("focus on soap", "You focus on the soap.", 10.0)], Ending.BUDGET)
    assert Risks.of(points, ["focus on"], False).taught == ["focus on"]
    points.add(1, [Step("open door", "ok", 0.0)], Ending.BUDGET)
    assert Risks.of(points, ["focus on"], False).taught == []


@pytest.mark.parametrize(
    ("action", "kind", "about"),
    [
        ("focus on cherry tree in flower pot 2", "focus on", {"cherry", "tree"}),
        ("focus on seeds (in jar)", "focus on", {"seed"}),
        ("pick up glass", "pick up", {"glass"}),
        ("pour cup into sink", "pour", {"cup"}),
        ("look around", "look", {"around"}),
        ("wait", "wait", set()),
    ],
)
def test_an_action_has_a_kind_and_a_thing(action: str, kind: str, about: set[str]) -> None:
    assert verb(action) == kind and thing(action) == about


def test_a_goal_names_things_and_not_the_places_to_look_in() -> None:
    goal = Goal(
        "Find the animal with the shortest life span, in the 'outside' location. Focus on it.",
        SCIENCE,
        ["teleport to outside"],
    )
    assert (
        goal.unnamed("focus on outside") == f"focus on {UNNAMED}"
        and goal.unnamed("focus on animal") is None
    )
    assert goal.unnamed("teleport to kitchen") is None and goal.unnamed("focus") is None
    assert (
        Goal(BOIL, SCIENCE).asks_for("focus on")
        and not Goal(BOIL, SCIENCE).asks_for("pick up")
        and Goal(BOIL, SCIENCE).unnamed("pick up cup") is None
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_asked_about(action: str, goal: str) -> None:
    found = Goal(goal, SCIENCE).unnamed(action)
    assert found is None or warned(found) == verb(action)
    assert words(action) == words(" ".join(sorted(words(action)))) or any(
        word.endswith("ss") for word in words(action)
    )


def trial(number: int, goal: str, *steps: Step) -> Trial:
    return Trial(
        number, goal, "o", steps, Ending.LOST if steps[-1].score < 0 else Ending.BUDGET, Memory()
    )


def test_a_wrong_choice_teaches_what_holds_elsewhere_and_a_right_one_takes_it_back() -> None:
    wrong = trial(0, BOIL, Step("focus on metal pot", "You focus on the metal pot.", -100.0))
    [abstract] = [link for link in of(wrong, SCIENCE) if warned(link.cause)]
    assert str(abstract) == f"focus on {UNNAMED} MAY NOT CONTRIBUTE to the task"
    ledger = Ledger(SCIENCE, [wrong])
    assert stated(abstract, ledger.tally(abstract)) == parse(
        f"focus on {UNNAMED} DOES NOT CONTRIBUTE to the task"
    )
    right = trial(1, BOIL, Step("focus on cup", "You focus on the cup.", 50.0))
    ledger.add(right)
    told = stated(abstract, ledger.tally(abstract))
    assert told is not None and (told.relation, told.hedge) != (
        Relation.NOT_CONTRIBUTE,
        Hedge.SHOULD,
    )
    assert not any(warned(link.cause) for link in dispose(ledger, [abstract], [])[0])


def test_it_carries_to_other_places_once_two_bear_it_out() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")

    def episode(variation: int, goal: str) -> Episode:
        lost = trial(0, goal, Step("focus on metal pot", "You focus on the metal pot.", -100.0))
        gen = strategy.revise(Memory(), [lost], len)
        try:
            next(gen)
        except StopIteration as stop:
            return Episode("scienceworld", "boil", variation, (lost,), (stop.value.memory,))
        raise AssertionError("rules ask nothing")

    def general(*episodes: Episode) -> list[str]:
        gen = strategy.generalise(episodes, BOIL, "gen-env", len)
        try:
            next(gen)
        except StopIteration as stop:
            return [str(link) for link in stop.value.memory.links]
        raise AssertionError("rules ask nothing")

    tin, lead = episode(1, BOIL.replace("soap", "tin")), episode(2, BOIL.replace("soap", "lead"))
    abstract = f"focus on {UNNAMED} DOES NOT CONTRIBUTE to the task"
    assert abstract in general(tin, lead)
    assert abstract not in general(tin)
    right = replace(
        lead,
        trials=(
            *lead.trials,
            *[trial(n, BOIL, Step("focus on cup", "You focus on the cup.", 50.0)) for n in (1, 2)],
        ),
    )
    # It helped as often, and what helped it does not say.
    assert not any(UNNAMED in link for link in general(tin, right))
