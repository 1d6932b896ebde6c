"""The feed and what else of the terminal UI knows no Textual: no event loop here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import watched
from conftest import ROOT, environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.corrections import in_words
from memory.links import Relation
from memory.lives import difference, label, lives
from memory.store import NewVersion, Store, StoreError, Version
from memory.store.overview import outline, steps_between, steps_with
from memory.store.requests import ask
from memory.testing import memories, texts
from memory.trials import Ending, Memory, Step
from tui.feed import POLL_SECONDS, Feed
from tui.marks import bar, fitted, line, shape, spark, track
from tui.series import interval, series


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return watched.finished(tmp_path / "clin.db")


def test_the_feed_needs_no_textual() -> None:
    code = (
        "import sys, tui.feed, memory.lives, tui.series, tui.marks; print('textual' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_file_opens_with_a_line_per_run_and_trial(file: Path) -> None:
    feed = Feed(file)
    assert {name: (run.state, len(run.trials)) for name, run in feed.runs.items()} == {
        "r1": ("finished", 5),
        "r2": ("finished", 4),
        "r3": ("finished", 3),
    }
    assert feed.runs["r1"].scores == [-100, -100, 100, 100, 100]
    assert not feed.poll()


def test_nothing_is_lost_and_nothing_told_twice(file: Path) -> None:
    feed = Feed(file)
    with Store(file) as store:
        steps = store.steps(store.trials("r2")[0].id)
        trial = watched.begin(store, steps[:2])
        assert [row.step for row in feed.poll().steps] == list(steps[:2])
        store.append_step(trial, steps[2])
        news = feed.poll()
        assert ([row.step for row in news.steps], news.runs) == ([steps[2]], {"r4"})
        assert feed.runs["r4"].trials[-1].steps == 3
        store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(), "me"))
        assert [version.run for version in feed.poll().versions] == ["r4"]
        assert feed.runs["r4"].trials[-1].ending is Ending.BUDGET
        store.finish_run("r4", "finished")
        assert feed.poll().runs == {"r4"}
    assert feed.runs["r4"].state == "finished"
    assert not feed.poll()


def test_what_another_process_commits_is_there_at_the_next_poll(file: Path) -> None:
    """A poll comes every 0.2 s and shows what was committed before it: so a run is on the screen
    within 0.3 s."""
    assert POLL_SECONDS <= 0.3
    feed = Feed(file)
    code = (
        "import sys, watched; from memory.store import Store; watched.begin(Store(sys.argv[1]), [])"
    )
    where = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run(
        [sys.executable, "-c", code, str(file)], check=True, env=environment(PYTHONPATH=where)
    )
    assert "r4" in feed.poll().runs


def test_a_run_whose_process_is_gone_is_interrupted(file: Path) -> None:
    code = (
        "import sys, watched; from memory.store import Store; watched.begin(Store(sys.argv[1]), [])"
    )
    where = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run(
        [sys.executable, "-c", code, str(file)], check=True, env=environment(PYTHONPATH=where)
    )
    assert Feed(file).runs["r4"].state == "interrupted"


def test_a_long_backlog_comes_in_several_polls(file: Path) -> None:
    feed = Feed(file)
    with Store(file) as store:
        watched.begin(store, [Step(f"do {n}", "done", 0.0) for n in range(1201)])
    polls = [len(feed.poll().steps) for _ in range(4)]
    assert polls == [500, 500, 201, 0]


def test_a_deleted_file_is_told_and_what_was_read_stays(file: Path) -> None:
    feed = Feed(file)
    file.unlink()
    assert "has been deleted or moved" in feed.poll().trouble
    assert len(feed.runs) == 3
    watched.live(file)
    assert feed.poll().trouble == ""
    assert "r4" in feed.runs


def test_a_locked_file_is_told_and_read_again_when_it_is_free(file: Path) -> None:
    import sqlite3

    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("pragma journal_mode = delete")
    feed = Feed(file)
    holder.execute("begin exclusive")
    feed._commits = -1
    assert "held by another process" in feed.poll().trouble
    holder.execute("commit")
    assert feed.poll().trouble == ""


def test_a_paused_run_shows_its_offer(file: Path) -> None:
    from memory.store.requests import decided, offer

    feed = Feed(file)
    with Store(file) as store:
        trial = watched.begin(store, [])
        made = offer(store, trial, 0, ["look around", "wait"], [-0.1, float("-inf")], "look around")
        feed.poll()
        assert (feed.runs["r4"].state, feed.runs["r4"].offer.actions) == (
            "paused",
            ("look around", "wait"),
        )
        assert feed.runs["r4"].offer.scores == (-0.1, float("-inf"))
        decided(store, made, "wait")
        feed.poll()
        assert feed.runs["r4"].state == "running"
        with pytest.raises(StoreError, match="no request 'pose'"):
            ask(store, "r4", "pose")


def test_pieces_of_a_trial_are_its_steps(file: Path) -> None:
    with Store(file, read_only=True) as store:
        trial = store.trials("r2")[0].id
        steps = store.steps(trial)
        assert steps_between(store, trial, 3, 7) == list(steps[3:7])
        assert [score for score, _ in outline(store, trial)] == [step.score for step in steps]
        found = steps_with(store, trial, "LIVING room")
        assert found == [
            n
            for n, step in enumerate(steps)
            if "living room" in f"{step.action}|{step.observation}".lower()
        ]
        assert steps_with(store, trial, "%") == [
            n for n, step in enumerate(steps) if "%" in step.observation
        ]


# --- lives, marks, series


@given(st.lists(memories(4), min_size=1, max_size=5))
def test_lives_hold_every_link_of_every_version(held: list[Memory]) -> None:
    versions = [Version(n + 1, "r1", n + 1, memory, "w") for n, memory in enumerate(held)]
    found = lives(versions)
    for number, version in enumerate(versions):
        there = {life.forms[number].claim for life in found if life.forms[number]}
        assert there == {link.claim for link in version.memory.links}
    order = list(dict.fromkeys(link.claim for link in held[-1].links))
    assert [life.link.claim for life in found][: len(order)] == order


@given(memories(5), memories(5))
def test_a_difference_names_every_link_of_both(old: Memory, new: Memory) -> None:
    rows = difference(Version(1, "r1", 1, old, "w"), Version(2, "r1", 2, new, "w"))
    told = "\n".join(words for _, words in rows)
    assert all(str(link) in told for link in new.links)
    assert len(rows) >= len(new.links)


def test_versions_are_labelled_by_trial_start_or_person() -> None:
    made = [
        Version(1, "r1", None, Memory(), "given"),
        Version(2, "r1", 7, Memory(), "clin"),
        Version(3, "r1", 7, Memory(), "person ann"),
    ]
    assert [label(version, {7: 0}) for version in made] == ["s", "0", "p"]


def test_every_meaning_has_its_own_shape() -> None:
    from memory.links import Hedge, Link

    links = [Link("x", hedge, relation, "y") for hedge in Hedge for relation in Relation]
    assert len({shape(link) for link in links}) == 6
    assert {track(link, 5)[1:] for link in links} == {"━━━━", "╌╌╌╌"}


@given(texts(300), st.integers(1, 40))
def test_no_text_reaches_the_terminal_raw(text: str, width: int) -> None:
    from rich.cells import cell_len

    shown = fitted(line(text), width)
    assert cell_len(shown) <= width
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)


def test_bars_rise_with_the_score() -> None:
    bars = [bar(score) for score in (-1000, -100, -50, 0, 50, 100, 1000)]
    assert bars == sorted(bars)
    assert spark([100] * 50, 9) == "█" * 9


def test_runs_that_differ_in_variation_alone_are_one_curve(file: Path) -> None:
    feed = Feed(file)
    apart = series([feed.runs["r1"], feed.runs["r3"]], "score")
    assert [(each.runs, len(each.points)) for each in apart] == [(1, 5), (1, 3)]
    [together] = series([feed.runs["r1"], feed.runs["r1"]], "steps")
    assert together.runs == 2
    assert together.points == ((0, 3), (1, 3), (2, 3), (3, 3), (4, 3))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(st.lists(st.integers(-100, 100).map(float), min_size=1, max_size=8))
def test_an_interval_holds_the_mean(values: list[float]) -> None:
    low, high = interval(tuple(values))
    assert min(values) <= low <= sum(values) / len(values) + 1e-9
    assert high >= sum(values) / len(values) - 1e-9


def test_what_a_person_says_becomes_a_link() -> None:
    assert str(in_words("the stove is broken, use the blast furnace.")).endswith(
        "blast furnace SHOULD CONTRIBUTE to the task"
    )
    assert (
        str(in_words("don't focus on the frog"))
        == "focus on the frog DOES NOT CONTRIBUTE to the task"
    )
    assert (
        str(in_words("the key MAY BE NECESSARY to leaving"))
        == "the key MAY BE NECESSARY to leaving"
    )
