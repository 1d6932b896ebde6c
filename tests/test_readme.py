"""What README.md says is so: its Python runs, its files exist, its commands are commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, environment

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in fences if name == language]


def test_the_loop_from_python_runs_as_printed(tmp_path: Path) -> None:
    [code] = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Memory(links=(Link(cause=" in done.stdout
    assert (
        len(
            [
                line
                for line in code.splitlines()
                if line.strip() and not line.startswith(("from", "import"))
            ]
        )
        <= 10
    )


def test_every_file_in_the_tree_exists() -> None:
    [tree] = [block for block in blocks("") if block.startswith("clin/")]
    folder = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = ROOT / name
            assert folder.is_dir(), name
        else:
            assert (folder / name).exists(), f"{folder.name}/{name}"


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    assert "bash .ci/run" in README
    assert "pytest" in (ROOT / ".ci/run").read_text()


def test_every_command_shown_is_a_command(clin) -> None:
    shown = {
        line.split()[1]
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("clin ")
    }
    assert shown
    for name in sorted(shown):
        assert clin(name, "--help").returncode == 0, name


def test_the_examples_of_the_memory_page_run_in_order(tmp_path: Path) -> None:
    page = (ROOT / "docs/memory.md").read_text()
    codes = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(codes) == 3
    told = ""
    for code in codes:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told += done.stdout
    assert "The key SHOULD BE NECESSARY to opening the door" in told
    assert "r1 0 0 open door" in told


def test_the_example_of_the_worlds_page_runs(tmp_path: Path) -> None:
    [code] = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/worlds.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(code.splitlines()) <= 12
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Your task is to repair the")
