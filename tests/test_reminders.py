"""Whatever a strategy keeps, what it says now stands at the same place of the prompt, is guided
alike and shown alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Clin
from languages import CAUSAL

from clin.llms import Answer, Question
from clin.prompts import Ask, Recalling, Thinking
from clin.prompts.full import Full
from clin.prompts.reminders import Reminder, reminder
from memory.links import parse
from memory.store.overview import Said
from memory.trials import Memory, Step
from tui.side import about_step
from worlds import open_world

LINK = parse("pick up glass key SHOULD BE NECESSARY to make progress")
VAGUE = parse("sing SHOULD BE NECESSARY to dance")
NOTE = "I should pick up the glass key. Never wait."
TOLD = "I should pick up the glass key."
LINE = f"What your memory says about what to do now: {TOLD}\n"
GOAL, OPENING = "Make a glass bell.", "A glass key lies here."
ACTIONS = ("pick up glass key", "wait")


def asked_with(recalling: Recalling, memory: Memory, thinking: int = 0) -> Question:
    """The choice at the first step of a place."""
    world = open_world("causal", "make", 3, rules=5)
    full = Full(CAUSAL, Thinking(thinking), recalling)
    opening = world.reset().text
    parts = full.head(world.goal, memory, opening, world.templates)
    asking = full.ask(world, Ask(parts, 10_000, lambda text: len(text.split()), opening), memory)
    question = next(asking)
    while not question.choices:
        question = asking.send(Answer(" So I go on."))
    return question


def test_a_passage_stands_right_before_the_question_of_a_model_that_thinks() -> None:
    recalling = Recalling(head=False, step=True, guidance=3.0)
    question = asked_with(recalling, Memory(notes=(NOTE,)), 40)
    head, tail = "".join(question.parts[:-1]), question.parts[-1]
    assert LINE in tail and TOLD not in head and "Never wait" not in question.text
    assert "Learnings from earlier trials" not in head
    assert question.plain == (*question.parts[:-1], tail.replace(f"\n{LINE}", "\n"))
    assert question.plain_begun is None and TOLD not in "".join(question.begun)
    assert question.guidance == 3.0
    assert question.recalled.startswith(f"{TOLD} (shares: glass, ")
    assert "\n" not in question.recalled


def test_a_passage_is_the_thought_of_a_model_that_does_not_think() -> None:
    recalling = Recalling(head=False, step=True, guidance=3.0)
    question = asked_with(recalling, Memory(notes=(NOTE,)))
    assert TOLD not in "".join(question.parts) and question.plain == question.parts
    assert question.begun == (f"Thought: {TOLD}\n", "Action:")
    assert question.plain_begun == ("Action:",) and question.guidance == 3.0
    assert question.recalled.startswith(f"{TOLD} (shares: glass, ")


def test_notes_are_read_where_links_are() -> None:
    memory = Memory(notes=(NOTE,))
    both = asked_with(Recalling(head=True, step=True), memory, 40)
    assert NOTE in "".join(both.parts[:-1]) and LINE in both.parts[-1] and both.guidance == 0.0
    head = asked_with(Recalling(), memory)
    assert NOTE in "".join(head.parts[:-1]) and LINE not in head.text
    assert (head.plain, head.recalled, head.guidance) == ((), "", 0.0)
    nowhere = asked_with(Recalling(head=False), memory)
    assert "glass key." not in nowhere.text and "Learnings" not in nowhere.text
    assert (nowhere.plain, nowhere.recalled, nowhere.guidance) == ((), "", 0.0)


def test_links_are_recalled_first_and_notes_where_they_are_silent() -> None:
    def said(memory: Memory) -> Reminder:
        return reminder(memory, GOAL, Ask((), 0, len, OPENING), ACTIONS, CAUSAL)

    assert said(Memory((LINK, VAGUE), (NOTE,))).reasons.startswith(f"{LINK} (")
    assert said(Memory((VAGUE,), (NOTE,))).reasons.startswith(f"{TOLD} (")
    assert said(Memory((VAGUE,), ("Sing.",))) == Reminder() == said(Memory())


def test_a_silent_memory_is_not_guided() -> None:
    question = asked_with(Recalling(head=False, step=True, guidance=3.0), Memory(notes=("Sing!",)))
    assert (question.plain, question.recalled, question.guidance) == ((), "", 0.0)
    assert "What your memory says" not in question.text


@pytest.mark.parametrize("strategy", ["reflexion", "episodic"])
def test_a_strategy_of_notes_is_recalled_stored_and_shown(
    clin: Clin, tmp_path: Path, strategy: str
) -> None:
    (tmp_path / "script.json").write_text('[{"pick": 0}, {"reply": "On."}]')
    (tmp_path / "memory.jsonl").write_text(json.dumps({"note": NOTE}) + "\n")
    place = ("--world", "causal", "--task", "make", "--variation", "3", "--world-option", "rules=5")
    read = ("--from", "memory.jsonl", "--recall", "step", "--read-only-memory", "--budget", "2")
    run = ("run", "--model", "scripted:script.json", "--strategy", strategy, "--writer", "rules")
    done = clin(*run, *place, *read, "--trials", "1")
    assert done.returncode == 0, done.stderr
    shown = clin("show", "r1", "--trial", "0")
    assert f"Memory: {TOLD} (shares: glass" in shown.stdout, shown.stderr
    stored = json.loads(clin("show", "r1", "--trial", "0", "--json").stdout)
    assert stored["recalled"]["0"]["links"].startswith(TOLD)
    prompt = clin("prompt", "r1", "--trial", "0", "--step", "0").stdout
    assert LINE in prompt


def test_the_terminal_ui_tells_a_passage_beside_the_step() -> None:
    said = Said(f"{TOLD} (shares: glass)", -0.5, -1.9)
    told = about_step(0, Step("wait", "", 0.0), Memory(notes=(NOTE,)), (), "", said).plain
    assert f"What memory said\n{TOLD} (shares: glass)\n" in told
