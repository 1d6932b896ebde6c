"""A memory that is carried to another run keeps its tallies, pins and bans; corrections supersede
what they correct."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import assume, given
from hypothesis import strategies as st
from languages import CAUSAL, SCIENCE
from test_strategies import answered, told, words
from test_trial import CARD
from textual.pilot import Pilot

from clin.carrying import carried_into
from clin.config import ModelInfo, RunConfig
from clin.language import words_of_run
from clin.learner import Learner
from clin.llms import Answer
from memory.corrections import Overrides
from memory.evidence.recount import recount
from memory.evidence.tally import Tally, explained_away, stated
from memory.exchange import Taken, taken_from
from memory.links import Hedge, Link, Relation, parse
from memory.meaning import meaning
from memory.store import NewTrial, NewVersion, Store, StoreError
from memory.store.merging import merge
from memory.strategies import open_strategy
from memory.testing import links
from memory.trials import Ending, Memory, Step, Trial
from tui.app import Watch
from tui.memory import MemoryScreen

EGG = parse("focus on egg DOES NOT CONTRIBUTE to the task")
DOOR = parse("get key SHOULD BE NECESSARY to open door")
FROG = parse("focus on frog MAY CONTRIBUTE to the task")
TWICE = parse("focus on baby baby hedgehog MAY CONTRIBUTE to the task")
CORRECTED = parse("focusing on the baby hedgehog DOES NOT CONTRIBUTE to the task")
LOST = Tally(without=2, lost=1)
QUIET = told(("look around", "A hallway.", 0))


# --- a carried link never weakens


def revised(memory: Memory, tallies: dict[Link, Tally], *trials: Trial) -> Memory:
    """``memory`` of a run that was started from it, after these trials."""
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    strategy.take(memory, tallies)
    for upto in range(1, len(trials) + 1):
        memory = answered(strategy.revise(memory, trials[:upto], words), [])[0].memory
    return memory


def sureness(link: Link) -> tuple[bool, bool]:
    return link.hedge is Hedge.SHOULD, link.relation is Relation.NECESSARY


def about(memory: Memory, link: Link) -> Link:
    """The form in which ``memory`` has ``link``'s claim."""
    (found,) = [each for each in memory.links if meaning(each)[:2] == meaning(link)[:2]]
    return found


CONFIRMED = [
    (DOOR, told(("get key", "You get it.", 0), ("open door", "You open it.", 0))),
    (
        parse("open door SHOULD BE NECESSARY to make progress"),
        told(("open door", "You open it.", 40)),
    ),
    (EGG, told(("focus on egg", "You focus on the egg.", -100), ending=Ending.LOST)),
]


@given(
    st.sampled_from(CONFIRMED),
    st.builds(Tally, *[st.integers(0, 6)] * 5),
    st.lists(st.booleans(), min_size=1, max_size=4),
    st.booleans(),
)
def test_trials_that_confirm_or_do_not_touch_a_carried_link_never_weaken_it(
    kind: tuple[Link, Trial], tally: Tally, confirming: list[bool], counted: bool
) -> None:
    """Whether its tally is known or, as of a file, not."""
    link, confirms = kind
    assume(not explained_away(tally, link.claim[1]))
    given_link = stated(link, tally) or link
    assume((given_link.relation is Relation.NOT_CONTRIBUTE) is (link is EGG))
    memory = Memory((given_link,))
    before = sureness(given_link)
    trials = [replace(confirms if each else QUIET, number=n) for n, each in enumerate(confirming)]
    for upto in range(1, len(trials) + 1):
        after = about(
            revised(memory, {given_link: tally} if counted else {}, *trials[:upto]), given_link
        )
        assert meaning(after)[2] == meaning(given_link)[2]
        assert sureness(after) >= before
        before = sureness(after)


def test_what_speaks_against_a_carried_link_still_counts() -> None:
    bee = parse("focus on frog SHOULD BE NECESSARY to complete the task")
    lost = told(("focus on frog", "You focus on the frog.", -100), ending=Ending.LOST)
    trials = [replace(lost, number=number) for number in range(4)]
    memory = revised(Memory((bee,)), {bee: Tally(together=2)}, *trials)
    assert str(memory.links[0]) == "focus on frog DOES NOT CONTRIBUTE to the task"


def test_a_memory_keeps_one_link_of_several_wordings() -> None:
    memory = revised(
        Memory((CORRECTED, parse("focus on baby baby hedgehog MAY NOT CONTRIBUTE to the task"))),
        {},
        QUIET,
    )
    assert memory.links == (CORRECTED,)


