"""The model that a worker of a cluster keeps loaded between cells: one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from clin.experiments.spec import Batch
from clin.llms import LLM
from clin.llms.open import NO_FILE
from clin.options import loading


class OneModel:
    """At most one model, by what it was loaded with. A seed is part of that only where it decides
    something: drawing at a temperature, or at an endpoint, which is told it."""

    def __init__(self) -> None:
        self._key = ""
        self._llm: LLM | None = None

    def get(self, batch: Batch, model: str, seed: int, load: Callable[[], LLM]) -> LLM:
        """The model that is kept, where it is this one; else it is closed, and ``load`` called."""
        key = _key(batch, model, seed)
        if self._llm is None or key != self._key:
            self.close()
            self._llm, self._key = load(), key
        return self._llm

    def close(self) -> None:
        """Close the model that is kept, if any."""
        llm, self._llm = self._llm, None
        if llm is not None:
            llm.close()


def _key(batch: Batch, model: str, seed: int) -> str:
    draws = batch.sampling.temperature > 0 or model.partition(":")[0] in NO_FILE
    with_it: dict[str, Any] = {
        "model": model,
        "think": batch.prompting.think,
        "guided": batch.prompting.guided,
        "seed": seed if draws else 0,
        **loading(batch.engine, batch.sampling),
    }
    return json.dumps(with_it, sort_keys=True)
