"""An experiment: worlds x tasks x variations x strategies x settings x models x seeds, as one TOML
file.

What is already in the database is not played again, so a batch that was interrupted goes on when it
is started anew, and starting a finished one adds nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from clin.config import Setting
from clin.errors import UserError
from clin.experiments.sequence import Stream
from clin.options import Engine, Exploration, Length, Prompting, Sampling
from clin.spellings import GROUPS, grouped
from memory.spelling import did_you_mean
from memory.strategies import traits_of

PRESETS = Path(__file__).parent / "presets"


class Batch(Length):
    """The fields of an experiment file; ``docs/experiments.md`` describes each. Options may stand
    in their tables or outside, and under older names (:mod:`clin.spellings`)."""

    worlds: tuple[str, ...] = Field(default=("scienceworld",), min_length=1)
    tasks: tuple[str, ...] = Field(default=(), description="none: all tasks of each world")
    variations: tuple[int, ...] = Field(
        default=(), description="none: the first `per_task` of `split`"
    )
    split: Literal["train", "dev", "test"] = "test"
    per_task: int = Field(default=3, ge=1)
    strategies: tuple[str, ...] = Field(min_length=1)
    settings: tuple[Setting, ...] = Field(default=("adapt",), min_length=1)
    models: tuple[str, ...] = Field(default=("bundled",), min_length=1)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    sources: int = Field(
        default=3,
        ge=1,
        le=10,
        description="earlier episodes that a meta-memory is made from (paper: at most 10)",
    )
    writer: Literal["", "model", "rules"] = Field(
        default="", description="empty: what each model can"
    )
    read_unconfirmed: bool | None = Field(
        default=None,
        description="whether what other places taught is read before the place itself bears it "
        "out; none: as the model needs",
    )
    exploration: Exploration = Exploration()
    engine: Engine = Engine()
    sampling: Sampling = Sampling()
    prompting: Prompting = Prompting()
    world_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="options by world"
    )
    stream: Stream | None = Field(
        default=None,
        description="carry one memory through a sequence of the tasks, instead of `settings`",
    )
    quick: dict[str, Any] = Field(
        default_factory=dict, description="fields that --quick puts in place of those above"
    )

    @model_validator(mode="before")
    @classmethod
    def _read_old_keys(cls, fields: Any) -> Any:
        found = grouped(fields) if isinstance(fields, Mapping) else fields
        if isinstance(found, Mapping) and (retired := found.get("retired")):
            raise ValueError(f"{', '.join(retired)}: no more (docs/log.md says why); leave it out")
        return found

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            traits_of(name)
        return names

    @classmethod
    def read(cls, reference: str, *, quick: bool = False) -> Batch:
        """From a TOML file, or by the name of an experiment that ships with the package; UserError
        names the field."""
        path = Path(reference)
        if not path.suffix:
            shipped = sorted(each.stem for each in PRESETS.glob("*.toml"))
            if reference not in shipped:
                raise UserError(
                    f"no experiment '{reference}'{did_you_mean(reference, shipped)} (shipped: "
                    f"{', '.join(shipped)}; or FILE.toml)"
                )
            path = PRESETS / f"{reference}.toml"
        fields = grouped(_toml(path))
        return cls.checked(**(_quick(fields) if quick else fields))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"no experiment file '{path}'") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"'{path}' cannot be read as TOML: {error}") from None


def _quick(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields`` with those of ``quick`` in place of theirs; in tables of options, and in
    ``stream``, each by itself."""
    smaller = fields.get("quick", {})
    if not isinstance(smaller, dict):
        return fields
    smaller = grouped(smaller)
    for name in (*GROUPS, "stream"):
        whole, part = fields.get(name), smaller.get(name)
        if isinstance(whole, dict) and isinstance(part, dict):
            smaller[name] = {**whole, **part}
    return {**fields, **smaller}
