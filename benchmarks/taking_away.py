"""What a batch can lose while it plays, taken away and given back: for ``faults.py``."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

WEIGHTS = {
    "Java is killed": 2.0,
    "TextWorld's process is killed": 2.0,
    "TextWorld's process is stopped": 0.5,
    "a worker of Ray is killed": 3.0,
}
"""How likely something is where the others have 1. A stopped process of TextWorld costs a minute
each time, and a worker of Ray is seldom there."""
Undo = Callable[[], None]


class Endpoint:
    """A server of OpenAI's chat protocol on this machine. Its answer follows from the question
    alone, so that a run at it is deterministic."""

    def __init__(self) -> None:
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.back()

    @property
    def reference(self) -> str:
        return f"openai:m@http://127.0.0.1:{self._port}/v1"

    def back(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def away(self) -> None:
        """Close its port."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        choices = body.get("structured_outputs", {}).get("choice", ["I go on."])
        drawn = hashlib.sha256(json.dumps(body["messages"]).encode()).digest()
        message = {"role": "assistant", "content": choices[drawn[0] % len(choices)]}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self._say({"id": "1", "object": "chat.completion", "created": 1, "choices": [choice]})

    def do_GET(self) -> None:
        self._say({"object": "list", "data": [{"id": "m", "object": "model"}]})

    def _say(self, said: dict[str, object]) -> None:
        raw = json.dumps({"model": "m", **said}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the table's."""


class Taker:
    """Takes something away from the processes of ``batch`` at random moments; what lasts is given
    back after some seconds. ``disk`` is a small file system that may be filled, None where there is
    none."""

    def __init__(
        self, draw: random.Random, gap: float, endpoint: Endpoint, disk: Path | None, end: float
    ) -> None:
        self._draw, self._gap, self.endpoint, self._disk = draw, gap, endpoint, disk
        self._next = time.monotonic() + draw.uniform(0, gap)
        self._undo: list[tuple[float, Undo]] = []
        self.times: Counter[str] = Counter()
        self._end = end

    @property
    def over(self) -> bool:
        """Whether nothing more is taken."""
        return time.monotonic() >= self._end

    @property
    def lasting(self) -> bool:
        """Whether something is away just now."""
        return bool(self._undo)

    def look(self, batch: psutil.Process | None) -> None:
        """Give back what was away long enough, and take the next thing where it is time."""
        now = time.monotonic()
        for due in [each for each in self._undo if each[0] <= now]:
            self._undo.remove(due)
            due[1]()
        if batch is not None and now >= self._next and not self.over:
            self._next = now + self._draw.uniform(0.3, 2 * self._gap)
            self._take(batch)

    def _take(self, batch: psutil.Process) -> None:
        there = self._possible(batch)
        names = sorted(there)
        [name] = self._draw.choices(names, [WEIGHTS.get(each, 1.0) for each in names])
        try:
            there[name]()
        except psutil.NoSuchProcess:
            return  # it ended by itself meanwhile
        self.times[name] += 1
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)

    def _possible(self, batch: psutil.Process) -> dict[str, Callable[[], None]]:
        """What can be taken now, by name."""
        found: dict[str, Callable[[], None]] = {"the batch is killed": batch.kill}
        for child in batch.children(recursive=True):
            kind = _kind(child)
            if kind:
                found[f"{kind} is killed"] = child.kill
            if kind in ("Java", "TextWorld's process"):
                found[f"{kind} is stopped"] = lambda it=child: it.send_signal(signal.SIGSTOP)
        if not self._undo:
            found["the server is away"] = self._server_away
            if self._disk is not None:
                found["the disk is full"] = self._fill
        return found

    def _later(self, undo: Undo) -> None:
        self._undo.append((time.monotonic() + self._draw.uniform(1, self._gap), undo))

    def _server_away(self) -> None:
        self.endpoint.away()
        self._later(self.endpoint.back)

    def _fill(self) -> None:
        assert self._disk is not None
        ballast = self._disk / "ballast"
        descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    os.write(descriptor, b"\0" * size)
            except OSError:  # no room for so many
                continue
        os.close(descriptor)
        self._later(ballast.unlink)


def _kind(child: psutil.Process) -> str:
    """What a process of a batch is, in words; empty for one that is left alone."""
    try:
        words = child.cmdline()
    except psutil.Error:
        return ""
    if not words:
        return ""
    if Path(words[0]).name == "java":
        return "Java" if "-version" not in words else ""
    if any("_child.serve" in word for word in words):
        return "TextWorld's process"
    if any("make_game" in word for word in words):
        return "the maker of a game"
    return "a worker of Ray" if words[0].startswith("ray::Worker") else ""
