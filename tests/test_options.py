"""Each option is declared once: in groups, under its name of now and the older ones."""

from __future__ import annotations

import json
import lzma
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Clin

from clin.config import ModelInfo, RunConfig
from clin.errors import UserError
from clin.experiments.spec import Batch
from clin.options import NO_EXPLORATION, Engine, Exploration, Length, Prompting, Sampling
from clin.spellings import GROUPS, RENAMED
from memory.store import Store

PLACE = {"task": "make", "variation": 200, "model": {"reference": "bundled"}}
BACK = {"risk_mask": True, "novelty": True, "return_to_best": True}
SPELLINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"heed": True}, {"exploration": {"memory_mask": True}}),
    ({"go_back": True}, {"exploration": BACK}),
    ({"go_back": False, "novelty": False}, {"exploration": dict.fromkeys(BACK, False)}),
    ({"repeats": 2, "test_steps": 0}, {"exploration": {"repeats": 2}}),
    ({"read_elsewhere": False}, {"read_unconfirmed": False}),
    ({"lanes": 4, "ctx": 512}, {"engine": {"lanes": 4, "ctx": 512}}),
    ({"temperature": 0.5, "lanes": 1}, {"sampling": {"temperature": 0.5}}),
    ({"memory_room": 0}, {}),
    (
        {"model": {"reference": "bundled", "options": {"threads": 3, "top_k": 5}}},
        {"engine": {"threads": 3}, "sampling": {"top_k": 5}},
    ),
    (
        {"heed": True, "exploration": {"memory_mask": True, "repeats": 3}},
        {"exploration": {"memory_mask": True, "repeats": 3}},
    ),
]
CONTRADICTIONS = [
    ({"heed": True, "exploration": {"memory_mask": False}}, "heed = true"),
    ({"go_back": True, "exploration": {"novelty": False}}, "exploration.novelty = false"),
    ({"lanes": 4, "engine": {"lanes": 2}}, "lanes = 4"),
    ({"read_elsewhere": True, "read_unconfirmed": False}, "read_elsewhere = true"),
]


@pytest.mark.parametrize(("old", "new"), SPELLINGS)
def test_older_keys_mean_what_the_keys_of_now_mean(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    run = RunConfig.checked(**{**PLACE, **old})
    assert run == RunConfig.checked(**{**PLACE, **new})
    assert run == RunConfig.checked(**json.loads(run.model_dump_json()))
    assert None not in dict(run.exploration).values()


@pytest.mark.parametrize(("old", "new"), [each for each in SPELLINGS if not {*PLACE} & {*each[0]}])
def test_an_experiment_file_may_use_either(old: dict[str, Any], new: dict[str, Any]) -> None:
    old = {name: each for name, each in old.items() if name != "memory_room"}
    batch = Batch.checked(strategies=["clin"], **old)
    assert batch == Batch.checked(strategies=["clin"], **new)
    assert batch == Batch.checked(**batch.model_dump(mode="json"))


@pytest.mark.parametrize("old", [{"test_steps": 6}, {"exploration": {"test_steps": 6}}])
def test_a_run_with_an_option_that_is_no_more_is_read_and_no_run_of_now(
    old: dict[str, Any],
) -> None:
    run = RunConfig.checked(**{**PLACE, **old})
    assert run.retired == {"test_steps": 6}
    assert run != RunConfig.checked(**PLACE)
    assert run == RunConfig.checked(**json.loads(run.model_dump_json()))
    with pytest.raises(UserError, match="test_steps: no more") as refused:
        Batch.checked(strategies=["evidence"], **old)
    assert "\n" not in str(refused.value)


def test_a_run_that_tested_links_is_shown_and_not_continued(clin: Clin, tmp_path: Path) -> None:
    place = ("--world", "causal", "--task", "make", "--trials", "1", "--budget", "2")
    assert clin("run", *place).returncode == 0
    test = {"link": "wait MAY BE NECESSARY to complete the task", "steps": 6}
    with sqlite3.connect(tmp_path / "clin.db") as db:
        db.execute("update runs set config = json_set(config, '$.test_steps', 6)")
        db.execute(
            "update trials set recalled = json_set(recalled, '$.test', json(?))", [json.dumps(test)]
        )
    shown = clin("show", "r1", "--trial", "0")
    assert "Test of a link: wait MAY BE NECESSARY" in shown.stdout, shown.stderr
    assert json.loads(clin("show", "r1", "--trial", "0", "--json").stdout)["test"] == test
    refused = clin("resume", "r1")
    assert refused.returncode == 2 and "test_steps = 6" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_batch_that_was_stored_flat_with_nothing_said_still_says_nothing() -> None:
    unsaid = dict.fromkeys(("heed", "go_back", "repeats", "read_elsewhere", "flash_attention"))
    batch = Batch.checked(strategies=["clin"], lanes=2, **unsaid)
    assert batch == Batch.checked(strategies=["clin"], engine=Engine(lanes=2))
    assert batch.exploration == Exploration()


@pytest.mark.parametrize(("fields", "said"), CONTRADICTIONS)
def test_two_spellings_that_differ_are_one_clear_line(fields: dict[str, Any], said: str) -> None:
    for build in (
        lambda: RunConfig.checked(**PLACE, **fields),
        lambda: Batch.checked(strategies=["clin"], **fields),
    ):
        with pytest.raises(UserError) as told:
            build()
        assert said in str(told.value) and "\n" not in str(told.value)
        assert str(told.value).endswith("contradict each other; give one of them")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engine]\nlane = 3", "no field 'engine.lane'; did you mean 'lanes'? (fields: lanes, "),
        ("[exploration]\nrepeats = -1", "exploration.repeats: "),
        ("[sampling]\ntop_p = 2", "sampling.top_p: "),
        ("heed = true\n[exploration]\nmemory_mask = false", "contradict each other"),
        ("engine = 3", "engine: "),
        ("quick = 3", "quick: "),
        ("[stream]\nround = 3", "no field 'stream.round'; did you mean 'rounds'"),
    ],
)
def test_a_wrong_table_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(f'strategies = ["clin"]\n{text}\n')
    with pytest.raises(UserError) as told:
        Batch.read(str(tmp_path / "wrong.toml"), quick=True)
    assert said in str(told.value) and "\n" not in str(told.value)


