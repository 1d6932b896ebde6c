"""Strings that nobody means well with, drawn from a seed: for ``hostile.py``."""

from __future__ import annotations

import random
import re

RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
COLOUR = re.compile(r"\x1b\[[\d;]*m")
"""What our own colours are made of."""

KINDS: dict[str, tuple[str, ...]] = {
    "controls": ("\x00", "\x07", "\x08\x08\x08", "\r", "\x0b", "\x1a", "\x7f", "\x85", "a\rb"),
    "escapes": (
        "\x1b]0;pwned\x07",
        "\x1b[2J",
        "\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\",
        "\x1b]52;c;cHduZWQ=\x07",
        "\x9b31m",
        "\x9d0;x\x9c",
        "\x1bP+q544e\x1b\\",
    ),
    "directions": ("\u202egnp.exe", "\u2066", "\u200f", "\u061c", "\ufeff", "\u2028", "\u2029"),
    "halves": ("\ud800", "\udfff", "\udc80\udcff", "\ud83d", "a\udc00b"),
    "markup": ("[/bold]", "[red]", "[link=x]", "[@click=app.quit]", "[[", "\\[", "<b>", "&amp;"),
    "formats": ("%s%n%d", "{0.__class__}", "{", "}", "${HOME}", "$(id)", "`id`", "%(a)s", "\\x41"),
    "queries": ("'; drop table runs; --", '" or ""="', "a* NEAR b", "NOT", "col:", "^x", "(", "%_"),
    "paths": ("../x", "a/../../b", "/nonexistent/x", "/dev/null", "~", "CON", ".", "x\\y", "C:\\x"),
    "options": ("--json", "-h", "--", "-1", "--db=/nonexistent/x", "@x"),
    "numbers": ("-0", "1e999", "9" * 400, "NaN", "inf", "0x1f", "١٢", "1_000", "1.5", "٣-٥"),
    "files": ("{'a': 1}", '{"pick": 0}', "a = [", "]]>", "# x", "- x", "```", "---\n", "\n\n"),
    "links": (
        "X SHOULD BE NECESSARY to Y",
        "MAY CONTRIBUTE to",
        "X DOES NOT CONTRIBUTE to Y",
        "to to to",
        "SHOULD",
    ),
    "scripts": ("☃", "e\u0301\u0323", "👩‍👩‍👧", "ﷺ", "א", "漢字", "\u200d", "İ", "ß", "\U000e0041"),
    "tokens": ("<|im_end|>", "</s>", "[INST]", "<think>", "</think>", "Action:", "\nScore:"),
    "words": ("look around", "open door", "task", "", " ", "\t", "\n"),
}
"""Pieces by their kind."""
LONGEST = 60_000


def drawn(draw: random.Random) -> str:
    """The next string: some pieces, of any plane of Unicode too, and now and then very long."""
    pieces = [_piece(draw) for _ in range(draw.randint(1, 5))]
    text = draw.choice(("", " ", "\n")).join(pieces)
    if draw.random() < 0.01:
        text = (text or "a") * draw.choice((100, 10_000))
    text = text[:LONGEST]
    # What begins at the root of the file system would be a file there.
    return text if text[:1] != "/" or text.startswith(("/dev/null", "/nonexistent/")) else text[1:]


def _piece(draw: random.Random) -> str:
    if draw.random() < 0.2:
        ends = draw.choice((0x7F, 0x2FF, 0xFFFF, 0x1FFFF, 0x10FFFF))
        return "".join(chr(draw.randint(0, ends)) for _ in range(draw.randint(1, 12)))
    return draw.choice(KINDS[draw.choice(sorted(KINDS))])


def raw(printed: str) -> list[str]:
    """The characters of ``printed`` that a terminal would obey, but for our own colours."""
    return RAW.findall(COLOUR.sub("", printed))
