"""How many processors this process may use, which may be fewer than the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def usable(root: Path = Path("/")) -> int:
    """Processors that this process may use: those that it is bound to (``taskset``, a batch
    system), and no more than its control groups grant (a container). At least 1.

    ``root`` is where ``proc`` and ``sys`` are found.
    """
    grants = [int(grant) for grant in _grants(root)]  # half a processor more is no thread more
    return max(1, min([_bound(), *grants]))


def _bound() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _grants(root: Path) -> Iterator[float]:
    """Processors that each control group of this process grants, in both versions of Linux's
    control groups."""
    for line in _words(root / "proc/self/cgroup", "\n"):
        _, _, rest = line.partition(":")
        controllers, _, place = rest.partition(":")
        if not controllers:
            for group in _groups(root / "sys/fs/cgroup", place):
                yield from _grant(*_words(group / "cpu.max"))
        elif "cpu" in controllers.split(","):
            for group in _groups(root / "sys/fs/cgroup/cpu", place):
                quota, period = group / "cpu.cfs_quota_us", group / "cpu.cfs_period_us"
                yield from _grant(*_words(quota), *_words(period))


def _groups(mount: Path, place: str) -> Iterator[Path]:
    """The group at ``place`` and all around it, each of which may bind. In a container the mount
    itself may be the group."""
    group = mount / place.strip("/")
    yield from (group, *(each for each in group.parents if each.is_relative_to(mount)))


def _grant(quota: str = "max", period: str = "0", *_: str) -> Iterator[float]:
    """Processors of a quota in a period; nothing where there is no bound (``max``, or -1)."""
    if quota.isdigit() and period.isdigit() and int(period):
        yield int(quota) / int(period)


def _words(path: Path, between: str | None = None) -> list[str]:
    """What stands in a file of the kernel's; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8").split(between)
    except OSError:
        return []
