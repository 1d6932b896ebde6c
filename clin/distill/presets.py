"""How a model is trained: everything that decides the outcome, stored with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from clin.distill import mix
from clin.distill.mix import SHARES
from clin.errors import UserError
from memory.spelling import did_you_mean

if TYPE_CHECKING:
    from clin.distill.base import Base


@dataclass(frozen=True)
class Recipe:
    """``steps`` updates. The first ``copy_first`` are copy drills of ``copy_batch`` sequences
    alone; each later one is about ``batch_tokens`` tokens of trials, and a copy drill too in
    ``copy_share`` of them. ``matrix_rate`` is Muon's learning rate, ``other_rate`` AdamW's.
    ``experts_only`` leaves the imperfect episodes out; ``started_from`` is the hash of the weights
    that a warm start began with. Of the model ``base`` all weights are trained if ``full``, else an
    adapter of rank ``lora``, in the last ``upper_layers`` (0: in all), at AdamW's rate; ``prompt``
    is the form in which the model reads."""

    preset: str = "cpu"
    width: int = 256
    layers: int = 6
    heads: int = 8
    feed: int = 704
    vocabulary: int = 2048
    context: int = 2048
    theta: float = 10_000.0
    steps: int = 6000
    batch_tokens: int = 4096
    round_batches: int = 32
    matrix_rate: float = 0.02
    other_rate: float = 0.002
    warm_up: int = 30
    copy_share: float = 0.2
    copy_first: int = 250
    copy_batch: int = 16
    seed: int = 0
    experts_only: bool = False
    started_from: str = ""
    prompt: str = "compact-2"
    base: str = ""
    base_sha256: str = ""
    lora: int = 0
    full: bool = False
    upper_layers: int = 0
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    worlds: dict[str, float] = field(default_factory=mix.world_shares)

    def dict(self) -> dict[str, Any]:
        return asdict(self)


ACTING = {
    "none": 0.12,
    "own": 0.4,
    "variation": 0.08,
    "task": 0.02,
    "misleading": 0.06,
    "elimination": 0.32,
}
"""The mix of what is trained on a base, which acts alone: rules write what a memory says."""

ADAPTER = Recipe(
    "lora",
    context=1536,
    steps=300,
    batch_tokens=4096,
    round_batches=12,
    other_rate=5e-4,
    warm_up=15,
    copy_share=0.0,
    copy_first=0,
    prompt="compact-3",
    lora=32,
    shares=ACTING,
)

PRESETS = {
    "cpu": Recipe(),
    "gpu": Recipe(
        "gpu",
        width=512,
        layers=8,
        heads=8,
        feed=1408,
        vocabulary=4096,
        context=4096,
        steps=8000,
        batch_tokens=65_536,
        round_batches=16,
        copy_batch=64,
    ),
    "tiny": Recipe(
        "tiny",
        width=32,
        layers=3,
        heads=2,
        feed=64,
        vocabulary=400,
        context=512,
        steps=8,
        batch_tokens=1024,
        round_batches=3,
        warm_up=2,
        copy_first=2,
        copy_batch=2,
    ),
    "lora": ADAPTER,
    "full": replace(ADAPTER, preset="full", lora=0, full=True, other_rate=5e-5),
}


def recipe(preset: str, **changes: Any) -> Recipe:
    """A preset with what is given (None: the preset's). UserError for a preset that does not
    exist."""
    if preset not in PRESETS:
        raise UserError(
            f"no preset '{preset}'{did_you_mean(preset, PRESETS)} (presets: {', '.join(PRESETS)})"
        )
    made = replace(
        PRESETS[preset], **{name: value for name, value in changes.items() if value is not None}
    )
    if made.width % 32 or made.feed % 32 or made.width % (2 * made.heads):
        raise UserError(
            f"a model's width is a multiple of 32 and of twice its {made.heads} heads, not "
            f"{made.width}"
        )
    return made


def adapting(base: Base, started_from: str, **changes: Any) -> Recipe:
    """The recipe of an adapter for ``base``, or of all its weights if ``full`` is among the
    changes; in the base's sizes."""
    preset = "full" if changes.get("full") else "lora"
    made = replace(recipe(preset, **changes), **base.sizes.of_a_recipe())
    rate = made.other_rate * (0.6 if started_from else 1.0)  # more undoes what was learned
    return replace(
        made,
        base=base.reference,
        base_sha256=base.sha256,
        started_from=started_from,
        other_rate=rate,
    )


def warm(before: Recipe, weights: str, **changes: Any) -> Recipe:
    """A recipe that goes on from another run's weights: its shape and worlds, the mix of now, a
    quarter of its preset's learning rates (more undoes what was learned), no copying first, and
    half of the drill in it."""
    fresh = PRESETS[before.preset]
    rates = {
        "matrix_rate": fresh.matrix_rate / 4,
        "other_rate": fresh.other_rate / 4,
        "copy_share": fresh.copy_share / 2,
        "shares": dict(SHARES),
    }
    given = {name: value for name, value in changes.items() if value is not None}
    for name in ("width", "layers", "context"):
        if given.get(name, getattr(before, name)) != getattr(before, name):
            raise UserError(
                f"--start-from keeps the {name} of the run that it starts from "
                f"({getattr(before, name)})"
            )
    return replace(before, **{**rates, **given}, copy_first=0, started_from=weights)


def without(shares: dict[str, float], kinds: list[str]) -> dict[str, float]:
    """The shares of the mix less ``kinds``; their share goes to the trials without memory."""
    for kind in kinds:
        if kind not in shares or kind == "none":
            allowed = [each for each in shares if each != "none"]
            raise UserError(
                f"no kind '{kind}' to leave out{did_you_mean(kind, allowed)} (kinds: "
                f"{', '.join(allowed)})"
            )
    left = {kind: share for kind, share in shares.items() if kind not in kinds}
    return {**left, "none": left["none"] + sum(shares[kind] for kind in kinds)}


def world_shares(words: list[str]) -> dict[str, float] | None:
    """``causal=0.3`` and the like, as shares of the worlds; None where nothing is given. UserError
    for anything else."""
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise UserError(
                f"a world's share reads NAME=SHARE, such as causal=0.3, not '{word}'"
            ) from None
        known = mix.world_shares()
        if name not in known:
            raise UserError(
                f"no world '{name}' to train on{did_you_mean(name, known)} (worlds: "
                f"{', '.join(known)})"
            )
        if not 0 < found[name] <= 1:
            raise UserError(f"a world's share is above 0 and at most 1, not {number}")
    return found or None


def of_dict(stored: dict[str, Any]) -> Recipe:
    """A stored recipe; fields that this version does not know are an error of ours."""
    known = {each.name for each in fields(Recipe)}
    return Recipe(**{name: value for name, value in stored.items() if name in known})
