"""Where a reply's thinking and its answer begin. A chat template shows it by itself: it is rendered
with thinking and without, and with a reply that was thought and one that was not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clin.errors import ModelError
from clin.llms.chat_format import ChatFormat, first_mark
from clin.llms.template import ANSWER, THOUGHT, Template

OFF: dict[str, Any] = {
    "enable_thinking": False,
    "thinking": False,
    "thinking_mode": "disabled",
    "thinking_budget": 0,
}
ON: dict[str, Any] = {"enable_thinking": True, "thinking": True, "thinking_mode": "enabled"}
NO_THINKING = "/no_think"
EFFORTS: tuple[dict[str, Any], ...] = ({}, {"reasoning_effort": "low"})
"""Switches under the names that templates give them. Some think only where an effort is named."""

THOUGHTS: tuple[dict[str, Any], ...] = (
    {"content": ANSWER, **dict.fromkeys(("reasoning_content", "reasoning", "thinking"), THOUGHT)},
    {"content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]},
    {
        "content": {
            "blocks": [{"type": "thoughts", "text": THOUGHT}, {"type": "response", "text": ANSWER}]
        }
    },
)
"""A reply with what was thought before it, in the forms that templates take."""

IN_WORDS = (
    ("<response></response>", "<think>", "</think>\n<response>"),
    ("[BEGIN FINAL RESPONSE]", "Here are my reasoning steps:\n", "\n[BEGIN FINAL RESPONSE]\n"),
    ("</think>", "<think>\n", "\n</think>\n\n"),
)
"""Families (Granite 3, Apriel, Phi-4) whose system message tells the marks in words: what is said
there, and what opens and closes the thinking."""

_MARK = r"[<\[][^<>\[\]]*[>\]]"
_OPENED = re.compile(r"[<\[](?!/)(?![^<>\[\]]*END_)[^<>\[\]]*think[^<>\[\]]*[>\]]\s*\Z", re.I)
_PAIR = re.compile(rf"(?P<open>{_MARK}\w*)(?P<space>\s*)(?P<close>{_MARK})(?P<after>\s*)")
_EMPTY = re.compile(rf"{_MARK}\s*{_MARK}\s*\Z")
_QUOTED = re.compile(r"['\"]type['\"]")
"""Thinking opened at the end of a text, an empty thought, one at the end of a text, and the trace
of a list that was printed instead of read."""


@dataclass(frozen=True)
class _Thinking:
    """What stands before the message, up to the thought, and from the thought to the answer."""

    opening: str
    lead: str
    end: str


def chat_format(source: str, begin: str = "", end: str = "") -> ChatFormat:
    """The format that a chat template gives; ModelError if it cannot be rendered.

    An answer begins outside the thinking. A model that cannot be told not to think is given an
    empty thought.
    """
    if not source.strip():
        return ChatFormat()
    template = Template(source, begin, end)
    opening, tail = _quiet(template)
    told = _between(template.told({"content": ANSWER}, **OFF), ANSWER)
    found = (_thinking(template, tail, told, effort) for effort in EFFORTS)
    thinking = next((each for each in found if each), None)
    if thinking is None:
        return ChatFormat(opening, _answer(tail, told))
    lead, closed = thinking.lead, thinking.lead + thinking.end
    if tail == lead or _opens(tail) or tail == lead + thinking.end.strip():
        answer = closed
    else:
        answer = _answer(tail, told)
        can_be_told = (opening, tail) != template.asked(**ON)
        if answer == tail and not can_be_told:
            answer = closed
    return ChatFormat(opening, answer, lead, thinking.end, thinking.opening)


def _quiet(template: Template) -> tuple[str, str]:
    """What stands around a message that is not to be thought about. Some templates look for the
    wish in a system message, and take it out."""
    found = template.asked(**OFF)
    if not _opens(found[1]):
        return found
    try:
        wished = template.asked(NO_THINKING, **OFF)
    except ModelError:
        return found
    return found if _opens(wished[1]) or NO_THINKING in wished[0] else wished


def _answer(tail: str, told: str) -> str:
    """Where the answer begins, by the ``tail`` of a prompt and by what a stored reply has before
    it. A stored reply names the channel too."""
    if told.startswith(tail) and not _opens(told):
        return told if told[len(tail) :].strip(" ") else tail
    pair = _EMPTY.search(tail)
    if pair and _names_thinking(pair.group()) and told.startswith(tail[: pair.start()]):
        channel = told[pair.start() :]
        if channel.strip() and not _names_thinking(channel):
            return tail + channel
    return tail


def _thinking(template: Template, off: str, told: str, effort: dict[str, Any]) -> _Thinking | None:
    """How the model thinks; None if the template does not show that it does."""
    opening, on = template.asked(**ON, **effort)
    for lead, end in _shown(template, effort):
        if lead.startswith(on):
            return _Thinking(opening, lead, end)
        if on.startswith(lead) and first_mark(end) not in on[len(lead) :]:
            return _Thinking(opening, on, end)
    channel = told[len(on) :] if told.startswith(on) else ""
    if _names_thinking(channel):
        channel = ""
    for closed in (off, told):
        rest = closed[len(on) :] if closed.startswith(on) else ""
        pair = _PAIR.fullmatch(rest)
        if pair and _names_thinking(rest):
            half = (len(pair["space"]) + 1) // 2
            lead = on + pair["open"] + pair["space"][:half]
            end = pair["space"][half:] + pair["close"] + pair["after"]
            return _Thinking(opening, lead, end + channel)
    if _opens(on):
        return _Thinking(opening, on, _closing(on) + channel)
    for words, begun, end in IN_WORDS:
        if words in opening:
            return _Thinking(opening, on + begun, end)
    return None


def _shown(template: Template, effort: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands before a thought, and between it and the answer, where the template keeps
    both."""
    for reply in THOUGHTS:
        text = template.told(reply, **ON, **effort)
        lead, found, after = text.partition(THOUGHT)
        end = _between(after, ANSWER)
        if found and end.strip() and THOUGHT not in end and not _QUOTED.search(end):
            yield lead, end


def _between(text: str, sentinel: str) -> str:
    """``text`` up to ``sentinel``, or nothing."""
    before, found, _ = text.partition(sentinel)
    return before if found else ""


def _closing(opened: str) -> str:
    """What closes the thinking that ``opened`` has just begun: the same mark, closed, on a line of
    its own where the opening stands so."""
    found = _OPENED.search(opened)
    assert found is not None
    mark = found.group().strip()
    closing = mark.replace("START", "END") if "START" in mark else f"{mark[0]}/{mark[1:]}"
    return f"\n{closing}\n\n" if found.group().endswith("\n") else closing


def _opens(text: str) -> bool:
    """Whether ``text`` ends in thinking that has just begun."""
    return bool(_OPENED.search(text))


def _names_thinking(text: str) -> bool:
    return "think" in text.lower() or "thought" in text.lower()
