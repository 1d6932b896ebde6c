"""A run on one screen: how it looks, its keys, and what lights up."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import watched
from test_tui_keys import piloted, text, until
from textual.pilot import Pilot
from textual.widgets import Static

from clin.cli.terminal import has_unicode
from memory.links import Link, parse
from memory.store import NewTrial, NewVersion, Store
from memory.trials import Call, Ending, Memory, Step
from tui.app import Watch
from tui.aside import Aside
from tui.curve import CurvePane
from tui.curves import CurvesScreen
from tui.first import first_time
from tui.held import HeldPane
from tui.holdings import Holding, Possible, held_at, lights
from tui.memory import MemoryScreen
from tui.plain import spelled
from tui.side import Side
from tui.trajectory import Trajectory
from tui.trial import TrialScreen
from tui.watching import Explained

WIDE = (200, 60)
SIZES = {"80x24": (80, 24), "140x40": (140, 40), "200x60": WIDE}
DOOR, EGG, LAMP = (
    parse("open door SHOULD BE NECESSARY to make progress"),
    parse("focus on egg DOES NOT CONTRIBUTE to the task"),
    parse("use lamp MAY CONTRIBUTE to see the cellar"),
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return watched.finished(Path("clin.db"))


def learned(path: Path, *memories: Iterable[Link]) -> Path:
    """A run with a trial for each of ``memories``, which is what that trial left, and a live one;
    each step is cited, recalled or done in turn."""
    with Store(path) as store:
        run = store.begin_run({"task": "t", "trials": 9, "budget": 20, "strategy": "evidence"})
        read, version = Memory(), None
        for number in range(len(memories) + 1):
            trial = store.begin_trial(run, NewTrial(number, "w", "t", 0, "g", "o", read, version))
            for step in (
                Step("look around", "A cellar.", 5.0, "Why not [1]?", (1,) if number else ()),
                Step("open the door", "It opens.", 10.0),
                Step("wait", "Nothing happens.", 10.0),
            ):
                call = Call("act", ("p",), step.action, 9, 4, 2, -1.0, 0.5, 3)
                store.append_step(
                    trial, step, [call], admissible=frozenset({"focus on egg", "wait"})
                )
            if number < len(memories):
                read = Memory(tuple(memories[number]))
                version = store.finish_trial(trial, Ending.BUDGET, NewVersion(read, "evidence"))
    return path


# --- how it looks

LOOKS = {
    "what a revision changed": ("down", "down", "enter", "[", "[", "[", "up"),
    "a long trial": ("down", "enter", "home", "down"),
    "no memory": ("enter",),
    "the memory maximised": ("down", "down", "enter", "[", "[", "tab", "z"),
    "the links": ("down", "down", "enter", "[", "[", "[", "l"),
}


def _keys(keys: Iterable[str]) -> list[str]:
    return [{"[": "left_square_bracket"}.get(key, key) for key in keys]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("look", [*LOOKS, "what a revision changed, in the light"])
def test_how_it_looks(look: str, size: tuple[int, int], file: Path, snap_compare) -> None:
    what, _, light = look.partition(", ")

    async def press(pilot: Pilot) -> None:
        if light:
            await pilot.press("ctrl+t")
        for key in _keys(LOOKS[what]):
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause(0.3)

    assert snap_compare(Watch(file), terminal_size=size, run_before=press)


# --- its keys


@pytest.mark.slow
def test_the_memory_has_its_rows_also_where_it_is_opened_before_the_screen_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [parse(f"use lamp {number} MAY CONTRIBUTE to see the cellar") for number in range(40)]
    monkeypatch.setattr(Aside, "on_resize", lambda aside: None)  # as if it had come too early

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.query_one(HeldPane).size.height > 10)
        assert pilot.app.screen.query_one(HeldPane).size.height > 10

    piloted(Watch(learned(tmp_path / "clin.db", links)), play, WIDE)


@pytest.mark.slow
def test_keys_of_the_one_screen(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, TrialScreen)
        panes: list[type] = []
        for _ in range(5):
            panes.append(type(screen.focused))
            await pilot.press("tab")
        assert panes == [Trajectory, HeldPane, Side, CurvePane, Trajectory]
        await pilot.press("shift+tab")
        assert isinstance(screen.focused, Trajectory)
        for pane in panes[:4]:
            assert type(screen.focused) is pane
            await pilot.press("z")
            await pilot.pause()
            assert isinstance(screen.maximized, pane)
            assert screen.maximized.region.height > 50
            await pilot.press(*(["escape"] if pane is Side else ["z"]))
            assert screen.maximized is None
            await pilot.press("tab")
        await pilot.press("l")
        assert isinstance(screen.focused, HeldPane)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, MemoryScreen)
        await pilot.press("escape", "d")
        assert not screen.query_one(Side).display
        await pilot.press("p")
        await pilot.pause()
        assert "tokens read" in str(screen.query_one(Side).query_one(Static).render())
        await pilot.press("c")
        assert isinstance(pilot.app.screen, CurvesScreen)

    piloted(Watch(file), play, WIDE)


def test_a_narrow_terminal_shows_the_links_instead_of_the_steps(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter", "l")
        await pilot.pause()
        screen = pilot.app.screen
        assert screen.query_one(HeldPane).display
        assert not screen.query_one(Trajectory).display
        await pilot.press("tab", "z")
        assert screen.maximized is None
        await pilot.press("escape")
        await pilot.pause()
        assert screen.query_one(Trajectory).has_focus
        assert not screen.query_one(HeldPane).display

    piloted(Watch(file), play)


def test_every_key_is_in_the_palette(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "enter")
        await pilot.pause()
        commands = {each.title: each for each in pilot.app.get_system_commands(pilot.app.screen)}
        for wanted in ("Links (l)", "Large (z)", "Replay (r)", "Next pane (Tab)"):
            assert wanted in commands
        await commands["Links (l)"].callback()
        await pilot.pause()
        assert isinstance(pilot.app.screen.focused, HeldPane)

    piloted(Watch(file), play, WIDE)


# --- what lights up and what changed


def test_a_link_lights_up_for_each_reason() -> None:
    held = [
        Holding(DOOR, 1),
        Holding(EGG, 2),
        Holding(LAMP, 3),
        Holding(parse("focus on egg MAY CONTRIBUTE to it"), 0),
    ]
    step = Step("Open the door", "It opens.", 10.0, "Since [3]", (3,))
    told = f"{DOOR} (it was not open)"
    assert lights(held, step, told, {"focus on egg"}) == {
        DOOR: "recalled, done",
        EGG: "warns",
        LAMP: "cited",
    }
    assert lights(held, Step("wait", "", 0.0), "", ()) == {}


def test_what_the_latest_revision_changed_is_marked(tmp_path: Path) -> None:
    surer = parse("use lamp SHOULD CONTRIBUTE to see the cellar")
    path = learned(tmp_path / "clin.db", [DOOR, EGG], [DOOR, LAMP], [surer])
    with Store(path, read_only=True) as store:
        trials = store.trials("r1")
        helds = [
            held_at(store, "r1", row.number, store.recalled(row.id), ended=row.ending is not None)
            for row in trials
        ]
    assert [held.since for held in helds] == ["after trial 0", "after trial 1"] + [
        "after trial 2"
    ] * 2
    marks = [{each.link: (each.number, each.mark) for each in held.holdings} for held in helds]
    assert marks == [
        {DOOR: (0, "+"), EGG: (0, "+")},
        {DOOR: (1, ""), LAMP: (0, "+"), EGG: (2, "-")},
        {surer: (0, "^"), DOOR: (1, "-"), LAMP: (2, "")},
        {surer: (1, "^"), DOOR: (0, "-")},
    ]
    assert helds[2].changes == "^1 surer  -1 gone"


def test_what_was_possible_is_read_once_as_the_trial_grows(tmp_path: Path) -> None:
    path = learned(tmp_path / "clin.db", [DOOR, EGG])
    with Store(path) as store:
        trial = store.trials("r1")[-1].id
        possible = Possible(store, trial, [EGG.cause])
        assert [possible.at(step) for step in (2, 0)] == [{EGG.cause}, {EGG.cause}]
        assert possible.at(3) == frozenset()
        store.append_step(trial, Step("wait", "", 10.0), admissible=frozenset({"wait"}))
        store.append_step(trial, Step("wait", "", 10.0), admissible=frozenset({"focus on egg"}))
        assert [possible.at(step) for step in (3, 4)] == [frozenset(), {EGG.cause}]


def test_a_live_run_lights_up_and_marks_what_a_trial_changed(tmp_path: Path) -> None:
    path = learned(tmp_path / "clin.db", [DOOR, EGG])

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await pilot.pause()
        pane = pilot.app.screen.query_one(HeldPane)
        assert pane.lit == {EGG: "warns"}
        assert "2 links · after trial 0: +2 new" in str(pane.border_title)
        with Store(path) as store:
            trial = store.trials("r1")[-1].id
            store.append_step(trial, Step("open door", "It opens.", 20.0, "[1] says so", (1,)))
        pilot.app.poll()
        await pilot.pause()
        assert pane.lit == {DOOR: "cited, done"}
        engine = text(pilot, ".engine")
        assert "14 tokens/s" in engine and "44% reused" in engine
        with Store(path) as store:
            store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory((DOOR, LAMP)), "evidence"))
        pilot.app.poll()
        await pilot.pause()
        assert "after trial 1: +1 new  -1 gone" in str(pane.border_title)
        assert "20 after trial 1" in str(pilot.app.screen.query_one(CurvePane).border_title)

    piloted(Watch(path), play, WIDE)


def test_what_a_trial_changed_blinks_once_when_it_ends(tmp_path: Path) -> None:
    path = learned(tmp_path / "clin.db", [DOOR, EGG])

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await pilot.pause()
        pane = pilot.app.screen.query_one(HeldPane)

        def reversed_links() -> set[str]:
            rows = [pane.row(row) for row in range(pane.rows)]
            return {row[-1][0].split("  ←")[0] for row in rows if row[-1][1].reverse}

        assert not reversed_links()
        with Store(path) as store:
            trial = store.trials("r1")[-1].id
            surer = parse("use lamp SHOULD CONTRIBUTE to see the cellar")
            store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory((DOOR, surer)), "evidence"))
        pilot.app.poll()
        await until(pilot, lambda: bool(reversed_links()))
        assert reversed_links() == {str(surer), str(EGG)}
        await until(pilot, lambda: not pane._blinks)
        assert not reversed_links()
        pilot.app.poll()
        await pilot.pause()
        assert not pane._blinks

    piloted(Watch(path), play, WIDE)


def test_who_wants_no_animation_sees_no_blinking(tmp_path: Path) -> None:
    path = learned(tmp_path / "clin.db", [DOOR, EGG])
    app = Watch(path)
    app.animation_level = "none"

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await pilot.pause()
        pane = pilot.app.screen.query_one(HeldPane)
        pane.blink()
        assert pane.held.changes and not pane._blinks

    piloted(app, play, WIDE)


def test_a_trial_without_a_step_or_a_memory_shows_what_is_there(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        run = store.begin_run({"task": "t", "trials": 1, "strategy": "evidence"})
        store.begin_trial(run, NewTrial(0, "w", "t", 0, "the goal", "You are in a cellar."))

    async def play(pilot: Pilot) -> None:
        await pilot.press("enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert "You are in a cellar." in str(screen.query_one(Side).query_one(Static).render())
        assert "when the first trial ends" in screen.query_one(HeldPane).nothing
        assert not screen.query_one(CurvePane).display
        assert screen.query_one(Aside).region.width > 90

    piloted(Watch(tmp_path / "clin.db"), play, WIDE)


# --- the first time, and a terminal without Unicode


def test_the_hint_goes_with_the_first_question_mark(file: Path) -> None:
    async def play(pilot: Pilot) -> None:
        hint = pilot.app.screen.query_one(".hint")
        assert hint.display
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, Explained)
        await pilot.press("escape", "down", "enter")
        await pilot.pause()
        assert not hint.display
        assert not pilot.app.screen.query_one(".hint").display

    piloted(Watch(file, hint=True), play)


def test_it_is_the_first_time_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert [first_time(), first_time()] == [True, False]


def test_without_unicode_the_screen_is_ascii(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")

    async def play(pilot: Pilot) -> None:
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        lines = pilot.app.screen._compositor.render_strips()
        filtered = [
            line.apply_filter(pilot.app._filters[-1], pilot.app.screen.background_colors[1])
            for line in lines
        ]
        shown = "\n".join(each.text for each in filtered)
        assert shown.isascii()
        assert "Score ####" in shown and "# teleport to outside SHOULD BE" in shown

    piloted(Watch(file), play, WIDE)


@pytest.mark.parametrize(
    ("text", "said"),
    [("■ ━━ ▂█", "# == .#"), ("é ⠋ ┌─", "e * +-"), ("日本", "????"), ("plain", "plain")],
)
def test_a_character_is_spelled_in_as_many_cells(text: str, said: str) -> None:
    assert spelled(text) == said


@pytest.mark.parametrize(
    ("environ", "has"),
    [
        ({}, True),
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ({"LC_CTYPE": "en_US.ISO-8859-1"}, False),
        ({"LC_ALL": "C.utf8"}, True),
    ],
    ids=str,
)
def test_the_locale_says_whether_there_is_unicode(environ: dict[str, str], has: bool) -> None:
    assert has_unicode(environ) is has
