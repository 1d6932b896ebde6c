"""Scenes of text as an asciinema cast, version 2
(https://docs.asciinema.org/manual/asciicast/v2/): a header, then a line for each output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.text import Text

from clin.cli.console import ansi

WIDTH, HEIGHT = 100, 30
"""Columns and lines of the terminal that there was not."""
LEAST, MOST, WORD = 1.0, 4.0, 0.12
"""Seconds that a scene stands, and what each word adds: the pace of a reader, not of the model."""


def cast(scenes: Iterable[Sequence[Text]], title: str) -> str:
    """The cast of ``scenes``, each shown at once and left to be read."""
    head = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": title}
    lines: list[object] = [head]
    now = 0.0
    for scene in scenes:
        lines.append([round(now, 2), "o", ansi(scene, WIDTH).replace("\n", "\r\n")])
        words = sum(len(text.plain.split()) for text in scene)
        now += max(LEAST, min(MOST, WORD * words))
    lines.append([round(now, 2), "o", ""])  # the last scene is left to be read too
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
