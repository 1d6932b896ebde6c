"""The graph as one page: the drawing and the same as a tree; no script, nothing fetched, light and
dark."""

from __future__ import annotations

from html import escape

from clin.analysis.graphs._labels import one_line
from clin.analysis.graphs.svg import drawn
from clin.analysis.graphs.tree import written as tree
from clin.analysis.webpage import webpage
from memory.graph import Graph

ENDING = ".html"
STYLE = """\
:root { color-scheme: light dark; }
body {
  font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: Canvas; color: CanvasText;
}
.drawing { overflow: auto; }
pre { overflow: auto; }
svg.ink, svg .halo { fill: CanvasText; }
svg .halo { stroke: Canvas; }
svg .paper { fill: Canvas; }
"""


def written(graph: Graph) -> str:
    """``graph`` as a page."""
    body = f"""
<div class="drawing">{drawn(graph)}</div>
<details open><summary>The same as a tree</summary><pre>{escape(tree(graph))}</pre></details>
"""
    return webpage(one_line(graph.goal.label), STYLE, body)
