"""In which precision a device computes fastest."""

from __future__ import annotations

import torch


def half_is_fast(device: torch.device) -> bool:
    """Whether bf16 is faster than fp32: on a GPU, and on a CPU that computes in it. One that only
    imitates it (AVX2) was 28 times slower."""
    return device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def half_precision(device: torch.device) -> torch.autocast:
    """bf16 where that is faster."""
    return torch.autocast(device.type, torch.bfloat16, enabled=half_is_fast(device))