# --- what a run takes over


def trial_of(store: Store, run: str, written: NewVersion, *steps: Step) -> None:
    """One more trial of ``run`` that ends with what was ``written``."""
    number = len(store.trials(run))
    before = store.latest_version(run, number - 1)
    config = store.run(run).config
    place = (config.get("world", "w"), config.get("task", "t"), config.get("variation", 0))
    trial = store.begin_trial(
        run, NewTrial(number, *place, "g", "o", version=before.id if before else None)
    )
    for step in steps or (Step("look", "seen", 0.0),):
        store.append_step(trial, step)
    store.finish_trial(trial, Ending.BUDGET, written, language=words_of_run(store, run))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "clin.db") as opened:
        yield opened
        assert opened.check() == []


def science(store: Store, memory: Memory) -> str:
    """A run in ScienceWorld whose first trial left ``memory``."""
    run = store.begin_run({"world": "scienceworld", "task": "find-living-thing", "variation": 0})
    trial_of(store, run, NewVersion(memory, "w"))
    return run


def started(store: Store, reference: str) -> str:
    """A run from ``reference``, as the learner begins one."""
    taken = taken_from(store, reference, words_of_run)
    source = reference.partition(":")[0]
    first = NewVersion(
        taken.memory,
        f"from {reference}",
        tallies=tuple(taken.tallies.items()),
        rulings=taken.rulings,
    )
    return store.begin_run(store.run(source).config, first)


def test_an_edited_link_does_not_come_back_in_the_records_wording(store: Store) -> None:
    run = science(store, Memory((TWICE, DOOR)))
    store.correct(run, "edit", TWICE, new=CORRECTED, who="ann", language=SCIENCE)
    assert store.current_memory(run).links == (CORRECTED, DOOR)
    reworded = parse("focusing on a baby hedgehog SHOULD BE NECESSARY to make progress")
    for _ in range(2):
        trial_of(store, run, NewVersion(Memory((TWICE, reworded, DOOR)), "w"))
        assert store.current_memory(run).links == (CORRECTED, DOOR)


def test_an_edit_that_names_something_else_keeps_the_old_link_out(store: Store) -> None:
    run = science(store, Memory((FROG,)))
    store.correct(run, "edit", FROG, new=DOOR, who="ann", language=SCIENCE)
    trial_of(store, run, NewVersion(Memory((FROG, EGG)), "w"))
    assert store.current_memory(run).links == (DOOR, EGG)
    store.correct(run, "unban", FROG, who="ann", language=SCIENCE)
    trial_of(store, run, NewVersion(Memory((FROG,)), "w"))
    assert set(store.current_memory(run).links) == {DOOR, FROG}


def test_a_dropped_link_may_be_found_again_even_after_another_was_edited(store: Store) -> None:
    run = science(store, Memory((FROG, EGG)))
    store.correct(run, "drop", FROG, who="ann", language=SCIENCE)
    store.correct(run, "edit", EGG, new=DOOR, who="ann", language=SCIENCE)
    trial_of(store, run, NewVersion(Memory((FROG, EGG)), "w"))
    assert store.current_memory(run).links == (DOOR, FROG)


def test_rulings_hold_in_all_runs_that_start_from_a_run(store: Store, tmp_path: Path) -> None:
    run = science(store, Memory((TWICE, EGG, FROG)))
    store.correct(run, "edit", TWICE, new=CORRECTED, who="ann", language=SCIENCE)
    store.correct(run, "ban", FROG, who="bob", language=SCIENCE)
    store.correct(run, "pin", EGG, who="ann", language=SCIENCE)
    second = started(store, run)
    trial_of(store, second, NewVersion(Memory((TWICE, FROG)), "w"))
    third = started(store, f"{second}:0")
    trial_of(store, third, NewVersion(Memory((FROG, TWICE)), "w"))
    for name in (second, third):
        assert store.current_memory(name).links == (CORRECTED, EGG)
        assert {(each.kind, each.link, each.who) for each in store.corrections(name)} == {
            ("ban", str(TWICE), "ann"),
            ("ban", str(FROG), "bob"),
            ("pin", str(CORRECTED), "ann"),
            ("pin", str(EGG), "ann"),
        }
    with Store(tmp_path / "copy.db") as copy:  # the run stands by itself
        uids = [store.run(third).uid]
        assert merge(copy, store.path, uids) == ["r1"]
        trial_of(copy, "r1", NewVersion(Memory((TWICE, FROG)), "w"))
        assert copy.current_memory("r1").links == (CORRECTED, EGG)


