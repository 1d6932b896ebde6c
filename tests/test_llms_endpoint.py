"""What an endpoint may do wrong, over a real socket: each is one clear line, and the key stays in
the header."""

from __future__ import annotations

import json
import threading
import zlib

import pytest
from conftest import Clin
from served import CHOICES, SECRET, Served, ask, failure, reply

from clin.errors import ModelError
from clin.llms import Question
from clin.llms.open import open_model
from memory.store import Store

ASKED = Question(("x",))


def refusal(server: Served, question: Question = ASKED, **options) -> str:
    with pytest.raises(ModelError) as refused:
        ask(server, question, **options)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)
    return str(refused.value)


def test_the_key_is_sent_in_the_header_and_never_in_a_body(served: Served) -> None:
    keys = []
    served.behaviour = lambda number, body, key: keys.append(key) or reply("look around")
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[0]
    assert keys == [f"Bearer {SECRET}"]
    assert SECRET not in json.dumps(served.bodies)


def test_a_wrong_key_is_told_before_any_question_without_the_key(served: Served) -> None:
    served.greeting = failure(401, f"Incorrect API key provided: {SECRET}")
    assert "refuses the key in OPENAI_API_KEY" in refusal(served)
    assert served.bodies == []


def test_where_a_key_is_wanted_and_none_is_given_the_variable_is_named(
    served: Served, monkeypatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    served.greeting = failure(401, "no key")
    assert "wants a key: set OPENAI_API_KEY" in refusal(served)


@pytest.mark.parametrize("key", [f"{SECRET}\N{EM DASH}", f"{SECRET}\n{SECRET}", f"{SECRET}\x07"])
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(
    served: Served, monkeypatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert "holds characters" in refusal(served)


def test_white_space_around_a_key_is_no_part_of_it(served: Served, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {SECRET}\n")
    keys = []
    served.behaviour = lambda number, body, key: keys.append(key) or reply("look around")
    ask(served, Question(("x",), CHOICES))
    assert keys == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 503])
def test_a_server_that_lists_no_models_is_asked_all_the_same(
    served: Served, monkeypatch, status: int
) -> None:
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    served.greeting = failure(status, "no such page")
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[0]


@pytest.mark.parametrize("page", ["<html>a web page</html>", "{not json", '"a string"'])
def test_an_address_that_is_no_api_is_one_line(served: Served, page: str) -> None:
    served.behaviour = lambda number, body, key: (200, page)
    served.greeting = (200, page)
    assert "does its address end with /v1?" in refusal(served)


def test_a_key_that_is_refused_later_is_told_once_without_the_key(served: Served) -> None:
    served.behaviour = lambda number, body, key: failure(
        401, f"Incorrect API key provided: {SECRET}"
    )
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
    served.behaviour = lambda number, body, key: (
        failure(status, "busy") if number < 3 else reply("focus on frog")
    )
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish, len(served.bodies)) == (CHOICES[1], "choice", 3)


def test_asking_again_has_a_bound(served: Served, monkeypatch) -> None:
    monkeypatch.setattr("clin.llms.server.RETRIES", 2)
    served.behaviour = lambda number, body, key: failure(503, "overloaded")
    assert "overloaded" in refusal(served, endpoint_wait=0)
    assert len(served.bodies) == 3


def test_a_server_that_refuses_constraints_is_shown_the_choices_instead(served: Served) -> None:
    served.behaviour = lambda number, body, key: (
        failure(400, "unknown field")
        if {"grammar", "response_format"} & set(body)
        else reply("focus on the frog")
    )
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish) == (CHOICES[1], "match")
    assert "- focus on frog\n" in served.bodies[-1]["messages"][0]["content"]


def test_a_server_that_takes_a_json_schema_alone_is_given_one(served: Served) -> None:
    def behave(number, body, key):
        return (
            failure(400, "unknown field grammar")
            if "grammar" in body
            else reply('{"action": "focus on frog"}')
        )

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


def test_an_empty_reply_where_an_action_is_wanted_is_asked_again_in_words_and_then_told(
    served: Served,
) -> None:
    served.behaviour = lambda number, body, key: (
        reply("") if "grammar" in body else reply("focus on frog")
    )
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[1]
    served.behaviour = lambda number, body, key: reply("")
    assert "without a word" in refusal(served, Question(("x",), CHOICES))


def test_a_reply_without_choices_is_an_error_and_an_empty_text_is_a_reply(served: Served) -> None:
    served.behaviour = lambda number, body, key: (200, {**reply("")[1], "choices": []})
    assert "without a reply" in refusal(served)
    served.behaviour = lambda number, body, key: reply(None)
    assert ask(served, Question(("x",))).text == ""


