"""Nothing that a world, a model, a server or another's file says is obeyed by the terminal: every
command and every screen, over a database of hostile names."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from conftest import ROOT, Clin
from hostile import HOSTILE, NAME, RAW, SEEN, database, raw
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from clin.cli import main
from clin.cli.console import console
from memory.sanitize import escaped_json, harmless, without_odd

LINK = f"X{HOSTILE} SHOULD BE NECESSARY to Y"
CAST = ["--trial", "0", "--cast", "trial.cast"]
CALLS: dict[str, list[list[str]]] = {
    "run": [["--world", NAME], ["--world", "causal", "--task", NAME], ["--model", NAME]],
    "play": [["causal", NAME]],
    "batch": [[NAME], ["theirs.toml"]],
    "report": [[], [NAME], ["--world", NAME]],
    "resume": [["r1"], ["b1"], [NAME]],
    "runs": [[]],
    "show": [["r2"], ["r2", "--trial", "0"], ["r4", "--trial", "0"], [NAME], ["r2", *CAST]],
    "export": [
        ["r1", "out.jsonl"],
        ["r1", "out.jsonl", "--format", NAME],
        ["r4", "out.jsonl"],
        [NAME, NAME],
        [NAME, "out.jsonl"],
    ],
    "import": [["theirs.jsonl"], [NAME], ["theirs.jsonl", "--format", NAME], ["clin.db"]],
    "mcp": [["--http", NAME], ["--http", "0"]],
    "watch": [[]],
    "prompt": [["r1", "--trial", "0", "--step", "0"], [NAME, "--trial", "0"]],
    "worlds": [[], ["causal"], [NAME]],
    "models": [[]],
    "models show": [[NAME]],
    "models quantize": [[NAME, "out.gguf"]],
    "doctor": [["--model", NAME]],
    "memory list": [[]],
    "memory show": [["r1"], ["r2"], [NAME]],
    "memory graph": [
        ["r1"],
        *(["r1", "--format", form] for form in ("dot", "html", "jsonld", "mermaid", "svg", "tree")),
        ["r1", "--diff", "0", "4"],
        ["r1", "--format", NAME],
        [NAME],
    ],
    "memory across": [["r1", "r2"], ["r1", NAME], ["r1"]],
    "memory diff": [["r1", "0", "4"], [NAME, "0", "1"]],
    "memory history": [["r1", LINK], ["r1", NAME]],
    "memory explain": [["r1", LINK], ["r1", NAME], [NAME, LINK]],
    "memory search": [["pwned"], [NAME]],
    "memory stats": [[]],
    "memory check": [[]],
    "memory check-evidence": [["r1"], [NAME]],
    "memory grade": [["r1"], [NAME]],
    "memory recount": [[], [NAME]],
    "memory add": [["r1", LINK]],
    "memory drop": [["r1", LINK]],
    "memory edit": [["r1", LINK, LINK]],
    "memory pin": [["r1", LINK]],
    "memory unpin": [["r1", LINK]],
    "memory ban": [["r1", LINK]],
    "memory unban": [["r1", LINK]],
    "memory export": [["r1"], [NAME]],
    "memory import": [["r1", "theirs.md"], ["r1", NAME]],
    "memory merge": [["clin.db", NAME], ["clin.db", "theirs.db"]],
    "memory compact": [[]],
    "distill collect": [["--out", "shards", "--world", NAME]],
    "distill train": [
        ["--data", NAME, "--out", "trained"],
        ["--data", "x", "--base", NAME, "--out", "trained"],
        ["--data", "x", "--base", "base.gguf", "--start-from", NAME, "--out", "trained"],
        ["--data", "x", "--base", "base.gguf", "--full", "--start-from", NAME, "--out", "trained"],
    ],
    "distill export": [[NAME, "out.gguf"]],
    "distill evaluate": [["--model", NAME]],
}
"""Words for every command; those of it that hold hostile names, where it takes any."""
SHOWS = {
    "runs",
    "show",
    "memory list",
    "memory show",
    "memory graph",
    "memory search",
    "prompt",
    "report",
    "import",
}
"""Commands that have to say what stands in the database."""


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command under ``group``, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{before}{name}"
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield words, command
            yield from commands(command, f"{words} ")
        else:
            yield words, command


ALL = dict(commands(main))


def takes_json(name: str) -> bool:
    return any(param.name == "as_json" for param in ALL[name].params)


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch) -> Path:
    """A folder with somebody else's files."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    database(tmp_path / "clin.db")
    database(tmp_path / "theirs.db")
    (tmp_path / "theirs.md").write_text(f"# {NAME}\n\n- {NAME}\n", encoding="utf-8")
    (tmp_path / "theirs.toml").write_text(
        f'worlds = ["causal"]\ntasks = [{json.dumps(NAME)}]\nstrategies = ["none"]\n',
        encoding="utf-8",
    )
    step = {"action": NAME, "observation": NAME, "score": 100}
    trial = {"world": NAME, "task": NAME, "goal": NAME, "observation": NAME, "steps": [step]}
    (tmp_path / "theirs.jsonl").write_text(json.dumps(trial), encoding="utf-8")
    return tmp_path


