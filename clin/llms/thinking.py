"""What of a reply is the answer: ``<think>`` blocks of reasoning models are kept apart, and a stop
string ends it."""

from __future__ import annotations

import re

THINKING = 1024
"""Tokens that a reasoning model may think in ``<think>`` marks, beyond a question's max_tokens."""

_BLOCK = re.compile(r"<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)
"""With the empty lines after it, which no stop string is to be found in."""


def without_thinking(text: str) -> tuple[str, str]:
    """The reply and what stood in ``<think>`` marks.

    Thinking that was cut off has no reply after it. A block without its opening mark is one that
    the server's chat template had opened.
    """
    before, closed, _ = text.partition("</think>")
    if closed and "<think>" not in before:
        text = f"<think>{text}"
    return _BLOCK.sub("", text), "\n".join(_BLOCK.findall(text))


def thinks(raw: bytes) -> bool:
    """Whether a reply so far is inside its thinking."""
    return raw.rfind(b"<think>") > raw.rfind(b"</think>")


def before_stop(text: str, stops: tuple[str, ...]) -> str:
    """``text`` up to the first of ``stops``."""
    ends = [text.index(stop) for stop in stops if stop in text]
    return text[: min(ends)] if ends else text