def test_a_field_that_is_missing_is_named_alone(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text('worlds = ["causal"]\n', encoding="utf-8")
    with pytest.raises(UserError) as told:
        Batch.read(str(tmp_path / "e.toml"), quick=False)
    assert str(told.value) == "strategies: field required"


def test_quick_changes_what_it_names_under_either_spelling(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text(
        'strategies = ["clin"]\nheed = true\n[engine]\nlanes = 4\nthreads = 2\n'
        "[quick]\nlanes = 1\n[quick.exploration]\nmemory_mask = false\nrepeats = 1\n"
    )
    quick = Batch.read(str(tmp_path / "e.toml"), quick=True)
    assert quick.engine == Engine(lanes=1, threads=2)
    assert quick.exploration == Exploration(memory_mask=False, repeats=1)
    whole = Batch.read(str(tmp_path / "e.toml"))
    assert whole.engine.lanes == 4 and whole.exploration == Exploration(memory_mask=True)


def stored(name: str, folder: Path) -> list[RunConfig]:
    """The configurations in a database of before, as they are read now."""
    path = folder / "old.db"
    path.write_bytes(lzma.decompress((ROOT / "tests/data" / name).read_bytes()))
    with Store(path) as store:
        return [RunConfig.checked(**run.config) for run in store.runs()]


def test_runs_of_before_are_read(tmp_path: Path) -> None:
    [first] = stored("schema1.db.xz", tmp_path)
    watched = stored("watched.db.xz", tmp_path)
    assert len(watched) == 3
    for each in (first, *watched):
        assert each.exploration == NO_EXPLORATION and each.read_unconfirmed
        assert each.sampling == Sampling() and each.engine.ctx == 0
    assert first.engine.threads == 0 and {each.engine.threads for each in watched} == {1}


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as it was stored before there were groups."""
    old = {name: each for name, each in config.items() if name not in GROUPS}
    old["read_elsewhere"] = old.pop("read_unconfirmed")
    explored = config["exploration"]
    old |= {"repeats": explored["repeats"], "test_steps": 0}
    del old["retired"]
    old |= {"heed": explored["memory_mask"], "go_back": explored["return_to_best"]}
    options = {**config["engine"], **config["sampling"]}
    return old | {"memory_room": 0, "model": {**config["model"], "options": options}}


def make_old(path: Path) -> None:
    """Put every configuration of a database back to how it was stored."""
    with sqlite3.connect(path) as db:
        for number, config in db.execute("select id, config from runs").fetchall():
            text = json.dumps(flat(json.loads(config)))
            db.execute("update runs set config = ? where id = ?", [text, number])


SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1]
strategies = ["none", "evidence"]
settings = ["adapt", "gen-env"]
trials = 2
budget = 6
sources = 1
lanes = 2
"""


@pytest.mark.slow
def test_a_batch_knows_its_runs_of_before_and_goes_on(clin: Clin, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    assert clin("batch", "small.toml").returncode == 0
    make_old(tmp_path / "clin.db")
    done = clin("batch", "small.toml")
    assert "0 runs played, 6 were there already, 0 failed" in done.stdout, done.stderr
    for words in (("runs",), ("report",), ("memory", "show", "r1"), ("show", "r1")):
        assert clin(*words).returncode == 0, words


@pytest.mark.slow
def test_a_run_of_before_is_resumed_as_it_would_have_ended(clin: Clin, tmp_path: Path) -> None:
    place = ("--world", "causal", "--task", "make", "--budget", "12", "--threads", "1")
    assert clin("run", *place, "--trials", "3", "--db", "whole.db").returncode == 0
    assert clin("run", *place, "--trials", "1", "--db", "old.db").returncode == 0
    with sqlite3.connect(tmp_path / "old.db") as db:
        [(config,)] = db.execute("select config from runs").fetchall()
        longer = json.dumps(flat({**json.loads(config), "trials": 3}))
        db.execute("update runs set config = ?, state = 'running', pid = 0", [longer])
    done = clin("resume", "r1", "--db", "old.db")
    assert done.returncode == 0, done.stderr
    with (
        Store(tmp_path / "whole.db", read_only=True) as whole,
        Store(tmp_path / "old.db", read_only=True) as old,
    ):
        trials = [[each.trial(row.id) for row in each.trials("r1")] for each in (whole, old)]
        assert trials[0] == trials[1] and len(trials[0]) == 3
        told = clin("memory", "show", "r1", "--db", "old.db").stdout
        assert ("The next trial goes back" in told) is any(
            step.score > 0 for trial in trials[0] for step in trial.steps
        )


# --- the command line


def sections(told: str) -> dict[str, str]:
    """A help page, by heading."""
    found = re.split(r"^(\S[^\n]*):$", told, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_help_has_a_section_for_each_group(clin: Clin) -> None:
    told = sections(clin("run", "--help").stdout)
    assert [*told] == [
        "Run",
        "Memory",
        "Exploration",
        "Model",
        "Prompt",
        "Engine",
        "Sampling",
        "Output",
        "Other",
    ]
    for options in (Length, Exploration, Prompting, Engine, Sampling):
        for name, field in options.model_fields.items():
            assert f"--{name.replace('_', '-')}" in told[options.title]
            words = " ".join(told[options.title].split())
            assert str(field.description) in words
    assert "--heed" not in "".join(told.values()), "one that has a name of now is hidden"
    assert "--go-back" in told["Exploration"], "one that is short for several is shown"


@pytest.mark.parametrize("words", [("batch",), ("resume",), ("distill", "evaluate")], ids=" ".join)
def test_options_that_commands_share_stand_in_groups_everywhere(
    words: tuple[str, ...], clin: Clin
) -> None:
    told = sections(clin(*words, "--help").stdout)
    assert "--db" in told["Output"] and "--help" in told["Other"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--heed", "--no-memory-mask"), "--no-memory-mask and --heed contradict each other"),
        (("--go-back", "--no-novelty"), "--no-novelty and --go-back contradict each other"),
        (("--no-go-back", "--risk-mask"), "--risk-mask and --no-go-back contradict each other"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(
    words: tuple[str, ...], said: str, clin: Clin, tmp_path: Path
) -> None:
    done = clin("run", *words)
    assert done.returncode == 2
    assert done.stderr.strip() == f"Error: {said}; give one of them"
    assert not (tmp_path / "clin.db").exists()


@pytest.mark.parametrize(
    ("words", "different"),
    [
        (("--no-heed",), {"memory_mask": False}),
        (("--no-go-back",), dict.fromkeys(BACK, False)),
        (
            ("--no-go-back", "--no-novelty", "--repeats", "0"),
            {**dict.fromkeys(BACK, False), "repeats": 0},
        ),
        (("--no-return-to-best",), {"return_to_best": False}),
        (("--heed", "--memory-mask"), {}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_run_keeps_what_was_asked_for_and_what_its_model_needs(
    words: tuple[str, ...], different: dict[str, Any], clin: Clin, tmp_path: Path
) -> None:
    place = ("--world", "causal", "--task", "make", "--trials", "1", "--budget", "1")
    done = clin("run", *place, *words)
    assert done.returncode == 0, done.stderr
    needed = {"repeats": 2, "memory_mask": True, "epsilon": 0.0, **BACK}
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.run("r1").config["exploration"] == needed | different


def test_every_older_name_sets_options_that_exist() -> None:
    config = RunConfig.checked(**{**PLACE, "model": ModelInfo(reference="bundled")})
    for meant in RENAMED.values():
        for name in meant:
            group, _, option = name.rpartition(".")
            assert option in (GROUPS[group].model_fields if group else dict(config))


def test_the_page_of_experiments_names_every_field() -> None:
    page = (ROOT / "docs/experiments.md").read_text()
    groups = [name for options in GROUPS.values() for name in options.model_fields]
    for name in (*Batch.model_fields, *groups):
        assert f"`{name}`" in page, name
