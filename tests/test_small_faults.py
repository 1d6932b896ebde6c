"""Small things that broke, each with what it must do instead."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import llama_cpp
import pytest
import watched
from conftest import Clin
from holders import give_lease
from hypothesis import given
from hypothesis import strategies as st

from clin.cli.progress import Progress
from clin.config import ModelInfo, RunConfig
from clin.errors import ModelError
from clin.llms.gguf_file import sha256
from clin.llms.open import open_model
from clin.llms.pieces import ENTRY, TOKEN, Pieces
from clin.llms.sampling import Sampling
from memory.store import Store, StoreError
from memory.store.housekeeping import compact, removable
from memory.trials import Ending, Memory, Step, Trial
from tui.app import Watch
from tui.memory import MemoryScreen
from tui.runs import RunsScreen
from tui.trial import TrialScreen

RUN = ("run", "--world", "causal", "--task", "make", "--trials", "1", "--budget", "2")


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    return "scripted:second.json"


def test_a_seed_below_0_draws_like_any_other() -> None:
    def drawn(seed: int) -> list[int]:
        import numpy as np

        pick = Sampling(temperature=1.0, seed=seed).pick([1, 2, 3])
        return [pick(np.log(np.full(50, 0.02, dtype=np.float32))) for _ in range(20)]

    assert drawn(-1) == drawn(-1)
    assert len({tuple(drawn(seed)) for seed in (-2, -1, 0, 1)}) == 4


def test_files_of_windows_editors_begin_with_a_mark_that_is_no_text(
    tmp_path: Path, script: str, clin: Clin
) -> None:
    """The byte order mark, before TOML, Markdown and a script."""
    mark = "\ufeff"
    (tmp_path / "b.toml").write_text(mark + 'worlds = ["causal"]\nstrategies = ["none"]\n')
    (tmp_path / "m.md").write_text(mark + "- focus on egg MAY BE NECESSARY to the task\n")
    (tmp_path / "second.json").write_text(mark + '[{"pick": 1}]')
    assert clin("batch", "b.toml", "--plan").returncode == 0
    done = clin(*RUN, "--model", script, "--writer", "rules", "--from", "m.md", "--json")
    assert done.returncode == 0, done.stderr
    assert "focus on egg MAY BE NECESSARY to the task" in json.loads(done.stdout)["memory"]


@pytest.mark.parametrize("quick", ["3", '"small"', "[1]", "{stream = 3}"])
def test_a_quick_size_that_is_no_table_is_one_line(quick: str, tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "q.toml").write_text(f'strategies = ["none"]\nquick = {quick}\n')
    for more in ((), ("--quick",)):
        done = clin("batch", "q.toml", "--plan", *more)
        if more or "stream" not in quick:
            assert done.returncode == 2 and "should be a valid dictionary" in done.stderr


# --- the store


def test_a_file_that_is_being_played_in_is_not_compacted(tmp_path: Path) -> None:
    path = watched.finished(tmp_path / "clin.db")
    live = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with Store(path) as store:
            run = store.begin_run(store.run("r1").config)
            give_lease(path, run, live.pid)
            removals = removable(store)
            with pytest.raises(StoreError, match=f"being played in by process {live.pid}"):
                compact(store, removals)
            assert removable(store) == removals
    finally:
        live.communicate(b"\n")
    with Store(path) as store:
        assert compact(store, removable(store)) > 0 and removable(store) == []


def test_a_run_goes_on_under_other_versions_only_where_that_does_not_matter(
    tmp_path: Path, script: str, clin: Clin
) -> None:
    def began_with(package: str, version: str) -> None:
        raw = sqlite3.connect(tmp_path / "clin.db")
        [(config,)] = raw.execute("select config from runs").fetchall()
        changed = json.loads(config)
        changed["versions"][package] = version
        raw.execute("update runs set config = ?, state = 'stopped'", [json.dumps(changed)])
        raw.commit()
        raw.close()

    words = ("run", "--trials", "1", "--budget", "2", "--model", script, "--writer", "rules")
    assert clin(*words).returncode == 0  # in ScienceWorld, the default
    began_with("llama-cpp-python", "0.0.1")
    done = clin("resume", "r1")
    assert done.returncode == 0, done.stderr
    assert "Note: r1 began with llama-cpp-python 0.0.1, and goes on with " in done.stderr
    began_with("scienceworld", "0.0.1")
    done = clin("resume", "r1")
    assert done.returncode == 2
    assert "r1 was played with scienceworld 0.0.1, and this is" in done.stderr.splitlines()[-1]


# --- models


def test_a_refused_opening_lets_go_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"llama_model_load_from_file": 0, "llama_model_free": 0}
    for name in counts:
        real = getattr(llama_cpp, name)

        def counted(*values, name=name, real=real):
            counts[name] += 1
            return real(*values)

        monkeypatch.setattr(llama_cpp, name, counted)
    for _ in range(2):
        with pytest.raises(ModelError):
            open_model("bundled", threads=1, ctx=10**7)
    assert counts["llama_model_load_from_file"] == counts["llama_model_free"] == 2
    open_model("bundled", threads=1).close()
    assert counts["llama_model_free"] == 3


def test_a_model_that_fails_after_it_was_loaded_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the way from the file to the card too."""
    freed: list[object] = []
    free = llama_cpp.llama_model_free
    monkeypatch.setattr(llama_cpp, "llama_model_free", lambda model: freed.append(free(model)))
    monkeypatch.setattr(llama_cpp, "llama_vocab_n_tokens", lambda vocab: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_model("bundled", threads=1)
    assert len(freed) == 1


@given(
    st.lists(st.text(max_size=30), max_size=60),
    st.integers(0, 3000),
)
def test_known_pieces_are_bounded_by_bytes_and_change_nothing(texts: list[str], most: int) -> None:
    asked: list[str] = []

    def tokenize(text: str) -> tuple[int, ...]:
        asked.append(text)
        return tuple(map(ord, text))

    pieces = Pieces(tokenize, most)
    for text in texts:
        known = len(asked)
        assert pieces.of(text) == tuple(map(ord, text))
        assert pieces.bytes <= most and (pieces.bytes > 0) == (len(pieces) > 0)
        if len(asked) > known:
            assert asked[-1] == text
    if texts and len(pieces):
        again = len(asked)
        pieces.of(texts[-1])
        small = ENTRY + sys.getsizeof(texts[-1]) + TOKEN * len(texts[-1]) <= most
        assert (len(asked) == again) == small  # what was asked for last is kept


def test_the_hash_of_a_split_file_is_that_of_all_its_parts(tmp_path: Path) -> None:
    first = tmp_path / "m-00001-of-00002.gguf"
    other = tmp_path / "m-00002-of-00002.gguf"
    first.write_bytes(b"GGUF one")
    other.write_bytes(b"two")
    before = sha256(first)
    other.write_bytes(b"2")
    assert sha256(first) != before
    (tmp_path / "whole.gguf").write_bytes(b"GGUF one2")
    assert sha256(first) == sha256(tmp_path / "whole.gguf")


# --- what is shown


def test_a_bar_goes_when_its_trial_ends_or_its_run_fails() -> None:
    progress = Progress(quiet=True)
    config = RunConfig(task="t", variation=0, model=ModelInfo(reference="m"))
    trial = Trial(0, "g", "o", (Step("a", "b", 1.0),), Ending.BUDGET, Memory())
    for number in range(50):
        run = f"r{number}"
        progress.trial_begins(run, config, 0, 0)
        progress.step_done(run, 0, 0, trial.steps[0], [])
        assert len(progress.bars.tasks) == 1
        if number % 2:
            progress.trial_ended(run, config, trial, Memory())
        else:
            progress.run_failed(run, config, "a reason")
        assert len(progress.bars.tasks) == 0
    progress.run_failed("r99", config, "it failed before its first trial")


@pytest.mark.parametrize("opens", [lambda: TrialScreen("r2", 0), lambda: MemoryScreen("r2")])
def test_another_file_under_an_open_screen_leads_back_to_the_runs(opens, tmp_path: Path) -> None:
    path = watched.finished(tmp_path / "clin.db")
    app = Watch(path)

    async def play() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.push_screen(opens())
            await pilot.pause()
            with Store(tmp_path / "new.db"):
                pass
            shutil.move(tmp_path / "new.db", path)
            app.poll()
            await pilot.press("right_square_bracket", "m")
            await pilot.pause()
            assert isinstance(app.screen, RunsScreen) and app.feed.runs == {}

    asyncio.run(play())


LONG = "x" * 300 + ".toml"


@pytest.mark.parametrize(
    "words",
    [
        ("batch", LONG),
        ("runs", "--db", LONG),
        ("report", "--db", LONG),
        ("memory", "compact", "--db", LONG),
        ("memory", "merge", LONG, LONG),
        ("memory", "import", "r1", LONG, "--db", LONG),
        ("run", "--world", "causal", "--task", "make", "--db", LONG),
        ("run", "--world", "causal", "--task", "make", "--model", f"{LONG}.gguf"),
        ("run", "--world", "causal", "--task", "make", "--model", "~no one of this name"),
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG"),
)
def test_a_name_that_can_be_no_file_is_one_line(clin: Clin, words: tuple[str, ...]) -> None:
    done = clin(*words)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()[-1]) < 800 and "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--temperature", "--repeat-penalty", "--endpoint-wait"])
@pytest.mark.parametrize("value", ["inf", "1e999", "nan"])
def test_a_number_without_end_is_refused(clin: Clin, option: str, value: str) -> None:
    """A run with one made its file unsound: JSON has none."""
    done = clin("run", "--world", "causal", "--task", "make", option, value)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert option[2:].replace("-", "_") in line and "finite" in line
