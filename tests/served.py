"""A server of OpenAI's chat protocol on this machine, over real sockets, that does what a test
wants of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clin.llms import Answer, Question
from clin.llms.open import open_model

SECRET = "sk-very-secret-4711"
CHOICES = (" look around\n", " focus on frog\n")
Behaviour = Callable[[int, dict, str], tuple[int, dict]]
"""The number of the request, its body and its Authorization header; the status and the body of the
reply."""


def reply(text: object, finish: str = "stop") -> tuple[int, dict]:
    message = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text},
    }
    return 200, {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [message],
    }


def failure(status: int, says: str) -> tuple[int, dict]:
    return status, {"error": {"message": says, "type": "error", "code": None}}


class Served(ThreadingHTTPServer):
    """A server on this machine that answers as ``behaviour`` says and remembers the bodies that it
    was sent."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.behaviour: Behaviour = lambda number, body, key: reply("look around")
        self.bodies: list[dict] = []
        self.greeting: tuple[int, dict] = (
            200,
            {"object": "list", "data": [{"id": "m", "object": "model"}]},
        )
        """What it says when it is asked for its models."""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left before its reply is what some tests want."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Served

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self._say(
            *self.server.behaviour(
                len(self.server.bodies), body, self.headers.get("Authorization", "")
            )
        )

    def do_GET(self) -> None:
        self._say(*self.server.greeting)

    def _say(self, status: int, said: dict | str) -> None:
        raw = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header(
            "Content-Type",
            "text/html" if isinstance(said, str) and said.startswith("<") else "application/json",
        )
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the tests'."""


@contextmanager
def serving(port: int = 0) -> Iterator[Served]:
    """A server while the block runs; ``port`` where it is to come back in its old place."""
    server = Served(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(server: Served, question: Question, **options) -> Answer:
    model = open_model(f"openai:m@{server.url}", **options)
    try:
        model.submit(question, lane=0)
        [(lane, answer)] = model.ready()
        assert lane == 0
        return answer
    finally:
        model.close()
