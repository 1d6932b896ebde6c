"""Bodies of status 200 that are not as the protocol has them, and fields that a model takes
otherwise: one hostile server each, over real sockets."""

from __future__ import annotations

import json

import pytest
from served import CHOICES, SECRET, Served, ask, failure, reply

from clin.errors import ModelError
from clin.llms import Question
from clin.llms.addresses import address, hosts_of
from clin.llms.open import open_model

ASKED = Question(("x",))


def first(body: dict) -> dict:
    return body["choices"][0]


def test_content_in_parts_is_read_and_its_thinking_kept_apart(served: Served) -> None:
    """As Mistral's reasoning models send it."""
    served.behaviour = lambda number, body, key: reply(
        [
            {"type": "thinking", "thinking": [{"type": "text", "text": "the frog lives"}]},
            {"type": "text", "text": "focus on"},
            " frog",
            {"type": "text", "text": None},
            {"type": "image_url", "image_url": "x"},
            7,
        ]
    )
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish) == (CHOICES[1], "choice")
    assert answer.thinking == "the frog lives"


@pytest.mark.parametrize("spoiled", ["message", "choices", "choice", "content"])
def test_a_field_of_another_kind_is_one_line_and_no_traceback(served: Served, spoiled: str) -> None:
    status, body = reply("look around")
    if spoiled == "choices":
        body["choices"] = {"0": "look around"}
    elif spoiled == "choice":
        body["choices"] = ["look around"]
    elif spoiled == "message":
        first(body)["message"] = None
    else:
        first(body)["message"]["content"] = {"text": "look around"}
    served.behaviour = lambda number, body_, key: (status, body)
    with pytest.raises(ModelError) as refused:
        ask(served, Question(("x",), CHOICES))
    assert "without a" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("where", ["body", "choice"])
def test_an_error_in_a_body_of_status_200_is_told_without_the_key(
    served: Served, where: str
) -> None:
    """As OpenRouter sends it where a model fails while it writes."""
    wrong = {"code": 400, "message": f"Provider returned error\nfor {SECRET}"}
    _, body = reply("look around")
    if where == "body":
        body = {"error": wrong}
    else:
        first(body)["error"], first(body)["message"] = wrong, None
    served.behaviour = lambda number, body_, key: (200, body)
    with pytest.raises(ModelError) as refused:
        ask(served, ASKED)
    assert str(refused.value) == (
        f"{served.url} answered without a reply: Provider returned error for ***"
    )


def test_an_error_in_a_body_that_says_the_provider_is_down_is_waited_for(served: Served) -> None:
    told: list[str] = []
    served.behaviour = lambda number, body, key: (
        (200, {"error": {"code": 502, "message": "no provider"}})
        if number == 1
        else reply("focus on frog")
    )
    answer = ask(served, Question(("x",), CHOICES), tell=told.append)
    assert answer.text == CHOICES[1]
    assert [line.split(";")[0].split(",")[0] for line in told] == [
        f"{served.url} answered without a reply: no provider",
        f"{served.url} answers again",
    ]


def test_a_reply_that_was_cut_says_so(served: Served) -> None:
    served.behaviour = lambda number, body, key: reply("turning MAY BE", finish="length")
    assert ask(served, ASKED).finish == "length"
    assert ask(served, Question(("x",), stop=(" MAY",))).finish == "stop"
    served.behaviour = lambda number, body, key: reply("turning MAY BE")
    assert ask(served, ASKED).finish == "stop"


def new_model(number: int, body: dict, key: str) -> tuple[int, dict]:
    """OpenAI's newer models: they refuse one field at a time."""
    for field, says in (
        ("max_tokens", "Use 'max_completion_tokens' instead."),
        ("temperature", "Only the default (1) value is supported."),
        ("stop", ""),
    ):
        if field in body:
            return failure(
                400, f"Unsupported parameter: '{field}' is not supported with this model. {says}"
            )
    return reply("I look first.")


def test_a_model_that_wants_other_fields_is_asked_with_them_from_then_on(served: Served) -> None:
    served.behaviour = new_model
    told: list[str] = []
    model = open_model(f"openai:m@{served.url}", tell=told.append)
    for _ in range(2):
        model.submit(Question(("x",), max_tokens=160, stop=("\n\n",)), lane=0)
        assert model.ready()[0][1].text == "I look first."
    model.close()
    assert len(served.bodies) == 5  # each refused once, and never again
    assert [body["max_completion_tokens"] for body in served.bodies[-2:]] == [160, 160]
    assert not {"max_tokens", "temperature", "stop"} & set(served.bodies[-1])
    note = "'m' takes no temperature: it is left to the server"
    assert (told, model.card.notes) == ([f"Note: {note}"], (note,))


def test_another_model_is_asked_as_ever(served: Served) -> None:
    """What one model takes says nothing of the next."""
    served.behaviour = new_model
    ask(served, ASKED)
    served.behaviour = lambda number, body, key: reply("look around")
    ask(served, ASKED)
    assert "max_tokens" in served.bodies[-1]


def test_a_name_may_hold_an_at_sign(served: Served) -> None:
    name = "accounts/me@home/models/m@20240620"
    model = open_model(f"openai:{name}@{served.url}")
    model.submit(ASKED, lane=0)
    model.ready()
    model.close()
    assert served.bodies[-1]["model"] == name
    assert model.card.name == name


def test_an_at_sign_moves_no_key_to_another_host() -> None:
    """The first address with a scheme is the one, for whoever sends and for whoever allows."""
    assert address("m@2024@https://good.example/v1") == ("m@2024", "https://good.example/v1")
    for reference in ("m@http://evil.example@http://good.example/v1", "m@http://x@evil.example/v1"):
        with pytest.raises(ModelError):
            address(reference)
    assert hosts_of(["openai:a@b@http://good.example/v1"]) == {"good.example"}


def test_no_body_holds_what_was_left_out(served: Served) -> None:
    """A refusal that names no field of ours changes nothing."""
    served.behaviour = lambda number, body, key: (
        failure(400, "Unsupported value: 'content'") if number == 1 else reply("look around")
    )
    assert ask(served, Question(("x",), CHOICES)).text == CHOICES[0]
    assert {"temperature", "max_tokens", "seed"} <= set(served.bodies[-1])
    assert SECRET not in json.dumps(served.bodies)
