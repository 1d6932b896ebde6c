"""Strategies that keep sentences: what is written of scripted replies, what the rules write, what
a trial reads of it."""

from __future__ import annotations

import pytest
from conftest import called
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE
from test_strategies import LOST, WON, answered, told, words

from memory.strategies import Episode, StrategyError, open_strategy
from memory.strategies.expel import FIRST, MOST, _applied, _insights
from memory.strategies.reasoningbank import Item, read
from memory.testing import texts
from memory.trials import Ending, Memory

ITEM = "Title: Look first\nDescription: Rooms hide things.\nContent: Go outside and look around.\n"


def revised(name: str, memory: Memory, *seen, reply: str = "", **options):
    strategy = open_strategy(name, SCIENCE, **options)
    return answered(strategy.revise(memory, list(seen), words), [reply])


# --- cheatsheet


def test_a_cheatsheet_is_written_anew_and_what_it_leaves_out_is_lost() -> None:
    old = Memory(notes=("Bees are wrong.", "Frogs are outside."))
    found, [prompt] = revised("cheatsheet", old, WON, reply="- Frogs live outside.\nSo be it.")
    assert found.memory.notes == ("Frogs live outside.",)
    assert found.unreadable == ("So be it.",)
    for must in ("- Bees are wrong.", "> focus on frog", "the task was solved"):
        assert must in prompt


def test_an_empty_sheet_changes_nothing() -> None:
    old = Memory(notes=("Bees are wrong.",))
    assert revised("cheatsheet", old, LOST, reply="I cannot tell.")[0].memory == old


def test_a_cheatsheet_by_rules_is_told_in_one_line() -> None:
    with pytest.raises(StrategyError, match="needs a model that writes") as error:
        open_strategy("cheatsheet", SCIENCE, writer="rules")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "needs a model that writes, and bundled does not"),
        ('writer = "model"', "needs a model that writes, and bundled does not"),
        ('writer = "rules"', "needs a model that writes, and writer is rules"),
    ],
)
def test_a_batch_in_which_nobody_can_write_is_refused_when_it_is_read(tmp_path, more, says) -> None:
    text = 'worlds = ["causal"]\nper_task = 1\nstrategies = ["none", "cheatsheet"]\n'
    (tmp_path / "mine.toml").write_text(text + more, encoding="utf-8")
    done = called("batch", str(tmp_path / "mine.toml"), "--db", str(tmp_path / "a.db"))
    assert done.returncode == 2 and says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "a.db").exists()


def test_a_batch_with_a_model_that_may_write_is_planned(tmp_path) -> None:
    models = 'models = ["smollm2", "openai:m@http://localhost:1/v1", "none.gguf"]\n'
    text = 'worlds = ["causal"]\nper_task = 1\nstrategies = ["cheatsheet"]\n'
    (tmp_path / "mine.toml").write_text(text + models, encoding="utf-8")
    plan = ("--plan", "--db", str(tmp_path / "a.db"))
    assert called("batch", str(tmp_path / "mine.toml"), *plan).returncode == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [((), "needs a model that writes"), (("--writer", "model"), "use another model")],
)
def test_a_model_that_cannot_write_ends_the_command_with_one_line(tmp_path, asked, says) -> None:
    place = ("--world", "causal", "--task", "make", "--db", str(tmp_path / "a.db"))
    done = called("run", *place, "--strategy", "cheatsheet", *asked)
    assert done.returncode == 2
    assert says in done.stderr and "cheatsheet" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


# --- reasoningbank


def test_items_of_solved_and_failed_trials_are_kept_with_what_they_come_from() -> None:
    found, [asked] = revised("reasoningbank", Memory(), WON, reply=ITEM + "Title: Half\nAh")
    assert "solved its task" in asked
    (item,) = map(read, found.memory.notes)
    assert item == Item(WON.goal, True, "Look first", "Rooms hide things.", item.content)
    assert found.unreadable == ("Ah",)
    more, [asked] = revised("reasoningbank", found.memory, LOST, reply=ITEM)
    assert "failed at its task" in asked
    assert [read(note).solved for note in more.memory.notes] == [True, False]


@given(texts(80), st.booleans(), st.tuples(texts(60), texts(60), texts(60)))
def test_an_item_is_read_back(goal: str, solved: bool, fields: tuple[str, str, str]) -> None:
    note = Item(goal, solved, *fields).note()
    assert read(note).solved is solved and read(read(note).note()) == read(note)
    assert "\n" not in note


def test_the_items_of_similar_tasks_are_read_the_most_similar_last() -> None:
    notes = [
        Item("Your task is to boil lead.", True, "Heat", "Stoves heat.", "Use one.").note(),
        Item("Your task is to find a bee.", False, "Bees", "They fly.", "Go out.").note(),
        Item("Your task is to find a frog.", True, "Frogs", "They sit.", "Go out.").note(),
    ]
    strategy = open_strategy("reasoningbank", SCIENCE)
    read_now = strategy.recall(Memory(notes=tuple(notes)), "Your task is to find a frog.").notes
    assert read_now[-1] == "Frogs. They sit. Go out."
    assert not any("Stoves" in note for note in read_now)


