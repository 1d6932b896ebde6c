"""The page from top to bottom. Its style and its script are files beside this one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from clin.analysis.figures import Differences, HeatMap
from clin.analysis.page.charts import costs, differences, heat_map
from clin.analysis.page.runs import listed
from clin.analysis.pairs import paired
from clin.analysis.plots import panels, svg
from clin.analysis.report import Row, arms, by_task
from clin.analysis.tables import markdown
from clin.analysis.webpage import webpage
from memory.sanitize import sanitized
from memory.store import Store

FILTER = """
<form id="filter" hidden>
<label>Filter <input type="search" name="words" placeholder="words that a run's line holds"></label>
<label>Strategy <select name="arm"><option value="">all</option>{arms}</select></label>
<label>Last score <select name="last"><option value="">any</option><option value="full">100</option>
<option value="some">1 to 99</option><option value="none">0 or less</option></select></label>
<output></output>
</form>
"""


def page(store: Store, table: Sequence[Row], known: dict[str, Any], title: str) -> str:
    """The report as one HTML file: nothing is fetched, light and dark; without a script, all but
    the trajectories, the timelines and the graphs can be read."""
    script, style = (_beside(name) for name in ("page.js", "page.css"))
    blocks = markdown(table, known).strip().split("\n\n")
    tables = "".join(_as_html(block) for block in blocks[1:])
    body = f"""
{_as_html(blocks[0])}
{_plots(table)}
<h2>Runs</h2>
{_filter(table)}
<div id="runs"><div class="head"><span>run</span><span>task</span><span>strategy</span>
<span>model</span><span>world</span><span>scores</span><span></span></div>
{listed(store, table)}</div>
<noscript>
<p>Trajectories, timelines and graphs are unfolded by a script of this page.</p>
</noscript>
<h2>Tables</h2>
{tables}
<script>{script}</script>
"""
    return webpage(title, style, body, policy=_policy(script))


def _beside(name: str) -> str:
    return files("clin.analysis.page").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """What a browser may do: run this one script, and fetch nothing."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _plots(table: Sequence[Row]) -> str:
    single = [row for row in table if not row.stream]
    drawn = panels(table)
    found = [("Learning curves", svg(drawn))] if drawn else []
    if single:
        compared = arms(single)
        if pairs := paired(single, compared):
            found.append(("Paired differences", differences(Differences("", pairs))))
        found.append(("Task by strategy", heat_map(HeatMap("", by_task(single)))))
        found.append(("Cost against score", costs(compared)))
    sections = (f"<section><h2>{name}</h2>{plot}</section>" for name, plot in found)
    return f'<div class="plots">{"".join(sections)}</div>'


def _filter(table: Sequence[Row]) -> str:
    names = [escape(sanitized(name)) for name in dict.fromkeys(row.arm for row in table)]
    return FILTER.format(arms="".join(f"<option>{name}</option>" for name in names))


def _as_html(block: str) -> str:
    if block.startswith("- "):
        items = block.strip().removeprefix("- ").split("\n- ")
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"
    if not block.startswith("|"):
        return f"<p>{escape(block.strip())}</p>"
    head, _, *lines = block.strip().splitlines()
    rows = [_row_as_html(head, "th"), *(_row_as_html(line, "td") for line in lines)]
    return f"<table>{''.join(rows)}</table>"


def _row_as_html(line: str, tag: str) -> str:
    cells = [escape(cell.strip()) for cell in line.strip("|").split("|")]
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"
