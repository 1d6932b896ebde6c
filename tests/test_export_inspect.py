"""A run goes out as a log that Inspect's own reader reads."""

from __future__ import annotations

import importlib.util
import json
import stat
from pathlib import Path

import pytest
from conftest import Clin
from hostile import HOSTILE

from memory.episode import Episode, Place
from memory.store import Store

PLACE = ["--world", "causal", "--task", "repair", "--variation", "203", "--budget", "5"]


def played(path: Path, text: str = "A shell.") -> None:
    with (
        Store(path) as store,
        Episode(store, "ship it", Place("shell", "ship", 2, {"rules": 3})) as episode,
    ):
        for last in (50, 100):
            episode.begin(text)
            episode.step("make", text, score=50)
            episode.step("push", "merged", score=last)
            episode.end()


def exported(clin: Clin, folder: Path):
    log = pytest.importorskip("inspect_ai.log", reason="pip install 'clin[inspect]'")
    done = clin("export", "r1", "out.eval")
    assert (done.returncode, done.stdout) == (0, "2 trials to out.eval\n"), done.stderr
    assert stat.S_IMODE((folder / "out.eval").stat().st_mode) == 0o600
    return log.read_eval_log(str(folder / "out.eval"))


def test_inspect_reads_back_messages_and_scores(tmp_path: Path, clin: Clin) -> None:
    rules = [{"when": "Thought:$", "reply": " I need the key."}, {"role": "act", "pick": 0}]
    (tmp_path / "script.json").write_text(json.dumps([*rules, {"reply": ""}]))
    done = clin("run", "--model", "scripted:script.json", *PLACE, "--trials", "2")
    assert done.returncode == 0, done.stderr
    log = exported(clin, tmp_path)
    assert clin("export", "r1", "out.jsonl").returncode == 0
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert log.status == "success" and log.eval.task == "causal/repair"
    assert log.eval.model == "script" and log.eval.task_args["variation"] == 203
    for sample, line in zip(log.samples, lines, strict=True):
        chat = json.loads(line)
        told = [{"role": each.role, "content": each.text} for each in sample.messages]
        assert told == chat["messages"]
        assert sample.input == sample.messages[: len(sample.input)]
        assert sample.messages[len(sample.input)].role == "assistant"
        assert sample.scores["points"].value == chat["score"]
        assert sample.metadata["ending"] == chat["ending"]
        assert sample.model_usage["script"].total_tokens > 0
    mean = sum(sample.scores["points"].value for sample in log.samples) / 2
    assert log.results.scores[0].metrics["mean"].value == mean


def test_what_a_loop_recorded_and_hostile_text_go_out_too(tmp_path: Path, clin: Clin) -> None:
    played(tmp_path / "clin.db", HOSTILE)
    first, second = exported(clin, tmp_path).samples
    assert [each.scores["points"].value for each in (first, second)] == [50, 100]
    assert first.metadata["points"] == [50, 50] and second.scores["points"].answer == "push"
    assert "make SHOULD BE NECESSARY to make progress" in second.metadata["memory"]
    assert "\x1b]0;pwned" in first.messages[-2].text and not first.model_usage


def test_without_inspect_one_line_says_how_to_get_it(
    tmp_path: Path, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path / "clin.db")
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "inspect_ai" else found(name)
    )
    done = clin("export", "r1", "out.eval")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "pip install 'clin[inspect]'" in done.stderr and not (tmp_path / "out.eval").exists()
