"""Text from worlds and models, made harmless for a terminal. A leaf: it imports nothing of ours;
every room may use it."""

from __future__ import annotations

import re

LONGEST = 20_000
"""Characters shown at most; the store keeps all."""


def sanitized(text: str) -> str:
    """``text`` with control characters (escapes among them) made visible, bidirectional overrides
    removed and its length bounded; line ends and tabs stay."""
    shown = (
        text
        if len(text) <= LONGEST
        else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
    )
    return harmless(shown)


def harmless(text: str) -> str:
    """The same without a bound on the length."""
    return _ODD.sub(_visible, text)


def without_odd(text: str) -> str:
    """``text`` without those characters, which have no width: what it takes on a line stays."""
    return _ODD.sub("", text)


def escaped_json(text: str) -> str:
    """JSON that says the same, with those characters escaped. They stand in its strings alone."""
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 32:
        return chr(0x2400 + code)
    return "\u2421" if code == 127 else "\ufffd"


_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""Control characters, lone surrogates, and what turns or hides the direction of text."""
