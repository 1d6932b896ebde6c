"""Any Z-machine story; the contract itself is in test_worlds.py."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import Clin
from generated import marks, story

from worlds import WorldError, open_world
from worlds import jericho as jericho_world

pytestmark = marks("jericho")


def test_a_story_that_nobody_knows_is_played_and_won() -> None:
    """Jericho does not support TextWorld's games: what is admissible comes from the object table,
    and points from the story's own answer to "score"."""
    world = open_world("jericho", "story", 750, game=str(story("simple")))
    assert world.goal == "Play the story 'game' and score as many of its 7 points as you can."
    world.reset()
    wanted = ("open trunk", "take key", "unlock door with key", "open door", "east")
    for number, action in enumerate(wanted):
        before = world.surroundings()
        listed = world.actions()
        assert action in listed and world.surroundings() == before
        assert world.step(action).score == pytest.approx(100 / 7 * (number + 1), abs=1e-4)
    for action in ("open refrigerator", "take garlic", "put garlic on stove"):  # two points
        seen = world.step(action)
    assert (seen.score, seen.done) == (100.0, True)
    assert world.actions() == () and "RESTART" not in seen.text
    world.close()


def test_a_lost_story_ends() -> None:
    world = open_world("jericho", "story", 750, game=str(story("treasure-hunter", level=1)))
    world.reset()
    world.step("east")
    lost = world.step("take sandwich")
    assert "You lost!" in lost.text and (lost.score, lost.done) == (0.0, True)
    world.close()


def test_what_speaks_to_the_interpreter_does_not_reach_it() -> None:
    world = open_world("jericho", "story", 750, game=str(story("coin-collector", level=3)))
    world.reset()
    before = world.surroundings()
    for action in ("save", "Quit", "look. restart", "script", "#record"):
        assert world.step(action).text == "That is for the interpreter and not for the story."
    assert world.surroundings() == before
    folder = Path(os.readlink(f"/proc/{jericho_world.host().pid}/cwd"))
    assert [each.name for each in folder.iterdir()] == ["said"]
    world.close()


@pytest.mark.slow
def test_a_story_whose_interpreter_dies_goes_on() -> None:
    world = open_world("jericho", "story", 750, game=str(story("coin-collector", level=3)))
    world.reset()
    walked = [world.step("north"), world.step("west")]
    listed = world.actions()
    world.reset()
    assert world.step("north") == walked[0]
    os.kill(jericho_world.host().pid, signal.SIGKILL)
    assert world.step("west") == walked[1]
    os.kill(jericho_world.host().pid, signal.SIGKILL)
    world.step("look")
    assert world.actions() == listed
    world.close()


def test_bad_input_is_one_line(tmp_path: Path, clin: Clin) -> None:
    whole = story("coin-collector", level=3).read_bytes()
    bad = {
        "glulx.ulx": (b"Glul" + whole[4:], "is a Glulx story, and no interpreter here plays these"),
        "text.z5": (b"Once upon a time" * 9, "is no Z-machine story"),
        "cut.z8": (whole[:5000], "is cut off: 5000 bytes of"),
    }
    for name, (content, says) in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WorldError) as refused:
            open_world("jericho", "story", 0, game=str(tmp_path / name))
        assert says in str(refused.value) and "\n" not in str(refused.value)
    for options, says in (({}, "game=PATH.z5"), ({"game": "x", "lvl": 1}, "no option 'lvl'")):
        with pytest.raises(WorldError, match=says):
            open_world("jericho", "story", 0, **options)
    played = clin("run", "--world", "jericho", "--world-option", "game=nowhere.z5")
    assert played.returncode == 2 and "no story at 'nowhere.z5'" in played.stderr
    assert played.stderr.count("\n") == 1


def test_a_story_that_breaks_the_interpreter_is_one_line(tmp_path: Path) -> None:
    """A header that is whole, and code that is none."""
    broken = bytearray(story("coin-collector", level=3).read_bytes())
    broken[6:8] = b"\xff\xf0"  # where the program begins
    broken[28:30] = b"\x00\x00"  # no checksum
    (tmp_path / "broken.z8").write_bytes(broken)
    with pytest.raises(WorldError, match="the interpreter gave up before its first line"):
        open_world("jericho", "story", 0, game=str(tmp_path / "broken.z8"))


KEY = """
[ Main k;
  print "The Vault.^Press any key to begin.^";
  @read_char 1 -> k;
  quit;
];
"""
VAULT = """
Array line -> 130;
Array words -> 130;
[ Main k;
  print "The Vault.^^>";
  for (::) {
    line->0 = 120; line->1 = 0; words->0 = 20;
    @aread line words -> k;
    if (line->2 == 'j') print "^Do you really want to jump? Please answer yes or no.^^>";
    else print "^You see a bare vault.^^>";
  }
];
"""


def compiled(source: str, folder: Path) -> str:
    """A small story, compiled by the Inform 6 that TextWorld brings along."""
    import textworld

    programs = Path(textworld.__file__).parent / "thirdparty" / "inform7-6M62"
    (folder / "small.inf").write_text(source)
    inform = programs / "share/inform7/Compilers/inform6"
    subprocess.run([inform, "-v8", "small.inf", "small.z8"], cwd=folder, check=True)
    return str(folder / "small.z8")


def test_a_story_that_begins_with_another_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"asks for more than commands .*Press any key to begin\."):
        open_world("jericho", "story", 0, game=compiled(KEY, tmp_path))


def test_a_story_that_counts_no_points_says_so(tmp_path: Path) -> None:
    world = open_world("jericho", "story", 0, game=compiled(VAULT, tmp_path))
    assert world.goal == "Play the story 'small'. It counts no points, so its score stays 0."
    assert world.reset().text == "The Vault."
    assert (world.step("look").text, world.step("look").score) == ("You see a bare vault.", 0.0)
    world.close()


def test_where_a_story_asks_yes_or_no_these_are_the_actions(tmp_path: Path) -> None:
    world = open_world("jericho", "story", 0, game=compiled(VAULT, tmp_path))
    world.reset()
    assert "look" in world.actions()
    world.step("jump")
    assert world.actions() == ("no", "yes")
    world.step("no")
    assert "look" in world.actions()
    world.close()