def test_thinking_stays_apart_from_the_answer(served: Served) -> None:
    served.behaviour = lambda number, body, key: reply(
        "<think>the frog lives</think>\nfocus on frog"
    )
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.thinking) == (CHOICES[1], "the frog lives")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_that_the_server_keeps_apart_stays_apart(served: Served, field: str) -> None:
    """llama-server and vLLM give it a field of its own."""

    def behave(number, body, key):
        status, said = reply("focus on frog")
        said["choices"][0]["message"][field] = "the frog lives"
        return status, said

    served.behaviour = behave
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.thinking) == (CHOICES[1], "the frog lives")


def test_a_model_whose_thinking_was_cut_off_is_given_room_and_no_stop(served: Served) -> None:
    """A stop string, or max_tokens, may fall into its thinking; the question is put once more, and
    later ones have room at once."""

    def behave(number, body, key):
        return reply(
            "<think>The frog lives."
            if "stop" in body
            else "<think>The frog\n\nlives.</think>Take the frog.\n\nNo more."
        )

    served.behaviour = behave
    model = open_model(f"openai:m@{served.url}")
    for _ in range(2):
        model.submit(Question(("x",), stop=("\n\n",), max_tokens=160), lane=0)
        [(_, answer)] = model.ready()
        assert (answer.text, answer.thinking) == ("Take the frog.", "The frog\n\nlives.")
    model.close()
    assert [("stop" in body, body["max_tokens"] > 160) for body in served.bodies] == [
        (True, False),
        (False, True),
        (False, True),
    ]


SWITCHED = {think: {"enable_thinking": think > 0} for think in (0, 300, 2000, 9000)}


@pytest.mark.parametrize(
    ("think", "effort", "room"),
    [(None, None, 160), (0, "none", 160), (300, "low", 460), (2000, "medium", 2160),
     (9000, "high", 9160)],
)  # fmt: skip
def test_a_server_is_told_how_much_to_think(
    served: Served, think: int | None, effort: str | None, room: int
) -> None:
    model = open_model(f"openai:m@{served.url}", think=think)
    model.submit(Question(("x",), max_tokens=160), lane=0)
    model.ready()
    model.close()
    [body] = served.bodies
    assert (body.get("reasoning_effort"), body["max_tokens"]) == (effort, room)
    assert body.get("chat_template_kwargs") == SWITCHED.get(think)
    assert model.card.notes == ()


@pytest.mark.parametrize("names_the_field", [True, False])
@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        (("none",), {"chat_template_kwargs": {"enable_thinking": False}}),
        (("chat_template_kwargs", "none"), {"reasoning_effort": "minimal"}),
        (("chat_template_kwargs", "reasoning_effort"), {}),
    ],
)
def test_words_on_thinking_that_a_server_refuses_are_left_out(
    served: Served, refused: tuple[str, ...], taken: dict, names_the_field: bool
) -> None:
    """What is left then is found once; that nothing is left is said once."""

    def behave(number, body, key):
        for word in refused:
            if word in body or word == body.get("reasoning_effort"):
                return failure(400, "no reasoning_effort" if names_the_field else "bad request")
        return reply("focus on frog")

    served.behaviour = behave
    model = open_model(f"openai:m@{served.url}", think=0)
    for _ in range(2):
        model.submit(Question(("x",), CHOICES), lane=0)
        [(_, answer)] = model.ready()
        assert answer.text == CHOICES[1]
    model.close()
    words = ("reasoning_effort", "chat_template_kwargs")
    for body in served.bodies[-2:]:
        assert {word: body[word] for word in words if word in body} == taken
        assert "grammar" in body  # what constrains the choice is not given up with it
    assert len(model.card.notes) == (not taken)


def test_sampling_options_reach_the_server_where_they_narrow_a_draw(served: Served) -> None:
    plain, narrow = (
        open_model(f"openai:m@{served.url}"),
        open_model(
            f"openai:m@{served.url}",
            temperature=0.7,
            top_k=40,
            top_p=0.9,
            min_p=0.05,
            repeat_penalty=1.1,
            kv_type="f16",
        ),
    )
    for model in (plain, narrow):
        model.submit(Question(("x",), CHOICES), lane=0)
        model.ready()
        model.close()
    names = {
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.05,
        "repeat_penalty": 1.1,
        "repetition_penalty": 1.1,
    }
    without, with_them = served.bodies
    assert not names.keys() & without.keys()
    assert {name: with_them[name] for name in names} == names
    assert with_them["guided_choice"] == without["guided_choice"]


