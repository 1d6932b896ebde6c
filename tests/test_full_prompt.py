"""The prompt of instruction-tuned models: what it tells, once, in what room."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL, SCIENCE

from clin.config import RunConfig
from clin.defaults import chosen_exploration, chosen_prompting, chosen_world_options
from clin.errors import ModelError, UserError
from clin.language import language_of
from clin.llms import Answer, ModelCard, Question
from clin.options import Exploration, Prompting
from clin.prompts import Ask, Move, Recalling, Thinking
from clin.prompts.examples import told_example
from clin.prompts.full import ACTION_TOKENS, TAIL_TOKENS, Full, bounded, citations
from clin.prompts.offers import MOST_LISTED, Offers, told
from clin.prompts.sights import Sights
from clin.prompts.sights import told as told_sights
from clin.rollout.context import Context
from clin.rollout.interactive import Decision, Person
from clin.rollout.trial import _decided, play
from memory.links import parse
from memory.store.overview import Said
from memory.trials import Ending, Memory, Step
from tui.side import about_step
from worlds import Template, World, WorldError, open_world, templates_of

CARD = ModelCard("a model")
FORMS = (
    Template("look around", "look"),
    Template("look at OBJ", "look closer"),
    Template("use OBJ [on OBJ]", "use a tool"),
    Template("go to PLACE", "walk"),
)


def words(text: str) -> int:
    return len(text.split())


def begun(
    world: World, language: object, room: int = 0, tokens: int = 0, size: Callable = words
) -> Context:
    """The prompt of a trial of ``world``, which is reset."""
    opening = world.reset().text
    layout = Full(language, Thinking(tokens))
    head = layout.head(world.goal, Memory(), opening, templates_of(world))
    return Context(layout, room, size, head, seen=opening)


def questions(world: World, context: Context, budget: int, choose: Callable) -> Iterator[Question]:
    """What is asked in a trial without thought whose model chooses by ``choose``."""
    playing = play(
        world, Memory(), lambda step, calls: None, budget=budget, context=context, card=CARD
    )
    try:
        question = next(playing)
        while True:
            yield question
            question = playing.send(Answer(choose(question.choices)))
    except StopIteration as stop:
        assert stop.value is not Ending.CRASHED


def a_trial(world: World, language: object, seed: int, **more: object) -> list[Question]:
    """A trial of 20 random actions, none of which ends it by a wrong focus."""
    chance = random.Random(seed)

    def choose(choices: Sequence[str]) -> str:
        return chance.choice([each for each in choices if "focus" not in each])

    return list(questions(world, begun(world, language, **more), 20, choose))


def test_a_short_thought_comes_first_and_then_the_action() -> None:
    world = open_world("causal", "make", 3, rules=5)
    memory = Memory((parse("pick up amber SHOULD BE NECESSARY to make progress"),))
    full = Full(CAUSAL)
    parts = full.head(world.goal, memory, world.reset().text, templates_of(world))
    asking = full.ask(world, Ask(parts, 10_000, words), memory)
    thought = next(asking)
    assert not thought.choices and thought.begun == ("Thought:",)
    assert "1. pick up amber SHOULD BE NECESSARY to make progress" in thought.text
    choice = asking.send(Answer(" Learning [1] says to take it."))
    assert choice.parts == thought.parts
    assert choice.text.endswith("Thought: Learning [1] says to take it.\nAction:")
    with pytest.raises(StopIteration) as stop:
        asking.send(Answer(" pick up amber\n"))
    move = stop.value.value
    assert move.action == "pick up amber"
    assert (move.thought, move.cited) == ("Learning [1] says to take it.", (1,))


def test_a_thought_without_a_word_is_none() -> None:
    world = open_world("causal", "make", 3, rules=5)
    world.reset()
    asking = Full(CAUSAL).ask(world, Ask((), 10_000, words), Memory())
    next(asking)
    assert asking.send(Answer(" ...")).begun == ("Action:",)
    with pytest.raises(StopIteration) as stop:
        asking.send(Answer(" wait\n"))
    assert stop.value.value.thought == ""


def test_a_native_thought_is_asked_for_and_then_closed() -> None:
    world = open_world("causal", "make", 3, rules=5)
    world.reset()
    full = Full(CAUSAL, Thinking(64, native=True))
    asking = full.ask(world, Ask(("head",), 10_000, words), Memory())
    thought = next(asking)
    assert thought.think and thought.max_tokens == 64 and not thought.choices
    choice = asking.send(Answer("", thinking="The amber\nis near."))
    assert choice.thought == "The amber\nis near." and choice.parts == thought.parts
    assert choice.begun == ("Action:",) and not choice.think
    with pytest.raises(StopIteration) as stop:
        asking.send(Answer(" pick up amber\n"))
    assert stop.value.value.thought == "The amber is near."
    step = Step("wait", "Time passes.", 0.0, thought="long")
    assert "long" not in "".join(full.turn(step))
    assert "long" in "".join(Full(CAUSAL).turn(step))


def test_without_thought_the_action_is_chosen_at_once() -> None:
    world = open_world("causal", "make", 3, rules=5)
    world.reset()
    asking = Full(CAUSAL, Thinking(0)).ask(world, Ask((), 10_000, words), Memory())
    assert next(asking).choices == tuple(f" {each}\n" for each in world.actions())
    with pytest.raises(StopIteration) as stop:
        asking.send(Answer(" wait\n"))
    assert (stop.value.value.action, stop.value.value.thought) == ("wait", "")


def test_citations_name_learnings_that_exist() -> None:
    assert citations("as [2] and [1, 3] say, [2], not [9] or [x]", 3) == (2, 1, 3)


@pytest.mark.parametrize(
    ("world", "language", "task", "options"),
    [
        ("causal", CAUSAL, "make", {"rules": 5}),
        ("textworldexpress", language_of("textworldexpress"), "cookingworld", {}),
        ("scienceworld", SCIENCE, "boil", {"names": "shown"}),
    ],
)
def test_the_head_names_the_forms_and_a_prompt_only_grows(
    world: str, language: object, task: str, options: dict[str, object]
) -> None:
    """What one question told is told by the next one too, but for its tail."""
    opened = open_world(world, task, 3, **options)
    asked = a_trial(opened, language, 1)
    assert len(asked) > 3
    head = "".join(asked[0].parts[:-1])
    assert all(f"- {each.form}: " in head for each in opened.templates)
    for before, after in itertools.pairwise(asked):
        kept = before.parts[:-1]
        assert after.parts[: len(kept)] == kept
        assert len(after.parts) == len(kept) + 3  # the turn's two parts, and the tail


def test_a_room_is_told_once_and_then_what_changed() -> None:
    world = open_world("scienceworld", "boil", 3, names="shown")
    context = begun(world, SCIENCE)

    def turn(action: str) -> str:
        seen = world.step(action)
        context.append(Step(action, seen.text, seen.score), world.surroundings())
        return "".join(context.parts()[-2:])

    assert "cupboard closed; freezer closed" in turn("teleport to kitchen")
    opened = turn("open cupboard")
    assert "Now here: cupboard: ceramic cup, drawer, metal pot, tin cup." in opened
    assert "No longer here" not in opened and "freezer" not in opened
    assert turn("look around").endswith("Observation: nothing new\n")
    taken = turn("pick up metal pot")
    assert "You hold: metal pot, orange." in taken and "metal pot, tin cup" not in taken


def test_a_trial_that_outgrows_its_context_tells_all_again() -> None:
    world = open_world("scienceworld", "boil", 3, names="shown")
    context = begun(world, SCIENCE, room=1000, tokens=0)
    world.step("teleport to kitchen")
    cut = 0
    for _ in range(40):
        seen = world.step("examine oven")
        context.append(Step("examine oven", seen.text, 0.0), world.surroundings())
        if context.left_out > cut:
            cut = context.left_out
            assert "You are in the kitchen. You see: " in "".join(context.parts()[-2:])
            assert any("earliest steps are left out" in part for part in context.parts())
    assert cut


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(740, 1100), st.integers(1, 3))
def test_no_context_is_overrun_however_a_vocabulary_counts(seed: int, room: int, dear: int) -> None:
    """Not even where a word takes three tokens, and room is left for what is answered."""
    world = open_world("causal", "compose-3", 207)

    def size(text: str) -> int:
        return dear * words(text)

    context = begun(world, CAUSAL, room=room * dear, tokens=40, size=size)
    full, chance = context.style, random.Random(seed)
    for _ in range(25):
        asked = next(full.ask(world, context.ask(), Memory()))
        assert sum(map(size, asked.parts)) + 40 + ACTION_TOKENS <= room * dear
        action = chance.choice(world.actions())
        seen = world.step(action)
        if seen.done:
            break
        context.append(Step(action, seen.text, seen.score), world.surroundings())


def test_few_actions_are_listed_and_of_many_the_things() -> None:
    few = ["go to hall", "look around"]
    assert told(Offers.of(few, FORMS), 100, words) == "You can do:\n- go to hall\n- look around\n"
    things = [f"cup {number}" for number in range(30)]
    many = [f"look at {each}" for each in things]
    many += [f"use {a} on {b}" for a in things for b in things]
    shown = told(Offers.of([*many, "use key on box", "sing", "look around"], FORMS), 500, words)
    assert "What can be named: cup 0, cup 1," in shown and "cup 29, key, box" in shown
    assert shown.endswith("You can do:\n- sing\n")


NAMES = st.text("abc ", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(NAMES, max_size=80), st.integers(0, 120))
def test_what_is_offered_is_bounded(names: list[str], room: int) -> None:
    """It never takes more than its room, and with enough of it leaves nothing out."""
    actions = [f"look at {each}" for each in names] + [f"{each}!" for each in names]
    offers = Offers.of(actions, FORMS)
    assert words(told(offers, room, words)) <= room
    whole = told(offers, 10**6, words)
    assert all(each in whole for each in (*offers.things, *offers.others))
    if len(actions) > MOST_LISTED:
        assert set(offers.things) == set(names)


PHRASES = st.lists(st.sampled_from(["cup", "cup: tea", "oven on", "oven off", "cat"]), max_size=5)
SIGHTS = st.builds(
    Sights, st.sampled_from(["", "hall", "attic"]), PHRASES.map(tuple), PHRASES.map(tuple)
)


@given(SIGHTS, SIGHTS)
def test_what_is_new_is_told_and_nothing_else(now: Sights, before: Sights) -> None:
    assert told_sights(now, now) == "" or not now.seen
    text = told_sights(now, before)
    for phrase in set(now.seen) - set(before.seen):
        assert phrase in text
    if set(now.held) != set(before.held):
        assert "You hold: " in text
    if now.place and now.place != before.place:
        assert f"You are in the {now.place}." in text


@given(st.text(max_size=3000), st.integers(10, 400))
def test_a_long_observation_is_cut_between_words(text: str, most: int) -> None:
    cut = bounded(text, most)
    assert len(cut) <= most
    assert cut == text or cut.endswith("…")


def test_the_tail_of_a_kitchen_fits_its_share() -> None:
    """A thousand actions: the tail names their things, and its tokens are bounded."""
    world = open_world("scienceworld", "boil", 3, names="shown")
    context = begun(world, SCIENCE)
    world.step("teleport to kitchen")
    assert len(world.actions()) > 500
    question = next(Full(SCIENCE).ask(world, context.ask(), Memory()))
    tail = question.parts[-1]
    assert words(tail) <= TAIL_TOKENS and "freezer, fridge" in tail and "more" not in tail


def test_an_expert_shows_the_way_in_another_place() -> None:
    def config(example: str) -> RunConfig:
        return RunConfig.checked(
            world="causal",
            task="make",
            variation=200,
            model={"reference": "x"},
            prompting={"example": example},
        )

    train = open_world("causal", "repair", 1)
    shown = told_example(config("repair:1"), CAUSAL)
    assert f"An example, in another place. Task: {train.goal}" in shown
    assert all(f"Action: {action}\n" in shown for action in train.plan())
    assert shown.endswith("Score: 100\n")
    assert told_example(config(""), CAUSAL) == ""
    for wrong, said in (
        ("repair", "not of the form TASK:VARIATION"),
        ("repair:x", "not of the form TASK:VARIATION"),
        ("repair:200", "not of the train split"),
    ):
        with pytest.raises(UserError, match=said):
            told_example(config(wrong), CAUSAL)
    with pytest.raises(WorldError, match="did you mean 'repair'"):
        told_example(config("repare:1"), CAUSAL)


KEY = parse("pick up glass key SHOULD BE NECESSARY to unlock white door with glass key")
DOOR = parse("unlock white door with glass key SHOULD BE NECESSARY to make progress")


def asking_with(recalling: Recalling, thinking: int = 0) -> Generator[Question, Answer, Move]:
    """The questions at the first step of a place whose memory knows what to do."""
    world, memory = open_world("causal", "make", 3, rules=5), Memory((DOOR, KEY))
    full = Full(CAUSAL, Thinking(thinking), recalling)
    opening = world.reset().text
    parts = full.head(world.goal, memory, opening, world.templates)
    return full.ask(world, Ask(parts, 10_000, words, opening), memory)


def asked_with(recalling: Recalling, thinking: int = 0) -> Question:
    """The last of these questions, where the model itself would wait."""
    asking = asking_with(recalling, thinking)
    question = next(asking)
    with suppress(StopIteration):
        while True:
            question = asking.send(Answer(" wait\n" if question.choices else " So I go on."))
    return question


def test_who_does_not_think_chooses_between_its_own_action_and_what_memory_says() -> None:
    """All admissible actions are weighed without the memory; then two of them, with it."""
    asking = asking_with(Recalling(head=False, step=True, guidance=3.0))
    alone = next(asking)
    assert len(alone.choices) > 5 and not alone.guided
    assert str(KEY) not in alone.text and alone.recalled.startswith(f"{KEY} (")
    between = asking.send(Answer(" wait\n"))
    assert between.choices == (" pick up glass key\n", " wait\n")
    assert between.guided and between.plain == alone.parts
    with pytest.raises(StopIteration) as done:
        asking.send(Answer(" pick up glass key\n"))
    assert done.value.value.action == "pick up glass key"


def test_who_would_do_what_memory_says_is_asked_once() -> None:
    asking = asking_with(Recalling(head=False, step=True, guidance=3.0))
    assert next(asking).recalled
    with pytest.raises(StopIteration) as done:
        asking.send(Answer(" pick up glass key\n"))
    assert done.value.value.action == "pick up glass key"


def test_what_memory_says_now_stands_right_before_the_question() -> None:
    question = asked_with(Recalling(head=False, step=True, guidance=3.0), 40)
    line = f"What your memory says about what to do now: {KEY}.\n"
    tail = question.parts[-1]
    assert line in tail and str(KEY) not in "".join(question.parts[:-1])
    assert question.plain == (*question.parts[:-1], tail.replace(f"\n{line}", "\n"))
    assert question.guidance == 3.0 and question.recalled.startswith(f"{KEY} (")


def test_who_does_not_think_reads_it_as_a_thought() -> None:
    question = asked_with(Recalling(head=False, step=True, guidance=3.0), 0)
    assert str(KEY) not in "".join(question.parts) and question.plain == question.parts
    assert question.begun == (f"Thought: {KEY}.\n", "Action:")
    assert question.plain_begun == ("Action:",) and question.guidance == 3.0


def test_the_head_holds_the_memory_where_it_is_read_there() -> None:
    both = asked_with(Recalling(head=True, step=True))
    assert str(DOOR) in "".join(both.parts[:-1]) and both.recalled and both.guidance == 0.0
    head = asked_with(Recalling())
    assert str(DOOR) in "".join(head.parts[:-1])
    assert (head.plain, head.recalled, head.guidance) == ((), "", 0.0)
    nowhere = asked_with(Recalling(head=False))
    assert "Learnings" not in nowhere.text and not nowhere.recalled


def test_recall_and_guidance_are_checked() -> None:
    assert chosen_prompting(Prompting(), CARD).recall == "head"
    assert chosen_prompting(Prompting(recall="step", guidance=2), CARD).guidance == 2
    with pytest.raises(UserError, match="give --recall step or both"):
        chosen_prompting(Prompting(guidance=2), CARD)
    for wrong in (-1, float("inf"), float("nan")):
        with pytest.raises(UserError, match="guidance"):
            Prompting.checked(guidance=wrong)
    bundled = ModelCard("b", prompt="compact-2")
    for asked in (Prompting(recall="step"), Prompting(guidance=1)):
        with pytest.raises(ModelError, match="has no place for --"):
            chosen_prompting(asked, bundled)
    assert chosen_prompting(Prompting(recall="head"), bundled) == Prompting()


def test_the_terminal_ui_tells_what_memory_said_beside_the_step() -> None:
    said = Said(f"{KEY} (its turn has come)", -0.5, -1.9)
    told = about_step(0, Step("wait", "", 0.0), Memory(), (), "", said).plain
    assert f"What memory said\n{KEY} (its turn has come)\n" in told
    assert "log-probability of the action -0.5 with it, -1.9 without" in told
    assert "What memory said" not in about_step(0, Step("wait", "", 0.0), Memory(), (), "").plain


def test_what_memory_said_is_stored_and_shown(clin: Clin, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"pick": 0}, {"reply": "On."}]')
    (tmp_path / "memory.md").write_text(f"- {DOOR}\n- {KEY}\n")
    place = ("--world", "causal", "--task", "make", "--variation", "3", "--world-option", "rules=5")
    read = ("--from", "memory.md", "--recall", "step", "--read-only-memory", "--budget", "2")
    done = clin("run", "--model", "scripted:script.json", *place, *read, "--trials", "1")
    assert done.returncode == 0, done.stderr
    shown = clin("show", "r1", "--trial", "0").stdout
    assert f"Memory: {KEY} (" in shown
    stored = json.loads(clin("show", "r1", "--trial", "0", "--json").stdout)
    assert stored["recalled"]["0"]["links"].startswith(str(KEY))


def test_thinking_is_as_asked_or_as_the_model_was_made() -> None:
    bundled = ModelCard("b", prompt="compact-2")
    assert chosen_prompting(Prompting(), CARD).think == 160
    assert chosen_prompting(Prompting(think=0), CARD).think == 0
    assert chosen_prompting(Prompting(), bundled) == Prompting()
    for asked in (Prompting(think=9), Prompting(example="repair:1")):
        with pytest.raises(ModelError, match="has no place for --"):
            chosen_prompting(asked, bundled)
    quiet = chosen_exploration(Exploration(), CARD, "clin", Prompting(think=0))
    assert quiet.repeats == 2 and quiet.memory_mask


def test_things_are_named_as_a_model_was_trained_to_name_them() -> None:
    bundled = ModelCard("b", prompt="compact-2")
    assert chosen_world_options("scienceworld", {}, CARD) == {"names": "shown"}
    assert chosen_world_options("scienceworld", {"names": "simulator"}, CARD) == {
        "names": "simulator"
    }
    assert chosen_world_options("scienceworld", {}, bundled) == {}
    assert chosen_world_options("causal", {"rules": 3}, CARD) == {"rules": 3}


def test_a_person_may_do_whatever_is_offered_not_only_what_the_last_question_names() -> None:
    offered: list[tuple[str, ...]] = []

    class AtTheElbow(Person):
        def waits(self) -> bool:
            return True

        def decides(
            self, position: int, actions: Sequence[str], scores: Sequence[float], choice: str
        ) -> Decision:
            offered.append(tuple(actions))
            return Decision(actions[0], chosen=True)

    asking = asking_with(Recalling(head=False, step=True, guidance=3.0))
    deciding = _decided(asking, CARD, AtTheElbow(), 0)
    everything = next(deciding).choices
    assert len(deciding.send(Answer(" wait\n")).choices) == 2
    with pytest.raises(StopIteration) as done:
        deciding.send(Answer(" wait\n"))
    assert offered == [tuple(each.strip() for each in everything)]
    assert done.value.value[0].action == everything[0].strip()
