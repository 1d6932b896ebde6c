"""TextWorld's generated games, and games of one's own; the contract itself is in test_worlds.py."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Clin
from generated import marks
from transcripts import TEXTWORLD

from clin.distill.collect import places
from clin.distill.episodes import Shards, opened
from clin.distill.places import Place, split
from worlds import WorldError, _host, find_task, open_world
from worlds import textworld as tw
from worlds.conformance import walk
from worlds.textworld import cache
from worlds.textworld.tasks import FAMILIES, settings

pytestmark = marks("textworld")
VARIATION = 2003


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A game of one's own: a generated one, copied."""
    made = cache.generated("tw-simple", settings("simple", VARIATION, {}), VARIATION)
    for ending in (".z8", ".json"):
        shutil.copy(made.with_suffix(ending), tmp_path / f"mine{ending}")
    return tmp_path / "mine.z8"


@pytest.mark.parametrize("task", TEXTWORLD)
def test_textworlds_own_way_wins(task: str) -> None:
    world = open_world("textworld", task, VARIATION, **TEXTWORLD[task])
    seen, scores = world.reset(), [0.0]
    for action in world.walkthrough():
        assert action in world.actions()
        seen = world.step(action)
        scores.append(seen.score)
    assert (seen.score, seen.done) == (100.0, True)
    assert scores == sorted(scores) and world.actions() == ()
    assert "RESTART" not in seen.text and "-= " not in seen.text
    world.close()


def test_a_mistake_that_ends_the_game_keeps_its_points() -> None:
    world = open_world("textworld", "treasure-hunter", VARIATION, **TEXTWORLD["treasure-hunter"])
    world.reset()
    world.step("go east")
    lost = world.step("take sandwich")
    assert "You lost!" in lost.text and (lost.score, lost.done) == (0.0, True)
    world.close()


def test_its_train_games_are_collected_to_learn_from(tmp_path: Path, clin: Clin) -> None:
    words = ["--worlds", "textworld", "--tasks", "coin-collector", "--per-task", "1"]
    collected = clin("distill", "collect", *words, "--imperfect", "3", "--out", "data")
    assert collected.returncode == 0, collected.stderr
    [episodes] = list(opened(tmp_path / "data"))
    assert {episode.kind for episode in episodes} == {"expert", "mistakes", "detours", "loops"}
    assert episodes[0].score == 100 and split(episodes[0].place) == "train"
    detours = next(episode for episode in episodes if episode.kind == "detours")
    assert any(not step.right for step in detours.steps) and detours.score == 100
    held = Place.of("textworld", "coin-collector", VARIATION, {})
    with pytest.raises(ValueError, match="held out"):
        Shards(tmp_path / "data").add([replace(episodes[0], place=held)])


def test_games_of_ones_own_have_no_train_places() -> None:
    assert places(["textworld"], 1, 0, ["game"]) == []


def test_what_speaks_to_the_interpreter_is_not_understood() -> None:
    """It would write a file, end the game or show what nobody in it can see."""
    world = open_world("textworld", "simple", VARIATION)
    world.reset()
    before = world.surroundings()
    asked = (
        "save",
        "RESTORE",
        "quit",
        "look. restart",
        "look then save",
        "script",
        "tw-print state",
    )
    for action in asked:
        seen = world.step(action)
        assert seen.text == "That's not a verb I recognise." and not seen.done
    assert world.surroundings() == before
    folder = Path(os.readlink(f"/proc/{tw.host().pid}/cwd"))
    assert [each.name for each in folder.iterdir()] == ["said"]
    world.close()


@pytest.mark.parametrize("action", ["\\help", "\\x41", "look \\d", "\\"])
def test_what_speaks_to_frotz_itself_is_not_passed_on(action: str) -> None:
    """Frotz reads a backslash as a command to itself; after ``\\help`` it waited for ever."""
    world = open_world("textworld", "simple", VARIATION)
    world.reset()
    alive = tw.host().pid
    assert world.step(action).text and tw.host().pid == alive
    world.close()


