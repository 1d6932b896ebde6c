"""What an endpoint may do wrong, over a real socket: each is one clear line, and the key stays in the header."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.open import open_model

SECRET = "sk-very-secret-4711"
CHOICES = (" look around\n", " focus on frog\n")
Behaviour = Callable[[int, dict, str], tuple[int, dict]]
"""The number of the request, its body and its Authorization header; the status and the body of the reply."""


def reply(text: str | None) -> tuple[int, dict]:
    message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return 200, {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [message]}


def failure(status: int, says: str) -> tuple[int, dict]:
    return status, {"error": {"message": says, "type": "error", "code": None}}


class Served(ThreadingHTTPServer):
    """A server on this machine that answers as ``behaviour`` says and remembers the bodies that it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour: Behaviour = lambda number, body, key: reply("look around")
        self.bodies: list[dict] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Served

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        status, said = self.server.behaviour(len(self.server.bodies), body, self.headers.get("Authorization", ""))
        raw = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the tests'."""


@pytest.fixture
def served(monkeypatch) -> Iterator[Served]:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = Served()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(server: Served, question: Question) -> Answer:
    model = open_model(f"openai:m@{server.url}")
    try:
        model.submit(question, lane=0)
        [(lane, answer)] = model.ready()
        assert lane == 0
        return answer
    finally:
        model.close()


def refusal(server: Served, question: Question = Question(("x",))) -> str:
    with pytest.raises(ModelError) as refused:
        ask(server, question)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)
    return str(refused.value)


def test_the_key_is_sent_in_the_header_and_never_in_a_body(served: Served) -> None:
    keys = []
    served.behaviour = lambda number, body, key: keys.append(key) or reply("look around")
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[0]
    assert keys == [f"Bearer {SECRET}"]
    assert SECRET not in json.dumps(served.bodies)


def test_a_wrong_key_is_told_once_without_the_key(served: Served) -> None:
    served.behaviour = lambda number, body, key: failure(401, f"Incorrect API key provided: {SECRET}")
    assert "refuses the key in OPENAI_API_KEY" in refusal(served)
    assert len(served.bodies) == 1


@pytest.mark.parametrize("status", [403, 422, 501])
def test_an_error_that_quotes_the_key_is_told_without_it(served: Served, status: int) -> None:
    served.behaviour = lambda number, body, key: failure(status, f"nothing\nfor {SECRET} here")
    assert "***" in refusal(served)


def test_an_unknown_model_is_named(served: Served) -> None:
    served.behaviour = lambda number, body, key: failure(404, "no such model")
    assert "does not know 'm'" in refusal(served)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(served: Served, status: int) -> None:
    served.behaviour = lambda number, body, key: failure(status, "busy") if number < 3 else reply("focus on frog")
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish, len(served.bodies)) == (CHOICES[1], "choice", 3)


def test_asking_again_has_a_bound(served: Served, monkeypatch) -> None:
    monkeypatch.setattr("clin.llms.openai.RETRIES", 2)
    served.behaviour = lambda number, body, key: failure(503, "overloaded")
    assert "overloaded" in refusal(served)
    assert len(served.bodies) == 3


def test_a_server_that_refuses_constraints_is_shown_the_choices_instead(served: Served) -> None:
    served.behaviour = lambda number, body, key: failure(400, "unknown field") if {"grammar", "response_format"} & set(body) else reply("focus on the frog")
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish) == (CHOICES[1], "match")
    assert "- focus on frog\n" in served.bodies[-1]["messages"][0]["content"]


def test_a_server_that_takes_a_json_schema_alone_is_given_one(served: Served) -> None:
    def behave(number, body, key):
        return failure(400, "unknown field grammar") if "grammar" in body else reply('{"action": "focus on frog"}')

    served.behaviour = behave
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish) == (CHOICES[1], "choice")
    shape = served.bodies[-1]["response_format"]["json_schema"]["schema"]
    assert shape["properties"]["action"]["enum"] == [choice.strip() for choice in CHOICES]


def test_a_request_that_is_bad_in_itself_is_told_and_changes_nothing(served: Served) -> None:
    served.behaviour = lambda number, body, key: failure(400, "the prompt exceeds the context")
    model = open_model(f"openai:m@{served.url}")
    try:
        model.submit(Question(("x",), CHOICES), lane=0)
        with pytest.raises(ModelError, match="exceeds the context"):
            model.ready()
        served.behaviour = lambda number, body, key: reply("focus on frog")
        model.submit(Question(("x",), CHOICES), lane=0)
        assert model.ready()[0][1].finish == "choice"
        assert "grammar" in served.bodies[-1]
    finally:
        model.close()


def test_an_empty_reply_where_an_action_is_wanted_is_asked_again_in_words_and_then_told(served: Served) -> None:
    served.behaviour = lambda number, body, key: reply("") if "grammar" in body else reply("focus on frog")
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[1]
    served.behaviour = lambda number, body, key: reply("")
    assert "without a word" in refusal(served, Question(("x",), CHOICES))


def test_a_reply_without_choices_is_an_error_and_an_empty_text_is_a_reply(served: Served) -> None:
    served.behaviour = lambda number, body, key: (200, {**reply("")[1], "choices": []})
    assert "without a reply" in refusal(served)
    served.behaviour = lambda number, body, key: reply(None)
    assert ask(served, Question(("x",))).text == ""


def test_thinking_stays_apart_from_the_answer(served: Served) -> None:
    served.behaviour = lambda number, body, key: reply("<think>the frog lives</think>\nfocus on frog")
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.thinking) == (CHOICES[1], "the frog lives")


def test_requests_of_several_lanes_run_at_the_same_time(served: Served) -> None:
    """Every request waits for all three: asked one after another, none would ever be answered."""
    together = threading.Barrier(3, timeout=20)

    def meet(number: int, body: dict, key: str) -> tuple[int, dict]:
        together.wait()
        return reply(body["messages"][0]["content"])

    served.behaviour = meet
    model = open_model(f"openai:m@{served.url}", lanes=3)
    for lane in range(3):
        model.submit(Question((f"lane {lane}",)), lane=lane)
    found: dict[int, str] = {}
    while len(found) < 3:
        found |= {lane: answer.text for lane, answer in model.ready()}
    model.close()
    assert found == {0: "lane 0", 1: "lane 1", 2: "lane 2"}


@pytest.mark.parametrize("url", [f"http://user:{SECRET}@localhost/v1", f"http://localhost/v1?key={SECRET}", f"user:{SECRET}@localhost/v1", "http://", "http://localhost:80x/v1", "ftp://localhost"])
def test_an_address_that_holds_a_secret_or_no_host_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_model(f"openai:m@{url}")
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)
