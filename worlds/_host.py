"""A child process for simulators that may take their process down, and the world around a game that
is played in it."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from py4j.java_gateway import get_create_new_process_group_kwargs

from worlds import Observation, Template, WorldCrashed, WorldError
from worlds._gateway import environment

PATIENCE = 60.0
"""Seconds after which a simulator that does not answer counts as dead."""

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from worlds import _child; _child.serve(sys.argv[2])"
)


class Host:
    """One child process for all games of ``module``, started at first use and started again when it
    has died. It works in an empty folder and is handed no variable that may be a secret."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.generation = 0
        """Counts the starts, so that a world can tell that its game is gone."""
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lines = queue.SimpleQueue[bytes]()

    @property
    def pid(self) -> int | None:
        """The process id of the child, None while none is started."""
        return self._process.pid if self._process else None

    def number(self) -> int:
        """A number for a new game."""
        return next(self._numbers)

    def ask(self, game: int, method: str, *arguments: object) -> Any:
        """What the ``method`` of the numbered game says. WorldError for what cannot be asked for,
        WorldCrashed where the child died, gave no answer in time, or its simulator failed."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            kind, value = self._answer(json.dumps([game, method, arguments]).encode() + b"\n")
        if kind == "refused":
            raise WorldError(value)
        if kind == "failed":
            raise WorldCrashed(f"the simulator failed: {value}")
        return value

    def started(self) -> int:
        """The generation of the child that would answer now; starts one where there is none."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self.generation

    def stop(self) -> None:
        """End the child; stopping twice is stopping once."""
        with self._lock:
            self._end()

    def _start(self) -> None:
        self._end()
        self._folder = tempfile.TemporaryDirectory(prefix="clin-")
        path = [os.path.abspath(each) for each in sys.path]
        with open(Path(self._folder.name, "said"), "wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(path), self.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self._folder.name,
                env={**environment(os.environ), "PYTHONHASHSEED": "0"},
                **get_create_new_process_group_kwargs(),  # Ctrl-C is for us alone
            )
        self._lines = queue.SimpleQueue[bytes]()
        reading = (self._process.stdout, self._lines)
        threading.Thread(target=_read, args=reading, daemon=True).start()  # it closes the pipe
        self.generation += 1
        if self.generation == 1:
            atexit.register(self.stop)

    def _answer(self, question: bytes) -> tuple[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None
        told = "it is gone"
        try:
            process.stdin.write(question)
            process.stdin.flush()
            line = self._lines.get(timeout=PATIENCE)
            if line.endswith(b"\n"):
                kind, value = json.loads(line)
                return kind, value
            told = self._last_words(process)
        except queue.Empty:
            told = f"it gave no answer within {PATIENCE:g} s"
        except (OSError, subprocess.TimeoutExpired):
            pass  # it takes no question any more
        self._end()
        raise WorldCrashed(f"the simulator's process died: {told}")

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        code = process.wait(timeout=10)
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        assert self._folder is not None
        said = Path(self._folder.name, "said").read_text("utf-8", "replace").split("\n")
        return " ".join([f"code {code}", *said[-3:]]).strip()[:300]

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                _close(process.stdin)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _read(pipe: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Pass on what the child says, and an empty line in the end. A thread does, since Windows can
    wait for a pipe in no other way with a bound."""
    with pipe, suppress(OSError):
        for line in pipe:
            lines.put(line)
    lines.put(b"")


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still to be written has no reader any more


class Hosted:
    """A game that a child process plays. See :class:`worlds.World`.

    A child that died is started again and what was done is repeated; its simulator is
    deterministic. ``place`` is what the module's ``Game`` is made of.
    """

    templates: tuple[Template, ...] = ()

    def __init__(self, host: Host, place: dict[str, Any]) -> None:
        self._host, self._place, self._number = host, place, host.number()
        self._taken: list[str] = []
        self._closed = False
        self._seen: dict[str, Any] | None = None
        self._listed: tuple[str, ...] | None = None
        self._generation = 0
        try:
            found = self._opened()
        except WorldCrashed:  # as within a trial, the child is brought back once
            found = self._opened()
        self.opened: dict[str, Any] = found
        """What the game says of itself."""
        self.goal: str = self.opened["goal"]

    def reset(self) -> Observation:
        self._open()
        self._taken = []
        self._listed = None
        self._seen = self._alive(lambda: self._ask("reset"))
        return self._observation()

    def step(self, action: str) -> Observation:
        if self._going()["done"]:
            raise WorldError("the game is over; reset the world to play again")
        action = one_line(action)
        self._seen = self._alive(lambda: self._ask("step", action))
        self._taken.append(action)
        self._listed = None
        return self._observation()

    def undo(self) -> Observation:
        """Take the last step back, by doing again what came before it; WorldError at the
        beginning."""
        self._going()
        if not self._taken:
            raise WorldError("there is no step to take back")
        kept = self._taken[:-1]
        seen = self.reset()
        for action in kept:
            seen = self.step(action)
        return seen

    def surroundings(self) -> str:
        return str(self._going()["seen"])

    def actions(self) -> Sequence[str]:
        if self._going()["done"]:
            return ()
        if self._listed is None:
            found = self._alive(lambda: self._ask("actions"))
            self._listed = tuple(sorted(set(found)))
        return self._listed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._generation == self._host.generation and self._host.pid is not None:
                try:
                    self._ask("close")
                except WorldCrashed:
                    return  # it is gone, and the game with it

    def _ask(self, method: str, *arguments: object) -> Any:
        return self._host.ask(self._number, method, *arguments)

    def _opened(self) -> dict[str, Any]:
        self._generation = self._host.started()
        found: dict[str, Any] = self._ask("open", self._place)
        return found

    def _alive(self, ask: Callable[[], Any]) -> Any:
        """What ``ask`` returns; a child that died before or meanwhile is brought back first."""
        try:
            if self._generation != self._host.started():
                self._replay()
            return ask()
        except WorldCrashed:
            self._replay()
            return ask()

    def _replay(self) -> None:
        """Open the game again and repeat what was done."""
        try:
            self._opened()
            if self._seen is not None:
                self._ask("reset")
            for action in self._taken:
                self._ask("step", action)
        except WorldError as error:
            raise WorldCrashed(str(error)) from error

    def _observation(self) -> Observation:
        seen = self._going()
        return Observation(seen["text"], seen["score"], seen["done"])

    def _going(self) -> dict[str, Any]:
        self._open()
        if self._seen is None:
            raise WorldError("reset the world first")
        return self._seen

    def _open(self) -> None:
        if self._closed:
            raise WorldError("this world is closed; open another")


@dataclass(frozen=True)
class Saved:
    """A state that a game keeps under ``number`` in the child of that ``generation``; with what was
    done and seen, for where that is gone."""

    generation: int
    number: int
    taken: tuple[str, ...]
    seen: dict[str, Any]


class Restorable(Hosted):
    """A game whose ``Game`` offers ``save() -> number`` and ``load(number) -> bool`` too, which
    says whether it has that state still. See :class:`worlds.Restorable`."""

    def snapshot(self) -> Saved:
        seen = self._going()
        number = self._alive(lambda: self._ask("save"))
        return Saved(self._generation, number, tuple(self._taken), seen)

    def restore(self, state: Saved) -> Observation:
        self._open()
        self._taken, self._seen, self._listed = [*state.taken], state.seen, None
        if not self._loaded(state):
            self._replay()
        return self._observation()

    def _loaded(self, state: Saved) -> bool:
        if not state.generation == self._generation == self._host.started():
            return False
        try:
            return bool(self._ask("load", state.number))
        except WorldCrashed:
            return False


_LONGEST_LINE = 198
"""Characters of a line that Jericho's interpreter reads."""


def one_line(text: str) -> str:
    """``text`` as a person could have typed it for a Z-machine: printable ASCII, of bounded length.
    Without backslashes: Frotz takes what follows one for a command to itself, and may wait for
    more."""
    typed = (char if " " <= char <= "~" and char != "\\" else " " for char in text[:_LONGEST_LINE])
    plain = "".join(typed)
    return plain.strip()
