"""One self-contained HTML page: no script, and nothing is fetched."""

from __future__ import annotations

from html import escape


def webpage(title: str, style: str, body: str) -> str:
    """A page with this ``title`` (plain text, which is its heading too), ``style`` (CSS) and
    ``body`` (HTML)."""
    name = escape(title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>
{style}</style>
</head>
<body><h1>{name}</h1>{body}</body>
</html>
"""