def test_every_command_is_walked() -> None:
    assert set(CALLS) == set(ALL)


OTHER_DOORS = re.compile(r"click\.s?echo\(|(?<![.\w])print\(|(?<![.\w])Console\(|\.stdout\.write")
DOORS = {"clin/cli/terminal.py", "clin/cli/console.py", "tui/marks.py"}
"""The last only breaks lines with its console, and prints nothing."""
FILES = [path for room in ("clin", "tui") for path in sorted((ROOT / room).rglob("*.py"))]


def test_there_is_no_other_door() -> None:
    others = [
        str(path.relative_to(ROOT))
        for path in FILES
        if OTHER_DOORS.search(path.read_text(encoding="utf-8"))
    ]
    assert set(others) == DOORS
    assert ".print(" not in (ROOT / "tui" / "marks.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
@pytest.mark.parametrize("name", sorted(CALLS))
def test_no_command_prints_what_a_terminal_would_obey(
    clin: Clin, theirs: Path, name: str, as_json: bool
) -> None:
    if as_json and not takes_json(name):
        pytest.skip("it prints no JSON")
    said = ""
    for words in CALLS[name]:
        done = clin(*name.split(), *words, *(["--json"] if as_json else []))
        assert done.returncode in (0, 1, 2), (words, done.stderr)
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert not raw(done.stdout + done.stderr), (words, done.stdout + done.stderr)
        if as_json and done.returncode == 0:
            json.loads(done.stdout)
        said += done.stdout
    if name in SHOWS:
        assert "pwned" in said


@pytest.mark.parametrize(
    "words", [[NAME], [f"--{NAME}"], ["run", f"--{NAME}"], ["run", NAME], ["memory", NAME]], ids=len
)
def test_what_no_command_knows_is_repeated_without_controls(clin: Clin, words: list[str]) -> None:
    done = clin(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pwned" in done.stderr and not raw(done.stderr)


def test_json_says_it_whole(clin: Clin, theirs: Path) -> None:
    rows = json.loads(clin("memory", "list", "--json").stdout)
    assert {row["task"].partition("[")[2] for row in rows} == {HOSTILE[1:]}


class Liar(BaseHTTPRequestHandler):
    """A server that answers with what a terminal would obey."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say()

    def do_GET(self) -> None:
        self._say()

    def _say(self) -> None:
        body = json.dumps({"error": {"message": NAME}}, ensure_ascii=False).encode()
        self.send_response(422)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the tests'."""


@pytest.fixture
def liar(monkeypatch) -> Iterator[str]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"openai:m@http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_what_a_server_says_of_a_failure_is_harmless(
    clin: Clin, tmp_path: Path, liar: str, as_json: bool
) -> None:
    (tmp_path / "cells.toml").write_text(
        'worlds = ["causal"]\ntasks = ["make"]\nvariations = [100]\nstrategies = ["none"]\n'
        f'trials = 1\nbudget = 2\nmodels = ["{liar}"]\n',
        encoding="utf-8",
    )
    done = clin("batch", "cells.toml", *(["--json"] if as_json else []))
    assert done.returncode == 1
    assert "Failed: " in done.stderr
    assert SEEN in done.stderr
    assert not raw(done.stdout + done.stderr)
    if as_json:
        [failed] = json.loads(done.stdout)["failed"]
        assert "pwned" in failed["reason"]


def test_a_console_lets_nothing_through(capsys, monkeypatch) -> None:
    """Whatever a command forgets, in a text, in a style and on standard error."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    for out in (console(), console(stderr=True)):
        out.print(NAME)
        out.print(Text(NAME), style="bold")
        out.print(Text.assemble((NAME, "red"), NAME))
    said = "".join(capsys.readouterr())
    assert not raw(said)
    assert said.count("pwned") == 8
    assert "\x1b[1m" in said  # our own bold


@given(st.text())
def test_json_with_escapes_reads_the_same(text: str) -> None:
    written = escaped_json(json.dumps({"a": [text]}, ensure_ascii=False, indent=2))
    assert json.loads(written) == {"a": [text]}
    assert not RAW.search(written)


@given(st.text())
def test_harmless_text_keeps_its_length_and_what_is_harmless(text: str) -> None:
    shown = harmless(text)
    assert not RAW.search(shown)
    assert len(shown) == len(text)
    assert without_odd(text) == RAW.sub("", text)
