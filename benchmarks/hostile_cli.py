"""The command lines that ``hostile.py`` puts a string into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

S = "<string>"
"""What stands for the string."""
MARKDOWN, ROWS, TOML, ENTERED = "in.md", "in.jsonl", "in.toml", "<entered>"
"""Files that hold the string, and a word that says that it is typed."""
LINK = f"X {S} SHOULD BE NECESSARY to Y"
FIELDS = ("worlds", "tasks", "strategies", "models", "settings", "split", S)
"""Fields of an experiment, and the string as the name of one."""

MEMORY: Sequence[tuple[str, ...]] = (
    ("add", "r1", S),
    ("add", "r1", LINK),
    ("drop", "r1", LINK),
    ("edit", "r1", LINK, f"Y {S} MAY CONTRIBUTE to X"),
    ("pin", "r1", LINK),
    ("unpin", "r1", S),
    ("ban", "r1", LINK),
    ("unban", "r1", LINK),
    ("search", S),
    ("search", "--json", S),
    ("history", "r1", S),
    ("import", "r1", MARKDOWN),
    ("import", "r1", ROWS),
    ("show", S),
    ("show", "r1"),
    ("list",),
    ("graph", "r1"),
    ("graph", S),
    ("graph", "r1", "--format", "dot"),
    ("graph", "r1", "--format", "svg"),
    ("graph", "r1", "--format", "html"),
    ("diff", "r1", S, "1"),
    ("grade", S),
    ("export", "r1"),
    ("merge", "clin.db", S),
    ("check",),
)
MEMORY = tuple(("memory", *words) for words in MEMORY)
PLACE = ("run", "--world", "causal", "--task", "make", "--trials", "1", "--budget", "3")
COMMANDS: Sequence[tuple[str, ...]] = (
    (S,),
    ("run", "--world", S),
    ("run", "--world", "causal", "--task", S),
    *((*PLACE, option, S) for option in ("--variation", "--seed", "--model", "--strategy")),
    *((*PLACE, option, S) for option in ("--from", "--world-option", "--writer", "--example")),
    *((*PLACE, option, S) for option in ("--db", "--role-model", "--recall", "--temperature")),
    (*PLACE, "--strategy", "none", "--from", MARKDOWN),
    ("play", "causal", S),
    ("play", "causal", "make", ENTERED),
    ("batch", S),
    *(("batch", f"{TOML}:{place}") for place in range(len(FIELDS))),
    ("report", S),
    ("report", "--world", S),
    ("resume", S),
    ("runs", "--db", S),
    ("show", S),
    ("show", "r1", "--trial", S),
    ("export", S, "out.jsonl"),
    ("prompt", "r1", "--trial", "0", "--step", S),
    ("prompt", S),
    ("worlds", S),
    ("models", "show", S),
    ("models", "quantize", S, "out.gguf"),
    ("memory", S),
    ("memory", "compact", "--db", S),
    ("mcp", "--http", S),
    ("distill", "train", "--data", S, "--out", "trained"),
    ("distill", "evaluate", "--model", S),
)


def filled(template: Sequence[str], text: str) -> tuple[list[str], str]:
    """``template`` with ``text`` in it (and its files written), and what is typed. A word is what
    the system may hand over: bytes but NUL, which are read as UTF-8 or as single halves."""
    file = text.encode("utf-8", "surrogatepass")
    if MARKDOWN in template:
        Path(MARKDOWN).write_bytes(b"# x\n\n- " + file + b"\n- X " + file + b" MAY CONTRIBUTE to Y")
    if ROWS in template:
        rows = [{"cause": text, "hedge": "MAY", "relation": text, "effect": text}, text, [text]]
        lines = [*map(json.dumps, rows), json.dumps({text: text})]
        Path(ROWS).write_text("\n".join(lines), encoding="utf-8")
    word = file.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    words = [_word(each, text, word) for each in template if each != ENTERED]
    typed = f"{text}\n" * 3 + "quit\n" if ENTERED in template else ""
    return words, typed


def _word(template: str, text: str, word: str) -> str:
    if not template.startswith(f"{TOML}:"):
        return template.replace(S, word)
    place = int(template.partition(":")[2])
    fields = {"worlds": ["causal"], "tasks": ["make"], "strategies": ["none"], "trials": 1}
    fields[FIELDS[place].replace(S, text)] = text if place > 4 else [text]
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in fields.items()]
    Path(TOML).write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    return TOML
