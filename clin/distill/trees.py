"""Windows that branch, as tensors: before each token stands its parent, and it reads its ancestors
alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from clin.distill.form import Window
from clin.distill.model import Tree


def parents_of(batch: Sequence[Window], length: int, device: torch.device) -> Tensor:
    """For each token (batch, time) the index of the one before it; for the first its own."""
    rows = np.tile(np.arange(-1, length - 1), (len(batch), 1))
    for row, window in zip(rows, batch, strict=True):
        if window.parents:
            row[: len(window.parents)] = window.parents
    return torch.from_numpy(rows.clip(min=0)).to(device)


def tree_of(batch: Sequence[Window], length: int, device: torch.device) -> Tree | None:
    """What each token of ``batch`` reads, padded to ``length``; None where no window branches."""
    if not any(window.parents for window in batch):
        return None
    found = [_tree(window, length) for window in batch]
    positions = torch.from_numpy(np.stack([at for at, _ in found])).to(device)
    visible = torch.from_numpy(np.stack([seen for _, seen in found])).to(device)
    return Tree(positions, visible.unsqueeze(1))


def _tree(window: Window, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The position of each token (time), and which it reads (time, time). What fills the window up
    reads itself, as softmax needs something."""
    positions, visible = np.zeros(length, np.int64), np.eye(length, dtype=bool)
    if not window.parents:
        return np.arange(length), np.tri(length, dtype=bool)
    for at, parent in enumerate(window.parents):
        if parent >= 0:
            visible[at] |= visible[parent]
            positions[at] = positions[parent] + 1
    return positions, visible
