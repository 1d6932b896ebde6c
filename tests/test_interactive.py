"""A person at a live trial: pausing, choosing, handing back, stopping. What they ask is a row; what
comes of it is theirs."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import command, environment
from languages import SCIENCE
from test_trial import CARD, Ladder

from clin.llms import Answer, Question
from clin.prompts import style
from clin.rollout.context import Context
from clin.rollout.interactive import AtTheStore, Decision, Person, Stopped
from clin.rollout.trial import play
from memory.store import NewTrial, Store
from memory.store.overview import by_person, costs
from memory.store.requests import ask, lapse, open_offer, unheard
from memory.trials import Call, Memory, Step
from tui.feed import Feed

WHILE = 60.0
"""Seconds that another process may take for one thing."""


class Steering(Person):
    """Decides the second step: "up" instead of what the model wants."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Sequence[str], Sequence[float], str]] = []
        self.steps = 0

    def waits(self) -> bool:
        self.steps += 1
        return self.steps == 2

    def decides(
        self, position: int, actions: Sequence[str], scores: Sequence[float], choice: str
    ) -> Decision:
        self.asked.append((position, actions, scores, choice))
        return Decision("up", chosen=True)


def played(
    person: Person, budget: int = 3, world: Ladder | None = None
) -> tuple[list[tuple[Step, Sequence[Call]]], list[Question]]:
    world, kept, questions = world or Ladder(), [], []
    world.reset()
    layout = style("compact-2")(SCIENCE)
    context = Context(layout, 0, len, layout.head(world.goal, Memory(), ""))
    playing = play(
        world,
        Memory(),
        lambda *step: kept.append(step),
        budget=budget,
        context=context,
        card=CARD,
        person=person,
    )
    try:
        question = next(playing)
        while True:
            questions.append(question)
            question = playing.send(
                Answer(" wait\n", scores=(-3.0, -9.0, -2.0, -0.3) if question.score_choices else ())
            )
    except StopIteration:
        return kept, questions


def test_a_person_has_the_last_word_and_it_is_recorded_as_theirs() -> None:
    person = Steering()
    kept, questions = played(person)
    assert [step.action for step, _ in kept] == ["wait", "up", "wait"]
    assert [[call.role for call in calls] for _, calls in kept] == [
        ["act"],
        ["act", "person"],
        ["act"],
    ]
    assert person.asked == [(1, ("down", "jump", "up", "wait"), (-3.0, -9.0, -2.0, -0.3), "wait")]
    assert [question.score_choices for question in questions] == [False, True, False]


def test_where_one_action_is_offered_the_person_is_asked_and_the_model_is_not() -> None:
    class Stairs(Ladder):
        def actions(self):
            return ("up",)

    person = Steering()
    kept, questions = played(person, world=Stairs())
    assert not questions and person.asked == [(1, ("up",), (0.0,), "up")]
    assert [(step.action, [call.role for call in calls]) for step, calls in kept] == [
        ("up", []),
        ("up", ["person"]),
        ("up", []),
    ]


def test_without_a_person_the_model_is_asked_as_ever() -> None:
    kept, questions = played(Person())
    assert [step.action for step, _ in kept] == ["wait"] * 3
    assert not any(question.score_choices for question in questions)


@pytest.fixture
def at(tmp_path: Path) -> tuple[Store, AtTheStore]:
    store = Store(tmp_path / "clin.db")
    run = store.begin_run({"task": "t"})
    trial = store.begin_trial(run, NewTrial(0, "w", "t", 0, "g", "o"))
    return store, AtTheStore(store, run, trial, False, lambda: False)


def test_requests_are_heard_once_and_in_order(at: tuple[Store, AtTheStore]) -> None:
    store, person = at
    assert not person.waits()
    ask(store, "r1", "pause")
    assert person.waits()
    assert unheard(store, "r1") == []
    for kind, value in (("act", "fly"), ("act", "up"), ("step", ""), ("go", "")):
        ask(store, "r1", kind, value)
    assert person.decides(0, ("up", "wait"), (), "wait") == Decision("up", chosen=True)
    assert person.waits()
    assert person.decides(1, ("up", "wait"), (), "wait") == Decision("wait", chosen=False)
    assert not person.waits()
    assert open_offer(store, "r1") is None
    ask(store, "r1", "pause")
    lapse(store, "r1")
    assert not person.waits()


