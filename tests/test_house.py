"""The house keeps its shape: imports run downhill, the doors are where the signs say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("clin", "memory", "tui", "worlds")
MAY_IMPORT = {
    "worlds": {"worlds"},
    "memory": {"memory"},
    "clin": {"clin", "memory", "worlds"},
    "tui": {"tui", "memory", "clin"},
}
LEAVES = {"memory.sanitize", "memory.spelling"}
"""Every room may import these two. They import nothing of ours, so no circle can come of it, and
without them each room would keep its own copy of "did you mean" and of the escaping of control
characters."""
STORE = ("memory", "store")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room they come from"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downhill(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    ours = {name.partition(".")[0] for name in imported(path) - LEAVES} & set(ROOMS)
    assert ours <= MAY_IMPORT[room]


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_what_every_room_imports_imports_no_room(leaf: str) -> None:
    path = ROOT / f"{leaf.replace('.', '/')}.py"
    assert not {name.partition(".")[0] for name in imported(path)} & set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_has_one_room(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)}
    inside = path.relative_to(ROOT)
    assert "textual" not in tops or inside.parts[0] == "tui"
    assert not {"sqlite3", "sqlite_utils"} & tops or inside.parts[:2] == STORE
    assert "py4j" not in tops or inside.parts[0] == "worlds"
    assert (
        not {"agentodyssey", "alfworld", "jericho", "textworld"} & tops
        or inside.parts[0] == "worlds"
    )
    assert "matplotlib" not in tops or inside.parts == ("clin", "analysis", "drawing.py")
    assert "grandalf" not in tops or inside.parts[:3] == ("clin", "analysis", "graphs")
    assert "inspect_ai" not in tops or inside.parts == ("clin", "trajectories", "inspect.py")
    assert "simplemma" not in tops or inside.parts == ("memory", "verbs.py")
    assert "llama_cpp" not in tops or inside.parts[:2] == ("clin", "llms")
    assert not {"torch", "tokenizers", "gguf"} & tops or inside.parts[:2] == ("clin", "distill")


SQL = re.compile(
    r"\bselect\b.*\bfrom\b|\binsert\b.*\binto\b|\bupdate\s+\w+\s+set\b|\bdelete\s+from\b"
    r"|\bpragma\s+\w|\bcreate\s+(temp\s+)?(table|index)\b|\battach\s+database\b",
    re.DOTALL,
)
BARE = ROOT / "benchmarks" / "large_file.py"
"""It measures the store against SQLite used bare."""
BENCHMARKS = [path for path in sorted((ROOT / "benchmarks").glob("*.py")) if path != BARE]


def texts(path: Path) -> list[str]:
    """The texts of a file that are no docstrings."""
    tree = ast.parse(path.read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


@pytest.mark.parametrize(
    "path", [*FILES, *BENCHMARKS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_sql_stands_in_the_store_and_nowhere_else(path: Path) -> None:
    if path.relative_to(ROOT).parts[:2] == STORE:
        return
    assert not [text for text in texts(path) if SQL.search(text)]
    asked = {node.attr for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "attr")}
    assert "connection" not in asked, "Store.connection is for the modules of the store"


def test_the_search_for_sql_finds_some() -> None:
    found = [path for path in FILES if any(map(SQL.search, texts(path)))]
    assert len(found) >= 10 and {path.relative_to(ROOT).parts[:2] for path in found} == {STORE}


def test_expert_paths_are_read_where_models_are_made_and_for_a_worked_example_alone() -> None:
    """The example is of the train split and never of the place that is played
    (tests/test_full_prompt.py)."""
    readers = {path.relative_to(ROOT) for path in FILES if "worlds.experts" in imported(path)}
    others = {path for path in readers if path.parts[:2] != ("clin", "distill")}
    assert len(readers) > 1 and others == {Path("clin/prompts/examples.py")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_room_for_odds_and_ends(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "misc"}


def test_help_imports_nothing_heavy() -> None:
    heavy = {"llama_cpp", "textual", "py4j", "pydantic", "sqlite_utils", "numpy", "rich"}
    code = f"import sys, clin.cli; print(sorted({heavy!r} & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
        ).stdout.strip()
        == "[]"
    )


def _is_text_mode(words: Sequence[ast.expr]) -> bool:
    """Whether they are the mode of a path's own ``open``, of a file that is read as text."""
    mode = str(getattr(words[0], "value", "")) if words else ""
    return mode in ("r", "w", "a", "x", "r+", "w+", "a+")


def without_encoding(path: Path) -> list[int]:
    """Lines on which a file is read or written, or a child's words are read, in whatever encoding
    the machine has."""
    found, tree = [], ast.parse(path.read_text(encoding="utf-8"))
    bound = {getattr(node, "arg", getattr(node, "name", "")) for node in ast.walk(tree)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {each.arg for each in node.keywords}
        binary = any("b" in ast.unparse(each) for each in node.args[1:2])
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        opens = isinstance(node.func, ast.Name) and called == "open" and called not in bound
        opens = opens or (called == "open" and _is_text_mode(node.args[:1]))
        reads = called == "write_text" or (called == "read_text" and not node.args)
        asks = called in ("run", "Popen", "check_output") and "text" in named
        if ((opens and not binary) or reads or asks) and "encoding" not in named:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_read_and_written_in_an_encoding_that_is_said(path: Path) -> None:
    assert without_encoding(path) == []


def test_the_search_for_encodings_finds_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "open('a')\nopen('a', 'rb')\np.read_text()\nrun(x, text=True)\nopen('a', encoding='x')\n"
        "p.open('w')\np.open('wb')\np.open()\nworld.open('task')\n",
        encoding="utf-8",
    )
    assert without_encoding(tmp_path / "a.py") == [1, 3, 4, 6]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_processes_are_asked_after_in_one_room(path: Path) -> None:
    """``os.kill(pid, 0)`` ends a process on Windows; signals and sessions differ by platform."""
    if path.relative_to(ROOT).parts[:2] == ("memory", "processes"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Attribute) and ast.unparse(node) == "os.kill")
        assert not (isinstance(node, ast.keyword) and node.arg == "start_new_session")
        assert not (isinstance(node, ast.Attribute) and node.attr in ("send_signal", "SIGINT"))
