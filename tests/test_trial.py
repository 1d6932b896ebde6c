"""A trial, played by hand: the test is the model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE

from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.llms.open import open_model
from clin.prompts import style
from clin.rollout.context import Context
from clin.rollout.scheduler import drive
from clin.rollout.trial import STUCK_AFTER, WAITED_AFTER, WorldChanged, play
from memory.trials import Ending, Memory, Step
from worlds import Observation, WorldError

CARD = ModelCard("by hand", prompt="compact-2")


class Ladder:
    """A world of rungs: "up" gains 25 points, "jump" ends it at once."""

    goal = "reach the top"

    def __init__(self) -> None:
        self.rung = self.counted = 0

    def reset(self) -> Observation:
        self.rung = 0
        return Observation("You stand at the foot.", 0.0, False)

    def step(self, action: str) -> Observation:
        self.rung += action == "up"
        self.counted += action == "count"
        score = -100.0 if action == "jump" else 25.0 * self.rung
        return Observation(
            f"You are on rung {self.rung}, {self.counted} counted.", score, score in (-100.0, 100.0)
        )

    def surroundings(self) -> str:
        return f"rung {self.rung}"

    def actions(self) -> Sequence[str]:
        return ("down", "jump", "up", "wait")

    def close(self) -> None: ...


def trial(replies: list[str], *, budget: int = 50, past: Sequence[Step] = (), room: int = 0):
    world, seen, questions = Ladder(), [], []
    opening = world.reset().text
    layout = style("compact-2")(SCIENCE)
    context = Context(
        layout, room, lambda text: len(text.split()), layout.head(world.goal, Memory(), opening)
    )
    playing = play(
        world,
        Memory(),
        lambda step, calls: seen.append((step, calls)),
        budget=budget,
        context=context,
        card=CARD,
        past=past,
    )
    answers = iter(replies)
    try:
        question = next(playing)
        while True:
            questions.append(question)
            question = playing.send(Answer(f" {next(answers)}\n"))
    except StopIteration as stop:
        return stop.value, seen, questions


def test_reaching_the_goal_wins() -> None:
    ending, seen, questions = trial(["up"] * 4)
    assert ending is Ending.WON
    assert [step.score for step, _ in seen] == [25, 50, 75, 100]
    assert questions[0].choices == (" down\n", " jump\n", " up\n", " wait\n")


def test_the_world_ends_it_below_the_goal() -> None:
    assert trial(["up", "jump"])[0] is Ending.LOST


def test_the_budget_ends_it() -> None:
    ending, seen, _ = trial(["up", "down", "wait", "down"], budget=3)
    assert ending is Ending.BUDGET
    assert len(seen) == 3


def test_the_same_action_again_and_again_is_stuck() -> None:
    ending, seen, _ = trial(["down"] * 20)
    assert ending is Ending.STUCK
    assert len(seen) == STUCK_AFTER


def test_waiting_is_stuck_later() -> None:
    ending, seen, _ = trial(["wait"] * 20, budget=20)
    assert ending is Ending.STUCK
    assert len(seen) == WAITED_AFTER


def test_watching_what_changes_is_not_stuck() -> None:
    ending, seen, _ = trial(["count"] * 12, budget=12)
    assert ending is Ending.BUDGET
    assert len(seen) == 12


def test_a_prompt_only_grows() -> None:
    _, _, questions = trial(["up", "down", "wait", "up"], budget=4)
    for before, after in itertools.pairwise(questions):
        assert after.parts[: len(before.parts)] == before.parts


def test_an_interrupted_trial_asks_what_it_would_have_asked() -> None:
    whole, seen, questions = trial(["up", "down", "up", "up", "up"])
    for cut in range(len(seen)):
        past = [step for step, _ in seen[:cut]]
        rest = [step.action for step, _ in seen[cut:]]
        ending, again, asked = trial(rest, past=past)
        assert (ending, asked) == (whole, questions[cut:])
        assert [step for step, _ in again] == [step for step, _ in seen[cut:]]


def test_a_world_that_changed_is_not_resumed() -> None:
    with pytest.raises(WorldChanged):
        trial(["up"], past=[Step("up", "You fall.", 0.0)])


def test_a_world_that_refuses_a_stored_step_is_another_one(monkeypatch) -> None:
    def over(self: Ladder, action: str) -> Observation:
        raise WorldError("the world has ended")

    monkeypatch.setattr(Ladder, "step", over)
    with pytest.raises(WorldChanged, match="is refused now: the world has ended"):
        trial(["up"], past=[Step("up", "You are on rung 1, 0 counted.", 25.0)])


@given(st.integers(90, 200), st.integers(1, 40))
def test_the_prompt_never_outgrows_the_context(room: int, steps: int) -> None:
    actions = ["up", "wait", "down"] * steps
    _, _, questions = trial(actions[:steps], budget=steps, room=room)
    for question in questions:
        assert sum(len(part.split()) for part in question.parts) <= room
        assert question.parts[0] == "Task: reach the top\n"


def test_a_task_that_does_not_fit_is_refused_before_the_trial() -> None:
    with pytest.raises(ModelError, match="context holds 20"):
        trial(["up"], room=20)


class Echo:
    """A model that answers every question with its own number, two at a time and in reverse."""

    card = CARD

    def __init__(self) -> None:
        self.queue, self.most, self.asked = [], 0, 0

    def submit(self, question, *, lane: int) -> None:
        self.queue.append((lane, question))
        self.most = max(self.most, len(self.queue))

    def ready(self, until=lambda: False):
        done, self.queue = self.queue[-2:], self.queue[:-2]
        self.asked += len(done)
        return [(lane, Answer(question.text)) for lane, question in reversed(done)]

    def cancel(self, lane: int) -> None:
        self.queue = [each for each in self.queue if each[0] != lane]

    def count(self, text: str) -> int:
        return len(text)

    def close(self) -> None: ...


def asking(name: str, count: int, told: dict[str, list[str]]):
    try:
        for number in range(count):
            answer = yield Question((f"{name}{number}",))
            told[name].append(answer.text)
    finally:
        told[name].append("closed")


@given(st.lists(st.integers(0, 6), max_size=9), st.integers(1, 5))
def test_every_question_gets_its_own_answer(counts: list[int], lanes: int) -> None:
    told = {f"g{n}-": [] for n in range(len(counts))}
    model = Echo()
    assert drive(
        [asking(name, count, told) for name, count in zip(told, counts, strict=True)],
        model,
        lanes=lanes,
    )
    assert told == {
        name: [*(f"{name}{k}" for k in range(count)), "closed"]
        for name, count in zip(told, counts, strict=True)
    }
    assert model.most <= lanes


@given(st.integers(0, 12), st.integers(1, 4))
def test_stopping_closes_every_trial_and_says_so(after: int, lanes: int) -> None:
    told = {f"g{n}-": [] for n in range(5)}
    model = Echo()
    ended = drive(
        [asking(name, 3, told) for name in told],
        model,
        lanes=lanes,
        stop=lambda: model.asked >= after,
    )
    finished = all(len(answers) == 4 for answers in told.values())
    assert ended is finished
    assert all(not answers or answers[-1] == "closed" for answers in told.values())


def test_a_question_that_cannot_be_answered_fails_in_the_trial_that_asked(tmp_path) -> None:
    """The trial may catch it; the others go on."""
    told = {"a": [], "b": []}
    (tmp_path / "script.json").write_text('[{"when": "[ab][0-9]", "reply": "yes"}]')
    model, caught = open_model(f"scripted:{tmp_path / 'script.json'}"), []

    def unlucky():
        try:
            yield Question(("x",))
        except ModelError as error:
            caught.append(str(error))

    assert drive([asking("a", 3, told), unlucky(), asking("b", 3, told)], model, lanes=3)
    assert told == {name: ["yes"] * 3 + ["closed"] for name in told}
    assert len(caught) == 1 and "no rule" in caught[0]


def test_one_failing_trial_closes_the_others() -> None:
    told = {"a": [], "b": []}

    def failing():
        yield Question(("x",))
        raise WorldChanged("no")

    with pytest.raises(WorldChanged):
        drive([asking("a", 50, told), failing(), asking("b", 50, told)], Echo(), lanes=3)
    assert (told["a"][-1], told["b"][-1]) == ("closed", "closed")
