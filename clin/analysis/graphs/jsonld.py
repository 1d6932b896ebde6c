"""The graph as JSON-LD (https://www.w3.org/TR/json-ld11/), for tools that read linked data.

Events are nodes with an ``rdfs:label``. Each link is a node too, since hedge, relation and tally
are said of it: an n-ary relation (https://www.w3.org/TR/swbp-n-aryRelations/). The terms are
``urn:x-clin:``, which nobody has to fetch.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from memory.graph import Edge, Graph, Mark, Node

ENDING = ".jsonld"
CONTEXT = {
    "@vocab": "urn:x-clin:",
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "cause": {"@type": "@id"},
    "effect": {"@type": "@id"},
    "partOf": {"@type": "@id"},
    "wordings": {"@container": "@list"},
}


def written(graph: Graph) -> str:
    """``graph`` as one document: the events, then the links in the memory's order. In ASCII, so
    that no sign of a world's text is obeyed by a terminal."""
    said = [_event(node, graph) for node in graph.nodes]
    said += [_link(number, edge, graph) for number, edge in enumerate(graph.edges)]
    return json.dumps({"@context": CONTEXT, "@graph": said}, indent=2) + "\n"


def _event(node: Node, graph: Graph) -> dict[str, Any]:
    part = {"partOf": _name(graph.goal)} if node in graph.whole else {}
    return {"@id": _name(node), "@type": str(node.kind), "label": node.label, **part}


def _link(number: int, edge: Edge, graph: Graph) -> dict[str, Any]:
    link = edge.link
    said: dict[str, Any] = {
        "@id": f"_:link{number}",
        "@type": "link",
        "cause": _name(edge.cause),
        "effect": _name(edge.effect),
        "hedge": str(link.hedge),
        "relation": str(link.relation),
        "wordings": [str(each) for each in edge.links],
    }
    if edge.tally is not None:
        said |= asdict(edge.tally)
    if graph.compared:
        said["change"] = Mark(edge.mark).name.lower()
    if edge.was is not None:
        said["was"] = str(edge.was)
    return said


def _name(node: Node) -> str:
    return f"_:event{node.number}"
