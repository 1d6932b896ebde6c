"""Tallies count what the record shows: in any order, step by step or anew, and hedges follow them
both ways."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple
from fractions import Fraction
from itertools import accumulate, permutations
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from languages import SCIENCE
from test_strategies import LOST, WON, answered, told, words

from memory.evidence.events import record
from memory.evidence.ledger import Ledger, claim_of
from memory.evidence.proposals import of
from memory.evidence.recount import recount
from memory.evidence.scope import Counted, restated
from memory.evidence.tally import SURE, Tally, above_half, count, explained_away, judged, stated
from memory.links import Hedge, Link, Relation, parse
from memory.rules.naming import warned
from memory.store import NewTrial, NewVersion, Store
from memory.store.merging import merge
from memory.strategies import open_strategy
from memory.testing import links, memories, trials
from memory.trials import Ending, Memory, Step, Trial, Trials

ACTIONS = [
    "get key",
    "sing",
    "go to hall",
    "look around",
    "open door",
    "focus on frog",
    "focus on bee",
]


@st.composite
def played(draw: st.DrawFn) -> Trial:
    """A trial in a world whose causes are known: the door opens with the key alone and gains 40
    points once, the frog behind it wins, the bee loses, and singing, walking and looking do
    nothing."""
    held = opened = False
    score, steps = 0.0, []
    for action in draw(st.lists(st.sampled_from(ACTIONS), max_size=10)):
        said = f"You {action}."
        if action == "get key":
            held = True
        elif action == "open door":
            said, score = (
                (said, score if opened else score + 40) if held else ("You can't do that.", score)
            )
            opened = opened or held
        elif action == "focus on frog":
            said, score = (said, 100.0) if opened else ("You can't see a frog.", score)
        elif action == "focus on bee":
            score = -100.0
        steps.append(Step(action, said, score))
        if score in (100.0, -100.0):
            break
    ending = Ending.WON if score == 100 else Ending.LOST if score < 0 else Ending.BUDGET
    return Trial(0, "Open the door and focus on the frog.", "A room.", tuple(steps), ending)


CLAIMS = [
    parse("get key MAY BE NECESSARY to open door"),
    parse("opening the door MAY BE NECESSARY to make progress"),
    parse("focus on bee MAY CONTRIBUTE to the task"),
    parse("sing MAY BE NECESSARY to open door"),
    parse("get key MAY BE NECESSARY to complete the task"),
    parse("go to hall MAY BE NECESSARY to find frog"),
]


@given(
    st.lists(st.one_of(played(), trials()), max_size=4), st.one_of(st.sampled_from(CLAIMS), links())
)
def test_the_order_of_trials_does_not_matter_and_counting_step_by_step_is_counting_anew(
    seen: list[Trial], link: Link
) -> None:
    anew = sum((count(*claim_of(link), record(trial, SCIENCE)) for trial in seen), Tally())
    for order in permutations(seen):
        late, early = Ledger(SCIENCE, order), Ledger(SCIENCE)
        assert early.tally(link) == Tally()
        for trial in order:
            early.add(trial)
        assert early.tally(link) == late.tally(link) == anew
    assert sum(astuple(anew)) == len(seen)


@given(st.lists(played(), min_size=1, max_size=30))
def test_what_the_world_makes_necessary_is_never_called_useless_and_the_bee_never_useful(
    seen: list[Trial],
) -> None:
    ledger = Ledger(SCIENCE, seen)
    key, door, bee, sing, *_ = CLAIMS
    assert not ledger.tally(key).without  # the door never opens without the key
    for link in (key, door):
        truth = stated(link, ledger.tally(link))
        assert truth is None or ledger.tally(link).alone or truth.relation is Relation.NECESSARY
    truth = stated(bee, ledger.tally(bee))
    assert truth is None or truth.relation is Relation.NOT_CONTRIBUTE
    if ledger.tally(sing).without > ledger.tally(sing).together:
        assert stated(sing, ledger.tally(sing)).relation is not Relation.NECESSARY


RANK = {Relation.NOT_CONTRIBUTE: 0, Relation.CONTRIBUTE: 1, Relation.NECESSARY: 2}
counts = st.integers(0, 30)
effects = st.sampled_from(["make progress", "complete task", "open door", "find frog"])


def strength(tally: Tally, effect: str) -> tuple[int, int]:
    verdict = judged(tally, effect)
    if verdict is None:
        return 0, 0
    relation, hedge = verdict
    sure = 1 if hedge is Hedge.SHOULD else 0
    return RANK[relation], -sure if relation is Relation.NOT_CONTRIBUTE else sure


@given(counts, counts, counts, counts, effects)
@example(0, 0, 5, 0, "make progress")
def test_a_confirming_trial_never_weakens(
    together: int, without: int, alone: int, lost: int, effect: str
) -> None:
    before = Tally(together, without, alone, lost)
    if judged(before, effect) is not None:
        assert strength(before + Tally(together=1), effect) >= strength(before, effect)


@given(counts, counts, effects)
def test_losses_never_strengthen_and_enough_of_them_turn_a_link_around(
    together: int, lost: int, effect: str
) -> None:
    scored = effect in ("make progress", "complete task")
    before = Tally(together=together + 1, lost=lost)
    assert strength(before + Tally(lost=1), effect) <= strength(before, effect)
    if scored:
        assert (
            judged(before + Tally(lost=10 * (together + 1) + 10), effect)[0]
            is Relation.NOT_CONTRIBUTE
        )


@given(counts, counts)
def test_above_half_is_the_beta_posterior(hits: int, misses: int) -> None:
    share = above_half(hits, misses)
    assert 0 < share < 1
    assert share + above_half(misses, hits) == pytest.approx(1)
    assert above_half(hits + 1, misses) > share > above_half(hits, misses + 1)
    grid = [(n + 0.5) / 4000 for n in range(4000)]  # the density, summed by hand
    weights = [x**hits * (1 - x) ** misses for x in grid]
    assert share == pytest.approx(sum(weights[2000:]) / sum(weights), abs=1e-3)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_above_half_is_near_the_exact_sum_however_much_is_stored(hits: int, misses: int) -> None:
    throws = hits + misses + 1
    counts = accumulate(range(hits), lambda ways, k: ways * (throws - k) // (k + 1), initial=1)
    exact = Fraction(sum(counts), 2**throws)
    assert above_half(hits, misses) == pytest.approx(float(exact), abs=1e-4)


@given(st.lists(played(), min_size=1, max_size=8))
def test_the_ledger_knows_the_last_loss_and_the_best_trial_without_looking_back(
    seen: list[Trial],
) -> None:
    ledger, records = Ledger(SCIENCE, seen), [record(trial, SCIENCE) for trial in seen]
    assert ledger.best == max(records, key=lambda each: each.points)
    for link in CLAIMS:
        assert ledger.last_lost(link) == max(
            (n for n, each in enumerate(records) if link.claim[0] in each.lost), default=-1
        )


def test_the_rule_as_its_reasons_state_it() -> None:
    assert above_half(1, 0) < SURE < above_half(2, 0)
    assert judged(Tally(together=1), "open door") == (Relation.NECESSARY, Hedge.MAY)
    assert judged(Tally(together=9), "open door") == (Relation.NECESSARY, Hedge.MAY)
    assert judged(Tally(together=2, neither=1), "open door") == (Relation.NECESSARY, Hedge.SHOULD)
    assert judged(Tally(together=1), "make progress") == (Relation.NECESSARY, Hedge.SHOULD)
    assert judged(Tally(lost=1), "make progress") == (Relation.NOT_CONTRIBUTE, Hedge.SHOULD)
    assert judged(Tally(alone=1), "make progress") == (Relation.NOT_CONTRIBUTE, Hedge.MAY)
    assert judged(Tally(alone=1), "open door") is None
    assert judged(Tally(neither=9), "open door") is None


def test_what_comes_as_often_without_the_cause_is_explained_away_by_more_than_one_case() -> None:
    assert explained_away(Tally(together=3, without=17), "pick up lever")
    assert explained_away(Tally(together=1, without=2), "pick up lever")
    # The score itself has spoken.
    assert not explained_away(Tally(together=3, without=17), "make progress")
    assert not explained_away(Tally(together=9, without=2, neither=9), "pick up lever")
    assert not explained_away(Tally(together=1, without=1), "pick up lever")
    assert judged(Tally(together=9, without=1), "pick up lever") == (
        Relation.NECESSARY,
        Hedge.SHOULD,
    )
    assert judged(Tally(together=9, without=3), "pick up lever") == (
        Relation.CONTRIBUTE,
        Hedge.SHOULD,
    )


def test_what_never_gained_is_surely_useless_only_once_the_task_was_done_without_it() -> None:
    assert judged(Tally(alone=9), "make progress") == (Relation.NOT_CONTRIBUTE, Hedge.MAY)
    assert judged(Tally(alone=9, without=1), "make progress") == (
        Relation.NOT_CONTRIBUTE,
        Hedge.SHOULD,
    )
    won = told(("pull lever", "You pull the lever.", 100), ending=Ending.WON)
    assert count("sing", "make progress", record(won, SCIENCE)) == Tally(without=1)


def test_a_link_that_is_explained_away_leaves_with_its_reason() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    with_it = told(
        ("go to hall", "You go to the hall.", 0), ("pick up lever", "You pick up the lever.", 0)
    )
    without = told(("pick up lever", "You pick up the lever.", 0))
    held = Memory((parse("go to hall SHOULD BE NECESSARY to pick up lever"),))
    kept, _ = answered(strategy.revise(held, [with_it], words), [])
    assert [str(link) for link in kept.memory.links if link.effect == "pick up lever"] == [
        "go to hall MAY BE NECESSARY to pick up lever"
    ]
    left, _ = answered(strategy.revise(kept.memory, [with_it, without, without], words), [])
    assert not [link for link in left.memory.links if link.effect == "pick up lever"]
    [(link, reason)] = left.refused
    assert (
        link == "go to hall MAY BE NECESSARY to pick up lever"
        and reason == "it comes about without that as often (1 of 1 trials with, 2 of 2 without)"
    )


CELLAR, HALL = (
    f"This room is called the {room}. In it, you see: \n\tthe agent\n\ta {thing}\n"
    for room, thing in (("cellar", "lever"), ("hall", "frog"))
)


def there_and_back(opening: str) -> Trial:
    done = (
        ("go to hall", "You go to the hall."),
        ("pick up frog", "You pick up the frog."),
        ("go to cellar", "You go to the cellar."),
        ("pick up lever", "You pick up the lever."),
    )
    steps = tuple(Step(action, said, 0.0) for action, said in done)
    return Trial(0, "Pick up the frog and the lever.", opening, steps, Ending.BUDGET)


@pytest.mark.parametrize(
    ("opening", "kept"),
    [
        (CELLAR, ["go to hall"]),
        (HALL, ["go to cellar"]),
        ("You wake up.", ["go to hall", "go to cellar"]),
    ],
)
def test_going_back_to_where_the_trial_began_is_no_cause_of_what_is_done_there(
    opening: str, kept: list[str]
) -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    revised = answered(strategy.revise(Memory(), [there_and_back(opening)], words), [])[0]
    assert [link.cause for link in revised.memory.links] == kept
    assert [text.split(" MAY")[0] for text, _ in revised.refused] == [
        each for each in ("go to hall", "go to cellar") if each not in kept
    ]
    assert all(reason.startswith("the trial began there") for _, reason in revised.refused)


def test_what_was_carried_back_needed_the_way_back() -> None:
    brought = record(there_and_back(CELLAR), SCIENCE)
    assert brought.returns("go to cellar", "pick up lever") and brought.returns(
        "going to cellar", "find lever"
    )
    assert not brought.returns("go to cellar", "move frog to lever")
    assert not any(
        brought.returns("go to cellar", effect) for effect in ("make progress", "complete the task")
    )
    assert not brought.returns("go to hall", "pick up lever")


def test_a_model_that_says_it_is_refused_too_and_may_say_that_it_was_of_no_use() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="model")
    said = (
        "going to cellar SHOULD BE NECESSARY to pick up lever\ngo to cellar DOES NOT "
        "CONTRIBUTE to the task\n"
    )
    revised = answered(strategy.revise(Memory(), [there_and_back(CELLAR)], words), [said])[0]
    assert "going to cellar SHOULD BE NECESSARY to pick up lever" in [
        text for text, _ in revised.refused
    ]
    assert {(link.cause, link.relation) for link in revised.memory.links} == {
        ("go to hall", Relation.NECESSARY),
        ("go to cellar", Relation.NOT_CONTRIBUTE),
    }


def test_a_writer_that_forgets_loses_nothing_and_one_that_lies_is_refused() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="model")
    first, _ = answered(strategy.revise(Memory(), [LOST], words), ["I cannot tell."])
    lie = "focus on bee SHOULD BE NECESSARY to complete the task\nhumming MAY CONTRIBUTE to luck"
    second, _ = answered(strategy.revise(first.memory, [LOST, WON], words), [lie])
    held = {str(link) for link in second.memory.links}
    assert "focus on bee DOES NOT CONTRIBUTE to the task" in held
    assert "focus on frog SHOULD BE NECESSARY to complete the task" in held
    # A hint: nothing bears on it.
    assert str(second.memory.links[-1]) == "humming MAY CONTRIBUTE to luck"
    [(proposal, reason)] = second.refused
    assert proposal == "focus on bee SHOULD BE NECESSARY to complete the task"
    assert reason.startswith(
        "the record says: focus on bee DOES NOT CONTRIBUTE to the task (0 of 1 trials with"
    )


def test_hedges_go_down_as_well_as_up() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    good = told(("pull lever", "You pull the lever.", 30))
    bad = told(("pull lever", "You pull the lever. It bites.", -20), ending=Ending.LOST)
    seen, forms = [], []
    memory = Memory()
    for trial in (good, bad, bad):
        seen.append(trial)
        memory = answered(strategy.revise(memory, seen, words), [])[0].memory
        forms.append(str(memory.links[0]))
    assert forms == [
        "pull lever SHOULD BE NECESSARY to make progress",
        "pull lever MAY CONTRIBUTE to make progress",
        "pull lever MAY CONTRIBUTE to make progress",
    ]
    for _ in range(2):
        seen.append(bad)
        memory = answered(strategy.revise(memory, seen, words), [])[0].memory
    assert str(memory.links[0]) == "pull lever DOES NOT CONTRIBUTE to the task"


@given(st.lists(played(), min_size=1, max_size=5), memories(3))
def test_a_strategy_that_kept_its_ledger_revises_as_one_that_begins_anew(
    seen: list[Trial], start: Memory
) -> None:
    kept = open_strategy("evidence", SCIENCE, writer="rules")
    memory = start
    for upto in range(1, len(seen) + 1):
        revised, _ = answered(kept.revise(memory, seen[:upto], words), [])
        fresh, _ = answered(
            open_strategy("evidence", SCIENCE, writer="rules").revise(memory, seen[:upto], words),
            [],
        )
        assert revised == fresh
        assert [link for link, _ in revised.tallies] == list(revised.memory.links)
        memory = revised.memory


def test_only_the_newest_trial_is_read_after_the_first_revision() -> None:
    asked: list[int] = []

    def read(number: int) -> Trial:
        asked.append(number)
        return LOST

    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    for upto in range(20):
        answered(strategy.revise(Memory(), Trials(read, list(range(upto)), LOST), words), [])
    assert asked == list(range(19))  # once each: the one before, to see that it is the same episode


@given(trials())
def test_proposals_quote_the_trial(trial: Trial) -> None:
    shown = " ".join([trial.goal, *(f"{step.action} {step.observation}" for step in trial.steps)])
    for link in of(trial, SCIENCE):
        if warned(link.cause):
            assert any(
                step.action.startswith(warned(link.cause)) or step.action.isdigit()
                for step in trial.steps
            )
            continue
        assert (
            link.cause.removeprefix("teleport to ").removeprefix("go to ").removeprefix("focus on ")
            in " ".join(shown.split())
            or link.cause in shown
        )


def test_generalising_offers_what_held_once_as_may_and_what_held_twice_as_counted() -> None:
    from memory.strategies import Episode

    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    memory = answered(strategy.revise(Memory(), [WON], words), [])[0].memory
    once = Episode("w", "t", 0, (WON,), (memory,))
    twice = Episode("w", "t", 1, (WON,), (memory,))
    [one] = [
        link
        for link in answered(strategy.generalise([once], "g", "gen-env", words), [])[0].memory.links
        if link.cause == "focus on frog"
    ]
    [two] = [
        link
        for link in answered(strategy.generalise([once, twice], "g", "gen-env", words), [])[
            0
        ].memory.links
        if link.cause == "focus on frog"
    ]
    assert (one.hedge, two.hedge) == (Hedge.MAY, Hedge.SHOULD)


def stored(path: Path) -> Store:
    store = Store(path)
    run = store.begin_run({"strategy": "evidence"})
    strategy, memory, seen = open_strategy("evidence", SCIENCE, writer="rules"), Memory(), []
    for number, trial in enumerate((LOST, WON)):
        before = store.latest_version(run, number - 1)
        made = store.begin_trial(
            run,
            NewTrial(
                number,
                "w",
                "t",
                0,
                trial.goal,
                trial.opening,
                recalled=memory,
                version=before.id if before else None,
            ),
        )
        for step in trial.steps:
            store.append_step(made, step)
        seen.append(store.trial(made))
        revised, _ = answered(strategy.revise(memory, [*seen[:-1], trial], words), [])
        memory = revised.memory
        store.finish_trial(
            made,
            trial.ending,
            NewVersion(
                memory, "evidence", tallies=revised.tallies, refused=[("a lie", "it is one")]
            ),
        )
    return store


def test_stored_tallies_agree_with_the_steps_and_a_changed_one_is_found(tmp_path: Path) -> None:
    with stored(tmp_path / "a.db") as store:
        checked = recount(store, "r1", SCIENCE)
        assert checked and all(each.stored == each.counted for each in checked)
        assert store.refusals("r1", 0) == [("a lie", "it is one")]
        assert store.check() == []
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute("update evidence set together = together + 1 where version = 1")
    with Store(tmp_path / "a.db") as store:
        assert [
            each.trial for each in recount(store, "r1", SCIENCE) if each.stored != each.counted
        ] == [
            0,
            0,
        ]


def test_tallies_and_refusals_are_merged_with_their_run(tmp_path: Path) -> None:
    with stored(tmp_path / "a.db") as a, Store(tmp_path / "b.db") as b:
        b.begin_run({})
        [run] = merge(b, tmp_path / "a.db")
        assert b.tallies(run, 1) == a.tallies("r1", 1) != {}
        assert b.refusals(run, 1) == a.refusals("r1", 1)
        assert all(each.stored == each.counted for each in recount(b, run, SCIENCE))


@given(
    st.lists(played(), max_size=4),
    st.lists(played(), min_size=1, max_size=4),
    st.sampled_from(CLAIMS),
)
def test_what_is_carried_over_is_as_if_the_earlier_trials_were_of_this_episode(
    before: list[Trial], after: list[Trial], link: Link
) -> None:
    earlier = Ledger(SCIENCE, before)
    claim = claim_of(link)
    carried = Ledger(SCIENCE, after, {claim: earlier.tally(link)})
    assert carried.tally(link) == Ledger(SCIENCE, [*before, *after]).tally(link)


def test_a_link_about_another_task_is_kept_but_not_read_and_one_about_the_world_is() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    bee, hall = (
        parse("focus on bee DOES NOT CONTRIBUTE to the task"),
        parse("go to hall SHOULD CONTRIBUTE to find frog"),
    )
    memory = Memory((bee, hall))
    # Nothing is known of where they come from.
    assert strategy.recall(memory, "").links == (
        bee,
        hall,
    )
    strategy.carry(memory, {hall: Tally(together=3, neither=1)}, {})
    assert strategy.recall(memory, "").links == (hall,)
    revised, _ = answered(strategy.revise(memory, [told(("sing", "You sing.", 0))], words), [])
    counted = {str(link): tally for link, tally in revised.tallies}
    assert counted["go to hall SHOULD BE NECESSARY to find frog"] == Tally(together=3, neither=2)
    assert counted["focus on bee MAY NOT CONTRIBUTE to the task"] == Tally(neither=1)
    assert bee.claim not in {link.claim for link in strategy.recall(revised.memory, "").links}
    again, _ = answered(
        strategy.revise(revised.memory, [told(("sing", "You sing.", 0)), LOST], words), []
    )
    assert (
        str(strategy.recall(again.memory, "").links[0])
        == "focus on bee DOES NOT CONTRIBUTE to the task"
    )
    resumed = open_strategy("evidence", SCIENCE, writer="rules")
    resumed.carry(memory, {hall: Tally(together=3, neither=1)}, dict(again.tallies))
    assert resumed.recall(again.memory, "") == strategy.recall(again.memory, "")


def test_a_sequence_counts_world_claims_everywhere_and_task_claims_where_they_hold() -> None:
    door, win = (
        parse("get key SHOULD BE NECESSARY to open door"),
        parse("focus on frog SHOULD BE NECESSARY to complete the task"),
    )
    way = parse("go to hall SHOULD BE NECESSARY to focus on frog")
    counted = Counted()
    assert counted.here("frogs", 0) == {}
    once = Tally(together=1)
    counted.add("frogs", 0, {door: once, win: once, way: once}, {})
    assert counted.here("frogs", 0) == {door: once, win: once, way: once}
    # Another pond may have another frog.
    assert counted.here("frogs", 1) == counted.here("bees", 0) == {door: once}
    counted.add(
        "frogs", 1, {door: Tally(together=2), win: once, way: Tally(neither=1)}, {door: once}
    )
    twice = Tally(together=2)
    assert counted.here("frogs", 2) == {door: twice, win: twice}
    assert counted.here("bees", 0) == {door: twice}
    base = counted.here("frogs", 2)
    counted.add("frogs", 2, {door: twice, win: Tally(together=2, lost=1)}, base)
    assert counted.here("frogs", 3) == {door: twice}  # contradicted there
    assert counted.here("frogs", 2)[win] == Tally(together=2, lost=1)


def test_what_a_sequence_carries_to_a_task_is_what_was_counted_for_that_task() -> None:
    helps, vain = (
        parse("sing SHOULD BE NECESSARY to make progress"),
        parse("sing DOES NOT CONTRIBUTE to the task"),
    )
    hall = parse("go to hall MAY CONTRIBUTE to open door")
    counted = Counted()
    counted.add("frogs", 0, {helps: Tally(together=1)}, {})
    counted.add("frogs", 1, {helps: Tally(together=1)}, {})
    counted.add("bees", 0, {vain: Tally(lost=1)}, {})
    carried = Memory((vain, hall), ("a note",))
    assert restated(carried, counted.here("bees", 0)) == carried
    assert restated(carried, counted.here("birds", 0)) == carried  # nothing was counted there
    assert restated(carried, counted.here("frogs", 2)) == Memory((helps, hall), ("a note",))


@given(memories(), st.data())
def test_restating_keeps_the_claims_and_is_idempotent(memory: Memory, data: st.DataObject) -> None:
    counts = st.builds(Tally, *[st.integers(0, 5)] * 5)
    tallies = {link: data.draw(counts) for link in memory.links if data.draw(st.booleans())}
    told = restated(memory, tallies)
    assert {claim_of(link) for link in told.links} <= {claim_of(link) for link in memory.links} | {
        claim_of(found) for link, tally in tallies.items() if (found := stated(link, tally))
    }
    assert restated(told, {}) == told and restated(memory, {}) == memory
    assert told.notes == memory.notes and len(set(told.links)) == len(told.links)


def test_a_trial_reads_a_few_of_the_links_that_may_not_contribute_and_all_that_help() -> None:
    idle = [parse(f"look at thing {number} MAY NOT CONTRIBUTE to the task") for number in range(9)]
    lost = parse("focus on frog DOES NOT CONTRIBUTE to the task")
    helps = parse("open door SHOULD BE NECESSARY to make progress")
    read = (
        open_strategy("evidence", SCIENCE, writer="rules")
        .recall(Memory((lost, *idle, helps)), "a goal")
        .links
    )
    assert read == (lost, *idle[:4], helps)
