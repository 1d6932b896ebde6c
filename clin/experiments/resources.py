"""Ray: how a cluster is reached, and what a worker takes of it (extra ``[cluster]``)."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from clin.errors import MOST_SAID, UserError
from clin.options import Engine

_RAYS_OWN = ("auto", "local")
"""Addresses that are words of Ray's: the cluster that runs here already, and a new one."""
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How a client begins HTTP/2, which Ray speaks: the preface, then empty settings (RFC 9113, 3.4).
The server answers with settings of its own: the fourth byte is 4."""


LOOK, SILENT = 1.0, 2
"""Seconds between two looks at a cluster's head, and for how many looks it is silent when that is
told."""


class NoCluster(RuntimeError):
    """Ray could not start on this machine: exit code 1, nobody asked for too much."""


def connect(address: str | None) -> Any:
    """Ray, connected to ``address``, else to where RAY_ADDRESS says, else to a cluster of this
    machine alone. UserError where no cluster is at an address, NoCluster where none starts here."""
    try:
        import ray
    except ImportError:
        raise UserError("--engine ray needs Ray: pip install 'clin[cluster]'") from None
    if not address or address == "auto":  # as Ray reads the variable
        address = os.environ.get("RAY_ADDRESS") or address
    if address and address not in _RAYS_OWN:
        reached(address)
    try:
        ray.init(
            address=address, log_to_driver=False, logging_level="error", configure_logging=False
        )
    except Exception as error:  # Ray raises Exception itself for a node that is too slow
        with suppress(Exception):
            ray.shutdown()
        raise _refused(address, error) from None
    return ray


def _refused(address: str | None, error: Exception) -> Exception:
    """Why there is no cluster, in one line."""
    said = " ".join(str(error).split())[:MOST_SAID] or type(error).__name__
    if address and address != "local":
        token = "" if os.environ.get("RAY_AUTH_MODE") else " (RAY_AUTH_MODE=token sends its token)"
        return UserError(f"no Ray cluster at '{address}': {said}{token}")
    return NoCluster(f"Ray did not start on this machine: {said}")


def reached(address: str) -> None:
    """UserError unless what listens at ``address`` speaks as Ray does; Ray itself would try for a
    quarter of an hour and say so in many lines."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        if not host or not port.isascii() or not port.isdigit():
            raise UserError(f"'{address}' is not of the form HOST:PORT or ray://HOST:PORT")
        with socket.create_connection((host, int(port)), timeout=10) as link:
            link.sendall(_HELLO)
            answered = link.makefile("rb").read(9)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster at '{address}': {getattr(error, 'strerror', None) or error}"
        ) from None
    if answered[3:4] != b"\x04" and not os.environ.get("RAY_USE_TLS"):
        raise UserError(f"no Ray cluster at '{address}': what listens there is not Ray")


@contextmanager
def watched(ray: Any, tell: Callable[[str], None]) -> Iterator[None]:
    """While a batch is played, ``tell`` where the cluster's head has gone: Ray ends this process
    some seconds later, without a word."""
    host, _, port = str(ray.get_runtime_context().gcs_address).rpartition(":")
    over = threading.Event()

    def ask() -> None:
        silent = 0
        while silent < SILENT and not over.wait(LOOK):
            with suppress(OSError), socket.create_connection((host, int(port)), timeout=LOOK):
                silent = -1
            silent += 1
        if not over.is_set():
            tell(
                f"The head of the Ray cluster at {host}:{port} does not answer. Where Ray ends "
                "this batch, the same command goes on from what is stored."
            )

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


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
