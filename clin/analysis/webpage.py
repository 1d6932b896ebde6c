"""One self-contained HTML page: nothing is fetched."""

from __future__ import annotations

from html import escape

NO_SCRIPT = "default-src 'none'; style-src 'unsafe-inline'"


def webpage(title: str, style: str, body: str, policy: str = NO_SCRIPT) -> str:
    """A page with this ``title`` (plain text, which is its heading too), ``style`` (CSS) and
    ``body`` (HTML). ``policy``: what a browser lets the page do (Content-Security-Policy)."""
    name = escape(title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{name}</title>
<style>
{style}</style>
</head>
<body><h1>{name}</h1>{body}</body>
</html>
"""
