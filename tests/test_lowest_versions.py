"""What is used of packages whose interfaces move, and what is said where one is too old."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import llama_cpp
import pytest
from conftest import ROOT, Clin

from clin.errors import ModelError
from clin.llms import native
from clin.llms.build import ADAPTERS, FIELDS, FUNCTIONS, missing, unfit
from clin.llms.open import open_model

SOURCES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "clin").rglob("*.py"))]


def test_the_list_of_what_is_used_of_llama_cpp_is_whole() -> None:
    used = {
        name
        for source in SOURCES
        for name in re.findall(r"llama_cpp\.((?!llama_cpp\b)llama_\w+|LLAMA_\w+)", source)
    }
    assert used == {*FUNCTIONS, *ADAPTERS}
    assert missing() == []


def test_the_list_of_the_fields_that_are_set_is_whole() -> None:
    tree = ast.parse((ROOT / "clin" / "llms" / "native.py").read_text(encoding="utf-8"))
    set_here = {
        target.attr
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        for target in ast.walk(ast.Tuple(each.targets, ast.Store()))
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "wanted"
    }
    assert set_here == {field for fields in FIELDS.values() for field in fields}


@pytest.mark.parametrize("lacks", ["llama_model_is_hybrid", "llama_context_params.flash_attn_type"])
def test_what_an_older_llama_cpp_lacks_is_named(monkeypatch, clin: Clin, lacks: str) -> None:
    """As 0.3.16 has it: the field would be set on a structure that does not know it."""
    name, _, field = lacks.partition(".")
    if field:
        known = [each for each in llama_cpp.llama_context_params._fields_ if each[0] != field]
        monkeypatch.setattr(llama_cpp, name, type("older", (), {"_fields_": known}))
    else:
        monkeypatch.delattr(llama_cpp, name)
    monkeypatch.setattr(native, "_unfit", unfit)
    assert missing() == [lacks]
    with pytest.raises(ModelError, match=f"lacks {lacks}"):
        open_model("bundled", threads=1)
    done = clin("doctor", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)["llama.cpp"]
    assert not found["ok"] and f"lacks {lacks}" in found["text"]


def test_a_bound_stands_above_each_private_interface() -> None:
    """A class of py4j is extended, llama.cpp's functions move, and sqlite-utils decides how
    migrations are kept."""
    text = Path(ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("llama-cpp-python", "py4j", "sqlite-utils"):
        assert re.search(rf'"{name}>=[\d.]+,<[\d.]+"', text), name
