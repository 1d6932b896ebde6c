"""A loop of one's own records what it did and is told what that taught, and what it leaves is a run
like any other."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Clin, environment
from test_hostile_screens import piloted, shown

from clin.analysis.grading import grade
from clin.language import language_of
from memory.episode import Episode, EpisodeError, Place
from memory.links import parse
from memory.outcomes import MOST_JUDGED
from memory.store import Store, StoreError
from memory.strategies import StrategyError
from memory.trials import VERDICT, Ending, Trials
from tui.app import Watch
from worlds import open_world

PLACE = Place("shell", "ship")
CHORES = ("bump version", "lint", "make", "push", "sleep 1")


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "loop.db") as opened:
        yield opened


def explored(episode: Episode, trials: int, *, steps: int = 40, seed: int = 0) -> None:
    """Trials of ``causal`` that a seeded explorer plays, which follows what is recalled."""
    world = open_world("causal", episode.place.task, episode.place.variation)
    chance = random.Random(seed)
    for _ in range(trials):
        seen = world.reset()
        episode.begin(seen.text)
        for _ in range(steps):
            offered = world.actions()
            said = episode.recall(offered)
            action = said[0].action if said else chance.choice(offered)
            seen = world.step(action)
            episode.step(action, seen.text, score=seen.score, actions=offered)
            if seen.done:
                break
        episode.end()


def causal_episode(store: Store, **more) -> Episode:
    world = open_world("causal", "repair", 203)
    world.reset()
    place = Place("causal", "repair", 203)
    return Episode(store, world.goal, place, language=language_of("causal"), **more)


def judged(episode: Episode, trials: int) -> None:
    """Trials of which the outcome alone is known: ``make`` and ``bump version`` are needed."""
    for seed in range(trials):
        chance = random.Random(seed)
        episode.begin()
        done = [chance.choice(CHORES) for _ in range(4)]
        for action in done:
            episode.step(action)
        episode.end(success={"make", "bump version"} <= {*done})


def test_it_learns_true_links_of_a_world_that_it_knows_by_name(store: Store) -> None:
    with causal_episode(store) as episode:
        explored(episode, 3)
        truth = open_world("causal", "repair", 203).truth()
        found = grade(episode.memory.links, truth)
    assert found.found and found.f1 > 0.2
    assert store.run(episode.run).state == "finished"


def test_its_memory_is_what_its_strategy_makes_of_the_stored_trials(store: Store) -> None:
    """Nothing but the stored steps decides: another reading of the file gives the same."""
    from memory.strategies import open_strategy

    with causal_episode(store) as episode:
        explored(episode, 3)
    fresh = open_strategy("evidence", language_of("causal"), writer="rules", chains=True)
    ids = [row.id for row in store.trials(episode.run)]
    memory = None
    for number, trial_id in enumerate(ids):
        trials = Trials(store.trial, ids[:number], store.trial(trial_id))
        before = store.version_after(episode.run, number - 1).memory if number else None
        revision = fresh.revise(before or type(episode.memory)(), trials, len)
        with pytest.raises(StopIteration) as stop:
            next(revision)
        memory = stop.value.value.memory
    assert memory == episode.memory


def test_success_or_failure_alone_tells_what_was_needed(store: Store) -> None:
    with Episode(store, "ship it", PLACE) as episode:
        judged(episode, 6)
        links = set(map(str, episode.memory.links))
        episode.begin()
        said = [each.action for each in episode.recall(CHORES)]
        assert said[:2] == ["bump version", "make"]
        assert {each.action for each in episode.recall()} <= {*CHORES}
    assert "make SHOULD BE NECESSARY to complete the task" in links
    assert "bump version SHOULD BE NECESSARY to complete the task" in links
    assert not [link for link in links if VERDICT in link or "sleep 1 SHOULD" in link]
    rows = store.trials(episode.run)
    assert [row.score for row in rows[:4]] == [100, 100, 100, 0]
    assert {row.ending for row in rows[:6]} == {Ending.WON, Ending.LOST}


def test_success_can_stand_with_the_step_that_brought_it(store: Store) -> None:
    with Episode(store, "ship it", PLACE) as episode:
        episode.begin()
        for number in range(MOST_JUDGED + 5):
            episode.step(f"try {number} things", success=False)
        episode.step("push", "merged", success=True)
        links = episode.end().links
    assert parse("push SHOULD BE NECESSARY to complete the task") in links
    assert len(links) == MOST_JUDGED and store.trials(episode.run)[0].steps == MOST_JUDGED + 6


@pytest.mark.parametrize("strategy", ["evidence", "clin"])
def test_a_trial_without_steps_and_one_without_gain_teach_nothing_and_break_nothing(
    store: Store, strategy: str
) -> None:
    with Episode(store, "ship it", PLACE, strategy=strategy) as episode:
        episode.begin()
        assert episode.end().links == ()
        episode.begin("a shell")
        episode.step("ls", "notes")
        assert episode.end().links == ()
    assert [row.ending for row in store.trials(episode.run)] == [Ending.BUDGET] * 2


WRONG = [
    (lambda episode: episode.begin(), "trial 0 of r1 is open; end it first"),
    (lambda episode: episode.step(" "), "a step has an action; it is empty"),
    (lambda episode: episode.step("ls", score=101), "a score is a number of points"),
    (lambda episode: episode.step("ls", score=float("nan")), "a score is a number of points"),
    (lambda episode: episode.step("ls", score=1, success=True), "a score or a success, not both"),
    (lambda episode: episode.step("ls", actions="ls"), "are several texts, not one"),
    (lambda episode: (episode.end(), episode.step("ls")), "no trial of r1 is open"),
    (lambda episode: (episode.close(), episode.recall()), "no trial of r1 is open"),
    (lambda episode: (episode.step("ls", score=100), episode.end(success=False)), "all 100 points"),
]


@pytest.mark.parametrize(("wrong", "why"), WRONG)
def test_what_cannot_be_recorded_is_one_line(store: Store, wrong, why: str) -> None:
    episode = Episode(store, "ship it", PLACE)
    episode.begin()
    with pytest.raises(EpisodeError, match=why) as told:
        wrong(episode)
    assert "\n" not in str(told.value)


def test_what_cannot_begin_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(EpisodeError, match="a goal"):
        Episode(store, " ", PLACE)
    with pytest.raises(EpisodeError, match="reflexion asks a model to write"):
        Episode(store, "ship it", PLACE, strategy="reflexion")
    with pytest.raises(StrategyError, match="evidence"):
        Episode(store, "ship it", PLACE, strategy="evidenc")
    with pytest.raises(StoreError, match="r7"):
        Episode(store, "ship it", PLACE, start="r7")
    with pytest.raises(EpisodeError, match="variation"):
        Place("shell", "ship", -1)
    assert store.runs() == []


def test_it_goes_on_after_its_process_died_in_mid_trial(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from memory.episode import Episode, Place\n"
        "from memory.store import Store\n"
        "episode = Episode(Store('loop.db'), 'ship it', Place('shell', 'ship'))\n"
        "episode.begin()\n"
        "episode.step('make', 'built', score=50)\n"
        "os._exit(9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), check=False
    )
    assert done.returncode == 9
    with Store(tmp_path / "loop.db") as store, Episode.again(store, "r1") as episode:
        assert store.trials("r1")[0].ending is Ending.STOPPED
        assert parse("make SHOULD BE NECESSARY to make progress") in episode.memory.links
        assert episode.begin() == 1
        episode.step("make", score=50)
        assert store.check() == [] and len(episode.end().links) == 1


def test_only_one_process_drives_it_and_only_a_loop_goes_on_as_one(store: Store) -> None:
    Episode(store, "ship it", PLACE)
    with pytest.raises(EpisodeError, match="r1 has no trial yet"):
        Episode.again(store, "r1")
    store.begin_run({"world": "causal", "model": {"reference": "person"}})
    with pytest.raises(EpisodeError, match="r2 was not recorded by a loop"):
        Episode.again(store, "r2")
    code = (
        "from memory.episode import Episode\n"
        "from memory.store import Store\n"
        f"Episode.again(Store({str(store.path)!r}), 'r3')\n"
    )
    episode = Episode(store, "ship it", PLACE)
    episode.begin()
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert f"r3 is being played by process {os.getpid()}" in other.stderr


def test_a_memory_goes_on_into_another_place_in_the_words_of_its_goal(store: Store) -> None:
    goal = "Your task is to move the {} onto the shelf."
    with Episode(store, goal.format("red box"), Place("shop", "shelve")) as first:
        first.begin()
        first.step("lift red box", score=50)
        first.step("drop red box", score=100)
        first.end()
    store.correct("r1", "ban", parse("wave MAY CONTRIBUTE to the task"))
    here = Episode(store, goal.format("red box"), Place("shop", "shelve"), start="r1")
    there = Episode(store, goal.format("green box"), Place("shop", "shelve", 1), start="r1")
    assert here.memory == first.memory and store.tallies(here.run, -1)
    assert parse("lift green box SHOULD BE NECESSARY to make progress") in there.memory.links
    assert store.tallies(there.run, -1) == {} and len(store.overrides(there.run).kept_out) == 1


def test_what_people_ban_stays_out_of_it(store: Store) -> None:
    with Episode(store, "ship it", PLACE) as episode:
        judged(episode, 2)
        store.correct(episode.run, "ban", parse("make SHOULD BE NECESSARY to complete the task"))
        judged(episode, 2)
        assert not [link for link in episode.memory.links if link.cause == "make"]


def test_every_command_reads_its_run(tmp_path: Path, clin: Clin) -> None:
    with Store(tmp_path / "clin.db") as store:
        with Episode(store, "ship it", PLACE) as episode:
            judged(episode, 3)
        with causal_episode(store) as known:
            explored(known, 2, steps=20)
    for words, said in (
        (["runs"], "shell"),
        (["show", "r1"], "won"),
        (["show", "r1", "--trial", "0"], "The task is done."),
        (["memory", "show", "r1"], "make SHOULD BE NECESSARY to complete the task"),
        (["memory", "check-evidence", "r1"], "agree with its stored steps"),
        (["memory", "check-evidence", "r2"], "agree with its stored steps"),
        (["memory", "grade", "r2"], "precision"),
        (["report"], "loop"),
    ):
        done = clin(*words)
        assert done.returncode == 0 and said in done.stdout, (words, done.stdout, done.stderr)
    resumed = clin("resume", "r1")
    assert resumed.returncode == 2 and "r1 was recorded by a loop of its own" in resumed.stderr


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["enter", "down", "enter", "p"], "make"),
        (["m", "down", "enter"], "make SHOULD BE NECESSARY to complete the task"),
        (["c"], "r1: ship"),
    ],
)
def test_the_terminal_ui_shows_its_run(tmp_path: Path, keys: list[str], says: str) -> None:
    with Store(tmp_path / "clin.db") as store, Episode(store, "ship it", PLACE) as episode:
        judged(episode, 3)
    app, seen = Watch(tmp_path / "clin.db"), []

    async def walk(pilot) -> None:
        seen.append(shown(app))
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        seen.append(shown(app))

    piloted(app, walk)
    assert "loop" in seen[0] and "3/0" not in seen[0]
    assert says in " ".join(seen[1].split())


@pytest.mark.slow
def test_a_run_of_a_model_starts_from_it(tmp_path: Path, clin: Clin) -> None:
    with Store(tmp_path / "clin.db") as store, causal_episode(store) as known:
        explored(known, 2, steps=20)
        taken = known.memory.links
    place = ["--world", "causal", "--task", "repair", "--variation", "203"]
    done = clin("run", *place, "--from", "r1", "--trials", "1", "--budget", "3")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        first = store.version_after("r2", -1)
        assert first.memory.links == taken and store.tallies("r2", -1)