def test_a_run_from_an_earlier_trial_takes_what_was_ruled_by_then(store: Store) -> None:
    run = science(store, Memory((EGG, FROG)))
    store.correct(run, "ban", EGG, who="ann", language=SCIENCE)
    trial_of(store, run, NewVersion(Memory((FROG,)), "w"))
    store.correct(run, "ban", FROG, who="bob", language=SCIENCE)
    assert [str(each.link) for each in taken_from(store, f"{run}:0", words_of_run).rulings] == [
        str(EGG)
    ]
    assert len(taken_from(store, run, words_of_run).rulings) == 2


def test_a_run_begins_without_what_a_file_of_before_kept_beside_its_correction(
    store: Store,
) -> None:
    run = science(store, Memory((TWICE, EGG)))
    store.correct(run, "edit", TWICE, new=CORRECTED, who="ann", language=SCIENCE)
    store.replace_memory(run, Memory((CORRECTED, TWICE, EGG)), who="ann")
    assert taken_from(store, run, words_of_run).memory.links == (CORRECTED, EGG)


def test_a_pin_keeps_its_tally_whatever_the_record_makes_of_the_link(store: Store) -> None:
    pinned = parse("focus on frog SHOULD BE NECESSARY to complete the task")
    found = parse("focus on frog DOES NOT CONTRIBUTE to the task")
    run = science(store, Memory((pinned,)))
    store.correct(run, "pin", pinned, who="ann", language=SCIENCE)
    counted = [(found, LOST), (pinned, Tally(lost=1))]
    trial_of(store, run, NewVersion(Memory((found,)), "w", tallies=counted))
    assert store.current_memory(run).links == (pinned,)
    assert taken_from(store, run, words_of_run).tallies == {pinned: Tally(lost=1)}


# --- corrections that do not touch each other


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "pin", "ban", "drop", "unban", "unpin"]), links()),
        max_size=4,
        unique_by=lambda each: meaning(each[1], SCIENCE),
    ),
    st.lists(links(), max_size=5),
)
def test_the_order_of_corrections_of_other_meanings_does_not_matter(
    made: list[tuple[str, Link]], written: list[Link]
) -> None:
    found = {
        (frozenset(each.applied(written)), frozenset(each.pinned), each.banned)
        for each in (Overrides.of(order, SCIENCE) for order in permutations(made))
    }
    assert len(found) == 1


# --- tallies at the same place and elsewhere

PLACE = {"world": "causal", "task": "make", "variation": 200}
OF_TASK = parse("activate mill DOES NOT CONTRIBUTE to the task")
OF_WORLD = parse("go to workshop SHOULD BE NECESSARY to pick up bone key")
TALLIES = {OF_TASK: LOST, OF_WORLD: Tally(together=3)}


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, TALLIES),
        ({"seed": 3, "budget": 9}, TALLIES),
        ({"variation": 201}, {OF_WORLD: Tally(together=3)}),
        ({"task": "repair"}, {OF_WORLD: Tally(together=3)}),
        ({"world_options": {"rules": 5}}, {}),
        ({"world": "scienceworld"}, {}),
        ({"strategy": "clin"}, {}),
    ],
)
def test_a_claim_about_the_task_counts_where_it_was_counted(changed: dict, kept: dict) -> None:
    made = RunConfig.checked(**{**PLACE, "model": ModelInfo(reference="by hand"), **changed})
    taken = Taken(Memory((OF_TASK, OF_WORLD)), TALLIES, config=PLACE | {"world_options": {}})
    assert carried_into(made, taken) == kept


# --- a run is interrupted, and goes on


def played(store: Store, run: str | None, taken: Taken, most: int) -> str:
    """A run from what was ``taken``, or the rest of it, for ``most`` answers; its name."""
    config = RunConfig.checked(
        **PLACE,
        strategy="evidence",
        writer="rules",
        start="r1",
        trials=2,
        budget=5,
        model=ModelInfo(reference="by hand"),
    )
    more = {
        "initial": taken.memory,
        "carried": carried_into(config, taken),
        "rulings": taken.rulings,
    }
    learner = Learner(store, config, CARD, len, run=run, **(more if run is None else {}))
    asking = learner.adapt()
    try:
        question = next(asking)
        for _ in range(most):
            question = asking.send(Answer(sorted(question.choices)[0]))
    except StopIteration:
        pass
    asking.close()
    return learner.run or ""