def test_rules_write_items_of_what_was_lost_and_of_the_way_that_works() -> None:
    lost = revised("reasoningbank", Memory(), LOST, writer="rules")[0].memory
    both = revised("reasoningbank", lost, WON, writer="rules")[0].memory
    titles = [read(note).title for note in both.notes]
    assert titles == ["What lost points", "A way that begins well", "A way that works"]
    assert read(both.notes[0]).description == "'focus on bee' was a mistake."
    assert read(both.notes[2]).content.endswith(": teleport to outside; focus on frog.")


# --- expel


def test_operations_change_votes_and_an_insight_without_votes_is_gone() -> None:
    held = {"one": 1, "two": 2}
    assert _applied(held, "ADD", "", "three") == {"one": 1, "two": 2, "three": FIRST}
    assert _applied(held, "ADD", "", "one") == {"one": 2, "two": 2}
    assert _applied(held, "EDIT", "two", "deux") == {"one": 1, "deux": 3}
    assert _applied(held, "UPVOTE", "one", "") == {"one": 2, "two": 2}
    assert _applied(held, "DOWNVOTE", "one", "") == {"two": 2}
    assert _applied(held, "DOWNVOTE", "gone", "") == held
    full = {f"insight {number}": 3 for number in range(MOST)}
    assert "insight 4" not in _applied(full, "DOWNVOTE", "insight 4", "")


def test_a_models_operations_are_applied_and_other_lines_kept_apart() -> None:
    old = Memory(notes=("2 votes: Bees are wrong.", "1 vote: Wait long."))
    reply = "ADD: Frogs are outside.\nUPVOTE 1\nDOWNVOTE 2\nEDIT 9: x\nthat is all"
    found, [prompt] = revised("expel", old, LOST, WON, reply=reply)
    assert _insights(found.memory) == {"Bees are wrong.": 3, "Frogs are outside.": 2}
    assert found.unreadable == ("EDIT 9: x", "that is all")
    assert "1. Bees are wrong.\n2. Wait long.\n" in prompt
    assert "> focus on bee" in prompt and "> focus on frog" in prompt  # compared


def test_a_trial_reads_similar_solved_trials_and_insights_by_their_votes() -> None:
    old = Memory(notes=("5 votes: Look.", "1 vote: Wait."))
    memory = revised("expel", old, WON, reply="UPVOTE 1")[0].memory
    read_now = open_strategy("expel", SCIENCE).recall(memory, WON.goal).notes
    assert read_now[0].startswith("An earlier trial of the task") and "frog" in read_now[0]
    assert read_now[1:] == ("Wait.", "Look.")
    assert open_strategy("expel", SCIENCE).recall(memory, "Melt ice.").notes == read_now[1:]


def test_rules_vote_for_what_is_seen_again_and_against_what_is_contradicted() -> None:
    memory = revised("expel", Memory(), LOST, writer="rules")[0].memory
    assert _insights(memory)["focus on bee does not help"] == FIRST
    again = revised("expel", memory, LOST, writer="rules")[0].memory
    assert _insights(again)["focus on bee does not help"] == FIRST + 1
    bee = told(("focus on bee", "You focus on the bee.", 100), ending=Ending.WON)
    against = revised("expel", memory, bee, writer="rules")[0].memory
    assert _insights(against)["focus on bee does not help"] == FIRST - 1


# --- all of them


@pytest.mark.parametrize("name", ["awm", "cheatsheet", "reasoningbank", "expel"])
def test_the_question_keeps_its_budget_and_has_a_grammar(name: str) -> None:
    long = told(*((f"act {n}", "w " * 50, 0.0) for n in range(60)), ("end", "Done.", 100.0))
    strategy = open_strategy(name, SCIENCE, writer="model")
    question = next(strategy.revise(Memory(), [LOST, long], words))
    assert question.grammar.startswith("root ::= ")
    assert words(question.within(400)) <= 400 < words(question.text)


@pytest.mark.parametrize("name", ["awm", "cheatsheet", "reasoningbank", "expel"])
def test_what_earlier_episodes_wrote_is_carried_over(name: str) -> None:
    reply = ITEM + "- A line.\nADD: An insight.\nWorkflow: go\nteleport to outside\nfocus on frog"
    memory = revised(name, Memory(), WON, reply=reply)[0].memory
    assert memory.notes
    past = [Episode("w", "t", 0, (WON,), (memory,))] * 2
    strategy = open_strategy(name, SCIENCE)
    carried = answered(strategy.generalise(past, "goal", "gen-env", words), [])[0].memory
    assert len(carried.notes) == len(memory.notes)
    with pytest.raises(StrategyError, match="did you mean 'gen-env'"):
        next(strategy.generalise(past, "goal", "genenv", words))
