"""Every backend keeps the contract (clin/llms/__init__.py): the shipped fake, llama.cpp, an endpoint served on this machine."""

from __future__ import annotations

import json
import math
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clin.errors import ModelError
from clin.llms import LLM, Answer, Question
from clin.llms.open import open_model
from clin.llms.openai import chosen, constraints
from clin.llms.roles import Roles, card_of, parse_roles
from clin.llms.thinking import thinks, without_thinking
from conftest import ROOT, environment

BUNDLED = next((ROOT / "clin/llms/bundled").glob("*.gguf"))
HEAD = ("Task: find a(n) living thing. First, focus on the thing.\n", "Memory:\n", "none\n")
CHOICES = (" look around\n", " focus on frog\n", " open door to kitchen\n")
SECRET = "sk-very-secret-4711"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """llama-cpp-python's own server with the bundled model; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "llama_cpp.server", "--model", str(BUNDLED), "--host", "127.0.0.1", "--port", str(port), "--n_threads", "1", "--n_ctx", "1024"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(params=["scripted", "llamacpp", "deterministic", "endpoint"])
def model(request, tmp_path: Path, monkeypatch) -> Iterator[LLM]:
    if request.param == "scripted":
        (tmp_path / "fake.json").write_text(json.dumps([{"when": "kitchen", "pick": 2}, {"reply": "frog"}, {"pick": 0}]))
        opened = open_model(f"scripted:{tmp_path / 'fake.json'}")
    elif request.param == "endpoint":
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        opened = open_model(f"openai:bundled@{request.getfixturevalue('endpoint')}", lanes=3)
    else:
        opened = open_model("bundled", threads=1, lanes=3, deterministic=request.param == "deterministic")
    yield opened
    opened.close()
    opened.close()


def answers(model: LLM, count: int) -> dict[int, Answer]:
    found: dict[int, Answer] = {}
    for _ in range(100):
        if len(found) == count:
            break
        found.update(dict(model.ready()))
    assert len(found) == count
    return found


def test_a_backend_answers_each_lane_within_its_choices(model: LLM) -> None:
    for lane in range(3):
        model.submit(Question((*HEAD, ">"), CHOICES), lane=lane)
    found = answers(model, 3)
    assert set(found) == {0, 1, 2}
    for answer in found.values():
        assert answer.text in CHOICES
        assert answer.finish in ("choice", "match")
        assert answer.read > 0
        assert 0 <= answer.reused <= answer.read
    assert len({answer.text for answer in found.values()}) == 1
    assert model.ready() == []


def test_a_backend_writes_free_text_within_its_bounds(model: LLM) -> None:
    model.submit(Question((*HEAD, ">"), stop=("\n",), max_tokens=12), lane=1)
    answer = answers(model, 1)[1]
    assert "\n" not in answer.text
    assert answer.written <= 13


def test_a_backend_counts_tokens_and_has_a_card(model: LLM) -> None:
    assert model.count("look around the kitchen") > model.count("look")
    assert model.card.name
    assert SECRET not in repr(model.card)


def test_an_endpoints_key_is_nowhere_but_in_the_header(endpoint: str, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr("clin.llms.openai.RETRIES", 0)
    gone = open_model("openai:m@http://127.0.0.1:9/v1")
    gone.submit(Question(("x",)), lane=0)
    with pytest.raises(ModelError) as refused:
        gone.ready()
    assert "cannot be reached" in str(refused.value)
    assert SECRET not in str(refused.value) + repr(gone.card) + repr(gone.__dict__.get("card"))
    gone.close()


@pytest.mark.parametrize("reference", ["openai:", "openai:m@localhost", "openai:@http://x"])
def test_a_bad_endpoint_is_one_line(reference: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_model(reference)
    assert "\n" not in str(refused.value)


def test_a_reply_that_is_no_choice_is_matched_to_the_nearest() -> None:
    assert chosen("focus on frog", CHOICES) == (" focus on frog\n", "choice")
    assert chosen('"focus on the frog."\nbecause', CHOICES) == (" focus on frog\n", "match")
    assert constraints(Question(("x",), (' say "hi"\n',)))["extra_body"]["grammar"] == 'root ::= "say \\"hi\\""'


def test_thinking_is_kept_apart() -> None:
    assert without_thinking("<think>hm, well</think> open door") == (" open door", "hm, well")
    assert without_thinking("<think>cut off") == ("", "cut off")
    assert without_thinking("no <b>thinking</b>") == ("no <b>thinking</b>", "")
    assert thinks(b"<think>a") and not thinks(b"<think>a</think>b")


def test_scores_are_the_probabilities_of_the_choices(bundled) -> None:
    bundled.submit(Question((*HEAD, ">"), (*CHOICES, " look at frog\n"), score_choices=True), lane=0)
    [(_, answer)] = bundled.ready()
    assert len(answer.scores) == 4
    assert sum(map(math.exp, answer.scores)) == pytest.approx(1.0, abs=1e-4)
    assert answer.scores[[*CHOICES, " look at frog\n"].index(answer.text)] == pytest.approx(answer.logprob, abs=1e-3)


def test_deterministic_lanes_answer_byte_for_byte_like_one(bundled) -> None:
    draw = random.Random(1)
    questions = [question(draw) for _ in range(12)]
    alone = []
    for each in questions:
        bundled.submit(each, lane=0)
        alone.append(bundled.ready()[0][1])
    many = open_model("bundled", threads=1, lanes=4, deterministic=True)
    assert many.card.exact
    for start in range(0, 12, 4):
        for lane in range(4):
            many.submit(questions[start + lane], lane=lane)
        found = answers(many, 4)
        for lane in range(4):
            one = alone[start + lane]
            assert (found[lane].text, found[lane].logprob) == (one.text, one.logprob)
    many.close()


TURNS = [(">", f" {verb} {thing}\n", f"You {verb} the {thing}.\n") for verb in ("open", "focus on", "look at") for thing in ("frog", "door", "kitchen")]


def question(draw: random.Random) -> Question:
    """A question whose prompt shares its beginning with others."""
    turns = draw.choices(TURNS, k=draw.randrange(5))
    parts = (*HEAD, *(part for turn in turns for part in turn), ">")
    return Question(parts, CHOICES) if draw.random() < 0.7 else Question(parts, stop=("\n",), max_tokens=6)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**6), st.booleans()), min_size=1, max_size=12))
def test_lanes_never_read_each_others_tokens(bundled, asked) -> None:
    """Any interleaving over three lanes gives what a single fresh lane gives, to the last byte in deterministic mode."""
    many = open_model("bundled", threads=1, lanes=3, deterministic=True)
    waiting: dict[int, Question] = {}

    def check(found) -> None:
        for lane, answer in found:
            bundled.submit(waiting.pop(lane), lane=0)
            [(_, alone)] = bundled.ready()
            assert (answer.text, answer.logprob) == (alone.text, alone.logprob)

    for lane, seed, work in asked:
        while lane in waiting:
            check(many.ready())
        waiting[lane] = question(random.Random(seed))
        many.submit(waiting[lane], lane=lane)
        if work:
            check(many.ready())
    while waiting:
        check(many.ready())
    many.close()


def test_each_role_has_its_model(tmp_path: Path, bundled) -> None:
    (tmp_path / "writer.json").write_text('[{"reply": "X MAY CONTRIBUTE to Y"}]')
    writer = open_model(f"scripted:{tmp_path / 'writer.json'}")
    both = Roles(bundled, {"writer": writer})
    assert card_of(both, "act").name == "clin-5m"
    assert card_of(both, "revise").name == "writer"
    both.submit(Question((*HEAD, ">"), CHOICES), lane=0)
    assert answers(both, 1)[0].text in CHOICES
    both.submit(Question(("what was learned?",), role="revise"), lane=0)
    assert answers(both, 1)[0].text == "X MAY CONTRIBUTE to Y"
    assert parse_roles(["writer=a=b"]) == {"writer": "a=b"}
    for wrong, says in (("writter=x", "did you mean 'writer'"), ("writer", "names no model")):
        with pytest.raises(ModelError, match=says):
            parse_roles([wrong])
