"""How a choice is had from a server: through what it offers, else in words.

A choice is constrained by what servers offer beyond OpenAI's protocol (:func:`constraints`), else
by a JSON schema, else the choices are listed in the prompt. A server may ignore a field with a
status 200, so a reply that is none of the choices is asked for again in the next way. What is none
of them at the end is matched to the nearest, and the answer says so.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clin.llms import Question

MOST_IN_SCHEMA = 500
"""Choices up to which a refused schema says something of the server: OpenAI bounds the values of an
enum, and others do not."""
EFFORTS = ((512, "low"), (2048, "medium"), (math.inf, "high"))
"""Tokens up to which an effort is asked for."""
NONE = ("none", "minimal")
"""Names of no effort, the newer first."""


Extras = Mapping[str, Any]
"""Fields that a request holds beyond the ordinary ones."""


def constraints(question: Question) -> dict[str, Any]:
    """What makes llama-server (``grammar``), vLLM up to 0.11 (``guided_…``) and later
    (``structured_outputs``, docs.vllm.ai, "Structured Outputs") keep to the choices or the grammar.

    Each takes what it knows and ignores the rest. A JSON schema cannot stand beside them:
    llama-server refuses it with a grammar (llama.cpp issue 11847).
    """
    if question.choices:
        texts = [choice.strip() for choice in question.choices]
        return {
            "extra_body": {
                "grammar": "root ::= " + " | ".join(map(json.dumps, texts)),
                "guided_choice": texts,
                "structured_outputs": {"choice": texts},
            }
        }
    if grammar := question.grammar:
        return {
            "extra_body": {
                "grammar": grammar,
                "guided_grammar": grammar,
                "structured_outputs": {"grammar": grammar},
            }
        }
    return {}


def schema(question: Question) -> dict[str, Any]:
    """The choices as a JSON schema, which hosted servers and Ollama (from 0.5) take."""
    if not question.choices:
        return {}
    action = {
        "type": "string",
        "enum": list(dict.fromkeys(choice.strip() for choice in question.choices)),
    }
    shape = {
        "type": "object",
        "properties": {"action": action},
        "required": ["action"],
        "additionalProperties": False,
    }
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "choice", "strict": True, "schema": shape},
        }
    }


WAYS: tuple[Callable[[Question], dict[str, Any]], ...] = (constraints, schema, lambda _: {})
IN_WORDS = len(WAYS) - 1


def efforts(think: int | None) -> tuple[Extras, ...]:
    """Ways to ask for no thinking (0), or for some of it by the room that it has, the fullest first
    and nothing last. llama-server and vLLM take a switch of the chat template, hosted servers an
    effort."""
    if think is None:
        return ({},)
    switch = {"extra_body": {"chat_template_kwargs": {"enable_thinking": think > 0}}}
    names = [next(name for most, name in EFFORTS if think <= most)] if think else NONE
    named = [{"reasoning_effort": name} for name in names]
    return ({**named[0], **switch}, switch, *named, {})


def chosen(said: str, choices: Sequence[str]) -> tuple[str, str]:
    """The choice that ``said`` is (``choice``), or the nearest to it (``match``)."""
    by_text = {choice.strip(): choice for choice in choices}
    said = _action(said)
    line = next((line.strip().strip('"') for line in said.splitlines() if line.strip()), "")
    for form in (line, line.removeprefix("- ").strip("\"'`*. ")):  # as lists and sentences have it
        if form in by_text:
            return by_text[form], "choice"
    close = difflib.get_close_matches(line, list(by_text), n=1, cutoff=0.0)
    return by_text[close[0]], "match"


def is_beginning(said: str, choices: Sequence[str]) -> bool:
    """Whether ``said`` was on its way to one of the choices when it was cut."""
    line = said.strip()
    if line.startswith("{"):  # of a schema's reply
        line = line.partition(":")[2].strip().removeprefix('"')
    return any(choice.strip().startswith(line) for choice in choices)


def _action(said: str) -> str:
    """The action of a reply that keeps to :func:`schema`; any other reply as it is."""
    try:
        reply = json.loads(said)
    except ValueError:
        return said
    action = reply.get("action") if isinstance(reply, dict) else None
    return action if isinstance(action, str) else said