def test_stop_ends_it_waiting_or_not(at: tuple[Store, AtTheStore]) -> None:
    store, person = at
    ask(store, "r1", "stop")
    with pytest.raises(Stopped):
        person.waits()
    ask(store, "r1", "stop")
    with pytest.raises(Stopped):
        person.decides(0, ("up",), (), "up")
    person.stopping = lambda: True
    with pytest.raises(Stopped):
        person.decides(0, ("up",), (), "up")


# --- a real run in another process


def until(true: Callable[[], object]) -> object:
    end = time.monotonic() + WHILE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come true")


def started(folder: Path) -> tuple[subprocess.Popen[str], Feed]:
    words = command(
        "run", "--task", "grow-plant", "--variation", "3", "--trials", "40", "--threads", "1"
    )
    child = subprocess.Popen(
        words,
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    file = folder / "clin.db"
    until(lambda: file.exists() and file.stat().st_size)
    feed = until(lambda: opened(file))
    until(lambda: feed.poll() and feed.runs.get("r1") and feed.runs["r1"].trials)
    return child, feed


def opened(file: Path) -> Feed | None:
    from memory.store import StoreError

    try:
        return Feed(file)
    except StoreError:
        return None  # the other process is still making it


def offered(feed: Feed) -> object:
    feed.poll()
    return feed.runs["r1"].offer


@pytest.mark.slow
def test_a_live_run_is_paused_steered_handed_back_stopped_and_resumed(tmp_path: Path, clin) -> None:
    child, feed = started(tmp_path)
    with Store(tmp_path / "clin.db") as store:
        ask(store, "r1", "pause")
        offer = until(lambda: offered(feed))
        assert feed.runs["r1"].state == "paused"
        assert abs(sum(2.718281828**score for score in offer.scores) - 1) < 0.01
        other = next(action for action in offer.actions if action != offer.choice)
        trial = feed.runs["r1"].trials[-1].id
        ask(store, "r1", "act", other)
        again = until(
            lambda: (found := offered(feed)) and found.position == offer.position + 1 and found
        )
        assert store.steps(trial)[offer.position].action == other
        assert by_person(store, trial) == {offer.position}
        assert costs(store, trial, offer.position)[-1].role == "person"
        ask(store, "r1", "step")
        until(lambda: (found := offered(feed)) and found.position == again.position + 1)
        assert store.steps(trial)[again.position].action == again.choice
        ask(store, "r1", "go")
        until(
            lambda: (
                len(store.steps(trial)) > again.position + 2 or store.trials("r1")[-1].id != trial
            )
        )
        ask(store, "r1", "stop")
        child.communicate(timeout=WHILE)
        assert child.returncode == 130
        assert store.run("r1").state == "stopped"
        assert store.check() == []
        stopped = [store.steps(row.id) for row in store.trials("r1")]
    goes_on = subprocess.Popen(
        command("resume", "r1"),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    with Store(tmp_path / "clin.db", read_only=True) as store:
        until(lambda: sum(row.steps for row in store.trials("r1")) > sum(map(len, stopped)))
        goes_on.send_signal(signal.SIGINT)
        goes_on.communicate(timeout=WHILE)
        assert [
            store.steps(row.id)[: len(steps)]
            for row, steps in zip(store.trials("r1"), stopped, strict=False)
        ] == stopped


@pytest.mark.slow
def test_ctrl_c_while_it_waits_for_a_person_ends_it_at_once(tmp_path: Path) -> None:
    child, feed = started(tmp_path)
    with Store(tmp_path / "clin.db") as store:
        ask(store, "r1", "pause")
        offer = until(lambda: offered(feed))
        trial = feed.runs["r1"].trials[-1].id
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=WHILE)
        assert child.returncode == 130
        assert "`clin resume r1" in told
        assert len(store.steps(trial)) == offer.position
        assert store.check() == []
