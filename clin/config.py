"""A run in one value: everything that decides what happens in it. It is stored whole with the
run."""

from __future__ import annotations

from importlib import metadata
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clin import __version__
from clin.errors import UserError, nearest
from clin.llms import ModelCard
from clin.provenance import commit

Setting = Literal["adapt", "gen-env", "gen-task"]


class ModelInfo(BaseModel):
    """Which model acted, so that a run can be held against its file: ``sha256`` is the file's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    name: str = ""
    sha256: str = ""
    prompt: str = "full"
    roles: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)
    exact: bool = Field(
        default=True, description="whether equal questions have equal answers, byte for byte"
    )

    @classmethod
    def of(cls, reference: str, card: ModelCard, options: dict[str, Any]) -> ModelInfo:
        """The model behind ``reference``, as its card describes it."""
        return cls(
            reference=reference,
            name=card.name,
            sha256=card.sha256,
            prompt=card.prompt,
            roles=card.roles,
            options=options,
            exact=card.exact,
        )


class RunConfig(BaseModel):
    """One run: a world's task in one variation, a strategy, a model, and how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    world: str = "scienceworld"
    task: str
    variation: int = Field(ge=0)
    world_options: dict[str, Any] = Field(default_factory=dict)
    setting: Setting = "adapt"
    strategy: str = "evidence"
    writer: str = "model"
    trials: int = Field(default=5, ge=1)
    budget: int = Field(default=100, ge=1, description="steps per trial")
    seed: int = 0
    start: str = Field(
        default="", description="where the first trial's memory came from: RUN, RUN:TRIAL or a file"
    )
    stream: str = Field(
        default="",
        description=(
            "a block of a sequence that carries its memory along: ORDER/BLOCK/learn or "
            "ORDER/BLOCK/evaluate"
        ),
    )
    read_only_memory: bool = Field(
        default=False, description="frozen evaluation: trials run, the memory is not rewritten"
    )
    memory_room: int = Field(
        default=0,
        ge=0,
        description="tokens of memory that a trial reads at most; 0: a third of the context",
    )
    test_steps: int = Field(
        default=0,
        ge=0,
        description="steps of a trial at most in which a link is put to the test; 0: none",
    )
    heed: bool = Field(
        default=False,
        description=(
            "whether actions are not offered of which the memory says that they do not contribute"
        ),
    )
    go_back: bool = Field(
        default=False,
        description="whether a trial first goes back to where the best earlier one of its run came",
    )
    read_elsewhere: bool = Field(
        default=True,
        description=(
            "whether a trial reads what other places taught before one here has done "
            "what it speaks of (gen-env, gen-task)"
        ),
    )
    repeats: int = Field(
        default=0,
        ge=0,
        description="how often a trial may do one action in one situation; 0: as often as it likes",
    )
    model: ModelInfo
    role_models: dict[str, ModelInfo] = Field(
        default_factory=dict, description="models of single roles: actor, writer"
    )
    versions: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def checked(cls, **fields: Any) -> RunConfig:
        """Build and validate; :class:`UserError` names the first field that is wrong."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise UserError(one_line(error, list(cls.model_fields))) from None


def one_line(error: ValidationError, allowed: list[str]) -> str:
    """The first of pydantic's complaints as one line that names the field."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "configuration"
    if first["type"] == "extra_forbidden":
        return f"no field '{where}'{nearest(where, allowed)} (fields: {', '.join(allowed)})"
    return f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}, not {first['input']!r}"


def versions() -> dict[str, str]:
    """The versions of what decides a trial's course, and the commit where there is one."""
    found = {"clin": __version__}
    if this := commit():
        found["commit"] = this
    for package in ("llama-cpp-python", "scienceworld", "textworld-express"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
