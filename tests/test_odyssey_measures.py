"""The measures of ``benchmarks/odyssey.py``, on a life that is written out."""

from __future__ import annotations

import importlib

import pytest
from conftest import ROOT


@pytest.fixture
def odyssey(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("odyssey")


def test_rewards_are_those_that_the_answers_tell(odyssey) -> None:
    lived = [
        ("wait", "I wait.\nReward: exploration 1, craft 2.\nCurrent Time: now"),
        ("wait", "I wait."),
        ("craft 1 pen", "Done.\nReward: craft 1, quest 1."),
    ]
    assert odyssey.rewards_of(lived) == {"exploration": 1, "craft": 3, "quest": 1}


def test_a_verb_is_the_first_that_an_action_begins_with(odyssey) -> None:
    verbs = ("talk to", "take out", "wait")
    assert odyssey.verb("talk to guide", verbs) == "talk to"
    assert odyssey.verb("sing a song", verbs) == "sing"