@pytest.mark.parametrize("after", [1, 3, 6, 8])
def test_a_run_that_was_interrupted_ends_as_it_would_have_ended(store: Store, after: int) -> None:
    source = store.begin_run(PLACE | {"world_options": {}})
    trial_of(
        store, source, NewVersion(Memory((OF_TASK, OF_WORLD, FROG)), "w", tallies=TALLIES.items())
    )
    store.correct(source, "ban", FROG, who="ann")
    taken = taken_from(store, source, words_of_run)
    whole = played(store, None, taken, 99)
    cut = played(store, None, taken, after)
    again = played(store, cut, Taken(Memory()), 99)
    assert again == cut != whole
    for number in range(2):
        one, other = (store.version_after(run, number).memory for run in (whole, cut))
        assert one == other and FROG not in one.links
        assert store.tallies(whole, number) == store.tallies(cut, number)
    assert OF_TASK in store.current_memory(cut).links
    assert store.tallies(cut, 1)[OF_TASK].lost == 1
    assert all(each.stored == each.counted for each in recount(store, cut, CAUSAL))


# --- the command line

RUN = ("run", "--world", "causal", "--task", "make", "--budget", "6", "--writer", "rules")
RUN = (*RUN, "--model", "scripted:pick.json", "--trials", "1")
HERE = ("--variation", "200")


@pytest.fixture
def begun(tmp_path: Path, clin: Clin) -> Path:
    """A database with a run whose last trial, made by hand, left two links with their tallies."""
    (tmp_path / "pick.json").write_text('[{"pick": 1}]')
    done = clin(*RUN, *HERE)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db") as store:
        written = NewVersion(Memory((OF_TASK, OF_WORLD)), "w", tallies=TALLIES.items())
        trial_of(store, "r1", written)
    return tmp_path / "clin.db"


def shown(clin: Clin, run: str) -> dict:
    return json.loads(clin("memory", "show", run, "--json").stdout)


def test_tallies_go_with_a_memory_to_another_run(begun: Path, clin: Clin) -> None:
    done = clin(*RUN, *HERE, "--from", "r1", "--json")
    assert done.returncode == 0, done.stderr
    assert str(OF_TASK) in json.loads(done.stdout)["memory"]
    assert shown(clin, "r2")["tallies"][str(OF_TASK)]["lost"] == 1
    assert clin("memory", "check-evidence", "r2").returncode == 0
    elsewhere = clin(*RUN, "--variation", "201", "--from", "r1")
    assert elsewhere.returncode == 0, elsewhere.stderr
    with Store(begun, read_only=True) as store:
        assert store.tallies("r3", -1) == {OF_WORLD: TALLIES[OF_WORLD]}
        assert OF_TASK in store.current_memory("r3").links
    assert clin("memory", "check-evidence", "r3").returncode == 0
    frozen = clin(*RUN, *HERE, "--from", "r2", "--read-only-memory")
    assert frozen.returncode == 0, frozen.stderr
    assert clin("memory", "check").returncode == 0


def test_corrections_hold_in_a_run_from_the_run(begun: Path, clin: Clin) -> None:
    corrected = "activating the press SHOULD CONTRIBUTE to make progress"
    assert clin("memory", "edit", "r1", str(OF_TASK), corrected, "--who", "ann").returncode == 0
    assert clin("memory", "ban", "r1", str(OF_WORLD), "--who", "ann").returncode == 0
    kept = "waiting DOES NOT CONTRIBUTE to the task"
    assert clin("memory", "add", "r1", kept, "--who", "ann").returncode == 0
    for source in ("r1", "r2"):
        done = clin(*RUN, *HERE, "--from", source, "--json")
        assert done.returncode == 0, done.stderr
        memory = json.loads(done.stdout)["memory"]
        assert {corrected, kept} <= set(memory)
        meanings = [meaning(parse(each), CAUSAL) for each in memory]
        assert len(set(meanings)) == len(meanings)
        assert not {meaning(each, CAUSAL) for each in (OF_TASK, OF_WORLD)} & set(meanings)