def test_a_lane_that_fails_leaves_the_others_their_answers(served: Served) -> None:
    """Both replies are there when the first is looked at."""
    together = threading.Barrier(3, timeout=20)

    def behave(number, body, key):
        together.wait()
        said = body["messages"][0]["content"]
        return failure(422, said) if said.startswith("bad") else reply(said)

    served.behaviour = behave
    model = open_model(f"openai:m@{served.url}", lanes=3)
    for lane, text in enumerate(("bad 0", "good 1", "bad 2")):
        model.submit(Question((text,)), lane=lane)
    found, failed = {}, set()
    while len(found) + len(failed) < 3:
        try:
            found |= dict(model.ready())
        except ModelError as error:
            assert f"bad {error.lane}" in str(error)
            failed.add(error.lane)
    assert ({lane: answer.text for lane, answer in found.items()}, failed) == (
        {1: "good 1"},
        {0, 2},
    )
    model.close()


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


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@localhost/v1",
        f"http://localhost/v1?key={SECRET}",
        f"user:{SECRET}@localhost/v1",
        "http://",
        "http://localhost:80x/v1",
        "ftp://localhost",
    ],
)
def test_an_address_that_holds_a_secret_or_no_host_is_refused_without_repeating_it(
    url: str,
) -> None:
    with pytest.raises(ModelError) as refused:
        open_model(f"openai:m@{url}")
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


def player(number: int, body: dict, key: str) -> tuple[int, dict]:
    """A reasoning model that plays: what it does follows from what it reads."""
    read = body["messages"][0]["content"]
    if "guided_choice" in body:
        return reply(body["guided_choice"][zlib.crc32(read.encode()) % len(body["guided_choice"])])
    if "guided_grammar" in body:
        return reply(
            "<think>\nthinking SHOULD BE NECESSARY to know\n</think>\nturning SHOULD BE "
            "NECESSARY to opening\n"
        )
    return reply(f"<think>\n{SECRET[:9]} is no thought\n\nof mine</think>\n\nI look first.")


def run(server: Served, *more: str) -> tuple[str, ...]:
    return (
        "run",
        "--world",
        "causal",
        "--task",
        "make",
        "--trials",
        "2",
        "--budget",
        "4",
        "--strategy",
        "clin",
        "--model",
        f"openai:m@{server.url}",
        *more,
    )


def test_a_run_over_an_endpoint_that_goes_away_is_resumed_and_ends_as_undisturbed(
    served: Served, tmp_path, clin: Clin
) -> None:
    """What was thought in marks is in no step and no memory, and the key is nowhere on the disk."""
    served.behaviour = player
    whole = clin(*run(served, "--db", "whole.db"))
    assert whole.returncode == 0, whole.stderr
    asked = len(served.bodies)
    served.behaviour = lambda number, body, key: (
        player(number, body, key) if number < asked + 7 else failure(503, f"no room, {SECRET}")
    )
    broken = clin(*run(served, "--db", "broken.db", "--verbose", "--endpoint-wait", "0"))
    assert broken.returncode == 2
    last = broken.stderr.splitlines()[-1]  # some versions of the client quote the whole body
    assert last.startswith(f"Error: {served.url}: Error code: 503 - ") and "no room, ***" in last
    with Store(tmp_path / "broken.db", read_only=True) as store:
        assert 0 < len(store.steps(store.trials("r1")[0].id)) < 4
    served.behaviour = player
    resumed = clin("resume", "r1", "--db", "broken.db")
    assert resumed.returncode == 0, resumed.stderr
    found = []
    for name in ("whole.db", "broken.db"):
        with Store(tmp_path / name, read_only=True) as store:
            found.append(
                [
                    (store.trial(row.id), store.version_after("r1", row.number).memory)
                    for row in store.trials("r1")
                ]
            )
            assert store.check() == []
    assert found[0] == found[1]
    for trial, memory in found[0]:
        assert {step.thought for step in trial.steps} == {"I look first."}
        assert [str(link) for link in memory.links] == ["turning SHOULD BE NECESSARY to opening"]
    said = "".join(done.stdout + done.stderr for done in (whole, broken, resumed)).encode()
    for each in (said, *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())):
        assert SECRET.encode() not in each


@pytest.mark.parametrize("case", ["gone", "wrong key", "no key"])
def test_an_endpoint_that_cannot_be_used_leaves_no_run_behind(
    case: str, served: Served, tmp_path, clin: Clin, monkeypatch
) -> None:
    served.greeting = failure(401, f"no: {SECRET}")
    if case == "no key":
        monkeypatch.delenv("OPENAI_API_KEY")
    words = run(served)
    done = (
        clin(*(word.replace(served.url, "http://127.0.0.1:9/v1") for word in words))
        if case == "gone"
        else clin(*words)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert [line[:7] for line in done.stderr.splitlines()] == ["Error: "]
    assert SECRET not in done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.runs() == []
