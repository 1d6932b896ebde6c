"""ScienceWorld (Wang et al. 2022, arXiv 2203.07540): 30 elementary-science tasks, through raw
simulator calls.

The official wrapper lists all valid actions at each step, which is most of its time; here
surroundings and admissible actions are asked for only when somebody wants them. One JVM hosts all
open worlds of a process.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from memory.spelling import did_you_mean
from worlds import Observation, Task, WorldCrashed, WorldError
from worlds._jvm import Jvm, one_line
from worlds.scienceworld.forms import forms
from worlds.scienceworld.simulator import Simulator

SCORE = (
    "points 0 to 100 for sub-goals reached; -100 for a mistake that ends the task (a wrong focus)"
)

SIMPLIFICATIONS = (
    "teleportAction",
    "selfWateringFlowerPots",
    "openContainers",
    "openDoors",
    "noElectricalAction",
)
PRESETS = ("easy", "none")
NAMES = ("simulator", "shown")
ELECTRICAL = ("power-component", "conductivity")

# name: (id, end of train, end of dev, variations), as the simulator 1.2.3 reports them; a test
# compares
_TASKS = {
    "boil": ("1-1", 14, 21, 30),
    "melt": ("1-2", 14, 21, 30),
    "freeze": ("1-3", 14, 21, 30),
    "change-the-state-of-matter-of": ("1-4", 14, 21, 30),
    "use-thermometer": ("2-1", 270, 405, 540),
    "measure-melting-point-known-substance": ("2-2", 218, 327, 436),
    "measure-melting-point-unknown-substance": ("2-3", 150, 225, 300),
    "power-component": ("3-1", 10, 15, 20),
    "power-component-renewable-vs-nonrenewable-energy": ("3-2", 10, 15, 20),
    "test-conductivity": ("3-3", 450, 675, 900),
    "test-conductivity-of-unknown-substances": ("3-4", 300, 450, 600),
    "find-living-thing": ("4-1", 150, 225, 300),
    "find-non-living-thing": ("4-2", 150, 225, 300),
    "find-plant": ("4-3", 150, 225, 300),
    "find-animal": ("4-4", 150, 225, 300),
    "grow-plant": ("5-1", 62, 93, 126),
    "grow-fruit": ("5-2", 62, 93, 126),
    "chemistry-mix": ("6-1", 16, 24, 32),
    "chemistry-mix-paint-secondary-color": ("6-2", 18, 27, 36),
    "chemistry-mix-paint-tertiary-color": ("6-3", 18, 27, 36),
    "lifespan-longest-lived": ("7-1", 62, 93, 125),
    "lifespan-shortest-lived": ("7-2", 62, 93, 125),
    "lifespan-longest-lived-then-shortest-lived": ("7-3", 62, 93, 125),
    "identify-life-stages-1": ("8-1", 6, 9, 14),
    "identify-life-stages-2": ("8-2", 4, 6, 10),
    "inclined-plane-determine-angle": ("9-1", 84, 126, 168),
    "inclined-plane-friction-named-surfaces": ("9-2", 692, 1038, 1386),
    "inclined-plane-friction-unnamed-surfaces": ("9-3", 80, 120, 162),
    "mendelian-genetics-known-plant": ("10-1", 60, 90, 120),
    "mendelian-genetics-unknown-plant": ("10-2", 240, 360, 480),
}

_AMBIGUOUS = re.compile(r"^Ambiguous request", re.MULTILINE)
_OFFER = re.compile(r"^(\d+):", re.MULTILINE)
_RESET = "reset task"
"""Listed by the simulator, but it throws the trial away; a trial's reset is the caller's."""


def tasks() -> Sequence[Task]:
    """The 30 tasks in the paper's order of ids, with the official splits; starts no JVM."""
    return tuple(
        Task(
            name,
            total,
            {"train": range(train), "dev": range(train, dev), "test": range(dev, total)},
            (number,),
        )
        for name, (number, train, dev, total) in _TASKS.items()
    )


def open(
    task: str,
    variation: int,
    *,
    seed: int = 0,
    simplifications: str = "easy",
    names: str = "simulator",
    **unknown: object,
) -> ScienceWorld:
    """One ScienceWorld. ``simplifications``: "easy" (all), "none", or single ones separated by
    commas. ``names``: "simulator" offers the official list of valid actions, "shown" the part of it
    that can be done, in the names that the text shows (:mod:`worlds.scienceworld.names`). The
    simulator takes no seed."""
    if unknown:
        raise WorldError(
            f"scienceworld has no option '{next(iter(unknown))}'"
            f"{did_you_mean(next(iter(unknown)), _OPTIONS)} (its options: {', '.join(_OPTIONS)})"
        )
    if names not in NAMES:
        raise WorldError(f"no names '{names}'{did_you_mean(names, NAMES)} ({', '.join(NAMES)})")
    return ScienceWorld(task, variation, _checked(task, simplifications), shown=names == "shown")


