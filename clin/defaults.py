"""What a run does where nothing was asked for: as the model and the strategy need.

A model that acts without a thought goes round in circles and does what a warning warns of, so more
is kept from it. A strategy that counts what the record says can go back to what it recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clin.config import ModelInfo
from clin.errors import ModelError, UserError
from clin.exploration.loop_guard import MOST
from clin.llms import ModelCard
from clin.options import Exploration, Prompting
from clin.prompts import Style, Thinking, style
from memory.spelling import did_you_mean
from memory.strategies import traits_of
from worlds import shown_names

WRITERS = ("model", "rules")


NATIVE_TOKENS = 512
"""Tokens of thought for a model that thinks in a form of its own."""


def chosen_prompting(asked: Prompting, model: ModelCard | ModelInfo) -> Prompting:
    """How long the model thinks and where it reads its memory: as asked, else as it was made to.
    ModelError for what is asked of a model that was trained to act at once."""
    layout = style(model.prompt)
    if unknown := _beyond_training(asked, layout):
        raise ModelError(
            f"{model.name} was trained on the prompt {model.prompt}, which has no place for "
            f"{unknown}; leave it out"
        )
    if not layout.recalls:
        return Prompting()
    needed = _as_made(model, layout)
    chosen = needed.but(**{name: value for name, value in asked if value is not None})
    if asked.guidance is None and chosen.at_each_step:
        chosen = chosen.but(guidance=model.guidance)
    if chosen.guidance and not chosen.at_each_step:
        raise UserError(
            f"--guidance weighs what a recalled line changes, and with --recall {chosen.recall} "
            "no step has one; give --recall step or both"
        )
    return chosen


def _as_made(model: ModelCard | ModelInfo, layout: type[Style]) -> Prompting:
    """What the model was made to: trained on memory in both places, or an instruct model."""
    if not layout.thinks:
        return Prompting(think=0, recall="both", guidance=0.0)
    return Prompting(
        think=_thought(model), recall="step" if model.guidance else "head", guidance=0.0
    )


def _thought(model: ModelCard | ModelInfo) -> int:
    """Tokens of thought. Who is guided has what memory says for a thought."""
    if model.guidance:
        return 0
    return NATIVE_TOKENS if model.thinks else Thinking.tokens


def _beyond_training(asked: Prompting, layout: type[Style]) -> str:
    """The option that a model cannot follow that was trained to act at once on its memory."""
    if layout.thinks:
        return ""
    options: dict[str, object] = {"--think": asked.think, "--example": asked.example}
    if not layout.recalls:
        options["--recall"] = asked.recall if asked.recall != "head" else ""
        options["--guidance"] = asked.guidance
    return next((option for option, value in options.items() if value), "")


def chosen_world_options(
    world: str, asked: Mapping[str, Any], model: ModelCard | ModelInfo
) -> dict[str, Any]:
    """The world's options. Things have the names that its text shows, but for a model that was
    trained on others."""
    trained = style(model.prompt).own_form
    return {**({} if trained else shown_names(world)), **asked}


def chosen_exploration(
    asked: Exploration,
    model: ModelCard | ModelInfo,
    strategy: str,
    prompting: Prompting = Prompting(),  # noqa: B008 (it is frozen)
    chapter: int = 0,
) -> Exploration:
    """The wrappers asked for, and where nothing was asked those that the model and the strategy
    need. Where trials are chapters of one life, there is no way back."""
    thinks = style(model.prompt).thinks and prompting.think != 0
    counts = traits_of(strategy).counts
    needed = Exploration(
        repeats=0 if thinks else MOST,
        memory_mask=not thinks,
        risk_mask=counts,
        novelty=counts,
        return_to_best=counts and not chapter,
        epsilon=0.0,
    )
    return asked.filled(needed)


def reads_unconfirmed(asked: bool | None, model: ModelCard | ModelInfo, strategy: str) -> bool:
    """Whether a trial reads what other places taught before its own place bears it out: what was
    asked for, or unless the model does not think first and the strategy counts."""
    if asked is not None:
        return asked
    return style(model.prompt).thinks or not traits_of(strategy).counts


def chosen_writer(asked: str | None, card: ModelCard, strategy: str) -> str:
    """The writer asked for, or what follows from the roles that the model declares. For models that
    do not think or are guided, which are small, the rules write what rules can write unless it is
    asked for otherwise: it holds more often (docs/results/bundled.md)."""
    if not asked:
        small = card.guidance and not traits_of(strategy).needs_model
        able = "revise" in card.roles and style(card.prompt).thinks
        return "model" if able and not small else "rules"
    if asked not in WRITERS:
        raise UserError(
            f"no writer '{asked}'{did_you_mean(asked, WRITERS)} (writers: {', '.join(WRITERS)})"
        )
    if asked == "model" and "revise" not in card.roles:
        raise ModelError(
            f"{card.name} was not made to write memories (its roles: {', '.join(card.roles)}); "
            "use --writer rules"
        )
    return asked
