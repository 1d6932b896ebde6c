"""Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) in fp32 where a CPU only
imitates bf16.

``torch.optim.Muon`` always orthogonalises in bf16, which a CPU without it only imitates. This one
does the same arithmetic in the precision that is fast, matrices of one shape together; a test holds
it against torch's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration, whose five rounds bring all singular values near 1."""
ROUNDS = 5


class Muon(torch.optim.Optimizer):
    """For matrices alone. ``half``: orthogonalise in bf16."""

    def __init__(
        self,
        matrices: Iterable[Tensor],
        *,
        lr: float,
        weight_decay: float,
        momentum: float,
        half: bool,
    ) -> None:
        super().__init__(
            matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "half": half}
        )

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape.setdefault(matrix.shape, []).append(matrix)
            for matrices in by_shape.values():
                self._update(matrices, group)

    def _update(self, matrices: list[Tensor], group: dict[str, Any]) -> None:
        """One step of matrices of one shape."""
        rows, columns = matrices[0].shape
        scale = group["lr"] * max(1, rows / columns) ** 0.5
        decay = 1 - group["lr"] * group["weight_decay"]
        pushed = torch.stack([self._pushed(matrix, group["momentum"]) for matrix in matrices])
        updates = orthogonal(pushed, half=group["half"])
        for matrix, update in zip(matrices, updates, strict=True):
            matrix.mul_(decay).add_(update.to(matrix.dtype), alpha=-scale)

    def _pushed(self, matrix: Tensor, momentum: float) -> Tensor:
        """The gradient with Nesterov momentum."""
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum_buffer"], momentum)


def orthogonal(matrices: Tensor, *, half: bool) -> Tensor:
    """Each of ``matrices`` (number, rows, columns) with its singular values brought near 1."""
    x = matrices.bfloat16() if half else matrices.float()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
