"""Threads follow what the process may use, not what the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment

from clin.processors import usable

HAVE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
BOUND = """
import os
os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[0]])
from clin.llms.engine import Engine
from clin.processors import usable
print(usable(), Engine().cores, Engine(threads=64).cores)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux binds so")
def test_a_process_that_is_bound_to_one_processor_starts_one_thread() -> None:
    asked = [sys.executable, "-c", BOUND]
    said = subprocess.run(asked, check=True, capture_output=True, text=True, env=environment())
    assert said.stdout.split() == ["1", "1", "1"]


def granted(root: Path, line: str, files: dict[str, str]) -> Path:
    """A system where this process is in the control group of ``line``."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"9:pids:/x\n{line}\n", encoding="utf-8")
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="utf-8")
    return root


GRANTS = [
    ("0::/", {"cpu.max": "100000 100000"}, 1),
    ("0::/", {"cpu.max": "50000 100000"}, 1),
    ("0::/", {"cpu.max": "max 100000"}, None),
    ("0::/", {"cpu.max": "99900000 100000"}, None),
    ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "150000 100000"}, 1),
    ("0::/not/seen/from/here", {"cpu.max": "100000 100000"}, 1),
    ("4:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
    ("4:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
    ("4:cpuset:/", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, None),
    ("0::/", {}, None),
    ("nonsense", {"cpu.max": "nonsense"}, None),
]


@pytest.mark.parametrize(("line", "files", "grant"), GRANTS)
def test_a_container_grants_so_many(tmp_path: Path, line: str, files: dict, grant: int) -> None:
    assert usable(granted(tmp_path, line, files)) == (HAVE if grant is None else grant)


def test_where_there_are_no_control_groups_all_may_be_used(tmp_path: Path) -> None:
    assert usable(tmp_path) == HAVE
