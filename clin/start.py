"""What is decided before a run begins: who writes the memory, and whether a stored run can go on with a model."""

from __future__ import annotations

from clin.errors import ModelError, UserError, nearest
from clin.experiment import RunConfig
from clin.llms import ModelCard

WRITERS = ("model", "rules")


def chosen_writer(asked: str | None, card: ModelCard) -> str:
    """The writer asked for, or what follows from the roles that the model declares."""
    if asked is None:
        return "model" if "revise" in card.roles else "rules"
    if asked not in WRITERS:
        raise UserError(f"no writer '{asked}'{nearest(asked, WRITERS)} (writers: {', '.join(WRITERS)})")
    if asked == "model" and "revise" not in card.roles:
        raise ModelError(f"{card.name} was not made to write memories (its roles: {', '.join(card.roles)}); use --writer rules")
    return asked


def same_model(config: RunConfig, card: ModelCard) -> None:
    """ModelError unless ``card`` is the model with which the run began."""
    if config.model.sha256 != card.sha256:
        raise ModelError(
            f"the run began with {config.model.name} (sha256 {config.model.sha256[:12]}…), and {config.model.reference} is now "
            f"another file (sha256 {card.sha256[:12]}…): a frozen run goes on with its own model only"
        )
