"""How calls reach Java: py4j's connections, prompt and with an end to their patience.

It extends methods that py4j keeps to itself, so its version is bounded from above in
pyproject.toml.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from py4j import protocol
from py4j.java_gateway import GatewayClient, GatewayConnection, JavaGateway
from py4j.protocol import Py4JNetworkError


class _Stream:
    """Lines from a socket, each part acknowledged at once. Java writes an answer in parts of 8 KiB
    and, with Nagle's algorithm on, holds the last one until the parts before are acknowledged,
    which the kernel likes to delay by 40 ms."""

    def __init__(self, source: socket.socket) -> None:
        self._source, self._rest = source, b""

    def readline(self) -> bytes:
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            if hasattr(socket, "TCP_QUICKACK"):  # Linux
                self._source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            parts.append(self._source.recv(65536))
            if not parts[-1]:
                break
        line, end, self._rest = b"".join(parts).partition(b"\n")
        return line + end

    def close(self) -> None:
        """The socket is its connection's to close."""


class _Client(GatewayClient):
    """``kill`` ends a Java process that has not answered in time: nobody can tell what it is doing,
    and it would hold up every other call."""

    def __init__(self, kill: Callable[[], None], **more: Any) -> None:
        super().__init__(**more)
        self._kill = kill

    def send_command(self, command: str, retry: bool = True, binary: bool = False) -> str:
        """As py4j has it, without a retry (a step is not to be taken twice), without its log, and
        without raw connections (``binary``)."""
        connection: GatewayConnection | None = None
        try:
            connection = self._get_connection()
            response: str = connection.send_command(command)
        except Py4JNetworkError as error:
            if connection is not None:
                connection.close(reset=True)
            if _timed_out(error):
                self._kill()
                patience = self.gateway_parameters.read_timeout
                raise Py4JNetworkError(f"it did not answer within {patience:g} s") from error
            raise
        if protocol.is_fatal_error(response):
            connection.close(False)
        else:
            self._give_back_connection(connection)
        return response

    def _create_connection(self) -> GatewayConnection:
        connection = super()._create_connection()
        connection.stream = _Stream(connection.socket)
        return connection


def _timed_out(error: Exception | None) -> bool:
    """Whether ``error``, or what py4j had to wrap in it, is that no answer came in time."""
    while error is not None and not isinstance(error, TimeoutError):
        error = getattr(error, "cause", None)
    return error is not None


class Gateway(JavaGateway):
    """py4j's gateway to a Java process that ``kill`` ends."""

    def __init__(self, kill: Callable[[], None], **more: Any) -> None:
        self._kill = kill
        super().__init__(**more)

    def _create_gateway_client(self) -> GatewayClient:
        return _Client(self._kill, gateway_parameters=self.gateway_parameters)
