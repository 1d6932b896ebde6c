"""Links whose cause is a conjunction ("X AND Y"): said, counted, learned, recalled, corrected."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from clin.analysis.grading import grade
from clin.analysis.graphs import tree
from memory.episode import Episode, Place
from memory.evidence.ledger import Ledger
from memory.evidence.preconditions import Preconditions
from memory.graph import graph_of
from memory.language import Language
from memory.links import Link, parse
from memory.meaning import meaning
from memory.store import Store
from memory.strategies import open_strategy
from memory.trials import Ending, Memory, Step, Trial

PLAIN = Language()
PLACE = Place("shell", "ship")
DEEDS = tuple(f"run {name}" for name in ("build", "lint", "test", "pack", "sign"))


def told(*actions: str, won: bool) -> Trial:
    """A trial of which only the outcome is known."""
    steps = [Step(action, "done", 0.0) for action in actions]
    steps.append(Step("the verdict", "", 100.0 if won else 0.0))
    ending = Ending.WON if won else Ending.LOST
    return Trial(0, "ship it", "A shell.", tuple(steps), ending)


def learned(trials: Sequence[Trial]) -> tuple[Link, ...]:
    """What ``evidence`` holds after ``trials``, revised one by one."""
    strategy, memory = open_strategy("evidence", PLAIN, writer="rules"), Memory()
    for count in range(1, len(trials) + 1):
        revision = strategy.revise(memory, trials[:count], len)
        try:
            next(revision)
        except StopIteration as end:
            memory = end.value.memory
    return memory.links


def joint(links: Iterable[Link]) -> list[Link]:
    return [link for link in links if link.conjuncts[1:]]


# --- as text


def test_a_conjunction_reads_as_it_is_printed_and_its_parts_have_no_order() -> None:
    link = parse("opening the Box AND take key SHOULD BE NECESSARY to leave")
    assert parse(str(link)) == link
    assert link.conjuncts == ("opening box", "take key")
    other = parse("take the key AND open box MAY BE NECESSARY to leave")
    assert meaning(link) == meaning(other)
    assert parse("take key SHOULD BE NECESSARY to leave").claim != link.claim


def test_and_in_small_letters_joins_nothing() -> None:
    link = parse("pick up salt and pepper SHOULD BE NECESSARY to cook")
    assert link.conjuncts == ("pick up salt and pepper",)


def test_a_graph_has_an_edge_for_each_part() -> None:
    link = parse("take key AND open box SHOULD BE NECESSARY to leave")
    edges = graph_of([link], goal="get out").edges
    assert [(edge.cause.label, edge.effect.label) for edge in edges] == [
        ("take key", "leave"),
        ("open box", "leave"),
    ]
    assert {edge.link for edge in edges} == {link}
    assert [edge.others for edge in edges] == [("open box",), ("take key",)]
    assert "take key SHOULD BE NECESSARY together with open box" in tree.written(
        graph_of([link], goal="get out")
    )


def test_a_conjunction_is_right_where_each_part_is() -> None:
    truth = SimpleNamespace(
        necessary={
            "take key SHOULD BE NECESSARY to leave",
            "open box SHOULD BE NECESSARY to leave",
        },
        contributing=set(),
        not_contributing=set(),
        core=["take key", "open box"],
    )
    right = parse("open box AND take key SHOULD BE NECESSARY to leave")
    wrong = parse("open box AND sing SHOULD BE NECESSARY to leave")
    assert grade([right], truth).f1 == 1.0
    assert grade([wrong], truth).right == ()


# --- counted


def test_a_conjunction_stands_only_where_all_of_it_was_done() -> None:
    link = parse("run build AND run test SHOULD BE NECESSARY to complete the task")
    ledger = Ledger(
        PLAIN,
        [
            told("run build", "run test", won=True),
            told("run build", won=False),
            told("run test", won=False),
            told("run test", "run build", won=False),
        ],
    )
    tally = ledger.tally(link)
    assert (tally.together, tally.alone, tally.neither, tally.without) == (1, 1, 2, 0)


def test_what_came_without_a_part_speaks_against_the_whole() -> None:
    link = parse("run build AND run test SHOULD BE NECESSARY to complete the task")
    assert Ledger(PLAIN, [told("run build", won=True)]).tally(link).without == 1


# --- learned from outcomes


def test_a_pair_that_does_nothing_apart_is_learned_together() -> None:
    trials = [
        told("run build", "run lint", won=False),
        told("run test", "run lint", won=False),
        told("run build", "run pack", "run test", won=True),
    ]
    assert [str(link) for link in joint(learned(trials))] == []  # "run pack" explains it as well
    trials.append(told("run pack", "run build", won=False))
    trials.append(told("run pack", "run test", won=False))
    assert [str(link) for link in joint(learned(trials))] == [
        "run build AND run test SHOULD BE NECESSARY to complete the task"
    ]


def test_a_conjunction_that_a_trial_refutes_leaves() -> None:
    trials = [
        told("run build", won=False),
        told("run test", won=False),
        told("run build", "run test", won=True),
    ]
    assert len(joint(learned(trials))) == 1
    trials.append(told("run build", "run test", won=False))
    assert joint(learned(trials)) == []


@given(
    st.sets(st.sampled_from(DEEDS), min_size=2, max_size=3),
    st.randoms(use_true_random=False),
)
def test_known_conjunctions_are_learned_in_full(needed: set[str], rng: random.Random) -> None:
    """Trials that cover all sets of up to three deeds, in any order: F1 is 1.0."""
    chosen = [few for size in range(1, 4) for few in combinations(DEEDS, size)]
    rng.shuffle(chosen)
    trials = [told(*rng.sample(few, len(few)), won=needed <= set(few)) for few in chosen]
    helping = [link for link in learned(trials) if "NOT" not in str(link.relation)]
    truth = SimpleNamespace(
        necessary={f"{deed} SHOULD BE NECESSARY to complete the task" for deed in needed},
        contributing=set(),
        not_contributing=set(),
        core=sorted(needed),
    )
    assert grade(helping, truth).f1 == 1.0, helping
    assert [set(link.conjuncts) for link in helping] == [needed]


# --- learned from what was admissible


def test_what_an_action_needs_is_one_line() -> None:
    offered = frozenset({"put salt to mill", "put oil to mill", "start mill"})
    course = ["start mill", "put salt to mill", "start mill", "put oil to mill", "start mill"]
    steps = [Step(action, "done", 0.0) for action in course[:-1]]
    steps.append(Step(course[-1], "It turns.", 50.0))
    trial = Trial(0, "mill", "", tuple(steps), Ending.BUDGET, admissible=(offered,) * len(course))
    asked = parse("start mill SHOULD BE NECESSARY to make progress")
    assert [str(link) for link in Preconditions(PLAIN, [trial]).closing([asked])] == [
        "put salt to mill AND put oil to mill SHOULD BE NECESSARY to start mill"
    ]


# --- for a loop of one's own


def test_recall_says_which_part_is_missing(tmp_path: Path) -> None:
    with Store(tmp_path / "a.db") as store, Episode(store, "ship it", PLACE) as episode:
        for actions in (("run build",), ("run test",), ("run build", "run test")):
            episode.begin("A shell.")
            for action in actions:
                episode.step(action, "done")
            memory = episode.end(success=len(actions) == 2)
        assert [str(link) for link in joint(memory.links)] == [
            "run build AND run test SHOULD BE NECESSARY to complete the task"
        ]
        episode.begin("A shell.")
        both = [each.action for each in episode.recall(DEEDS)]
        assert set(both) == {"run build", "run test"}
        episode.step("run build", "done")
        assert [each.action for each in episode.recall(DEEDS)] == ["run test"]


def test_a_ban_holds_for_the_parts_in_any_order(tmp_path: Path) -> None:
    with Store(tmp_path / "a.db") as store, Episode(store, "ship it", PLACE) as episode:
        for actions in (("run build",), ("run test",), ("run build", "run test")):
            episode.begin("A shell.")
            for action in actions:
                episode.step(action, "done")
            episode.end(success=len(actions) == 2)
        banned = parse("run test AND run build MAY BE NECESSARY to complete the task")
        store.correct(episode.run, "ban", banned, who="me")
        episode.begin("A shell.")
        episode.step("run test", "done")
        episode.step("run build", "done")
        assert joint(episode.end(success=True).links) == []
