"""A run in one value: everything that decides what happens in it. It is stored whole with the
run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from clin import __version__
from clin.llms import ModelCard
from clin.options import (
    NO_EXPLORATION,
    Engine,
    Exploration,
    Length,
    Options,
    Prompting,
    Sampling,
    option,
)
from clin.provenance import commit
from clin.spellings import grouped
from worlds import packages

Setting = Literal["adapt", "gen-env", "gen-task"]


class ModelInfo(Options):
    """Which model acted, so that a run can be held against its file: ``sha256`` is the file's."""

    reference: str
    name: str = ""
    sha256: str = ""
    prompt: str = ModelCard.prompt
    roles: tuple[str, ...] = ()
    adapters: tuple[str, ...] = Field(
        default=(), description="the LoRA adapters on it: SHA-256 and scale of each"
    )
    thinks: bool = Field(
        default=False, description="whether it thinks before it answers, in a form of its own"
    )
    guidance: float = Field(
        default=0.0, description="the weight of guidance that its card asks for"
    )
    exact: bool = Field(
        default=True, description="whether equal questions have equal answers, to the byte"
    )

    @classmethod
    def of(cls, reference: str, card: ModelCard) -> ModelInfo:
        """The model behind ``reference``, as its card describes it."""
        return cls(
            reference=reference,
            name=card.name,
            sha256=card.sha256,
            prompt=card.prompt,
            roles=card.roles,
            adapters=card.adapters,
            thinks=card.thinks,
            guidance=card.guidance,
            exact=card.exact,
        )


class RunConfig(Length):
    """One run: a world's task in one variation, a strategy, a model, and how long. Keys of before
    there were groups are read too (:mod:`clin.spellings`)."""

    world: str = option("scienceworld", "A world; `clin worlds` lists them.")
    task: str
    variation: int = Field(ge=0)
    world_options: dict[str, Any] = Field(default_factory=dict)
    setting: Setting = "adapt"
    strategy: str = option(
        "evidence",
        "How the memory is kept: evidence, clin (as in the paper), reflexion, episodic, exprag, "
        "awm, cheatsheet, reasoningbank, expel; none and saycan keep none.",
    )
    writer: str = option(
        "model",
        "Who writes the memory: model or rules.",
        shown="rules for models that do not think, else model",
    )
    seed: int = option(0, "Seed of world and sampling.")
    start: str = option(
        "", "Start from a memory: RUN, RUN:TRIAL, FILE.md or FILE.jsonl.", spelled="--from"
    )
    stream: str = Field(
        default="",
        description="a block of a sequence that carries its memory along: ORDER/BLOCK/learn or "
        "ORDER/BLOCK/evaluate",
    )
    read_only_memory: bool = option(False, "Frozen evaluation: play, and rewrite nothing.")
    read_unconfirmed: bool = Field(
        default=True,
        description="whether a trial reads what other places taught before one here has done what "
        "it speaks of (gen-env, gen-task)",
    )
    exploration: Exploration = NO_EXPLORATION
    engine: Engine = Engine()
    sampling: Sampling = Sampling()
    prompting: Prompting = Prompting()
    model: ModelInfo
    role_models: dict[str, ModelInfo] = Field(
        default_factory=dict, description="models of single roles: actor, writer"
    )
    versions: dict[str, str] = Field(default_factory=dict)
    retired: dict[str, Any] = Field(
        default_factory=dict,
        description="options that this version has no more: such a run is read, not continued",
    )

    @model_validator(mode="before")
    @classmethod
    def _read_old_keys(cls, fields: Any) -> Any:
        return grouped(_without_old_tables(fields)) if isinstance(fields, Mapping) else fields

    @field_validator("exploration")
    @classmethod
    def _say_all(cls, exploration: Exploration) -> Exploration:
        """A run's record says what held: what nobody asked for was not there."""
        return exploration.filled(NO_EXPLORATION)


def _without_old_tables(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` of a stored run without what has no place any more: until there were groups, each
    model had the ``options`` that it was loaded with (the same for all), and a run had a
    ``memory_room`` that nothing could set."""
    found = dict(fields)
    if found.get("memory_room") == 0:
        del found["memory_room"]
    if isinstance(model := found.get("model"), Mapping) and "options" in model:
        found["model"] = {name: each for name, each in model.items() if name != "options"}
        found = {**model["options"], **found}
    if isinstance(models := found.get("role_models"), Mapping):
        found["role_models"] = {
            role: {name: each for name, each in dict(model).items() if name != "options"}
            for role, model in models.items()
        }
    return found


def versions() -> dict[str, str]:
    """The versions of what decides a trial's course, and the commit where there is one."""
    found = {"clin": __version__}
    if this := commit():
        found["commit"] = this
    for package in ("llama-cpp-python", *packages()):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
