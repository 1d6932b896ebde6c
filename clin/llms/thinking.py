"""``<think>`` blocks of reasoning models: recognised, kept apart from the answer."""

from __future__ import annotations


def without_thinking(text: str) -> tuple[str, str]:
    """The reply and what stood in ``<think>`` marks before it; thinking that was cut off has no reply after it."""
    if "<think>" not in text[:40]:
        return text, ""
    thinking, _, said = text.partition("<think>")[2].partition("</think>")
    return said, thinking


def thinks(raw: bytes) -> bool:
    """Whether a reply so far is inside its thinking."""
    return b"<think>" in raw[:40] and b"</think>" not in raw
