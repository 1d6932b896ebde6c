"""The page of `clin report --html`: what it holds, that it fetches nothing, and, where there is a
browser, that it works in one."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import zlib
from html.parser import HTMLParser
from pathlib import Path

import hostile
import pytest
import watched
from syrupy.extensions.image import PNGImageSnapshotExtension

from memory.store import Store

VOID = {"meta", "input", "br", "hr", "col"}
BROWSER = os.environ.get("CLIN_BROWSER", "")


class Page(HTMLParser):
    """The page as a parser sees it; an element that is closed out of turn is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts[self.elements[-1][1].get("id") or ""] = data
        elif self.open[-1:] != ["style"]:
            self.text += data

    def run(self, name: str) -> dict:
        """What is packed of a run."""
        return json.loads(zlib.decompress(base64.b64decode(self.scripts[f"data-{name}"])))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture
def page(tmp_path: Path, clin) -> Page:
    file = watched.finished(tmp_path / "clin.db")
    clin("report", "--db", str(file), "--html", "page.html")
    return Page((tmp_path / "page.html").read_text(encoding="utf-8"))


def test_it_says_what_there_is_without_a_script(page: Page) -> None:
    heads = ["Learning curves", "Paired differences", "Task by strategy", "Cost against score"]
    for wanted in [
        *heads,
        "find-living-thing 225",
        "none",
        "-100 -100 100 100 100",
        "3 runs, 12 trials, 2 places",
        "last trial, by task",
    ]:
        assert wanted in page.text
    assert "focus on giant tortoise egg DOES NOT CONTRIBUTE to the task" in page.text
    assert [attrs["data-run"] for attrs in page.all("details")] == ["r1", "r2", "r3"]
    assert len(page.all("circle")) == 3


def test_a_run_is_packed_whole(page: Page, tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db", read_only=True) as store:
        for name in ("r1", "r2", "r3"):
            packed = page.run(name)
            trials = store.trials(name)
            assert [each["score"] for each in packed["trials"]] == [row.score for row in trials]
            for each, row in zip(packed["trials"], trials, strict=True):
                steps = store.steps(row.id)
                assert [step[0] for step in each["steps"]] == [step.action for step in steps]
                assert each["steps"][-1][1] == steps[-1].observation
            versions = store.versions(name)
            assert len(packed["versions"]) == len(packed["trees"]) == len(versions)
            held = [life["link"] for life in packed["lives"] if life["forms"][-1]]
            assert held == [str(link) for link in (versions[-1].memory.links if versions else ())]
    assert page.run("r1")["lives"][0]["forms"][0] in {"■", "□", "▲", "△", "▼", "▽", ""}
    assert page.run("r1")["graph"].startswith("<svg")


def test_it_runs_one_script_and_fetches_nothing(page: Page) -> None:
    [policy] = [each["content"] for each in page.all("meta") if "http-equiv" in each]
    digest = base64.b64encode(hashlib.sha256(page.scripts[""].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    kinds = [each.get("type") for each in page.all("script")]
    assert kinds == ["text/plain"] * 3 + [None]
    for _, attrs in page.elements:
        assert not {"src", "href", "onclick", "onload", "action"} & attrs.keys()
    assert "url(" not in page.scripts[""] and "fetch(" not in page.scripts[""]


def test_hostile_text_is_text(tmp_path: Path, clin) -> None:
    file = hostile.database(tmp_path / "clin.db")
    done = clin("report", "--db", str(file), "--html", "page.html")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not hostile.raw(text)
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "h4",
            "ul",
            "ol",
            "li",
            "p",
        ),
        *(
            "div",
            "section",
            "svg",
            "rect",
            "g",
            "text",
            "line",
            "polyline",
            "circle",
            "polygon",
            "path",
        ),
        *("table", "tr", "th", "td", "form", "label", "input", "select", "option", "output"),
        *("details", "summary", "span", "script", "noscript"),
    }
    graph = page.run("r1")["graph"]
    assert "<script" not in graph and "onload" not in re.sub(r">[^<]*<", "", graph)


def test_a_run_without_a_memory_and_one_that_cannot_be_read(tmp_path: Path, clin) -> None:
    file = watched.finished(tmp_path / "clin.db")
    with Store(file) as store:
        store.connection.execute(
            "update trials set recalled = 'no JSON' where run = 1 and number = 1"
        )
    done = clin("report", "--db", str(file), "--html", "page.html")
    assert done.returncode == 0
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "It cannot be read: " in page.text
    assert page.run("r3")["lives"] == []
    assert "data-r1" not in page.scripts


def undated(page: Path) -> None:
    """Leave out of ``page`` what differs from day to day."""
    text, found = re.subn("reported [^<]*", "reported.", page.read_text(encoding="utf-8"))
    assert found == 1
    page.write_text(text, encoding="utf-8")


@pytest.mark.skipif(not BROWSER, reason="CLIN_BROWSER names no folder with a browser")
def test_in_a_browser(tmp_path: Path, page: Page, snapshot) -> None:
    """It unfolds, filters, looks as it did, and says nothing on the console. CLIN_BROWSER: a folder
    after ``npm install puppeteer-core @sparticuz/chromium@147``; another version may draw the
    pictures otherwise. After a wanted change of looks, ``--snapshot-update``."""
    undated(tmp_path / "page.html")
    script = Path(__file__).parent / "report_page.mjs"
    words = [BROWSER, str(tmp_path / "page.html"), "r1", "none", str(tmp_path)]
    done = subprocess.run(
        ["node", str(script), *words], capture_output=True, text=True, timeout=120, check=True
    )
    trials = page.run("r1")["trials"]
    assert json.loads(done.stdout) == {
        "said": [],
        "fetched": [],
        "before": "3 of 3 runs",
        "steps": sum(len(trial["steps"]) for trial in trials),
        "trials": len(trials),
        "lives": len(page.run("r1")["lives"]),
        "drawn": 1,
        "filtered": "1 of 3 runs",
    }
    for name in ("top-light", "top-dark", "run-light", "run-dark"):
        picture = (tmp_path / f"{name}.png").read_bytes()
        assert picture == snapshot(name=name, extension_class=PNGImageSnapshotExtension)
