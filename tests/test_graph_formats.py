"""A graph in each format: no label breaks out of it, and the drawing is one that can be read."""

from __future__ import annotations

import html.parser
import json
import re
import stat
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path

import pytest
import watched
from conftest import Clin
from hostile import RAW
from hypothesis import given
from hypothesis import strategies as st

from clin.analysis.graphs import format_names, open_format
from clin.analysis.graphs import tree as trees
from clin.analysis.graphs._labels import node_lines, one_line
from clin.analysis.graphs._layout import laid_out
from clin.analysis.graphs._ports import joined, least_heights, routes
from memory.evidence.tally import Tally
from memory.graph import Graph, branches, graph_of
from memory.links import Hedge, Link, LinkError, Relation, parse

BREAKING = (
    '"', "'", "\\", '\\"', "]", ")", "|", "`", "#quot;", "#34;", "&quot;", "&#34;", "<b>", "<br/>",
    "</title><script>alert(1)</script>", "]]>", "<!--", "%%{init: {}}%%", "click n0 href", "-->",
    "end", ";", "{", "$$x$$", "\u202e", "\uffff", "│", "└─ ", "\\N", "//", "style n0:#1;", "火",
)  # fmt: skip


@st.composite
def hostile_links(draw: st.DrawFn) -> Link:
    """Links whose phrases hold what ends a label somewhere."""
    phrase = st.lists(st.sampled_from([*BREAKING, "open", "door"]), min_size=1, max_size=6)
    cause, effect = (" ".join(draw(phrase).copy()) for _ in range(2))
    try:
        return Link(cause, draw(st.sampled_from(Hedge)), draw(st.sampled_from(Relation)), effect)
    except LinkError:
        return parse('"x MAY CONTRIBUTE to "]')


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of any text, with and without tallies, by themselves and against another."""
    memory, before = (draw(st.lists(hostile_links(), max_size=8)) for _ in range(2))
    goal = draw(st.text() | st.sampled_from(["\x1b]0;pwned\x07", *BREAKING]))
    tallies = {link: Tally(together=2, lost=1, neither=3) for link in memory[::2]}
    return graph_of(memory, tallies, goal=goal, before=before if draw(st.booleans()) else None)


QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


@given(graphs())
def test_mermaid_has_statements_of_ours_alone(graph: Graph) -> None:
    label = r'"((?:\w|[ ,.\'()\-/:+…]|#\d+;|<br/>)*)"'
    node = rf"    n\d+(?:\(\[{label}\]\)|\({label}\)|\[{label}\])"
    edge = rf"    n\d+ (?:--|-\.-)[>ox](?:\|{label}\|)? n\d+"
    rest = r"    n\d+ ==> n0|    linkStyle \d+ stroke:#[0-9a-f]{6},stroke-width:3px"
    head, *lines = open_format("mermaid")(graph).splitlines()
    assert head == "flowchart LR"
    assert [line for line in lines if not re.fullmatch(f"{node}|{edge}|{rest}", line)] == []
    for shown, line in zip(graph.nodes, lines, strict=False):
        [said] = re.findall(r'"([^"]*)"', line)
        read = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), said.replace("<br/>", "\n"))
        assert read == "\n".join(node_lines(shown))


@given(graphs())
def test_dot_has_statements_of_ours_alone(graph: Graph) -> None:
    written = open_format("dot")(graph)
    bare = QUOTED.sub("Q", written).splitlines()[1:-1]
    node = r"  (?:n\d+|node|edge) \[(?:\w+=[\w.]+(?:, )?)*\];"
    edge = r"  n\d+ -> n\d+ \[(?:\w+=[\w.]+(?:, )?)*\];?"
    assert [line for line in bare if not re.fullmatch(f"{node}|{edge}|  rankdir=LR;", line)] == []
    shown = [line for line in written.splitlines() if line.startswith("  n0 [")]
    [said] = QUOTED.findall(shown[0])
    read = re.sub(r"\\(.)", lambda sign: "\n" if sign[1] == "n" else sign[1], said[1:-1])
    assert read.replace("&amp;", "&") == "\n".join(node_lines(graph.goal))


def drawing(text: str) -> ElementTree.Element:
    """An SVG without anything that acts or fetches."""
    root = ElementTree.fromstring(text)
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "g", "rect", "path", "text", "tspan", "title"}
    names = {name for each in root.iter() for name in each.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}
    return root


@given(graphs())
def test_svg_shows_every_label_and_does_nothing(graph: Graph) -> None:
    root = drawing(open_format("svg")(graph))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    titles = {each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}title")}
    assert {one_line(node.label) for node in graph.nodes} <= titles
    words = "".join(root.itertext())
    assert all(line in words for node in graph.nodes for line in node_lines(node))


TAGS = set(re.findall(r"\w+", "html head meta title style body h1 div details summary pre svg g"))
TAGS |= {"rect", "path", "text", "tspan"}


class Tags(html.parser.HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


@given(graphs())
def test_html_has_no_tag_of_a_label(graph: Graph) -> None:
    page = open_format("html")(graph)
    assert Tags(page).found <= TAGS
    assert "://" not in page.replace(page[page.index("<body>") :], "")
    drawing(page[page.index("<svg") : page.index("</svg>") + 6])


@given(graphs(), st.integers(30, 120))
def test_the_tree_says_every_line_and_nothing_that_a_terminal_obeys(
    graph: Graph, columns: int
) -> None:
    shown = trees.written(graph, columns)
    assert not RAW.search(shown.replace("\n", ""))
    words = "".join(map(trees.branch_words, branches(graph)))
    assert _bare(shown.replace(trees.ASIDE, "")) == _bare(words.replace(trees.ASIDE, ""))


def _bare(text: str) -> str:
    return re.sub(r"[\s│├└─]", "", text)


@given(graphs())
def test_boxes_do_not_lie_on_each_other_and_edges_end_at_them(graph: Graph) -> None:
    lines = joined(graph)
    least = least_heights(lines)
    sizes = {node: (90.0, max(30.0, least[node])) for node in graph.nodes}
    layout = laid_out(graph, sizes)
    for one, other in combinations(graph.nodes, 2):
        (x, y), (to_x, to_y) = layout.at[one], layout.at[other]
        apart_y = (sizes[one][1] + sizes[other][1]) / 2
        assert abs(x - to_x) >= 89.9 or abs(y - to_y) >= apart_y - 0.1, (one, other)
    for (x, y), node in ((layout.at[node], node) for node in graph.nodes):
        wide, high = sizes[node]
        assert wide / 2 - 0.1 <= x <= layout.wide - wide / 2 + 0.1
        assert high / 2 - 0.1 <= y <= layout.high - high / 2 + 0.1
    ends = [points for points in routes(lines, layout, sizes) if points]
    for points, (cause, effect) in zip(
        ends, (each for each in lines if each[0] is not each[1]), strict=True
    ):
        for (x, y), node in ((points[0], cause), (points[-1], effect)):
            assert abs(abs(x - layout.at[node][0]) - 45) < 0.1
            assert abs(y - layout.at[node][1]) <= sizes[node][1] / 2
    assert len({points[-1] for points in ends}) == len(ends)


@pytest.mark.parametrize("name", format_names())
def test_every_format_draws_the_same_twice(name: str) -> None:
    graph = graph_of(
        [parse(f"do {n} MAY CONTRIBUTE to do {n * 7 % 11}") for n in range(60)], goal="all"
    )
    assert open_format(name)(graph) == open_format(name)(graph) != ""


@pytest.mark.slow
def test_a_long_chain_and_a_wide_hub_are_drawn() -> None:
    chain = [parse(f"do {n} MAY BE NECESSARY to do {n + 1}") for n in range(200)]
    hub = [parse(f"try {n} MAY CONTRIBUTE to the task") for n in range(1100)]
    root = drawing(open_format("svg")(graph_of([*chain, *hub], goal="all")))
    assert len(list(root.iter("{http://www.w3.org/2000/svg}title"))) == 200 + 1100 + 1303


def facts(document: str) -> set[tuple[str, str, str]]:
    """A JSON-LD document expanded by hand: every subject, predicate and value, in full."""
    read = json.loads(document)
    context, found = read["@context"], set()
    for node in read["@graph"]:
        subject = node["@id"]
        for term, value in node.items():
            if term == "@id":
                continue
            said = context.get(term, context["@vocab"] + term)
            predicate = said if isinstance(said, str) else context["@vocab"] + term
            if term == "@type":
                found.add((subject, "a", context["@vocab"] + value))
                continue
            for each in value if isinstance(value, list) else [value]:
                found.add((subject, predicate, each))
    return found


@given(graphs())
def test_json_ld_holds_the_facts_of_the_graph(graph: Graph) -> None:
    document = open_format("jsonld")(graph)
    assert document.isascii() and not RAW.search(document)
    said = facts(document)
    links = sorted(subject for subject, what, value in said if value == "urn:x-clin:link")
    assert len(links) == len(graph.edges)

    def of(subject: str, predicate: str) -> set:
        return {value for about, what, value in said if (about, what) == (subject, predicate)}

    label = "http://www.w3.org/2000/01/rdf-schema#label"
    for number, edge in enumerate(graph.edges):
        name = f"_:link{number}"
        assert {parse(each) for each in of(name, "urn:x-clin:wordings")} == set(edge.links)
        for end, node in (("cause", edge.cause), ("effect", edge.effect)):
            [event] = of(name, f"urn:x-clin:{end}")
            assert of(event, label) == {node.label}
        together = {edge.tally.together} if edge.tally else set()
        assert of(name, "urn:x-clin:together") == together


# --- the command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return watched.live(tmp_path / "clin.db")


@pytest.mark.parametrize("name", format_names())
def test_the_command_prints_or_writes_each_format(clin: Clin, file: Path, name: str) -> None:
    printed = clin("memory", "graph", "r1", "--format", name)
    assert printed.returncode == 0 and "hedgehog" in printed.stdout
    ending = {"mermaid": "mmd", "tree": "txt"}.get(name, name)
    done = clin("memory", "graph", "r1", "--out", f"graph.{ending}")
    assert done.stdout == f"4 links to graph.{ending}\n"
    kept = file.with_name(f"graph.{ending}")
    assert kept.read_text(encoding="utf-8") == printed.stdout
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_command_shows_what_changed(clin: Clin, file: Path) -> None:
    then, now = (clin("memory", "graph", "r1", "--trial", n).stdout for n in ("0", "4"))
    assert then != now
    shown = clin("memory", "graph", "r1", "--diff", "0", "4").stdout
    assert "+ focus on baby baby hedgehog SHOULD BE NECESSARY" in shown
    assert (
        "<title>new: "
        in clin("memory", "graph", "r1", "--diff", "0", "4", "--format", "svg").stdout
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["r4"], "no trial of r4 has ended yet, so it has written no memory"),
        (["r3"], "the memory of r3 after trial 2 holds no link that could be drawn"),
        (["r1", "--trial", "9"], "no memory after trial 9 of r1: there is one after trials 0 to 4"),
        (["r1", "--diff", "0", "9"], "no memory after trial 9 of r1"),
        (["r9"], "no run 'r9'"),
        (["r1", "--format", "sgv"], "no format 'sgv'; did you mean 'svg'? (formats: dot, html,"),
        (["r1", "--out", "x.png"], "'x.png' has no ending of a drawing (.dot, .html,"),
        (["r1", "--out", "no/x.svg"], "'no/x.svg' cannot be written: No such file"),
        (["r1", "--trial", "0", "--diff", "0", "1"], "--trial and --diff exclude each other"),
    ],
)
def test_bad_input_is_one_line(clin: Clin, file: Path, words: list[str], error: str) -> None:
    done = clin("memory", "graph", *words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"Error: {error}") and done.stderr.count("\n") == 1


def test_a_terminal_without_unicode_gets_the_tree_in_ascii(
    tmp_path: Path, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.finished(tmp_path / "clin.db")
    drawn = clin("memory", "graph", "r1").stdout
    monkeypatch.setenv("LC_ALL", "C")
    plain = clin("memory", "graph", "r1").stdout
    assert plain.isascii() and not drawn.isascii()
    assert plain == drawn.translate(str.maketrans("└├│─", "`||-"))
