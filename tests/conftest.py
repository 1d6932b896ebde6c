"""What tests share: the real bundled model, the real ScienceWorld, the command line.

The fixture ``clin`` calls the command line in this process, so that its worlds share one Java
process and nothing is imported twice. ``clin_child`` starts it as a user does: for claims about
processes, and about what is read once when one begins.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
WIDTH = "160"
"""Columns of the terminal that there is not."""

settings.register_profile("clin", deadline=None)
settings.register_profile("daily", deadline=None, max_examples=20)

os.environ.setdefault("CLIN_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
"""Java compiles once and quickly: no test lives long enough to earn a better compilation."""

Clin = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure(config: pytest.Config) -> None:
    """``-m "not slow"`` looks at fewer examples of each property."""
    settings.load_profile("daily" if "not slow" in config.option.markexpr else "clin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "snap_compare" in getattr(item, "fixturenames", ()):
            item.add_marker("picture")


@pytest.fixture(scope="session")
def bundled() -> Iterator[object]:
    from clin.llms.open import open_model

    model = open_model("bundled", threads=1)
    yield model
    model.close()


@pytest.fixture
def clin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clin:
    """Run ``clin …`` in ``tmp_path``, in this process, and return what it printed."""
    monkeypatch.setenv("COLUMNS", WIDTH)

    def run(*words: str, input: str = "") -> subprocess.CompletedProcess[str]:
        with contextlib.chdir(tmp_path):
            return called(*words, input=input)

    return run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A server of OpenAI's chat protocol; a key for it is in the environment."""
    from served import SECRET, serving

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with serving() as server:
        yield server


@pytest.fixture
def clin_child(tmp_path: Path) -> Clin:
    """Run ``clin …`` in ``tmp_path``, in a process of its own, and return what it printed."""

    def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(),
            timeout=300,
            **options,
            check=False,
        )

    return run


def called(*words: str, input: str = "") -> subprocess.CompletedProcess[str]:
    """Call ``clin …`` in this process and in the current folder, with files in place of a
    terminal."""
    from clin.cli import main

    out, err = io.StringIO(), io.StringIO()
    status, before = 0, sys.stdin
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.stdin = io.StringIO(input)
        try:
            main(list(words), prog_name="clin")
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else bool(ended.code)
        except BaseException:  # as the interpreter would end
            traceback.print_exc()
            status = 1
        finally:
            sys.stdin = before
    return subprocess.CompletedProcess(["clin", *words], status, out.getvalue(), err.getvalue())


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clin.cli", *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": WIDTH, **more}
