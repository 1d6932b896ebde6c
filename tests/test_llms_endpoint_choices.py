"""Servers that ignore what constrains a choice, with a status 200: each way is given up after the
first reply outside the choices, and what was matched is on record."""

from __future__ import annotations

import pytest
from conftest import Clin
from served import CHOICES, Served, ask, failure, reply

from clin.llms import Question
from clin.llms.open import open_model
from memory.store import Store

FREE = "I would rather focus on the frog, I think."
"""What a model says that nothing constrains."""


def takes(*fields: str):
    """A server that keeps to these fields alone, and ignores all others: a chooser of the last
    action. Where the choices are listed its model obeys."""

    def behave(number: int, body: dict, key: str) -> tuple[int, dict]:
        for field in fields:
            if field in body:
                return reply(_last(field, body[field]))
        listed = [
            line.removeprefix("- ")
            for line in body["messages"][0]["content"].splitlines()
            if line.startswith("- ")
        ]
        return reply(f"- {listed[-1]}." if listed and "listing" in fields else FREE)

    return behave


def _last(field: str, value) -> str:
    if field == "structured_outputs":
        return value["choice"][-1]
    if field == "response_format":
        enum = value["json_schema"]["schema"]["properties"]["action"]["enum"]
        return f'{{"action": "{enum[-1]}"}}'
    return value[-1] if field == "guided_choice" else value.rpartition(' | "')[2].rstrip('"')


@pytest.mark.parametrize(
    ("server", "fields", "requests"),
    [
        ("llama-server", ("grammar",), 1),
        ("vLLM up to 0.11", ("guided_choice",), 1),
        ("vLLM from 0.12", ("structured_outputs",), 1),
        ("Ollama", ("response_format",), 2),
        ("one that constrains nothing", ("listing",), 3),
    ],
)
def test_a_server_is_had_in_the_way_that_it_keeps_to(
    served: Served, server: str, fields: tuple[str, ...], requests: int
) -> None:
    served.behaviour = takes(*fields)
    model = open_model(f"openai:m@{served.url}")
    for asked in range(3):
        model.submit(Question((f"{server} {asked}",), CHOICES), lane=0)
        [(_, answer)] = model.ready()
        assert (answer.text, answer.finish, answer.said) == (CHOICES[1], "choice", "")
    model.close()
    assert len(served.bodies) == requests + 2  # what it ignores is found out once


def test_a_server_that_keeps_to_nothing_has_its_reply_matched_and_kept(served: Served) -> None:
    served.behaviour = takes()
    answer = ask(served, Question(("x",), CHOICES))
    assert (answer.text, answer.finish, answer.said) == (CHOICES[1], "match", FREE)
    assert "- focus on frog\n" in served.bodies[-1]["messages"][0]["content"]
    assert answer.read == 3 * (len("x") // 4 + 1)  # all three requests were paid for


@pytest.mark.parametrize("refuses", [True, False])
def test_more_than_500_choices_are_constrained_or_listed(served: Served, refuses: bool) -> None:
    choices = tuple(f" take thing {number:03}\n" for number in range(700))

    def behave(number: int, body: dict, key: str) -> tuple[int, dict]:
        if "response_format" in body and refuses:
            return failure(400, "enum: at most 500 values")
        return takes("response_format", "listing")(number, body, key)

    served.behaviour = behave
    model = open_model(f"openai:m@{served.url}")
    model.submit(Question(("x",), choices), lane=0)
    assert model.ready()[0][1].text == choices[-1]
    last = served.bodies[-1]
    assert ("response_format" in last) != refuses
    assert (last["messages"][0]["content"].count("- take thing") == 700) == refuses
    served.behaviour = takes("response_format")  # fewer are put in a schema again
    model.submit(Question(("x",), CHOICES), lane=0)
    assert model.ready()[0][1].text == CHOICES[1]
    model.close()
    assert "response_format" in served.bodies[-1]


def test_a_choice_that_was_cut_says_nothing_against_the_server(served: Served) -> None:
    """It kept to the grammar, and its room was at an end."""
    served.behaviour = lambda number, body, key: reply("focus on", finish="length")
    model = open_model(f"openai:m@{served.url}")
    for _ in range(2):
        model.submit(Question(("x",), CHOICES), lane=0)
        [(_, answer)] = model.ready()
        assert (answer.text, answer.finish) == (CHOICES[1], "match")
    model.close()
    assert len(served.bodies) == 2 and "grammar" in served.bodies[-1]


def test_the_share_of_matched_replies_is_in_the_record(
    served: Served, tmp_path, clin: Clin
) -> None:
    """Every second reply is none of the actions: `clin show`, its JSON and `clin report` say so."""

    def behave(number: int, body: dict, key: str) -> tuple[int, dict]:
        asked = body["messages"][0]["content"]
        listed = [line[2:] for line in asked.splitlines() if line.startswith("- ")]
        obeys = len(asked) % 2
        return reply(listed[-1] if listed and obeys else "I wonder.")

    served.behaviour = behave
    where = ("--world", "causal", "--task", "make", "--model", f"openai:m@{served.url}")
    how = ("--trials", "1", "--budget", "12", "--strategy", "none", "--think", "0")
    done = clin("run", *where, *how)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        calls = [call for call in store.calls(store.trials("r1")[0].id) if call.choices]
    matched = sum(call.said == "I wonder." for call in calls)
    assert 0 < matched < len(calls) == 12
    assert all(call.said in ("", "I wonder.") for call in calls)
    share = f"{matched} of {len(calls)} replies ({matched / len(calls):.1%})"
    assert share in clin("show", "r1").stdout
    assert f'"matched": {matched}' in clin("show", "r1", "--json").stdout
    assert f"{matched} of its 12 choices" in " ".join(clin("report").stdout.split())
    with Store(tmp_path / "other.db"):
        pass
    assert clin("memory", "merge", "other.db", "clin.db").returncode == 0
    assert share in clin("show", "r1", "--db", "other.db").stdout
