"""A database on a network file system is recognised and told in one line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from conftest import Clin

from memory.store.place import network


def mounts(patch: pytest.MonkeyPatch, *found: tuple[str, str, str]) -> None:
    """Let psutil tell of these places, types and options."""
    partitions = [
        SimpleNamespace(mountpoint=place, fstype=kind, opts=options)
        for place, kind, options in found
    ]
    patch.setattr(psutil, "disk_partitions", lambda all: partitions)


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("nfs4", "rw", "nfs4"),
        ("CIFS", "rw", "cifs"),
        ("fuse.sshfs", "rw", "fuse.sshfs"),
        ("NTFS", "rw,remote", "ntfs"),
        ("fuse.ntfs-3g", "rw", ""),
        ("ext4", "rw", ""),
        ("overlay", "rw", ""),
    ],
)
def test_the_innermost_mount_decides(
    kind: str, options: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "data"
    mounts(
        monkeypatch,
        ("/", "ext4", "rw"),
        (str(inner), kind, options),
        (str(tmp_path), "nfs" if not told else "ext4", "rw"),
        (str(tmp_path / "dat"), "nfs", "rw"),
    )
    assert network(inner / "clin.db") == told


def test_this_machines_disk_is_none() -> None:
    assert network(Path(__file__)) == ""


def test_a_run_and_the_doctor_say_so(
    tmp_path: Path, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    mounts(monkeypatch, ("/", "nfs4", "rw"))
    words = ("--world", "causal", "--task", "make", "--trials", "1", "--budget", "2")
    done = clin("run", *words, "--model", "scripted:second.json", "--writer", "rules")
    [line] = [line for line in done.stderr.splitlines() if "network file system" in line]
    assert done.returncode == 0 and "(nfs4)" in line and "WAL does not hold" in line
    assert "network file system (nfs4" in clin("doctor").stdout
