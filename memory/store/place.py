"""Where a database file lies. On a network file system SQLite's WAL does not hold: its shared
memory is one machine's (https://www.sqlite.org/wal.html), so two machines may damage the file."""

from __future__ import annotations

from pathlib import Path

import psutil

NETWORK = {
    *("9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre"),
    *("ncpfs", "nfs", "nfs4", "orangefs", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf"),
    "webdav",
}
"""Types of file systems that another machine may write too, as the operating systems name them."""
NETWORK_FUSE = ("ceph", "davfs", "gcsfuse", "glusterfs", "mount_nfs", "rclone", "s3fs", "sshfs")
"""Programs that mount such a one (``fuse.sshfs``)."""


def network(path: Path) -> str:
    """The type of the network file system that ``path`` is on; empty on a disk of this machine."""
    found = path.resolve()
    if str(found).startswith("\\\\"):  # \\server\share, which is no partition on Windows
        return "network share"
    best, depth = None, -1
    for each in psutil.disk_partitions(all=True):  # of two at one place the later one is seen
        place = Path(each.mountpoint)
        if found.is_relative_to(place) and len(place.parts) >= depth:
            best, depth = each, len(place.parts)
    if best is None:
        return ""
    kind = str(best.fstype).lower()
    remote = "remote" in str(best.opts).split(",")  # Windows: a drive letter of a share
    fuse = kind.startswith("fuse") and kind.rpartition(".")[2] in NETWORK_FUSE
    return kind if remote or fuse or kind in NETWORK else ""