@pytest.mark.parametrize(
    ("before", "then", "says"),
    [
        (
            ("add", "waiting SHOULD CONTRIBUTE to making progress"),
            ("add", "wait DOES NOT CONTRIBUTE to the task"),
            "This contradicts a pinned link, and both are kept: waiting SHOULD CONTRIBUTE to "
            "making progress",
        ),
        (
            ("pin", str(OF_TASK)),
            ("edit", str(OF_WORLD), "activating the mill SHOULD CONTRIBUTE to the task"),
            f"This contradicts a pinned link, and both are kept: {OF_TASK}",
        ),
        (
            ("pin", str(OF_TASK)),
            ("ban", "activating the mill MAY NOT CONTRIBUTE to the task"),
            f"This was pinned, and is not any more: {OF_TASK}",
        ),
        (
            ("ban", str(OF_TASK)),
            ("add", "activating the mill MAY NOT CONTRIBUTE to the task"),
            f"This was kept out, and is let in again: {OF_TASK}",
        ),
        (
            ("pin", str(OF_TASK)),
            ("edit", str(OF_TASK), "activate mill SHOULD CONTRIBUTE to the task"),
            None,
        ),
        (("pin", str(OF_TASK)), ("pin", str(OF_WORLD)), None),
        (("pin", str(OF_TASK)), ("ban", "activate mill SHOULD CONTRIBUTE to the task"), None),
    ],
)
def test_a_contradiction_is_told_in_one_line_when_it_is_made(
    before: tuple[str, ...], then: tuple[str, ...], says: str | None, begun: Path, clin: Clin
) -> None:
    first = clin("memory", before[0], "r1", *before[1:])
    second = clin("memory", then[0], "r1", *then[1:])
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert "This " not in first.stdout
    told_lines = [line for line in second.stdout.splitlines() if line.startswith("This ")]
    assert told_lines == ([says] if says else [])


def test_bad_corrections_are_one_line_and_leave_nothing(begun: Path, clin: Clin) -> None:
    for words_, says in (
        (("edit", "r1", "X MAY CONTRIBUTE to Y", str(OF_TASK)), "holds no such link"),
        (("edit", "r1", str(OF_TASK), "nonsense"), "a link reads"),
        (("pin", "r9", str(OF_TASK)), "no run 'r9'"),
    ):
        done = clin("memory", *words_)
        assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
    with Store(begun, read_only=True) as store:
        assert store.corrections("r1") == []
        with pytest.raises(StoreError, match="no run"):
            store.rulings("r9")


STREAM = """
worlds = ["causal"]
tasks = ["make"]
variations = [200, 201, 202, 203, 204]
strategies = ["evidence"]
models = ["scripted:pick.json"]
writer = "rules"
per_task = 1
trials = 1
budget = 6
[stream]
rounds = {rounds}
orders = 1
experts = false
"""


def test_a_sequence_carries_what_people_ruled(tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "pick.json").write_text('[{"pick": 3}]')
    (tmp_path / "short.toml").write_text(STREAM.format(rounds=1))
    (tmp_path / "long.toml").write_text(STREAM.format(rounds=3))
    assert clin("batch", "short.toml").returncode == 0
    ours = "waiting SHOULD CONTRIBUTE to make progress"
    with Store(tmp_path / "clin.db", read_only=True) as store:
        learned = {run.config["stream"]: run.name for run in store.runs()}["0/1/learn"]
        held = store.current_memory(learned).links
        before = {run.name for run in store.runs()}
    assert held
    for link in held:
        assert clin("memory", "ban", learned, str(link)).returncode == 0
    assert clin("memory", "add", learned, ours).returncode == 0
    done = clin("batch", "long.toml")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        later = [run for run in store.runs() if run.name not in before]
        assert {run.config["stream"].split("/")[2] for run in later} == {"learn", "evaluate"}
        for run in later:
            memory = store.current_memory(run.name).links
            assert parse(ours) in memory
            found = {meaning(link, CAUSAL) for link in memory}
            assert not found & {meaning(link, CAUSAL) for link in held}
        assert store.check() == []


# --- the terminal UI


def test_the_terminal_ui_tells_of_two_pins_that_contradict_each_other(tmp_path: Path) -> None:
    helps = parse("waiting SHOULD CONTRIBUTE to making progress")
    with Store(tmp_path / "clin.db") as store:
        run = science(store, Memory((helps,)))
        store.correct(run, "pin", helps, who="ann")
        store.correct(run, "add", parse("wait DOES NOT CONTRIBUTE to the task"), who="ann")
        store.correct(run, "unpin", helps, who="ann")

    async def play(pilot: Pilot) -> None:
        pilot.app.push_screen(MemoryScreen("r1"))
        await pilot.pause()
        screen = pilot.app.screen
        screen.strips.link = next(
            number
            for number, life in enumerate(screen.strips.lives)
            if life.upto(screen.strips.version) == helps
        )
        await pilot.press("P")
        await pilot.pause()
        said = " | ".join(each.message for each in pilot.app._notifications)
        assert f"pin: {helps}. This contradicts a pinned link, and both are kept: wait" in said

    async def piloted() -> None:
        app = Watch(tmp_path / "clin.db")
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await play(pilot)

    asyncio.run(piloted())
