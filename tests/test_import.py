"""Trials that others recorded become runs, from which a memory is learned. The samples are made by
hand in the form that the others' code writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Clin

from clin.trajectories import read, readers
from memory.episode import Episode, Place
from memory.store import Store

OPENING = "Your task is to boil water.\n\nThis room is the kitchen. There is a stove."
RESTART = "\n\n-= Restarting =-\n"


def tales_line(number: int, seen: str, action: str, after: str, score: int, **more: Any) -> str:
    """As ``benchmark.py`` of TALES writes a step."""
    line = {
        "Step": number,
        "Score": score,
        "Max Score": 50,
        "Normalized Score": score / 50,
        "Moves": number,
        "Observation": seen,
        "Action": action,
        "Feedback": after,
        "Prompt": "…",
        "Response": action,
        "Thinking": None,
        "Token Usage": 12,
        "Prompt Tokens": 10,
        "Response Tokens": 2,
        "Thinking Tokens": 0,
    }
    return json.dumps({**line, **more}) + "\n"


def tales_file(folder: Path, game: str = "ScienceWorldBoil") -> Path:
    """Two trials: the first is lost in its third step, the second wins in its second."""
    path = folder / "tales_human" / game / "a0_s7_steps100.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    one = "The game only allows one action per step."
    again = f"Steam.{RESTART}{OPENING}"
    path.write_text(
        tales_line(1, OPENING, "fill pot", "It is full.", 10)
        + tales_line(2, "It is full.", "think\nwait", "It is full.", 10)
        + tales_line(3, one, "break pot", "Steam.", 0)
        + tales_line(4, again, "fill pot", "It is full.", 10)
        + tales_line(5, "It is full.", "turn on stove", "It boils.", 50),
        encoding="utf-8",
    )
    return path


def agentboard_text(number: int, rates: list[float], *, done: bool, rate: float) -> str:
    """As AgentBoard's ``TaskLogger`` writes an example: over several lines, the opening lost."""
    turns: dict[str, Any] = {
        f"Interaction Turn {index}": {
            "Observation": f"seen {index}",
            "Action": f"do {index}",
            "Progress Rate": rate,
        }
        for index, rate in enumerate(rates)
    }
    turns["Interaction Turn 0"] = {"Goal": "put a mug on the desk", **turns["Interaction Turn 0"]}
    turns[f"Interaction Turn {len(rates)}"] = {"Action": "never played"}
    example = {
        "id": number,
        "task_name": "pick_and_place",
        "goal": "put a mug on the desk",
        "difficulty": "easy",
        "is_done": done,
        "progress_rate": rate,
        "grounding_acc": 1.0,
        "score_change_record": [[0, 0.5]],
        "trajectory": turns,
        "example_prompt": {"prompt": "…"},
    }
    return json.dumps(example, indent=2) + "\n"


def plain(**more: Any) -> dict[str, Any]:
    step = {"action": "make", "observation": "built"}
    return {"task": "ship", "goal": "ship it", "observation": "A shell.", "steps": [step]} | more


def written(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in values), encoding="utf-8")
    return path


