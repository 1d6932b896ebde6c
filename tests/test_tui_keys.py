"""Every key of every screen, pressed by a pilot over a database that real runs made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import watched
from conftest import environment
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from memory.evidence.tally import Tally
from memory.links import parse
from memory.store import NewTrial, NewVersion, Store
from memory.store.requests import offer, unheard
from memory.trials import Ending, Memory, Scope, Step
from tui.app import Watch
from tui.beside import BesideScreen
from tui.curves import CurvesScreen
from tui.graph import Causes, GraphScreen
from tui.memory import MemoryScreen
from tui.runs import RunsScreen
from tui.side import Side
from tui.start import StartScreen
from tui.stepin import StepIn
from tui.trial import TrialScreen
from tui.watching import Explained

WHILE = 20.0
"""Seconds that something which another process does may take."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return watched.finished(tmp_path / "clin.db")


def piloted(
    app: Watch, what: Callable[[Pilot], Awaitable[None]], size: tuple[int, int] = (80, 24)
) -> None:
    """Run ``app`` without a terminal and let ``what`` play it."""

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await what(pilot)

    asyncio.run(play())


async def until(pilot: Pilot, true: Callable[[], bool]) -> None:
    for _ in range(int(WHILE / 0.05)):
        if true():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not come true")


def test_news_that_comes_while_a_screen_opens_does_not_end_the_app(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        pilot.app.push_screen(TrialScreen("r2", 0))
        with Store(file) as store:
            watched.begin(store, store.steps(store.trials("r2")[0].id)[:1])
        pilot.app.poll()  # the screen has no widgets yet
        await pilot.pause()
        assert isinstance(pilot.app.screen, TrialScreen)

    piloted(Watch(file), play)


def text(pilot: Pilot, selector: str) -> str:
    return str(pilot.app.screen.query_one(selector, Static).render())


def toasts(pilot: Pilot) -> str:
    return " | ".join(each.message for each in pilot.app._notifications)


@pytest.mark.slow
def test_keys_of_runs(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        app, runs = pilot.app, pilot.app.screen
        assert isinstance(runs, RunsScreen)
        assert runs.current == "r3"
        await pilot.press("s")
        assert (runs.order, runs.shown()[0].name) == ("task", "r2")
        await pilot.press("s", "s", "s", "s", "space")
        assert (runs.order, runs.marked) == ("newest", {runs.current})
        await pilot.press("slash", *"none", "enter")
        assert [run.name for run in runs.shown()] == ["r3"]
        await pilot.press("escape")
        assert len(runs.shown()) == 3
        for key, screen in (
            ("enter", TrialScreen),
            ("m", MemoryScreen),
            ("c", CurvesScreen),
            ("n", StartScreen),
            ("question_mark", Explained),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, screen), key
            await pilot.press("escape")
            await pilot.pause()
            assert app.screen is runs, key
        await pilot.press("x")
        assert "is not being played" in toasts(pilot)
        await pilot.press("r")
        assert "only interrupted runs are resumed" in toasts(pilot)
        dark = app.current_theme.dark
        await pilot.press("ctrl+t")
        assert app.current_theme.dark is not dark
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert type(app.screen).__name__ == "CommandPalette"
        await pilot.press("escape", "q")

    piloted(Watch(file), play)


@pytest.mark.slow
def test_keys_of_a_trial(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter")
        await pilot.pause()
        trial = pilot.app.screen
        steps = trial.steps
        assert (trial.run, trial.number, len(steps), steps.cursor) == ("r2", 3, 28, 27)
        await pilot.press("home")
        assert steps.cursor == 0
        await pilot.press("n")
        assert steps.gained(steps.cursor) != 0
        await pilot.press("N", "up", "down", "j", "k", "pagedown", "pageup", "G")
        assert steps.cursor == 27
        height = steps.virtual_size.height
        await pilot.press("home", "enter")
        assert steps.unfolded
        await pilot.press("f")
        assert steps.virtual_size.height > height
        await pilot.press("f")
        assert steps.virtual_size.height == height
        await pilot.press("left_square_bracket")
        assert trial.number == 2
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert trial.number == 3
        assert "has trials 0 to 3" in toasts(pilot)
        await pilot.press("slash", *"pick up", "enter", "escape")
        assert "pick up" in steps.step(steps.cursor).action
        await pilot.press("y")
        assert pilot.app.clipboard.startswith("> pick up")
        await pilot.press("d")
        assert trial.has_class("-panel")
        await pilot.press("escape", "p")
        await pilot.pause()
        assert "tokens read" in str(trial.query_one(Side).query_one(Static).render())
        await pilot.press("escape", "i")
        assert "only a live run can be stepped into" in toasts(pilot)
        await pilot.press("m")
        assert isinstance(pilot.app.screen, MemoryScreen)
        await pilot.press("escape", "escape")

    piloted(Watch(file), play)


@pytest.mark.slow
def test_a_replay_shows_the_trial_from_its_first_step(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter", "minus", "minus", "minus", "r")
        trial = pilot.app.screen
        assert len(trial.steps) < 28
        assert "replay" in text(pilot, ".headline")
        await pilot.press("plus", "plus", "plus", "plus", "plus")
        await until(pilot, lambda: trial.replayed is None)
        assert len(trial.steps) == 28
        await pilot.press("minus", "minus", "minus", "minus", "r", "r")
        assert (trial.replayed, len(trial.steps)) == (None, 28)

    piloted(Watch(file), play)


@pytest.mark.slow
def test_keys_of_the_memory(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "down", "m")
        await pilot.pause()
        memory = pilot.app.screen
        strips = memory.strips
        assert (strips.version, len(strips.lives)) == (4, 5)
        await pilot.press("left", "left")
        assert "version 3 of 5" in text(pilot, ".headline")
        assert "+ focus on baby baby hedgehog" in str(
            memory.query_one(OptionList).get_option_at_index(1).prompt
        )
        await pilot.press("home", "v", "end")
        assert "version 5 against version 1" in text(pilot, "#below > Static")
        await pilot.press("v", "v", "d", "down", "up", "down", "enter")
        await pilot.pause()
        assert "1 step speaks of" in text(pilot, "#below > Static")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TrialScreen)
        step = pilot.app.screen.steps
        assert "chipmunk" in step.step(step.cursor).action
        await pilot.press("escape", "escape", "slash", *"tortoise", "enter")
        assert "hits for 'tortoise'" in text(pilot, "#below > Static")
        await pilot.press("escape", "t")
        assert isinstance(pilot.app.screen, TrialScreen)
        await pilot.press("escape", "c")
        assert isinstance(pilot.app.screen, CurvesScreen)

    piloted(Watch(file), play)


def lines(pilot: Pilot) -> list[str]:
    """The lines of the tree that stand open."""
    tree = pilot.app.screen.query_one(Causes)
    return [str(tree.render_line(row).text).strip() for row in range(tree.last_line + 1)]


@pytest.mark.slow
def test_keys_of_the_graph(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "down", "m", "g")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GraphScreen)
        assert "graph of version 5" in text(pilot, ".headline")
        shown = lines(pilot)
        goal = "Your task is to find the animal"
        assert goal in shown[0] and "make progress" in shown[1]
        assert "▼ focus on giant tortoise egg DOES NOT CONTRIBUTE" in shown[2]
        assert goal in text(pilot, "#whole")
        await pilot.press("down", "down")
        assert (
            text(pilot, "#whole") == "focus on giant tortoise egg DOES NOT CONTRIBUTE to the task"
        )
        await pilot.press("up", "enter")
        await pilot.pause()
        assert len(lines(pilot)) == len(shown) - 2
        await pilot.press("enter", "f")
        await pilot.pause()
        assert lines(pilot) == ["▸ " + shown[0].removeprefix("▾ ")]
        await pilot.press("f")
        await pilot.pause()
        assert lines(pilot) == shown
        await pilot.press("escape", "home", "v", "end", "g")
        await pilot.pause()
        assert "version 5 against version 1" in text(pilot, ".headline")
        assert any("+ focus on baby baby hedgehog" in each for each in lines(pilot))

    piloted(Watch(file), play, (200, 60))


def test_a_run_without_a_memory_has_no_graph(tmp_path: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("m", "g")
        assert "r4 has no memory yet" in toasts(pilot)

    piloted(Watch(watched.live(tmp_path / "clin.db")), play)


def test_a_link_that_was_counted_shows_its_tally_and_where_it_held(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        run = store.begin_run({"task": "t", "trials": 1, "strategy": "evidence"})
        trial = store.begin_trial(run, NewTrial(0, "w", "t", 0, "g", "o"))
        store.append_step(trial, Step("open door", "It is open.", 10.0))
        link = parse("open door SHOULD BE NECESSARY to the task")
        memory = Memory((link,), scopes=((link, Scope("w", "find-plant", 12)),))
        store.finish_trial(
            trial,
            Ending.BUDGET,
            NewVersion(memory, "evidence", tallies=[(link, Tally(together=4, neither=3))]),
        )

    async def play(pilot: Pilot) -> None:
        await pilot.press("m", "enter")
        await pilot.pause()
        assert (
            "(4 of 4 trials with, 0 of 3 without) (seen in one place only: find-plant 12)"
            in text(pilot, "#below > Static")
        )

    piloted(Watch(tmp_path / "clin.db"), play, (200, 60))


def test_pin_and_ban_are_a_persons_and_show_at_once(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "down", "m")
        await pilot.pause()
        memory = pilot.app.screen
        banned, pinned = str(memory.link), str(memory.strips.lives[1].link)
        await pilot.press("B")
        pilot.app.poll()
        await pilot.pause()
        await pilot.press("home", "end", "P")
        with Store(file, read_only=True) as store:
            assert [(each.kind, each.link) for each in store.corrections("r1")] == [
                ("ban", banned),
                ("pin", pinned),
            ]
        pilot.app.poll()
        await pilot.pause()
        assert memory.strips.labels[-1] == "p"

    piloted(Watch(file), play)


@pytest.mark.slow
def test_keys_of_curves_and_side_by_side(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("c", "b")
        assert "mark two runs" in toasts(pilot)
        await pilot.press("y", "a")
        assert (pilot.app.screen.what, pilot.app.screen.apart) == ("steps", True)
        await pilot.press("escape", "space", "down", "down", "space", "c", "b")
        await pilot.pause()
        beside = pilot.app.screen
        assert isinstance(beside, BesideScreen)
        left, right = beside.query_one("#left"), beside.query_one("#right")
        await pilot.press("down")
        await pilot.pause()
        assert (left.cursor, right.cursor) == (1, 1)
        await pilot.press("n")
        assert left.step(left.cursor).action != right.step(left.cursor).action
        await pilot.press("tab", "left_square_bracket")
        assert beside.numbers == {"left": 4, "right": 1}
        await pilot.press("right_square_bracket")
        assert beside.numbers["right"] == 2

    piloted(Watch(file), play)


@pytest.mark.slow
def test_keys_of_stepping_in_are_rows_for_the_run(tmp_path: Path) -> None:
    file = watched.live(tmp_path / "clin.db")

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter", "i")
        await pilot.pause()
        assert isinstance(pilot.app.screen, StepIn)
        with Store(file) as store:
            assert [each.kind for each in unheard(store, "r4")] == ["pause"]
            offer(
                store,
                store.trials("r4")[0].id,
                9,
                ["look", "wait", "[b]x"],
                [-0.1, -3.0, -4.0],
                "look",
            )
        pilot.app.poll()
        await pilot.pause()
        assert pilot.app.screen.listed == ["look", "wait", "[b]x"]
        await pilot.press("slash", *"wa", "enter")
        assert pilot.app.screen.listed == ["wait"]
        await pilot.press("enter", "o", "w", *"never wait", "enter")
        await pilot.press("m")
        assert isinstance(pilot.app.screen, MemoryScreen)
        await pilot.press("escape", "escape")
        await pilot.press("i", "g")
        with Store(file, read_only=True) as store:
            asked = [(each.kind, each.value) for each in unheard(store, "r4")]
            assert asked[:3] == [("pause", ""), ("act", "wait"), ("step", "")]
            assert asked[-1] == ("go", "")
            assert [(each.kind, each.link) for each in store.corrections("r4")] == [
                ("add", "wait DOES NOT CONTRIBUTE to the task")
            ]

    piloted(Watch(file), play)


def test_a_live_trial_grows_while_it_is_watched_and_the_next_one_follows(tmp_path: Path) -> None:
    file = watched.live(tmp_path / "clin.db", steps=2)

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        trial = pilot.app.screen
        assert len(trial.steps) == 2
        with Store(file) as store:
            store.append_step(store.trials("r4")[0].id, Step("wait", "Nothing.", 1.0))
        await until(pilot, lambda: len(trial.steps) == 3)
        assert trial.steps.cursor == 2
        await pilot.press("up")
        with Store(file) as store:
            store.append_step(store.trials("r4")[0].id, Step("wait", "Nothing.", 1.0))
        await until(pilot, lambda: len(trial.steps) == 4)
        assert trial.steps.cursor == 1

    piloted(Watch(file), play)


@pytest.mark.slow
def test_a_run_is_started_from_the_form_and_ends_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch
) -> None:
    file = watched.finished(tmp_path / "clin.db")

    async def play(pilot: Pilot) -> None:
        await pilot.press("n")
        form = pilot.app.screen
        await until(pilot, lambda: {"world", "task"} <= set(form.known))
        assert "boil" in form.known["task"]
        await pilot.press("down")
        assert form.focused.id == "variation"
        await pilot.press("up")
        assert form.focused.id == "task"
        form.query_one("#trials", Input).value = "1"
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: "r4" in pilot.app.feed.runs and pilot.app.feed.runs["r4"].state == "finished",
        )
        await until(pilot, lambda: not pilot.app.processes.running)
        await pilot.press("n")
        pilot.app.screen.query_one("#task", Input).value = "boill"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "did you mean 'boil'" in toasts(pilot))

    piloted(Watch(file), play)


@pytest.mark.slow
def test_every_key_told_by_help_is_bound_and_every_binding_is_told(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        for keys in ((), ("enter",), ("m",), ("c",), ("n",)):
            await pilot.press(*keys)
            screen = pilot.app.screen
            explained = Explained(screen)
            pilot.app.push_screen(explained)
            await pilot.pause()
            told = str(explained.query_one(Static).render())
            assert screen.TOUR.split(".")[0] in told
            for binding in type(screen).BINDINGS:
                assert (binding.tooltip or binding.description) in told
            await pilot.press("escape", "escape")
            await pilot.pause()

    piloted(Watch(file), play, size=(160, 48))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no database"), (b"my notes " * 200, "not a sound SQLite database"), (b"", "is empty")],
    ids=["missing", "not a database", "empty"],
)
def test_a_file_that_is_none_of_ours_is_one_line(
    content: bytes | None, says: str, tmp_path: Path, clin
) -> None:
    if content is not None:
        (tmp_path / "clin.db").write_bytes(content)
    done = in_terminal(tmp_path, "watch", "clin.db")
    assert says in done
    assert "Traceback" not in done


def test_a_newer_file_is_one_line(tmp_path: Path) -> None:
    import sqlite3

    file = watched.finished(tmp_path / "clin.db")
    with sqlite3.connect(file) as db:
        db.execute(
            "update _sqlite_migrations set name = '9 of the future' where id = (select max(id) "
            "from _sqlite_migrations)"
        )
    assert "written by a newer version of clin" in in_terminal(tmp_path, "watch", "clin.db")


def test_without_a_terminal_it_says_what_prints_instead(file: Path, clin) -> None:
    done = clin("watch", str(file))
    assert (done.returncode, "needs a terminal" in done.stderr) == (2, True)


def in_terminal(folder: Path, *words: str) -> str:
    """What ``clin WORDS`` prints on a terminal of its own before it ends."""
    import os
    import pty
    import sys

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "clin.cli", *words], environment())
    told = b""
    try:
        while piece := os.read(terminal, 4096):
            told += piece
    except OSError:
        pass  # the other end is closed: Linux's way of saying that the child has ended
    os.waitpid(pid, 0)
    return " ".join(told.decode(errors="replace").split())
