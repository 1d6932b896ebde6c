"""A database in which everything that somebody else may have written is hostile, and what may not
come out of it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import watched

from memory.store import Store
from memory.store.requests import offer

OSC, C1, BIDI, MARKUP = "\x1b]0;pwned\x07", "\x9b2J\x9d0;x\x9c", "\u202egnp\u061c\u2066", "[/bold]"
HOSTILE = f"{MARKUP}{OSC}{C1}{BIDI}\x7f\r\u2028\x1b[2J"
NAME = f"task {HOSTILE}"
CLAIM = f"{MARKUP}{BIDI}\ufeffpwned"
"""What a link's phrase may hold: it is one line without control characters."""
SEEN = "task [/bold]"
"""What stays readable of it."""
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
COLOUR = re.compile(r"\x1b\[[\d;]*m")
"""What our own colours are made of."""


def raw(printed: str) -> list[str]:
    """The characters of ``printed`` that a terminal would obey, but for our own colours."""
    return RAW.findall(COLOUR.sub("", printed))


TEXTS = {
    "links": ("effect",),
    "trials": ("task", "goal", "opening"),
    "steps": ("action", "observation", "thought"),
    "calls": ("reply",),
    "versions": ("writer",),
    "corrections": ("who",),
    "runs": ("host",),
}


def database(path: Path) -> Path:
    """Three runs that have ended and one that is played, with an offer, evidence, scopes, refusals
    and a batch."""
    watched.live(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for table, columns in TEXTS.items():
            for column in columns:
                more = CLAIM if table == "links" else HOSTILE
                db.execute(f"update {table} set {column} = {column} || ?", [more])
        for table in ("steps_text", "links_text", "trials_text"):
            db.execute(f"insert into {table} ({table}) values ('rebuild')")
        for key, config in db.execute("select id, config from runs").fetchall():
            db.execute("update runs set config = ? where id = ?", [_config(config), key])
        lines = json.dumps([NAME])
        db.execute("update versions set notes = ?, unreadable = ?", [lines, lines])
        db.execute("update calls set parts = ?", [lines])
        version, link = db.execute("select version, link from version_links").fetchone()
        db.execute("insert into refusals values (?, 0, ?, ?)", [version, NAME, NAME])
        db.execute("insert into evidence values (?, ?, 1, 1, 1, 1, 1)", [version, link])
        db.execute("insert into scopes values (?, ?, ?, ?, 0, 1)", [version, link, NAME, NAME])
    with Store(path) as store:
        trial = store.trials("r4")[0].id
        offer(store, trial, 9, ["look around", NAME], [-0.2, -1.8], NAME)
    return path


def _config(stored: str) -> str:
    config = json.loads(stored)
    config["task"] += HOSTILE
    config["model"]["name"] += HOSTILE
    config["model"]["reference"] = NAME
    return json.dumps(config)
