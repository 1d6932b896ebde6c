"""The options that runs, experiment files and the command line share.

Each is declared once, as a field of its group: name, type, bounds, default, and what it is for. A
stored run and an experiment file have a table for each group; ``clin run --help`` has a section.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clin.errors import UserError
from clin.processors import usable
from memory.spelling import did_you_mean

BUDGET = 100
"""Steps of a trial at most, where nothing else was asked for."""


class Options(BaseModel):
    """A group of options. ``title`` is its heading in ``--help``."""

    # JSON has no infinity: SQLite could not read a run with one.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str] = ""

    @classmethod
    def checked(cls, **fields: Any) -> Self:
        """Build and validate; :class:`UserError` names the first field that is wrong."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise UserError(one_line(error, cls)) from None

    def but(self, **changes: Any) -> Self:
        """A copy with ``changes``, which are taken as they are."""
        return self.model_copy(update=changes)


def option(
    default: Any,
    description: str,
    *,
    shown: str = "",
    spelled: str = "",
    most: int | None = None,
    **bounds: Any,
) -> Any:
    """A field of a group.

    ``shown`` is the default in words, where it hangs on the model, the strategy or the machine.
    ``spelled`` is the option on the command line, where that is not the field's name. ``most`` is
    an upper bound that holds for the command line alone: a stored run may come from a larger
    machine. ``bounds`` are pydantic's (``ge``, ``gt``, ``le``).
    """
    told: dict[str, Any] = {"shown": shown, "spelled": spelled, "most": most}
    return Field(default=default, description=description, json_schema_extra=told, **bounds)


class Length(Options):
    """How long a run is."""

    title = "Run"

    trials: int = option(5, "Trials of one episode.", ge=1)
    budget: int = option(BUDGET, "Steps of a trial at most.", ge=1)
    chapter: int = option(
        0,
        "End a trial every N steps and leave the world as it stands, in place of --budget; 0: each "
        "trial begins anew.",
        ge=0,
    )

    @model_validator(mode="before")
    @classmethod
    def _a_chapter_is_the_budget(cls, fields: Any) -> Any:
        """``fields`` with the chapter's steps as the budget of a trial."""
        chapter = fields.get("chapter") if isinstance(fields, Mapping) else None
        if not isinstance(chapter, int) or not chapter:
            return fields
        if fields.get("budget", chapter) not in (chapter, BUDGET):
            raise ValueError(
                f"a chapter of {chapter} steps is a trial's budget, which is also said to be "
                f"{fields['budget']}; leave the budget out"
            )
        return {**fields, "budget": chapter}

    @model_validator(mode="after")
    def _a_chapter_goes_on(self) -> Self:
        """Whoever has this with an ``exploration`` cannot go back in a life that goes on."""
        exploration = getattr(self, "exploration", None)
        if self.chapter and exploration is not None and exploration.return_to_best:
            raise ValueError(
                "--chapter leaves the world as it stands, and --return-to-best begins anew to go "
                "back; give one of them"
            )
        return self


class Exploration(Options):
    """The wrappers around a trial's world (``clin/exploration/stack.py``). None: as the model and
    the strategy need, which :func:`clin.defaults.chosen_exploration` decides."""

    title = "Exploration"

    repeats: int | None = option(
        None,
        "How often a trial may do one action in one situation; 0: no bound.",
        shown="2 for models that do not think, else 0",
        ge=0,
    )
    memory_mask: bool | None = option(
        None,
        "Do not offer actions of which the memory says that they DO NOT contribute.",
        shown="for models that do not think",
    )
    risk_mask: bool | None = option(
        None,
        "Do not offer actions that are likely to cost points, as others like them did.",
        shown="for `evidence`",
    )
    novelty: bool | None = option(
        None,
        "Do not offer what came to nothing at these points; then offer what was done least.",
        shown="for `evidence`",
    )
    return_to_best: bool | None = option(
        None,
        "Go back to where the best earlier trial came, and go on from there.",
        shown="for `evidence`",
    )
    epsilon: float | None = option(
        None,
        "Share of the steps at which chance chooses, where memory says nothing.",
        shown="0",
        ge=0,
        le=1,
    )

    def filled(self, needed: Exploration) -> Exploration:
        """This, with what is ``needed`` where nothing was asked for."""
        asked = {name: value for name, value in self if value is not None}
        return needed.but(**asked)


NO_EXPLORATION = Exploration(
    repeats=0,
    memory_mask=False,
    risk_mask=False,
    novelty=False,
    return_to_best=False,
    epsilon=0.0,
)
"""No wrapper at all: what a stored run had that does not say."""


