"""Options that several commands share."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path

import click

from clin.errors import UserError

DATABASE = "clin.db"

Command = Callable[..., object]


def database(command: Command) -> Command:
    """``--db FILE``."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path),
        default=DATABASE,
        show_default=True,
        envvar="CLIN_DB",
        help="The SQLite file that holds runs and memories.",
    )(command)


def as_json(command: Command) -> Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")(
        command
    )


def existing(db: Path) -> Path:
    """``db`` if there is such a file; reading commands never create one."""
    if not db.exists():
        found = sorted(
            path.name for path in (db.parent if db.parent.is_dir() else Path()).glob("*.db")
        )
        here = f" (there is: {', '.join(found)})" if found else ""
        raise UserError(f"no database '{db}'{here}; `clin run` makes one, --db FILE names another")
    return db


_KV = ("f16", "f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")
_MODEL_OPTIONS = (
    click.option(
        "--model",
        default="bundled",
        show_default=True,
        help="bundled, PATH.gguf, hf:ORG/REPO:FILE, openai:MODEL@URL or scripted:FILE.",
    ),
    click.option(
        "--role-model",
        multiple=True,
        help="A model for one role: writer=MODEL or actor=MODEL; may be given twice.",
    ),
    click.option(
        "--lanes",
        default=1,
        show_default=True,
        type=click.IntRange(1, 256),
        help="Trials in flight over the model.",
    ),
    click.option(
        "--deterministic", is_flag=True, help="Many lanes answer byte for byte like one; slower."
    ),
    click.option(
        "--gpu-layers",
        default=-1,
        show_default=True,
        help="Layers to offload; -1 is all, where the build can.",
    ),
    click.option(
        "--ctx",
        default=0,
        type=click.IntRange(0),
        help="Context of a lane in tokens.  [default: the model's, at most 8192]",
    ),
    click.option(
        "--threads",
        default=0,
        type=click.IntRange(0, max(1, os.cpu_count() or 1)),
        help="CPU threads.  [default: half of the processors]",
    ),
    click.option(
        "--kv-type",
        default="f16",
        show_default=True,
        type=click.Choice(_KV),
        help="Type of the cache's cells.",
    ),
    click.option(
        "--flash-attention/--no-flash-attention",
        default=None,
        help="llama.cpp's flash attention.  [default: on a GPU, and for a quantised cache]",
    ),
    click.option(
        "--kv-unified",
        is_flag=True,
        help="One pool of cells for all lanes: faster where most of what lanes hold is shared.",
    ),
    click.option(
        "--temperature",
        default=0.0,
        show_default=True,
        type=click.FloatRange(0),
        help="0 is greedy.",
    ),
    click.option(
        "--top-k",
        default=0,
        type=click.IntRange(0),
        help="Draw from the so many likeliest tokens.  [default: all]",
    ),
    click.option(
        "--top-p",
        default=1.0,
        show_default=True,
        type=click.FloatRange(0, 1, min_open=True),
        help="Draw from the likeliest that together have this probability.",
    ),
    click.option(
        "--min-p",
        default=0.0,
        show_default=True,
        type=click.FloatRange(0, 1),
        help="Draw from those with this share of the likeliest one's probability.",
    ),
    click.option(
        "--repeat-penalty",
        default=1.0,
        show_default=True,
        type=click.FloatRange(0, min_open=True),
        help="Above 1: repeat less, in free text.",
    ),
)
_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")
_LOADING = (
    "lanes",
    "deterministic",
    "gpu_layers",
    "ctx",
    "threads",
    "kv_type",
    "flash_attention",
    "kv_unified",
    *_SAMPLING,
)


def model_options(command: Command) -> Command:
    """The options of a model: ``model``, ``role_model``, and the rest gathered in ``options``."""

    @functools.wraps(command)
    def gathered(**given: object) -> object:
        return command(options={name: given.pop(name) for name in _LOADING}, **given)

    for option in reversed(_MODEL_OPTIONS):
        gathered = option(gathered)
    return gathered


def world_options(command: Command) -> Command:
    """``--world-option NAME=VALUE``, as a mapping."""
    return click.option(
        "--world-option",
        "world_options",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_named_values,
        help="An option of the world, such as rules=3; may be given several times.",
    )(command)


def _named_values(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise UserError(f"'{each}' is not of the form NAME=VALUE")
        found[name] = int(value) if value.isdecimal() else value
    return found


def numbers(text: str) -> list[int]:
    """``3``, ``3,5`` or ``0-9`` as numbers, each once; UserError for anything else."""
    found: dict[int, None] = {}
    for part in text.split(","):
        span = re.fullmatch(r"\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*", part)
        if not span or int(span[2] or span[1]) < int(span[1]):
            raise UserError(
                f"'{text}' is not a variation, a list or a span of them (as in 7, 3,5 or 0-9)"
            )
        found.update(dict.fromkeys(range(int(span[1]), int(span[2] or span[1]) + 1)))
    return list(found)