@pytest.mark.slow
def test_a_game_whose_interpreter_dies_goes_on() -> None:
    world, beside = (open_world("textworld", "simple", VARIATION) for _ in range(2))
    told, opening = walk(world, 6), beside.reset()
    listed = beside.actions()
    world.reset()
    for index, taken in enumerate(told[1:]):
        if index in (2, 4):
            os.kill(tw.host().pid, signal.SIGKILL)
        assert world.step(taken.action) == taken.seen
    assert beside.actions() == listed
    os.kill(tw.host().pid, signal.SIGKILL)
    assert beside.reset() == opening
    os.kill(tw.host().pid, signal.SIGKILL)
    world.close()
    assert beside.surroundings()
    beside.close()


@pytest.mark.slow
def test_a_game_whose_interpreter_is_silent_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped, so that it lives and says nothing. It is ended, and another goes on."""
    world = open_world("textworld", "simple", VARIATION)
    told = walk(world, 3)
    world.reset()
    silent = tw.host().pid
    os.kill(silent, signal.SIGSTOP)
    monkeypatch.setattr(_host, "PATIENCE", 0.5)

    def started(host: _host.Host, start=_host.Host._start) -> None:
        monkeypatch.setattr(_host, "PATIENCE", 60.0)
        start(host)

    monkeypatch.setattr(_host.Host, "_start", started)
    assert [world.step(taken.action) for taken in told[1:]] == [taken.seen for taken in told[1:]]
    assert tw.host().pid != silent
    world.close()


def test_a_game_opens_though_its_interpreter_dies_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, killed = tw.host(), list[int]()
    answer = host._answer

    def kill_once(question: bytes) -> tuple[str, object]:
        if not killed:
            killed.append(host.pid)
            os.kill(host.pid, signal.SIGKILL)
        return answer(question)

    monkeypatch.setattr(host, "_answer", kill_once)
    world = open_world("textworld", "simple", VARIATION)
    assert world.reset().text and killed and host.pid not in killed
    world.close()


def test_a_step_is_taken_back() -> None:
    world = open_world("textworld", "simple", VARIATION)
    world.reset()
    world.step("open antique trunk")
    before, listed = world.surroundings(), world.actions()
    assert world.step("take old key from antique trunk").score > 20
    assert world.undo().text.startswith("You open the antique trunk")
    assert (world.surroundings(), world.actions()) == (before, listed)
    world.undo()
    with pytest.raises(WorldError, match="no step to take back"):
        world.undo()
    world.close()


def test_the_interpreter_is_handed_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    tw.host().stop()
    open_world("textworld", "simple", VARIATION).close()
    assert b"sk-secret" not in Path(f"/proc/{tw.host().pid}/environ").read_bytes()


def test_a_game_of_ones_own_is_played(own: Path, clin: Clin) -> None:
    world = open_world("textworld", "game", 0, game=str(own))
    generated = open_world("textworld", "simple", VARIATION)
    assert world.reset() == generated.reset() and world.goal == generated.goal
    for each in (world, generated):
        each.close()
    played = clin("play", "textworld", "game", "--world-option", f"game={own}", input=":actions\n")
    assert played.returncode == 0 and "open antique trunk" in played.stdout


def test_a_game_that_names_no_goal_says_so(own: Path) -> None:
    told = json.loads(own.with_suffix(".json").read_text())
    own.with_suffix(".json").write_text(json.dumps({**told, "objective": ""}))
    world = open_world("textworld", "game", 0, game=str(own))
    assert world.goal == "Nobody says what is to be done here. Find out what gains points."
    world.close()


@pytest.mark.slow
def test_two_who_make_one_game_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = ("tw-coin_collector", {"level": 1}, 7)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: cache.generated(*place), range(2)))
    assert made[0] == made[1] and made[0].is_file()
    assert [each.name for each in cache.folder().iterdir()] == [made[0].parent.name]
    written = made[0].stat().st_mtime_ns
    assert cache.generated(*place).stat().st_mtime_ns == written


def test_the_splits_are_textworlds_own() -> None:
    assert settings("cooking-3", 5, {})["split"] == "train"
    assert settings("cooking-3", 1005, {})["split"] == "valid"
    assert settings("cooking-3", 2005, {})["split"] == "test"
    assert [settings("simple", each, {})["test"] for each in (5, 2005)] == [False, True]
    assert find_task("textworld", "TWCookingLevel10").name == "cooking-10"


def test_every_setting_is_one_that_textworld_takes() -> None:
    """Its parser says which there are."""
    from argparse import ArgumentParser

    from textworld.challenges.registration import CHALLENGES

    for name, family in FAMILIES.items():
        for variation in (5, 1005, 2005):
            words = []
            for key, value in settings(name, variation, {}).items():
                if value is not False:
                    option = f"--{key.replace('_', '-')}"
                    words += [option] if value is True else [option, str(value)]
            parser = ArgumentParser()
            CHALLENGES[family.challenge][2](parser)
            given = vars(parser.parse_args(words))
            assert given == settings(name, variation, {})


BAD = [
    ("simpel", 0, {}, "no task 'simpel' in textworld; did you mean 'simple'"),
    ("simple", 3000, {}, "variations 0 to 2999, not 3000"),
    ("simple", 0, {"reward": "dense"}, "no option 'reward'; did you mean 'rewards'"),
    ("simple", 0, {"rewards": "dens"}, "simple's rewards is dense, balanced, sparse, not 'dens'"),
    ("coin-collector", 0, {"level": 151}, "from 1 to 150 or 201 to 233, not '151'"),
    ("treasure-hunter", 0, {"level": "easy"}, "a whole number from 1 to 30, not 'easy'"),
    ("cooking-2", 0, {"level": 3}, "it takes none"),
    ("simple", 0, {"game": "x.z8"}, "--task game plays a game of your own"),
    ("game", 0, {}, "plays a game of yours: --world-option game=PATH.z8"),
    ("game", 0, {"game": "nowhere.z8"}, "no story at 'nowhere.z8' (No such file or directory)"),
    ("game", 0, {"game": "x.z8", "level": 3}, "no option 'level' (its option: game)"),
]


@pytest.mark.parametrize(("task", "variation", "options", "says"), BAD, ids=str)
def test_what_does_not_exist_is_one_line(
    task: str, variation: int, options: dict[str, object], says: str
) -> None:
    with pytest.raises(WorldError) as refused:
        open_world("textworld", task, variation, **options)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_that_is_no_whole_game_is_one_line(own: Path) -> None:
    story = own.read_bytes()
    bad = {
        "glulx.z8": (b"Glul" + story[4:], "is a Glulx story"),
        "text.z8": (b"Once upon a time" * 9, "is no Z-machine story"),
        "cut.z8": (story[:5000], "is cut off: 5000 bytes of"),
        "damaged.z8": (story[:900] + b"\x00\x01" + story[902:], "its checksum does not hold"),
        "alone.z8": (story, "has no alone.json beside it"),
    }
    for name, (content, says) in bad.items():
        own.with_name(name).write_bytes(content)
        with pytest.raises(WorldError) as refused:
            open_world("textworld", "game", 0, game=str(own.with_name(name)))
        assert says in str(refused.value) and "\n" not in str(refused.value)
    own.with_suffix(".json").write_text("{}")
    with pytest.raises(WorldError, match="cannot be played"):
        open_world("textworld", "game", 0, game=str(own))


def test_without_the_package_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> str:
        raise cache.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cache.metadata, "version", missing)
    for task, options in (("simple", {}), ("game", {"game": "x.z8"})):
        with pytest.raises(WorldError, match=r"not installed: `pip install 'clin\[textworld\]'`"):
            open_world("textworld", task, 0, **options)


def test_the_world_is_listed_without_its_package() -> None:
    import subprocess

    code = (
        "import sys; sys.modules['textworld'] = None; from clin.cli import main; main(['worlds'])"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "textworld " in listed
