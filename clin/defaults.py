"""What is decided before a run begins: which models, who writes the memory, and whether a stored
run can go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clin.config import ModelInfo, RunConfig
from clin.errors import ModelError, UserError, nearest
from clin.exploration.loop_guard import MOST
from clin.llms import LLM, ModelCard
from clin.llms.open import open_model
from clin.llms.roles import NAMES, Roles
from memory.strategies import open_strategy

WRITERS = ("model", "rules")


def chosen_writer(asked: str | None, card: ModelCard) -> str:
    """The writer asked for, or what follows from the roles that the model declares. For small
    models the rules write unless it is asked for otherwise: what they write holds more often
    (docs/results/bundled.md)."""
    if asked is None:
        return (
            "model" if "revise" in card.roles and not card.prompt.startswith("compact") else "rules"
        )
    if asked not in WRITERS:
        raise UserError(
            f"no writer '{asked}'{nearest(asked, WRITERS)} (writers: {', '.join(WRITERS)})"
        )
    if asked == "model" and "revise" not in card.roles:
        raise ModelError(
            f"{card.name} was not made to write memories (its roles: {', '.join(card.roles)}); "
            "use --writer rules"
        )
    return asked


def chosen_repeats(asked: int | None, card: ModelCard) -> int:
    """How often a trial may do one action in one situation: what was asked for, or no bound for
    models that think first."""
    return asked if asked is not None else MOST if card.prompt.startswith("compact") else 0


def chosen_heed(asked: bool | None, card: ModelCard) -> bool:
    """Whether a trial is not offered what its memory is sure does not contribute: what was asked
    for, or where the model does not think first."""
    return asked if asked is not None else card.prompt.startswith("compact")


def chosen_go_back(asked: bool | None, strategy: str) -> bool:
    """Whether a trial first goes back to where the best earlier one came: what was asked for, or
    where the strategy counts what the record says (``evidence``)."""
    return asked if asked is not None else bool(getattr(open_strategy(strategy), "counts", False))


def chosen_read_elsewhere(asked: bool | None, card: ModelCard | ModelInfo, strategy: str) -> bool:
    """Whether a trial reads what other places taught before its own place bears it out: what was
    asked for, or unless the model does not think first and the strategy counts what the record
    says."""
    return (
        asked
        if asked is not None
        else not (
            card.prompt.startswith("compact") and getattr(open_strategy(strategy), "counts", False)
        )
    )


def open_models(
    reference: str, roles: Mapping[str, str], options: Mapping[str, Any], seed: int
) -> LLM:
    """The model of a run, or a model per role; a reference that is named twice is loaded once."""
    opened: dict[str, LLM] = {}
    try:
        for each in dict.fromkeys(
            [*(() if set(roles) >= set(NAMES) else (reference,)), *roles.values()]
        ):
            opened[each] = open_model(each, seed=seed, **options)
        if not roles:
            return opened[reference]
        default = opened.get(reference) or opened[roles["actor"]]
        return Roles(default, {name: opened[each] for name, each in roles.items()})
    except BaseException:
        for model in opened.values():
            model.close()
        raise


def model_fields(
    llm: LLM, reference: str, roles: Mapping[str, str], options: dict[str, Any]
) -> dict[str, Any]:
    """The fields of a :class:`RunConfig` that say which models play."""
    if not isinstance(llm, Roles):
        return {"model": ModelInfo.of(reference, llm.card, options)}
    by_name = {
        name: ModelInfo.of(each, llm.of(NAMES[name][0]).card, options)
        for name, each in roles.items()
    }
    return {
        "model": by_name.get("actor") or ModelInfo.of(reference, llm.card, options),
        "role_models": by_name,
    }


def same_models(config: RunConfig, llm: LLM) -> None:
    """ModelError unless ``llm`` is what the run began with: a frozen run goes on with its own
    models only."""
    pairs = [(config.model, llm.card)]
    if isinstance(llm, Roles):
        pairs += [(info, llm.of(NAMES[name][0]).card) for name, info in config.role_models.items()]
    for info, card in pairs:
        if info.sha256 != card.sha256:
            raise ModelError(
                f"the run began with {info.name} (sha256 {info.sha256[:12]}…), and "
                f"{info.reference} is now another file "
                f"(sha256 {card.sha256[:12]}…): a frozen run goes on with its own model only"
            )
