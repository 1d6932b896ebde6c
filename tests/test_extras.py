"""``clin doctor`` says which extras of the worlds are there, and how to get the others."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from conftest import Clin

from worlds import extras


def test_each_extra_is_told_with_its_version_or_the_way_to_get_it(
    clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = metadata.version

    def version(package: str) -> str:
        if package == "jericho":
            raise metadata.PackageNotFoundError(package)
        return "9.9" if package == "textworld" else found(package)

    monkeypatch.setattr(metadata, "version", version)
    told = json.loads(clin("doctor", "--json").stdout)
    assert set(extras()) == {"agentodyssey", "alfworld", "jericho", "textworld"} <= set(told)
    assert told["textworld"] == {"ok": True, "text": "textworld 9.9"}
    assert told["jericho"]["ok"] and "clin[jericho]" in told["jericho"]["text"]
    assert told["jericho"]["text"].startswith("not installed")
    assert "java" in told