def ok(clin: Clin, *words: str) -> str:
    done = clin(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_rollouts_of_tales_become_trials(tmp_path: Path, clin: Clin) -> None:
    said = ok(clin, "import", str(tales_file(tmp_path)))
    assert said.startswith("r1: 2 trials of scienceworld, ScienceWorldBoil 7; ")
    assert said.endswith("; 1 that were no steps are left out\n")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        first, second = (store.trial(row.id) for row in store.trials("r1"))
        assert first.goal == "Your task is to boil water." and first.opening == OPENING
        assert second.opening == OPENING
        assert [(step.action, step.observation, step.score) for step in first.steps] == [
            ("fill pot", "It is full.", 20),
            ("break pot", "Steam.", 0),
        ]
        assert (first.ending, second.ending) == ("lost", "won")
        assert store.run("r1").state == "finished" and store.check() == []
        links = [str(link) for link in store.current_memory("r1").links]
    assert "turn on stove SHOULD BE NECESSARY to complete the task" in links
    assert links[0] in ok(clin, "memory", "show", "r1")
    assert "turn on stove" in ok(clin, "memory", "graph", "r1")


def test_a_game_without_a_told_task_has_the_score_as_its_goal(tmp_path: Path) -> None:
    [first, *_] = read(tales_file(tmp_path, "JerichoEnvZork1"))
    assert (first.world, first.task, first.variation) == ("jericho", "JerichoEnvZork1", 7)
    assert first.goal == "Finish JerichoEnvZork1 with the highest score."
    renamed = tales_file(tmp_path).rename(tmp_path / "MyGame.jsonl")
    assert {(each.world, each.task, each.variation) for each in read(renamed)} == {
        ("tales", "MyGame", 0)
    }


def test_what_the_user_knows_of_the_place_counts(tmp_path: Path, clin: Clin) -> None:
    known = ["--task", "boil", "--variation", "3", "--goal", "Boil it.", "--strategy", "clin"]
    ok(clin, "import", str(tales_file(tmp_path)), *known, "--world-option", "names=short")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        row, config = store.trials("r1")[0], store.run("r1").config
    assert (row.task, row.variation, row.goal) == ("boil", 3, "Boil it.")
    assert config["world_options"] == {"names": "short"} and config["strategy"] == "clin"


def test_the_logs_of_agentboard_become_a_run_for_each_example(tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "alfworld.jsonl").write_text(
        agentboard_text(0, [0.5, 1.0], done=True, rate=1.0)
        + agentboard_text(1, [0.5, 0.5], done=False, rate=0.5),
        encoding="utf-8",
    )
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "alfworld.jsonl").write_text(
        agentboard_text(1, [0.0, 0.25], done=True, rate=0.25), encoding="utf-8"
    )
    said = ok(clin, "import", "alfworld.jsonl", "other/alfworld.jsonl").splitlines()
    assert said[0].startswith("r1: 1 trial of alfworld, AgentBoard pick_and_place 0; ")
    assert said[1].startswith("r2: 2 trials of alfworld, AgentBoard pick_and_place 1; ")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        [won] = store.trials("r1")
        assert [(step.action, step.score) for step in store.steps(won.id)] == [
            ("do 0", 50),
            ("do 1", 100),
        ]
        endings = [row.ending for run in ("r1", "r2") for row in store.trials(run)]
    assert endings == ["won", "budget", "lost"]


def test_success_or_failure_alone_is_enough(tmp_path: Path, clin: Clin) -> None:
    steps = [{"action": "make"}, {"action": "push"}]
    trials = [plain(outcome="success", steps=steps), plain(outcome="failure")] * 2
    written(tmp_path / "mine.jsonl", *trials)
    assert ok(clin, "import", "mine.jsonl").startswith("r1: 4 trials of elsewhere, ship 0; ")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert [row.ending for row in store.trials("r1")] == ["won", "lost"] * 2
        links = [str(link) for link in store.current_memory("r1").links]
    assert (
        links
        == [
            "push SHOULD BE NECESSARY to complete the task",
            "make MAY CONTRIBUTE to complete the task",
        ]
        or "push SHOULD BE NECESSARY to complete the task" in links
    )


def test_points_of_the_whole_stand_after_the_last_step(tmp_path: Path) -> None:
    [trial] = read(written(tmp_path / "mine.jsonl", plain(outcome=40.0)))
    assert trial.steps[-1].score == 40


def test_what_goes_out_as_steps_comes_in_the_same(tmp_path: Path, clin: Clin) -> None:
    with (
        Store(tmp_path / "clin.db") as store,
        Episode(store, "ship it", Place("shell", "ship", 2, {"rules": 3})) as episode,
    ):
        for second in ("push", "lint"):
            episode.begin("A \u202e shell.")
            episode.step("make", "built", score=50, actions=["make", "lint"])
            episode.step(second, "done", score=100 if second == "push" else 50)
            episode.end()
    assert ok(clin, "export", "r1", "out.jsonl", "--format", "steps") == "2 trials to out.jsonl\n"
    ok(clin, "import", "out.jsonl")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        theirs, ours = ([store.trial(row.id) for row in store.trials(run)] for run in ("r1", "r2"))
        assert theirs == ours
        assert store.current_memory("r1") == store.current_memory("r2")
        assert store.tallies("r1", 1) == store.tallies("r2", 1)
        places = [store.run(run).config["world_options"] for run in ("r1", "r2")]
    assert places == [{"rules": 3}] * 2


