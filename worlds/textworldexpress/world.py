"""TextWorldExpress (Jansen & Côté 2022, arXiv 2208.01174): eight fast text games, through raw
simulator calls.

Each answer of the simulator carries what is seen, what is held and the admissible actions, so
``surroundings`` and ``actions`` ask Java nothing. One JVM hosts all open games of a process;
ScienceWorld's has another class path.
"""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError

from memory.spelling import did_you_mean
from worlds import Observation, Task, WorldCrashed, WorldError, whole_number
from worlds._jvm import Jvm, java_call, java_errors, one_line
from worlds.textworldexpress.forms import forms

SCORE = "points 0 to 100 for the part of the task that is done; -100 where a mistake ends the game"

_FLAG = range(2)
PARAMETERS: Mapping[str, Mapping[str, range]] = {
    "cookingworld": {
        "numLocations": range(1, 12),
        "numDistractorItems": range(11),
        "numIngredients": range(1, 6),
        "includeDoors": _FLAG,
        "limitInventorySize": _FLAG,
    },
    "twc": {
        "numLocations": range(1, 4),
        "numItemsToPutAway": range(1, 5),
        "includeDoors": _FLAG,
        "limitInventorySize": _FLAG,
    },
    "coin": {
        "numLocations": range(1, 12),
        "numDistractorItems": range(11),
        "includeDoors": _FLAG,
        "limitInventorySize": _FLAG,
    },
    "mapreader": {
        "numLocations": range(1, 51),
        "maxDistanceApart": range(1, 9),
        "maxDistractorItemsPerLocation": range(4),
        "includeDoors": _FLAG,
        "limitInventorySize": _FLAG,
    },
    "arithmetic": {},
    "sorting": {},
    "simonsays": {
        "gameLength": range(1, 1001),
        "numDistractors": range(6),
        "memorization": _FLAG,
        "verbose": _FLAG,
    },
    "peckingorder": {},
}
"""The options of each game and what they may be, as the simulator 1.1.0 takes them; a test asks
it."""

_FOLDS = (("train", 0), ("dev", 10_000), ("test", 20_000))
_SEEDS = 1000
"""The simulator has 1000 seeds per fold: variation 1007 is seed 10007 of fold dev."""


def tasks() -> Sequence[Task]:
    """The eight games. Variations 0-999 are the train fold's seeds, 1000-1999 dev's, 2000-2999
    test's; starts no JVM."""
    splits = {
        fold: range(_SEEDS * place, _SEEDS * (place + 1)) for place, (fold, _) in enumerate(_FOLDS)
    }
    return tuple(Task(name, _SEEDS * len(_FOLDS), splits) for name in PARAMETERS)


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> TextWorldExpress:
    """One game. ``options`` are the game's own parameters (:data:`PARAMETERS`), whole numbers; the
    variation fixes all else, so ``seed`` changes nothing."""
    return TextWorldExpress(task, variation, _checked(task, options))


def _checked(task: str, options: Mapping[str, object]) -> str:
    allowed = PARAMETERS[task]
    for name, value in options.items():
        if name not in allowed:
            takes = f"its parameters: {', '.join(allowed)}" if allowed else "it takes none"
            raise WorldError(
                f"{task} has no parameter '{name}'{did_you_mean(name, tuple(allowed))} ({takes})"
            )
        low, high = allowed[name][0], allowed[name][-1]
        if whole_number(value) not in allowed[name]:
            raise WorldError(
                f"{task}'s {name} is a whole number from {low} to {high}, not '{value}'"
            )
    return ",".join(f"{name}={whole_number(value)}" for name, value in options.items())


def _jar() -> Path:
    found = importlib.util.find_spec("textworld_express")
    if found is None or found.origin is None:
        raise WorldError(
            "the package textworld-express is not installed: `pip install textworld-express==1.1.0`"
        )
    return Path(found.origin).parent / "textworld-express.jar"


_sorting = threading.RLock()
_sorter: list[TextWorldExpress] = []
"""The sorting game that was played last. The simulator keeps one set of items per problem for all
games, so that a game which is played after another one has lost its items: it is made again and its
actions repeated."""


