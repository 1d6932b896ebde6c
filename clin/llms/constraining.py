"""How a choice is had from a server: through what it offers, else in words.

A choice is constrained by a GBNF grammar (llama.cpp) or guided choice (vLLM), else a JSON schema,
else words; a reply that is none of the choices all the same is matched to the nearest, and the
answer says so.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clin.llms import Question

MOST_LISTED = 500
"""Choices that a JSON schema may list (OpenAI's own bound on enum values)."""
EFFORTS = ((512, "low"), (2048, "medium"), (math.inf, "high"))
"""Tokens up to which an effort is asked for."""
NONE = ("none", "minimal")
"""Names of no effort, the newer first."""


Extras = Mapping[str, Any]
"""Fields that a request holds beyond the ordinary ones."""


def constraints(question: Question) -> dict[str, Any]:
    """What makes llama.cpp and vLLM keep to the choices or the grammar; each takes what it knows
    and ignores the rest."""
    if question.choices:
        texts = [choice.strip() for choice in question.choices]
        return {
            "extra_body": {
                "grammar": "root ::= " + " | ".join(map(json.dumps, texts)),
                "guided_choice": texts,
            }
        }
    if question.grammar:
        return {"extra_body": {"grammar": question.grammar, "guided_grammar": question.grammar}}
    return {}


def schema(question: Question) -> dict[str, Any]:
    """The choices as a JSON schema, which hosted servers take; for few enough of them."""
    if not 0 < len(question.choices) <= MOST_LISTED:
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
    """The choice that ``said`` is, or the nearest to it."""
    by_text = {choice.strip(): choice for choice in choices}
    said = _action(said)
    line = next((line.strip().strip('"') for line in said.splitlines() if line.strip()), "")
    if line in by_text:
        return by_text[line], "choice"
    close = difflib.get_close_matches(line, list(by_text), n=1, cutoff=0.0)
    return by_text[close[0]], "match"


def _action(said: str) -> str:
    """The action of a reply that keeps to :func:`schema`; any other reply as it is."""
    try:
        reply = json.loads(said)
    except ValueError:
        return said
    action = reply.get("action") if isinstance(reply, dict) else None
    return action if isinstance(action, str) else said
