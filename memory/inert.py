"""Text from worlds and models, made harmless for a terminal."""

from __future__ import annotations

LONGEST = 20_000
"""Characters shown at most; the store keeps all."""


def inert(text: str) -> str:
    """``text`` with control characters (escapes among them) made visible, bidirectional overrides removed and its
    length bounded; line ends and tabs stay."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
    return "".join(map(_visible, shown))


def _visible(char: str) -> str:
    code = ord(char)
    if char in "\n\t" or 32 <= code < 127:
        return char
    if code < 32:
        return chr(0x2400 + code)
    if code == 127:
        return "\u2421"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code in _OVERRIDES:
        return "\ufffd"
    return char


_OVERRIDES = frozenset([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF])