@cache
def jvm() -> Jvm:
    """The JVM that all TextWorldExpress games of this process share."""
    return Jvm(_jar())


class TextWorldExpress:
    """One game in one variation. See :class:`worlds.World`."""

    def __init__(self, game: str, variation: int, parameters: str) -> None:
        fold, first = _FOLDS[variation // _SEEDS]
        self._place = (first + variation % _SEEDS, fold, False)
        self._load = (game, parameters)
        self._jvm = jvm()
        self._generation = -1
        self._shares = game == "sorting"
        self._taken: list[str] = []
        self._closed = False
        try:
            self._begin()
        except WorldCrashed as error:
            # Such as rooms too few for the distance asked for.
            if isinstance(error.__cause__, Py4JJavaError):
                raise WorldError(f"{game} with {parameters or 'no parameters'}: {error}") from None
            self._revive()
        self.goal: str = java_call(self._server.getTaskDescription).strip()
        self.templates = forms(game)

    def reset(self) -> Observation:
        self._open()
        self._taken.clear()
        try:
            self._begin()
        except WorldCrashed:
            self._revive()
        return self._observation()

    def step(self, action: str) -> Observation:
        self._open()
        if self._observation().done:
            raise WorldError("the game is over; reset the world to play again")
        action = one_line(action)
        with _sorting if self._shares else nullcontext():
            try:
                if not self._is_current():
                    self._replay()
                self._seen = self._java("stepJSON", action)
            except WorldCrashed:
                self._revive()
                self._seen = self._java("stepJSON", action)
        self._taken.append(action)
        return self._observation()

    def surroundings(self) -> str:
        self._open()
        seen = f"{self._seen['look'].strip()}\n{self._seen['inventory'].strip()}".strip()
        # simonsays has no rooms: what Simon says is all there is.
        return seen or self._seen["observation"].strip()

    def actions(self) -> Sequence[str]:
        self._open()
        return () if self._observation().done else tuple(sorted(set(self._seen["validActions"])))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._jvm.release(self._server)
            if _sorter == [self]:
                _sorter.clear()

    def gold(self) -> tuple[str, ...]:
        """The simulator's own path; the game begins anew. Never read while acting."""
        self._open()
        self._taken.clear()
        self._begin()
        self._java("generateNewGameJSON", *self._place[:2], True)
        return tuple(map(str, java_call(self._server.getGoldActionSequence)))

    def _begin(self) -> None:
        """Make the game; a JVM that died since the last call is started again by ``gateway``."""
        gateway = self._jvm.gateway()
        if self._generation != self._jvm.generation:
            self._generation = self._jvm.generation
            with java_errors():  # looking up the class asks Java too
                self._server = gateway.jvm.textworldexpress.runtime.PythonInterface()
            if refused := java_call(self._server.load, *self._load):
                raise WorldError(one_line(refused).strip())
        with _sorting:
            if self._shares:
                _sorter[:] = [self]
            self._seen = self._java("generateNewGameJSON", *self._place)

    def _is_current(self) -> bool:
        return self._generation == self._jvm.generation and (not self._shares or _sorter == [self])

    def _replay(self) -> None:
        """Make the game again and repeat what was done; it is deterministic."""
        self._begin()
        for action in self._taken:
            self._seen = self._java("stepJSON", action)

    def _revive(self) -> None:
        self._jvm.mourn()
        try:
            self._replay()
        except WorldError as error:
            raise WorldCrashed(str(error)) from error

    def _java(self, name: str, *arguments: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(java_call(getattr(self._server, name), *arguments))
        return answer

    def _observation(self) -> Observation:
        seen = self._seen
        done = seen["tasksuccess"] or seen["taskfailure"] or seen["score"] >= 1
        return Observation(seen["observation"].strip(), round(seen["score"] * 100, 6), bool(done))

    def _open(self) -> None:
        if self._closed:
            raise WorldError("this world is closed; open another")
