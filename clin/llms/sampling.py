"""How a token is taken from a model's log-probabilities: the likeliest, or a draw that seed and
prompt decide."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clin.errors import ModelError

LAST = 64
"""Tokens before the next one, prompt included, that a repeat penalty looks at (llama.cpp's
``--repeat-last-n``)."""


@dataclass(frozen=True)
class Sampling:
    """llama.cpp's sampling options under its names, in its order: repeat penalty, top-k, top-p,
    min-p, temperature. All but the temperature say how a draw is narrowed, so ModelError where
    nothing is drawn (temperature 0)."""

    temperature: float = 0.0
    top_k: int = 0
    """Only the so many likeliest tokens; 0: all."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability; 1: all."""
    min_p: float = 0.0
    """Only tokens with at least this share of the likeliest one's probability; 0: all."""
    repeat_penalty: float = 1.0
    """Above 1: tokens of the last :data:`LAST` are less likely in free text; the tokens of an
    action never are."""
    seed: int = 0

    def __post_init__(self) -> None:
        given = [name for name, off in OFF.items() if getattr(self, name) != off]
        if given and self.temperature <= 0:
            option = given[0].replace("_", "-")
            raise ModelError(
                f"--{option} narrows a draw, and at --temperature 0 nothing is drawn: give a "
                "--temperature above 0"
            )

    def pick(self, prompt: Sequence[int]) -> Callable[[np.ndarray], int]:
        """From log-probabilities to an index, for one answer to the tokens of ``prompt``."""
        if self.temperature <= 0:
            return lambda shares: int(np.argmax(shares))
        seed = self.seed if self.seed >= 0 else self.seed % 2**64  # NumPy takes none below 0
        random = np.random.default_rng([seed, zlib.crc32(np.array(prompt).tobytes())])

        def drawn(shares: np.ndarray) -> int:
            weights = np.exp((shares - shares.max()).astype(np.float64) / self.temperature)
            weights[~self.kept(shares)] = 0.0
            return int(random.choice(len(weights), p=weights / weights.sum()))

        return drawn

    def kept(self, shares: np.ndarray) -> np.ndarray:
        """Which of ``shares`` can be drawn, as a mask: always the likeliest, and of equals the
        first."""
        kept = np.ones(len(shares), dtype=bool)
        if (self.top_k, self.top_p, self.min_p) == (0, 1.0, 0.0):
            return kept
        order = np.argsort(-shares, kind="stable")[: self.top_k or len(shares)]
        likely = np.exp((shares[order] - shares[order[0]]).astype(np.float64))
        before = np.cumsum(likely) - likely
        enough = (before < self.top_p * likely.sum()) & (likely >= self.min_p)
        enough[0] = True
        kept[:] = False
        kept[order[enough]] = True
        return kept

    def penalised(self, logits: np.ndarray, last: Sequence[int]) -> np.ndarray:
        """``logits`` with the tokens of ``last`` less likely, as llama.cpp does it."""
        if self.repeat_penalty == 1.0 or not last:
            return logits
        tokens = np.unique(np.array(last[-LAST:]))
        found, said = logits.copy(), logits[tokens]
        found[tokens] = np.where(said > 0, said / self.repeat_penalty, said * self.repeat_penalty)
        return found


OFF = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0}
"""The options that narrow a draw, and the value of each that changes nothing."""
