"""What tests share: the real bundled model, the real ScienceWorld, the command line in a child
process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

settings.register_profile("clin", deadline=None)
settings.load_profile("clin")

Clin = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def bundled() -> Iterator[object]:
    from clin.llms.open import open_model

    model = open_model("bundled", threads=1)
    yield model
    model.close()


@pytest.fixture
def clin(tmp_path: Path) -> Clin:
    """Run ``clin …`` in ``tmp_path`` and return what it printed."""

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


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clin.cli", *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **more}
