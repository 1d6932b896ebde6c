"""The server: the tools under the official SDK, over stdio or streamable HTTP."""

from __future__ import annotations

import hmac
import socket
from typing import Any

import anyio
import uvicorn
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import AnyHttpUrl, ValidationError

from clin import __version__
from clin.errors import UserError, reason
from clin.mcp.tools import Tools
from memory.sanitize import sanitized
from memory.spelling import did_you_mean

LOOPBACK = "127.0.0.1"
SHORTEST = 16
"""Characters of a token at least."""
INSTRUCTIONS = """A memory that is counted against what happened. Begin an episode, ask `recall` \
before each step what to do now, record each step, and end the trial: the memory is revised. Then \
`begin_trial` for the next try."""


class Server(MCPServer[Any]):
    """The SDK's server, with each error as one line that says what is wrong and what is allowed."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        await self._check(name, arguments)
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            raise ToolError(sanitized(_told(error))) from None

    async def _check(self, name: str, arguments: dict[str, Any]) -> None:
        """ToolError for a tool or an argument that does not exist: the SDK ignores the latter."""
        tools = {tool.name: tool for tool in await self.list_tools()}
        if name not in tools:
            nearest = did_you_mean(name, tools)
            raise ToolError(sanitized(f"no tool '{name}'{nearest} (tools: {', '.join(tools)})"))
        known = tools[name].input_schema["properties"]
        for given in arguments:
            if given not in known:
                said = f"{name} has no argument '{given}'{did_you_mean(given, known)}"
                raise ToolError(sanitized(f"{said} (arguments: {', '.join(known)})"))


def _told(error: ToolError) -> str:
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return reason(cause or error)
    first = cause.errors()[0]
    where = ".".join(map(str, first["loc"]))
    said = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    return f"{where}: {said}"


class _OneToken:
    """Lets in who has the token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the token allows, or None for another one."""
        if not hmac.compare_digest(token.encode(), self._token):
            return None
        return AccessToken(token=token, client_id="client", scopes=[])


def _server(tools: Tools, **more: Any) -> Server:
    found = Server(
        "clin", version=__version__, instructions=INSTRUCTIONS, log_level="CRITICAL", **more
    )
    for tool in tools.all:
        found.add_tool(tool)
    return found


def serve_stdio(tools: Tools) -> None:
    """Serve one client over this process's input and output, until it leaves."""
    try:
        anyio.run(_server(tools).run_stdio_async)
    finally:
        tools.close()


def serve_http(tools: Tools, listening: socket.socket, token: str) -> None:
    """Serve clients that have the ``token``, at /mcp of a socket on the loopback."""
    port = listening.getsockname()[1]
    auth = AuthSettings(
        issuer_url=AnyHttpUrl(f"http://{LOOPBACK}:{port}"), resource_server_url=None
    )
    app = _server(tools, auth=auth, token_verifier=_OneToken(token)).streamable_http_app()
    config = uvicorn.Config(app, log_level="critical")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        tools.close()


def check_token(token: str) -> str:
    """The ``token``; UserError for none, one that is too short, or one no header can hold."""
    if not token:
        raise UserError("serving over HTTP needs a token: set CLIN_MCP_TOKEN to a long secret")
    if len(token) < SHORTEST or not (token.isascii() and token.isprintable()) or " " in token:
        raise UserError(f"CLIN_MCP_TOKEN is no token (at least {SHORTEST} letters, digits, signs)")
    return token


def listen(port: int) -> socket.socket:
    """A socket on the loopback; UserError where the ``port`` is taken."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise UserError(
            f"port {port} cannot be had: {error.strerror}; 0 takes a free one"
        ) from None
