"""docs/engine.md says what is so: its examples run, and what it names is there."""

from __future__ import annotations

import re

from conftest import ROOT

from clin.cli.batch import batch
from clin.cli.run import run

PAGE = (ROOT / "docs/engine.md").read_text()


def test_the_examples_run() -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 2
    names: dict = {}
    for example in examples:
        exec(example, names)
    assert set(names["answers"]) == {0, 1}
    assert names["answer"].text in names["question"].choices


def test_its_options_are_options() -> None:
    params = [*run.params, *batch.params]
    known = {option for each in params for option in (*each.opts, *each.secondary_opts)}
    benchmarks = "".join(
        (ROOT / "benchmarks" / name).read_text(encoding="utf-8")
        for name in ("engine.py", "random_gguf.py")
    )
    of_benchmarks = set(re.findall(r'add_argument\("(--[a-z-]+)"', benchmarks))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert {"--lanes", "--deterministic", "--role-model"} <= named
    assert named - of_benchmarks <= known


def test_its_files_are_files() -> None:
    files = set(re.findall(r"(?:clin|tests|benchmarks)/[\w/]+\.py", PAGE))
    assert files
    assert [each for each in sorted(files) if not (ROOT / each).is_file()] == []
