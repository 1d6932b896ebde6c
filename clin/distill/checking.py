"""Whether anything changed on the way from torch to llama.cpp: tokens, and what is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch

from clin.distill.drills import drill
from clin.distill.export import Trained
from clin.distill.form import Window, windows
from clin.distill.lora import Adapted
from clin.distill.model import Llama
from clin.llms.adapters import adapters_of
from clin.llms.gguf_file import header_of
from clin.llms.native import CHUNK, Native, Row


@dataclass(frozen=True)
class Check:
    """llama.cpp against torch."""

    texts: int
    """Texts that both tokenised."""
    unlike: int
    """Those of them that they tokenised differently."""
    decisions: int
    """Places at which both chose a token."""
    agreed: int
    """Those of them where they chose the same."""
    apart: float
    """The greatest difference between two logits."""

    def __str__(self) -> str:
        return (
            f"{self.texts} texts, {self.unlike} tokenised differently; {self.agreed} of "
            f"{self.decisions} decisions alike "
            f"({100 * self.agreed / max(1, self.decisions):.1f} %), logits at most "
            f"{self.apart:.3f} apart"
        )


TEXTS = (
    "go to A",
    " walk to art studio\n",
    "ein Apfel, übergroß\n",
    "0:\tpick up orange (in pot 1)",
    "  two  spaces\n",
    "日本 \U0001f600",
    "it's\n",
    "123 456\n",
    "\n",
)
"""Awkward for a tokeniser: spaces, numbers, accents, marks beyond the basic plane."""


def check(run: Trained, file: Path, samples: int = 20) -> Check:
    """Hold ``file`` in llama.cpp against torch on ``samples`` drills and some awkward texts."""
    random = Random(0)
    texts = list(TEXTS)
    shown: list[Window] = []
    for _ in range(samples):
        sample = drill(random)
        texts.append(sample.goal)
        texts += [f"{line}\n" for line in sample.memory]
        texts += [act.observation for act in sample.acts]
        shown += windows(sample, run.tokens, run.recipe.context, begin=run.tokens.begin)
    native = _opened(run, file)
    try:
        native.start(run.recipe.context, 1, 1, "f32", False, unified=True)
        unlike = sum(tuple(run.tokens(text)) != native.tokenize(text) for text in texts)
        pairs = [pair for window in shown for pair in _decisions(run.model, native, window)]
    finally:
        native.close()
    return Check(
        texts=len(texts),
        unlike=unlike,
        decisions=len(pairs),
        agreed=sum(int(ours.argmax() == theirs.argmax()) for ours, theirs in pairs),
        apart=max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs),
    )


def _opened(run: Trained, file: Path) -> Native:
    """``file`` in llama.cpp; an adapter on its base."""
    header = header_of(file)
    if header is None or header.keys.get("general.type") != "adapter":
        return Native(file, gpu_layers=0)
    assert run.base is not None
    native = Native(run.base.file, gpu_layers=0)
    native.adapt(adapters_of([str(file)]))
    return native


def _decisions(
    model: Llama | Adapted, native: Native, window: Window
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """torch's and llama.cpp's logits before each token that is to be learned."""
    places = [number for number, weight in enumerate(window.weights) if weight >= 1]
    with torch.no_grad():
        ours = model(torch.tensor([window.tokens]))[0].numpy()
    native.forget(0, 0)
    at = 0
    for place in places:
        theirs = _fed(native, window.tokens[at:place], at)
        at = place
        yield ours[place - 1], theirs


def _fed(native: Native, tokens: Sequence[int], at: int) -> np.ndarray:
    """llama.cpp's logits after ``tokens`` from position ``at``."""
    logits = None
    for start in range(0, len(tokens), CHUNK):
        logits = native.decode([Row(0, at + start, tokens[start : start + CHUNK])])[0]
    assert logits is not None
    return logits
