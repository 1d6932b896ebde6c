"""Trials go out as chat messages that say what the acting model read and did."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from conftest import Clin

from memory.episode import Episode, Place
from memory.store import Store

PLACE = ["--world", "causal", "--task", "repair", "--variation", "203", "--budget", "5"]


def exported(clin: Clin, folder: Path, run: str = "r1") -> list[dict]:
    done = clin("export", run, "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((folder / "out.jsonl").stat().st_mode) == 0o600
    lines = (folder / "out.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def scripted(clin: Clin, folder: Path) -> None:
    rules = [{"role": "act", "pick": 0}, {"role": "act", "reply": "I need the key."}, {"reply": ""}]
    rules = [{"when": "Thought:$", "reply": " I need the key."}, *rules]
    (folder / "script.json").write_text(json.dumps(rules))
    done = clin("run", "--model", "scripted:script.json", *PLACE, "--trials", "2")
    assert done.returncode == 0, done.stderr


def test_the_messages_are_what_the_prompt_of_a_chat_model_kept(tmp_path: Path, clin: Clin) -> None:
    scripted(clin, tmp_path)
    found = exported(clin, tmp_path)
    assert [each["trial"] for each in found] == [0, 1]
    with Store(tmp_path / "clin.db", read_only=True) as store:
        for each, row in zip(found, store.trials("r1"), strict=True):
            told, steps = each["messages"], store.steps(row.id)
            roles = [message["role"] for message in told]
            assert roles[:2] == ["system", "user"] and roles[-1] == "assistant"
            assert roles[1:] == ["user", "assistant"] * len(steps)
            last = "".join(store.calls(row.id, len(steps) - 1)[0].parts)
            at = 0
            for message in told[:-1]:  # each stands in the last prompt, one after the other
                at = last.index(message["content"], at) + len(message["content"])
            said = [message["content"] for message in told if message["role"] == "assistant"]
            for step, action in zip(steps, said, strict=True):
                assert action.endswith(f"Action: {step.action}")
            assert "Task: " in told[1]["content"] and "Task: " not in told[0]["content"]
            assert each["score"] == row.score and each["ending"] == row.ending


@pytest.mark.slow
def test_the_bundled_model_is_asked_without_a_system(tmp_path: Path, clin: Clin) -> None:
    done = clin("run", *PLACE, "--trials", "2", "--writer", "rules")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        for each, row in zip(exported(clin, tmp_path), store.trials("r1"), strict=True):
            told, steps = each["messages"], store.steps(row.id)
            assert told[0]["role"] == "user" and told[0]["content"].startswith("Task: ")
            said = [message["content"] for message in told if message["role"] == "assistant"]
            assert said == [step.action for step in steps]
            prompt = "".join(store.calls(row.id, len(steps) - 1)[0].parts)
            at = 0
            for message in told[:-1]:
                at = prompt.index(message["content"], at) + len(message["content"])


def test_trials_that_no_model_played_go_out_too(tmp_path: Path, clin: Clin) -> None:
    with (
        Store(tmp_path / "clin.db") as store,
        Episode(store, "ship it", Place("shell", "ship")) as episode,
    ):
        for _ in range(2):
            episode.begin("A shell.")
            episode.step("make", "built", score=50)
            episode.step("push", "\u202e merged", score=100)
            episode.end()
        episode.begin()
    first, second = exported(clin, tmp_path)
    assert [message["content"] for message in first["messages"][2:]] == [
        "Action: make",
        "Observation: built",
        "Action: push",
    ]
    assert "Task: ship it" in first["messages"][1]["content"]
    assert "A shell." in first["messages"][1]["content"]
    assert "make SHOULD BE NECESSARY to make progress" in second["messages"][1]["content"]


def test_what_cannot_be_exported_is_one_line(tmp_path: Path, clin: Clin) -> None:
    with Store(tmp_path / "clin.db") as store:
        Episode(store, "ship it", Place("shell", "ship")).begin()
    for words, said in (
        (["r1", "out.jsonl"], "no trial of r1 with a step has ended yet"),
        (["r9", "out.jsonl"], "r9"),
        (["r1", "out.txt"], "no ending of a file of trials (.jsonl, .eval)"),
        (["r1", "out.jsonl", "--format", "chats"], "did you mean 'chat'?"),
        (["r1", "out.txt", "--format", "steps"], "does not end with .jsonl"),
    ):
        done = clin("export", *words)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()
