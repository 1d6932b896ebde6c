"""Every backend keeps the contract (clin/llms/__init__.py): the shipped fake, llama.cpp, an
endpoint served on this machine."""

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
from conftest import ROOT, environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clin.errors import ModelError
from clin.llms import LLM, Answer, Question
from clin.llms.constraining import chosen, constraints
from clin.llms.open import open_model
from clin.llms.roles import Roles, card_of, parse_roles
from clin.llms.thinking import thinks, without_thinking
from clin.rollout.scheduler import drive

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
    words = [
        sys.executable,
        "-m",
        "llama_cpp.server",
        "--model",
        str(BUNDLED),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--n_threads",
        "1",
        "--n_ctx",
        "1024",
    ]
    server = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
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
        (tmp_path / "fake.json").write_text(
            json.dumps(
                [
                    {"when": "kitchen", "pick": 2},
                    {"reply": "frog", "role": "act"},
                    {"pick": 0, "role": "act"},
                ]
            )
        )
        opened = open_model(f"scripted:{tmp_path / 'fake.json'}")
    elif request.param == "endpoint":
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        opened = open_model(f"openai:bundled@{request.getfixturevalue('endpoint')}", lanes=3)
    else:
        opened = open_model(
            "bundled", threads=1, lanes=3, deterministic=request.param == "deterministic"
        )
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


@pytest.mark.parametrize("asked", [{"think": True}, {"thought": "The frog lives."}])
def test_a_backend_without_a_form_for_it_is_not_asked_to_think(model: LLM, asked: dict) -> None:
    with pytest.raises(ModelError, match="does not think in a form of its own"):
        model.submit(Question((*HEAD, ">"), **asked), lane=0)
    model.submit(Question((*HEAD, ">"), CHOICES), lane=0)
    assert answers(model, 1)[0].text in CHOICES


UNANSWERABLE = {
    "scripted": Question(("x",), role="revise"),
    "llamacpp": Question((*HEAD, ">"), grammar="root ::= (", max_tokens=9),
    "deterministic": Question((*HEAD, ">"), grammar="root ::= (", max_tokens=9),
    "endpoint": Question(("kitchen " * 3000,)),
}


def test_a_backend_tells_whose_question_failed_and_answers_the_others(model: LLM, request) -> None:
    bad = UNANSWERABLE[request.node.callspec.params["model"]]
    for lane, asked in enumerate(
        (Question((*HEAD, ">"), CHOICES), bad, Question((*HEAD, ">"), CHOICES))
    ):
        model.submit(asked, lane=lane)
    found: dict[int, Answer] = {}
    failed: list[int | None] = []
    while len(found) + len(failed) < 3:
        try:
            found.update(dict(model.ready()))
        except ModelError as error:
            assert "\n" not in str(error)
            failed.append(error.lane)
    assert (sorted(found), failed) == ([0, 2], [1])
    assert model.ready() == []
    model.submit(Question((*HEAD, ">"), CHOICES), lane=1)
    assert answers(model, 1)[1].text == found[0].text


def test_a_question_that_is_cancelled_has_no_answer_and_changes_no_other(model: LLM) -> None:
    for lane in range(3):
        model.submit(Question((*HEAD, f"{lane}", ">"), max_tokens=40), lane=lane)
    model.cancel(1)
    model.submit(Question((*HEAD, ">"), CHOICES), lane=1)
    model.cancel(0)
    model.cancel(0)
    found = answers(model, 2)
    assert set(found) == {1, 2}
    assert found[1].text in CHOICES
    assert model.ready() == []


def test_a_model_whose_driving_was_stopped_or_failed_can_be_driven_again(model: LLM) -> None:
    """What was under way is dropped, whatever the backend; the same questions then have their
    answers."""
    told: list[str] = []

    def trial(fails_after: int = 99):
        for number in range(2):
            answer = yield Question((*HEAD, ">"), CHOICES)
            told.append(answer.text)
            if number == fails_after:
                raise RuntimeError("a world of mine")

    assert not drive([trial() for _ in range(3)], model, lanes=3, stop=lambda: bool(told))
    with pytest.raises(RuntimeError, match="of mine"):
        drive([trial(), trial(fails_after=0), trial()], model, lanes=3)
    told.clear()
    assert drive([trial() for _ in range(3)], model, lanes=3)
    assert len(told) == 6 and len(set(told)) == 1


def test_a_backend_counts_tokens_and_has_a_card(model: LLM) -> None:
    assert model.count("look around the kitchen") > model.count("look")
    assert model.card.name
    assert SECRET not in repr(model.card)


