"""Who writes the memories of an experiment, as far as its file and its models' files tell."""

from __future__ import annotations

from contextlib import suppress

from clin.defaults import chosen_writer
from clin.errors import ModelError, UserError
from clin.experiments.spec import Batch
from clin.llms import ModelCard
from clin.llms.open import NO_FILE, model_file
from clin.prompts import style
from memory.strategies import traits_of


def check_writers(batch: Batch) -> None:
    """UserError where a strategy needs a model that writes and a model of the experiment does not
    write what it keeps. Nothing is known of endpoints and of the hub's models before they are
    opened: their runs fail then, as those of a model that is not there."""
    for strategy in batch.strategies:
        if not traits_of(strategy).needs_model:
            continue
        if batch.writer == "rules":
            raise UserError(
                f"strategies: {strategy} needs a model that writes, and writer is rules; leave "
                "either out"
            )
        for model in batch.models:
            card = _card(model)
            if card is not None and not _writes(batch, strategy, card):
                raise UserError(
                    f"strategies: {strategy} needs a model that writes, and {model} does not; take "
                    "another model, or leave the strategy out"
                )


def _writes(batch: Batch, strategy: str, card: ModelCard) -> bool:
    """Whether the model is asked to write, and can be asked what the strategy keeps."""
    if chosen_writer(batch.writer, card, strategy) != "model":
        return False
    return traits_of(strategy).states_request or not style(card.prompt).own_form


def _card(model: str) -> ModelCard | None:
    """What a model's file says of it; None where there is none at hand."""
    from clin.llms.gguf_card import read_card

    if model.partition(":")[0] in (*NO_FILE, "hf"):
        return None
    with suppress(ModelError):
        return read_card(model_file(model))
    return None
