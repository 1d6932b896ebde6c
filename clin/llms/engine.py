"""How llama.cpp is run: where the layers lie, how many lanes, threads and cells."""

from __future__ import annotations

from dataclasses import dataclass

from clin.errors import ModelError
from clin.llms.native import KV_TYPES, attention
from clin.processors import usable
from memory.spelling import did_you_mean

DEFAULT_CONTEXT = 8192
"""Tokens of a lane where neither the user nor a smaller model says otherwise."""
PLAIN_TAIL = 1024
"""Cells of a lane in a unified cache for what a guided question reads twice."""


@dataclass(frozen=True)
class Engine:
    """ModelError for what llama.cpp cannot do."""

    gpu_layers: int = -1
    """Layers to offload; -1: all, where the build can."""
    ctx: int = 0
    """Tokens of a lane; 0: the model's own, at most :data:`DEFAULT_CONTEXT`."""
    lanes: int = 1
    threads: int = 0
    """0: half of the processors that may be used. llama.cpp slows down badly when it has to share
    all of them."""
    kv_type: str = "f16"
    flash_attention: bool | None = None
    """None: as llama.cpp has it."""
    deterministic: bool = False
    """Evaluate each lane by itself, so that many lanes answer byte for byte like one. They share no
    beginnings then."""
    kv_unified: bool = False
    """Let lanes share one pool of cells. A copied beginning is stored once, but each token is
    compared with the cells of all lanes. That costs more as soon as trajectories outgrow what they
    share (docs/results/engine.md)."""

    lora: tuple[str, ...] = ()
    """LoRA adapters, each FILE or FILE:SCALE (:mod:`clin.llms.adapters`)."""
    guided: bool | None = False
    """Make room for guidance (:attr:`clin.llms.Question.guidance`); None: where the model's card
    asks for it. Each lane has a second sequence for the question without what memory recalled. That
    is twice the memory, or in a unified cache :data:`PLAIN_TAIL` cells a lane."""

    def __post_init__(self) -> None:
        if self.kv_type not in KV_TYPES:
            raise ModelError(
                f"no cache type '{self.kv_type}'{did_you_mean(self.kv_type, KV_TYPES)} (types: "
                f"{', '.join(KV_TYPES)})"
            )
        attention(self.kv_type, self.flash_attention)

    @property
    def exact(self) -> bool:
        """Whether an answer depends on its question alone."""
        return self.lanes == 1 or self.deterministic

    @property
    def unified(self) -> bool:
        """Whether one pool of cells serves all sequences. Where answers are exact each has a buffer
        of its own: in a pool the order of a sequence's cells depends on the others."""
        return self.sequences == 1 or (self.kv_unified and not self.exact)

    @property
    def sequences(self) -> int:
        """Sequences of the cache."""
        return self.lanes * (2 if self.guided else 1)

    def cells(self, room: int) -> int:
        """Cells of the cache where a sequence may have ``room`` tokens."""
        if self.unified and self.guided:
            return self.lanes * (room + PLAIN_TAIL)
        return self.sequences * room

    @property
    def cores(self) -> int:
        """Threads to compute with. A stored run may come from a larger machine, and this process
        may be bound to a part of this one."""
        processors = usable()
        return min(self.threads or max(1, processors // 2), processors)


FIELDS = tuple(Engine.__dataclass_fields__)
"""The names of the options."""