def test_an_endpoints_key_is_nowhere_but_in_the_header(endpoint: str, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    with pytest.raises(ModelError) as refused:
        open_model("openai:m@http://127.0.0.1:9/v1")
    assert "cannot be reached" in str(refused.value)
    there = open_model(f"openai:m@{endpoint}")
    assert SECRET not in str(refused.value) + repr(there.card)
    there.close()


@pytest.mark.parametrize("reference", ["openai:", "openai:m@localhost", "openai:@http://x"])
def test_a_bad_endpoint_is_one_line(reference: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_model(reference)
    assert "\n" not in str(refused.value)


def test_a_reply_that_is_no_choice_is_matched_to_the_nearest() -> None:
    assert chosen("focus on frog", CHOICES) == (" focus on frog\n", "choice")
    assert chosen('"focus on the frog."\nbecause', CHOICES) == (" focus on frog\n", "match")
    assert (
        constraints(Question(("x",), (' say "hi"\n',)))["extra_body"]["grammar"]
        == 'root ::= "say \\"hi\\""'
    )


def test_thinking_is_kept_apart() -> None:
    assert without_thinking("<think>hm, well</think>\n\nopen door") == ("open door", "hm, well")
    assert without_thinking("<think>cut off") == ("", "cut off")
    assert without_thinking("no <b>thinking</b>") == ("no <b>thinking</b>", "")
    assert without_thinking("opened by the template</think>open door") == (
        "open door",
        "opened by the template",
    )
    assert without_thinking("<think>one</think>open <think>two</think>door") == (
        "open door",
        "one\ntwo",
    )
    assert without_thinking("open door <think>X SHOULD BE NECESSARY to Y") == (
        "open door ",
        "X SHOULD BE NECESSARY to Y",
    )
    assert (
        thinks(b"<think>a")
        and not thinks(b"<think>a</think>b")
        and thinks(b"<think>a</think>b<think>c")
    )


def test_scores_are_the_probabilities_of_the_choices(bundled) -> None:
    bundled.submit(
        Question((*HEAD, ">"), (*CHOICES, " look at frog\n"), score_choices=True), lane=0
    )
    [(_, answer)] = bundled.ready()
    assert len(answer.scores) == 4
    assert sum(map(math.exp, answer.scores)) == pytest.approx(1.0, abs=1e-4)
    assert answer.scores[[*CHOICES, " look at frog\n"].index(answer.text)] == pytest.approx(
        answer.logprob, abs=1e-3
    )


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


TURNS = [
    (">", f" {verb} {thing}\n", f"You {verb} the {thing}.\n")
    for verb in ("open", "focus on", "look at")
    for thing in ("frog", "door", "kitchen")
]


def question(draw: random.Random) -> Question:
    """A question whose prompt shares its beginning with others."""
    turns = draw.choices(TURNS, k=draw.randrange(5))
    parts = (*HEAD, *(part for turn in turns for part in turn), ">")
    return (
        Question(parts, CHOICES)
        if draw.random() < 0.7
        else Question(parts, stop=("\n",), max_tokens=6)
    )


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 10**6), st.booleans()), min_size=1, max_size=12
    )
)
def test_lanes_never_read_each_others_tokens(bundled, asked) -> None:
    """Any interleaving over three lanes gives what a single fresh lane gives, to the last byte in
    deterministic mode."""
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


def test_a_writer_that_fails_costs_the_actors_no_answer(tmp_path: Path) -> None:
    """Two models behind one door: what one has ready is told before what the other cannot do."""
    (tmp_path / "writer.json").write_text('[{"when": "known", "reply": "X MAY CONTRIBUTE to Y"}]')
    both = Roles(
        open_model("bundled", threads=1, lanes=2),
        {"writer": open_model(f"scripted:{tmp_path / 'writer.json'}")},
    )
    both.submit(Question(("unheard of",), role="revise"), lane=1)
    both.submit(Question((*HEAD, ">"), CHOICES), lane=0)
    assert set(answers(both, 1)) == {0}
    with pytest.raises(ModelError, match="no rule") as refused:
        both.ready()
    assert refused.value.lane == 1
    both.submit(Question(("unheard of",), role="revise"), lane=1)
    both.cancel(1)
    assert both.ready() == []
    both.close()


BAD_SCRIPTS = [
    ("", "is not JSON"),
    ("{}", "is not a list of rules"),
    ("[1]", "is not a list of rules"),
    ("[{}]", "rule 1: it has neither 'reply' nor 'pick'"),
    ('[{"pick": 0}, {"reply": 5}]', "rule 2: 'reply' is a text, not 5"),
    ('[{"pick": "x"}]', "'pick' is a number, not 'x'"),
    ('[{"when": "(", "pick": 0}]', "'when' is no regular expression"),
    ('[{"replies": "x"}]', "no key 'replies'; did you mean 'reply'"),
    ('[{"pick": 0, "times": null}]', "'times' is a number, not None"),
]


@pytest.mark.parametrize(("script", "says"), BAD_SCRIPTS)
def test_a_bad_script_is_one_line_before_any_question(
    script: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "script.json").write_text(script)
    with pytest.raises(ModelError) as refused:
        open_model(f"scripted:{tmp_path / 'script.json'}")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_each_role_has_its_model(tmp_path: Path, bundled) -> None:
    (tmp_path / "writer.json").write_text('[{"reply": "X MAY CONTRIBUTE to Y"}]')
    writer = open_model(f"scripted:{tmp_path / 'writer.json'}")
    both = Roles(bundled, {"writer": writer})
    assert card_of(both, "act").name == bundled.card.name
    assert card_of(both, "revise").name == "writer"
    both.submit(Question((*HEAD, ">"), CHOICES), lane=0)
    assert answers(both, 1)[0].text in CHOICES
    both.submit(Question(("what was learned?",), role="revise"), lane=0)
    assert answers(both, 1)[0].text == "X MAY CONTRIBUTE to Y"
    assert parse_roles(["writer=a=b"]) == {"writer": "a=b"}
    for wrong, says in (("writter=x", "did you mean 'writer'"), ("writer", "names no model")):
        with pytest.raises(ModelError, match=says):
            parse_roles([wrong])