def test_a_run_starts_from_what_others_recorded(tmp_path: Path, clin: Clin) -> None:
    place = ["--world", "causal", "--task", "repair", "--variation", "203"]
    steps = [{"action": "go to vault", "observation": "You are there.", "score": 30}]
    trial = plain(world="causal", task="repair", variation=203, steps=steps)
    written(tmp_path / "mine.jsonl", trial)
    ok(clin, "import", "mine.jsonl")
    (tmp_path / "script.json").write_text(json.dumps([{"role": "act", "pick": 0}, {"reply": ""}]))
    script = ["--model", "scripted:script.json", "--budget", "2", "--trials", "1"]
    ok(clin, "run", *place, *script, "--writer", "rules", "--from", "r1")
    with Store(tmp_path / "clin.db", read_only=True) as store:
        began = store.version_after("r2", -1).memory
        assert "go to vault SHOULD BE NECESSARY to make progress" in map(str, began.links)
        assert store.tallies("r2", -1)


WRONG = [
    ("{", "line 1: this is no JSON: Expecting property name"),
    ("[1]", "line 1: this is no JSON object"),
    ('{"a": 1}', "formats: agentboard, steps, tales"),
    ("", "holds no trial"),
    ("[" * 100_000, "line 1: this is no JSON: it is nested"),
    ('{"a": ' + "1" * 5000 + "}", "line 1: this is no JSON: Exceeds the limit"),
    (plain(outcome="success") | {"stpes": []}, "line 1: stpes: extra inputs are not permitted"),
    (plain(), "line 1: no step has a score, so it needs an outcome"),
    (plain(outcome="won"), "line 1: outcome"),
    (plain(outcome=float("nan")), "line 1: outcome"),
    (plain(outcome=1, variation=1 << 70), "line 1: variation"),
    (
        plain(steps=[{"action": "make", "score": 101}]),
        "line 1: steps.0.score: input should be less",
    ),
    (plain(steps=[{"action": "", "score": 1}]), "line 1: steps.0.action: it is empty"),
    (plain(steps=[{"action": " ", "score": 1}]), "steps.0.action: it is empty"),
    (plain(steps=[{"action": "a", "score": 100}], outcome="failure"), "line 1: outcome: failure"),
    (plain(steps=[{"action": "a", "score": 10}], outcome=20.0), "the last score is 10"),
    (tales_line(1, "a", "b", "c", 60), "line 1: Score: 60 of 50 is more than all"),
    (tales_line(1, "a", "b", "c", 1, **{"Max Score": 0}), "line 1: Max Score"),
    (tales_line(1, "a", "b", "c", 1) + '{"Step": 2', "line 2: this is no JSON"),
    (tales_line(1, "a", "b", "c", 1) + '{"Step": 2}\n', "line 2: Score: field required"),
    (agentboard_text(0, [0.5], done=True, rate=7.0), "line 1: progress_rate"),
    (agentboard_text(0, [0.5], done=True, rate=0.5).replace(",", "", 1), "line 3: this is no JSON"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_one_line_and_stores_nothing(
    tmp_path: Path, clin: Clin, text: Any, said: str
) -> None:
    written(tmp_path / "good.jsonl", plain(outcome="success"))
    told = text if isinstance(text, str) else json.dumps(text)
    (tmp_path / "bad.jsonl").write_text(told, encoding="utf-8")
    done = clin("import", "good.jsonl", "bad.jsonl")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert said.lower() in done.stderr.lower() and "bad.jsonl" in done.stderr
    assert not (tmp_path / "clin.db").exists()


def test_files_and_formats_that_do_not_exist_are_told(tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "latin.jsonl").write_bytes(b'{"a": "\xe9"}')
    for words, said in (
        (["none.jsonl"], "no file 'none.jsonl'"),
        (["latin.jsonl"], "no text in UTF-8"),
        ([str(tmp_path)], "cannot be read"),
        (["latin.jsonl", "--strategy", "expel"], "evidence"),
        ([str(written(tmp_path / "a.jsonl", plain())), "--format", "tale"], "did you mean 'tales'"),
    ):
        done = clin("import", *words)
        assert done.returncode == 2 and said in done.stderr, done.stderr
    assert readers() == ["agentboard", "steps", "tales"]
