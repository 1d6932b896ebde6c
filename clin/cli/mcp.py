"""``clin mcp``: the memory for agents that speak the Model Context Protocol."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import click

from clin.cli.options import database
from clin.cli.terminal import echo

TOKEN = "CLIN_MCP_TOKEN"


@click.command()
@click.option(
    "--http",
    type=click.IntRange(0, 65535),
    default=None,
    metavar="PORT",
    help=f"Serve over HTTP on this port of the loopback, with the token in {TOKEN}; 0: a free one.",
)
@database
def mcp(http: int | None, db: Path) -> None:
    """Serve the memory to an agent over the Model Context Protocol: over stdio, or HTTP."""
    from clin.errors import UserError

    if importlib.util.find_spec("mcp") is None:
        raise UserError("`clin mcp` needs the protocol's SDK: pip install 'clin[mcp]'")
    from clin.mcp import server
    from clin.mcp.tools import Tools
    from memory.store import Store

    if http is None:
        with Store(db) as store:
            server.serve_stdio(Tools(store))
        return
    token = server.check_token(os.environ.get(TOKEN, ""))
    with server.listen(http) as listening, Store(db) as store:
        address = f"http://{server.LOOPBACK}:{listening.getsockname()[1]}/mcp"
        echo(f"Serving {db} at {address}", err=True)
        server.serve_http(Tools(store), listening, token)