_OPTIONS = ("simplifications", "names")


def _checked(task: str, simplifications: str) -> str:
    chosen = [each.strip() for each in simplifications.split(",") if each.strip()]
    for each in chosen:
        if each not in (*SIMPLIFICATIONS, *PRESETS):
            allowed = (*PRESETS, *SIMPLIFICATIONS)
            raise WorldError(
                f"no simplification '{each}'{did_you_mean(each, allowed)} (simplifications: "
                f"{', '.join(allowed)})"
            )
    if "noElectricalAction" in chosen and any(word in task for word in ELECTRICAL):
        raise WorldError(
            f"task '{task}' needs electrical actions, so noElectricalAction cannot be used with it"
        )
    return "" if chosen == ["none"] else ",".join(each for each in chosen if each != "none")


def _jar() -> Path:
    found = importlib.util.find_spec("scienceworld")
    if found is None or found.origin is None:
        raise WorldError(
            "the package scienceworld is not installed: `pip install scienceworld==1.2.3`"
        )
    return Path(found.origin).parent / "scienceworld.jar"


@cache
def jvm() -> Jvm:
    """The JVM that all ScienceWorlds of this process share."""
    return Jvm(_jar())


class ScienceWorld:
    """One task in one variation. See :class:`worlds.World`."""

    def __init__(
        self, task: str, variation: int, simplifications: str, *, shown: bool = False
    ) -> None:
        self._place = (task, variation, simplifications)
        self._shown = shown
        self._jvm = jvm()
        self._taken: list[str] = []
        self._offered: tuple[str, ...] = ()
        self._done = False
        self._closed = False
        self._score = 0.0
        self._listed: tuple[str, ...] | None = None
        try:
            self._simulator = Simulator(self._jvm, *self._place)
        except WorldCrashed:  # as within a trial, Java is brought back once
            self._jvm.mourn()
            self._simulator = Simulator(self._jvm, *self._place)
        self.goal: str = _plain(self._ask("getTaskDescription"))
        self.templates = forms(simplifications)

    def reset(self) -> Observation:
        self._open()
        self._taken.clear()
        try:
            self._load()
        except WorldCrashed:
            self._revive()
        self._offered, self._done, self._score, self._listed = (), False, 0.0, None
        return Observation(_plain(self._ask("freeActionLook")), 0.0, False)

    def step(self, action: str) -> Observation:
        self._open()
        if self._done:
            raise WorldError("the task is over; reset the world to play again")
        text, fraction, completed = self._alive(lambda: self._step(action, len(self._taken)))
        self._taken.append(action)
        self._listed = None
        self._offered = tuple(_OFFER.findall(text)) if _AMBIGUOUS.search(text) else ()
        self._score = round(fraction * 100, 6)
        # The server goes on after a fatal mistake; the official wrapper ends the task at a negative
        # score.
        self._done = bool(completed) or self._score < 0
        return Observation(_plain(text), self._score, self._done)

    def surroundings(self) -> str:
        self._open()
        seen = _plain(self._ask("freeActionLook"))
        held = _plain(self._ask("freeActionInventory"))
        return f"{seen}\n{held}".strip()

    def actions(self) -> Sequence[str]:
        self._open()
        if self._done:
            return ()
        if self._offered:
            return tuple(sorted(self._offered, key=int))
        if self._listed is None:
            found = self._alive(self._admissible)
            self._listed = tuple(sorted(set(found.split("\n")) - {_RESET}))
        return self._listed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._simulator.close()

    def _admissible(self) -> str:
        if not self._shown:
            return self._simulator.admissible(len(self._taken))
        return self._simulator.shown(len(self._taken), self.surroundings())

    def _load(self) -> None:
        if self._simulator.generation == self._jvm.generation:
            self._simulator.close()
        self._simulator = Simulator(self._jvm, *self._place)

    def _alive(self, ask: Callable[[], Any]) -> Any:
        """What ``ask`` returns; a JVM that died before or meanwhile is brought back first."""
        if self._simulator.generation != self._jvm.generation:
            self._revive()
        try:
            return ask()
        except WorldCrashed:
            self._revive()
            return ask()

    def _revive(self) -> None:
        """The JVM died: load again and repeat what was done; the simulator is deterministic."""
        self._jvm.mourn()
        try:
            self._load()
            for index, action in enumerate(self._taken):
                self._step(action, index)
        except WorldError as error:
            raise WorldCrashed(str(error)) from error

    def _step(self, action: str, index: int) -> tuple[str, float, bool]:
        text = self._simulator.step(one_line(action), index)
        return text, self._simulator.ask("getScore"), self._simulator.ask("getCompleted")

    def _ask(self, name: str) -> str:
        """A question that costs no step."""
        return str(self._alive(lambda: self._simulator.ask(name)))

    def _open(self) -> None:
        if self._closed:
            raise WorldError("this world is closed; open another")


def _plain(text: str) -> str:
    return str(text).replace("\r\n", "\n").strip("\n")