class Engine(Options):
    """How a model is loaded."""

    title = "Engine"

    lanes: int = option(1, "Trials in flight over the model.", ge=1, le=256)
    deterministic: bool = option(False, "Many lanes answer byte for byte like one; slower.")
    gpu_layers: int = option(-1, "Layers to offload; -1 is all, where the build can.")
    ctx: int = option(0, "Context of a lane in tokens.", shown="the model's, at most 8192", ge=0)
    threads: int = option(0, "CPU threads.", shown="half of the processors", ge=0, most=usable())
    kv_type: Literal["f16", "f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] = (
        option("f16", "Type of the cache's cells.")
    )
    flash_attention: bool | None = option(
        None, "llama.cpp's flash attention.", shown="on a GPU, and for a quantised cache"
    )
    kv_unified: bool = option(
        False, "One pool of cells for all lanes: faster where most of what lanes hold is shared."
    )
    lora: tuple[str, ...] = option(
        (), "A LoRA adapter for --model, FILE or FILE:SCALE; may be given several times."
    )
    endpoint_timeout: float = option(
        120.0, "Seconds that an endpoint may take for one request.", gt=0, allow_inf_nan=False
    )
    endpoint_wait: float = option(
        1800.0,
        "Seconds for which an endpoint that went away is waited for; 0: not at all.",
        ge=0,
        allow_inf_nan=False,
    )


class Sampling(Options):
    """How a token is drawn (``clin/llms/sampling.py``)."""

    title = "Sampling"

    temperature: float = option(0.0, "0 is greedy.", ge=0)
    top_k: int = option(0, "Draw from the so many likeliest tokens.", shown="all", ge=0)
    top_p: float = option(
        1.0, "Draw from the likeliest that together have this probability.", gt=0, le=1
    )
    min_p: float = option(
        0.0, "Draw from those with this share of the likeliest one's probability.", ge=0, le=1
    )
    repeat_penalty: float = option(1.0, "Above 1: repeat less, in free text.", gt=0)


class Prompting(Options):
    """What the acting model reads beside the task and the memory, and how long it thinks. None: as
    the model needs, which :func:`clin.defaults.chosen_prompting` decides."""

    title = "Prompt"

    think: int | None = option(
        None,
        "Tokens that the model may think before each action; 0: none.",
        shown="512 for models that think in a form of their own, 0 for small ones, else 160",
        ge=0,
    )
    example: str = option(
        "",
        "Show the model an expert's path in another place first: TASK:VARIATION of the train "
        "split.",
    )
    recall: Literal["head", "step", "both", "none"] | None = option(
        None,
        "Where the memory is read: all of it in the head, what it says now at each step, both, "
        "or nowhere.",
        shown="step for small models, else head",
    )
    guidance: float | None = option(
        None,
        "Weigh what the recalled line changes in the choice (context-aware decoding); 0 is off.",
        shown="4 for small models, else 0",
        ge=0,
        allow_inf_nan=False,
    )

    @property
    def at_each_step(self) -> bool:
        """Whether memory says at each step what to do now."""
        return self.recall in ("step", "both")

    @property
    def guided(self) -> bool | None:
        """Whether choices will be guided; None: as the model's card says."""
        if self.guidance is not None:
            return bool(self.guidance)
        return None if self.recall is None or self.at_each_step else False


def loading(engine: Engine, sampling: Sampling) -> dict[str, Any]:
    """What :func:`clin.llms.open.open_model` is told."""
    return {**dict(engine), **dict(sampling)}


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The first of pydantic's complaints about a ``model`` as one line that names the field."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "value_error":  # our own words, from a validator
        said = str(first["ctx"]["error"])
        return f"{where}: {said}" if where else said
    if first["type"] == "extra_forbidden":
        *group, name = map(str, first["loc"])
        allowed = list(_fields(model, group))
        return f"no field '{where}'{did_you_mean(name, allowed)} (fields: {', '.join(allowed)})"
    reason = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    if first["type"] == "missing":  # pydantic's input is then all that was given
        return f"{where}: {reason}"
    return f"{where or 'configuration'}: {reason}, not {first['input']!r}"


def _fields(model: type[BaseModel], group: list[str]) -> Mapping[str, object]:
    """The fields of ``model``, or of the group in it."""
    for name in group:
        if name not in model.model_fields:
            break
        kind = model.model_fields[name].annotation
        inner = [each for each in (kind, *get_args(kind)) if _is_group(each)]
        if not inner:
            break
        model = inner[0]
    return model.model_fields


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
