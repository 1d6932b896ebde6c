"""Ray: how a cluster is reached, and what a worker takes of it (extra ``[cluster]``)."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from clin.errors import UserError
from clin.options import Engine


def connect(address: str | None) -> Any:
    """Ray, connected to ``address``, or to a cluster of this machine alone. UserError where there
    is none."""
    try:
        import ray
    except ImportError:
        raise UserError("--engine ray needs Ray: pip install 'clin[cluster]'") from None
    if address and address != "auto":
        _reached(address)
    try:
        ray.init(
            address=address, log_to_driver=False, logging_level="error", configure_logging=False
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(
            f"no Ray cluster at '{address}': {' '.join(str(error).split())[:200]}"
        ) from None
    return ray


def _reached(address: str) -> None:
    """UserError unless something listens at ``address``; Ray itself would wait long and say it in
    many lines."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        if not host or not port.isascii() or not port.isdigit():
            raise UserError(f"'{address}' is not of the form HOST:PORT or ray://HOST:PORT")
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster at '{address}': {getattr(error, 'strerror', None) or error}"
        ) from None


@dataclass(frozen=True)
class Share:
    """What is told to Ray: how many ``workers`` there are at most, and the ``processors`` (CPU
    threads) and ``gpus`` of each."""

    workers: int
    processors: int
    gpus: int


def shared(ray: Any, engine: Engine, workers: int = 0) -> Share:
    """The shares of a cluster's processors and GPUs, for ``workers`` (0: as many as fit).

    A worker has ``threads`` processors. Where these are not said it has half of an equal share with
    ``workers``, as one process takes half of a machine, else one. Where the cluster has GPUs and
    layers may go there, each worker has one GPU. UserError where no machine of the cluster is large
    enough.
    """
    total = ray.cluster_resources()
    machines = [each["Resources"] for each in ray.nodes() if each["Alive"]]
    largest = max((int(each.get("CPU", 0)) for each in machines), default=0)
    gpus = 1 if engine.gpu_layers and total.get("GPU", 0) >= 1 else 0
    share = min(int(total.get("CPU", 1)) // workers, largest) // 2 if workers else 1
    threads = engine.threads or max(1, share)
    if threads > largest:
        raise UserError(
            f"threads: no machine of the cluster has {threads} processors (the largest has "
            f"{largest})"
        )
    room = sum(int(each.get("CPU", 0)) // threads for each in machines)
    if gpus:
        room = min(room, int(total["GPU"]))
    return Share(max(1, min(workers or room, room)), threads, gpus)
