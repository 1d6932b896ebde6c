"""The command line as a user meets it: the real bundled model, the real ScienceWorld, real
files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Clin, command, environment
from tiny_models import tiny

from memory.store import Store
from memory.store.merging import merge

RUN = ("run", "--trials", "3", "--threads", "1")


def without_times(document: dict) -> dict:
    for trial in document["trials"]:
        assert trial.pop("seconds") >= 0
        assert trial["tokens"].pop("reused") >= 0
    return document


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A database with the default run, made by ``clin run`` as a user starts it."""
    folder = tmp_path_factory.mktemp("finished")
    done = subprocess.run(
        command("run", "--trials", "3"),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)
    return folder / "clin.db"


def test_the_main_job_tells_what_happened(finished: Path) -> None:
    told, progress = (
        (finished.parent / "stdout").read_text(),
        (finished.parent / "stderr").read_text(),
    )
    for head in ("trial", "score", "steps", "ended", "kept", "added", "strong", "weak", "drop"):
        assert head in told
    assert "SHOULD BE NECESSARY" in told or "DOES NOT CONTRIBUTE" in told
    assert "Next, try:" in told
    assert "strategy evidence, written by rules" in progress
    assert (
        len(re.findall(r"^r1 trial \d: score .* steps, .* tokens/s", progress, re.MULTILINE)) == 3
    )


@pytest.mark.slow
def test_two_runs_with_one_seed_are_the_same(clin: Clin, tmp_path: Path) -> None:
    documents = []
    for name in ("a.db", "b.db"):
        done = clin(
            *RUN, "--task", "find-living-thing", "--variation", "225", "--db", name, "--json"
        )
        assert done.returncode == 0, done.stderr
        documents.append(without_times(json.loads(done.stdout)))
    assert documents[0] == documents[1]
    assert set(documents[0]) >= {
        "run",
        "world",
        "task",
        "variation",
        "setting",
        "strategy",
        "seed",
        "model",
        "trials",
        "memory",
    }
    assert set(documents[0]["trials"][0]) >= {
        "trial",
        "score",
        "steps",
        "ending",
        "links",
        "tokens",
        "actions",
    }
    observations = []
    for name in ("a.db", "b.db"):
        with Store(tmp_path / name, read_only=True) as store:
            observations.append([store.trial(row.id) for row in store.trials("r1")])
            assert store.check() == []
    assert observations[0] == observations[1]


LISTINGS = [
    ("runs",),
    ("show", "r1"),
    ("show", "r1", "--trial", "1"),
    ("memory", "show", "r1"),
    ("memory", "show", "r1", "--trial", "0"),
    ("memory", "diff", "r1", "0", "2"),
    ("prompt", "r1", "--trial", "0", "--step", "0"),
    ("doctor",),
    ("worlds",),
    ("worlds", "scienceworld"),
    ("models",),
    ("models", "show", "bundled"),
    ("memory", "list"),
    ("memory", "stats"),
    ("memory", "check"),
    ("memory", "search", "outside"),
]


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_every_listing_speaks_words_and_json(
    words: tuple[str, ...], finished: Path, clin: Clin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIN_DB", str(finished))
    plain = clin(*words)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout.strip()
    coded = clin(*words, "--json")
    assert coded.returncode == 0, coded.stderr
    assert json.loads(coded.stdout)


def test_doctor_says_whether_this_build_offloads_and_how_to_have_one_that_does(clin: Clin) -> None:
    import llama_cpp

    told = json.loads(clin("doctor", "--json").stdout)["gpu"]["text"]
    if llama_cpp.llama_supports_gpu_offload():
        assert "offloads layers to a GPU" in told
    else:
        assert (
            f'CMAKE_ARGS="-DGGML_CUDA=on" {sys.executable} -m pip install --force-reinstall' in told
        )


def test_the_prompt_shown_is_what_the_model_read(finished: Path, clin: Clin) -> None:
    told = clin("prompt", "r1", "--trial", "1", "--step", "1", "--db", str(finished)).stdout
    with Store(finished, read_only=True) as store:
        trial = store.trial(store.trials("r1")[1].id)
    assert "Task: " in told
    for link in trial.recalled.links:
        assert f"- {link}" in told
    assert f"> {trial.steps[0].action}" in told
    assert trial.steps[1].action in told.split("--- reply")[1]


def test_resuming_a_finished_run_adds_nothing(finished: Path, clin: Clin) -> None:
    with Store(finished, read_only=True) as store:
        before = [store.trial(row.id) for row in store.trials("r1")]
    assert clin("resume", "r1", "--db", str(finished)).returncode == 0
    with Store(finished, read_only=True) as store:
        assert [store.trial(row.id) for row in store.trials("r1")] == before


BUNDLED = next((ROOT / "clin/llms/bundled").glob("*.gguf")).read_bytes()
BAD = [
    (("run", "--world", "scienceword"), "no world 'scienceword'; did you mean 'scienceworld'"),
    (("run", "--task", "boill"), "no task 'boill' in scienceworld; did you mean 'boil'"),
    (("run", "--task", "boil", "--variation", "99"), "variations 0 to 29, not 99"),
    (("run", "--simplifications", "hard"), "no simplification 'hard'"),
    (("run", "--model", "no.gguf"), "no model file 'no.gguf'"),
    (("run", "--model", "notes.db"), "is not a GGUF file"),
    (
        ("run", "--model", "short.gguf"),
        "data is not within the file bounds, model is corrupted or incomplete",
    ),
    (("run", "--model", "strange.gguf"), "unknown model architecture: 'lalma'"),
    (("run", "--model", "empty.gguf"), "model file 'empty.gguf' is empty"),
    (("run", "--model", "."), "model '.' is a folder"),
    (("run", "--model", "hf:nothing"), "'hf:nothing' is not of the form hf:ORG/REPO:FILE"),
    (("run", "--model", "openai:m@localhost"), "is not of the form openai:MODEL@URL"),
    (("run", "--kv-type", "q8_0", "--no-flash-attention"), "--kv-type q8_0 needs flash attention"),
    (("run", "--top-p", "0.9"), "--top-p narrows a draw, and at --temperature 0 nothing is drawn"),
    (("run", "--threads", "9999"), "9999 is not in the range"),
    (("run", "--strategy", "clim"), "no strategy 'clim'; did you mean 'clin'"),
    (
        ("run", "--strategy", "reflexion", "--writer", "model"),
        "was not made to write what the strategy reflexion keeps",
    ),
    (("run", "--writer", "rule"), "no writer 'rule'; did you mean 'rules'"),
    (("run", "--ctx", "100"), "context holds 100"),
    (("run", "--trials", "0"), "0 is not in the range"),
    (("run", "--db", "notes.db"), "not a sound SQLite database"),
    (("run", "--db", "nowhere/clin.db"), "no folder 'nowhere'"),
    (("runs", "--db", "none.db"), "no database 'none.db'"),
    (("rum",), "no command 'rum'; did you mean 'run'"),
    (("worlds", "sciworld"), "no world 'sciworld'"),
]


@pytest.mark.parametrize(
    ("words", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(
    words, says: str, clin: Clin, tmp_path: Path
) -> None:
    (tmp_path / "notes.db").write_text("my notes, not a database " * 50)
    (tmp_path / "empty.gguf").touch()
    (tmp_path / "short.gguf").write_bytes(BUNDLED[: len(BUNDLED) // 2])
    (tmp_path / "strange.gguf").write_bytes(BUNDLED.replace(b"llama", b"lalma"))
    done = clin(*words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Error: ")
    made = tmp_path / "clin.db"
    if made.exists():
        with Store(made, read_only=True) as store:
            assert store.runs() == []
    assert (tmp_path / "notes.db").read_text().startswith("my notes")


def test_wrong_places_in_a_run_are_named(finished: Path, clin: Clin) -> None:
    at = ("--db", str(finished))
    for words, says in (
        (("show", "r9"), "it has r1 to r1"),
        (("show", "r1", "--trial", "7"), "it has trials 0 to 2"),
        (("memory", "show", "r1", "--trial", "7"), "there is one after trials 0 to 2"),
        (("prompt", "r1", "--trial", "0", "--step", "999"), "no step 999 in trial 0"),
    ):
        done = clin(*words, *at)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr


def test_no_java_is_one_line(clin: Clin) -> None:
    done = subprocess.run(
        command("run"),
        capture_output=True,
        text=True,
        env=environment(CLIN_JAVA="/nowhere/java"),
        check=False,
    )
    assert done.returncode == 2
    assert "CLIN_JAVA names '/nowhere/java'" in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_after_the_step_and_says_how_to_go_on(tmp_path: Path, clin: Clin) -> None:
    words = command(*RUN, "--task", "boil", "--variation", "21", "--budget", "60", "--verbose")
    child = subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    assert child.stderr is not None
    printed = [line for line, _ in zip(iter(child.stderr.readline, ""), range(6), strict=False)]
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "`clin resume r1" in err
    assert "Traceback" not in err
    assert any("step 3" in line for line in printed)
    with Store(tmp_path / "clin.db") as store:
        assert store.check() == []
        assert store.run("r1").state == "running"


@pytest.mark.slow
def test_ctrl_c_with_many_lanes_leaves_runs_that_end_as_undisturbed(
    tmp_path: Path, clin: Clin
) -> None:
    """Each run is resumed by itself, and ends as with one lane alone: lanes were deterministic."""
    many = (
        "run",
        "--world",
        "causal",
        "--task",
        "make",
        "--variation",
        "0-3",
        "--trials",
        "2",
        "--budget",
        "16",
        "--threads",
        "1",
    )
    assert clin(*many, "--db", "whole.db").returncode == 0
    words = command(*many, "--lanes", "4", "--deterministic", "--verbose", "--db", "cut.db")
    child = subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    assert child.stderr is not None
    _ = [line for line, _ in zip(iter(child.stderr.readline, ""), range(20), strict=False)]
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "Traceback" not in err
    with Store(tmp_path / "cut.db", read_only=True) as store:
        assert store.check() == []
        begun = [run.name for run in store.runs() if run.state != "finished"]
    assert begun and all(f"`clin resume {name} " in err for name in begun)
    for name in begun:
        assert clin("resume", name, "--db", "cut.db").returncode == 0
    with (
        Store(tmp_path / "whole.db", read_only=True) as whole,
        Store(tmp_path / "cut.db", read_only=True) as cut,
    ):
        for run in cut.runs():
            assert [cut.trial(row.id) for row in cut.trials(run.name)] == [
                whole.trial(row.id) for row in whole.trials(run.name)
            ]


def test_how_tokens_were_drawn_is_on_record(tmp_path: Path, clin: Clin) -> None:
    drawn = {"temperature": 0.7, "top_k": 20, "top_p": 0.9, "min_p": 0.02, "repeat_penalty": 1.1}
    words = [
        word
        for name, value in drawn.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    done = clin(
        "run",
        "--world",
        "causal",
        "--task",
        "make",
        "--trials",
        "1",
        "--budget",
        "3",
        "--seed",
        "5",
        *words,
    )
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        config = store.run("r1").config
    assert config["sampling"] == drawn
    assert config["seed"] == 5


def test_what_a_model_file_says_of_itself_is_shown_and_does_nothing(
    tmp_path: Path, clin: Clin
) -> None:
    """A name may hold brackets, and a hostile one escapes."""
    tiny(tmp_path / "evil.gguf", name="evil [/b] [bold]Q4 :skull: \x1b[31mred", context=4096)
    place = (
        "--world",
        "causal",
        "--task",
        "make",
        "--trials",
        "1",
        "--budget",
        "2",
        "--threads",
        "1",
    )
    for words in (
        ("run", *place, "--model", "evil.gguf"),
        ("runs",),
        ("show", "r1"),
        ("doctor", "--model", "evil.gguf"),
        ("models",),
    ):
        done = clin(*words)
        assert done.returncode == 0, done.stderr
        told = done.stdout + done.stderr
        assert "[/b] [bold]Q4 :skull:" in told
        assert "\x1b" not in told
    (tmp_path / "strange.gguf").write_bytes(BUNDLED.replace(b"llama", b"\x1b[31m"))
    done = clin("run", *place, "--model", "strange.gguf")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


def test_help_is_quick_to_import_and_lists_every_command(clin: Clin) -> None:
    told = clin("--help").stdout
    for name in ("run", "resume", "runs", "show", "memory", "prompt", "worlds", "models", "doctor"):
        assert name in told


def test_a_pipe_that_closes_early_is_no_error(finished: Path) -> None:
    line = f"{' '.join(command('worlds', 'scienceworld', '--json'))} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "{"


def test_merging_names_the_copied_runs_in_ranges(clin: Clin, tmp_path: Path) -> None:
    with Store(tmp_path / "theirs.db") as theirs, Store(tmp_path / "ours.db") as ours:
        ours.begin_run({})
        uids = [theirs.run(theirs.begin_run({})).uid for _ in range(7)]
        merge(
            ours, theirs.path, [uids[1], uids[5]]
        )  # there already, which leaves gaps among the others: 1, 3 to 5, 7
    told = clin("memory", "merge", "ours.db", "theirs.db").stdout
    with Store(tmp_path / "ours.db", read_only=True) as ours:
        assert [
            run.uid for run in ours.runs() if run.name in ("r7", "r9", "r10", "r11", "r13")
        ] == [uids[at] for at in (0, 2, 3, 4, 6)]
    assert told == "5 runs copied into ours.db: r7, r9 to r11, r13\n"
    assert (
        clin("memory", "merge", "ours.db", "theirs.db").stdout
        == "0 runs copied into ours.db; it has all of them already\n"
    )


def test_a_memory_is_corrected_searched_moved_and_started_from(
    finished: Path, tmp_path: Path, clin: Clin
) -> None:
    copy = tmp_path / "clin.db"
    copy.write_bytes(finished.read_bytes())
    banned = clin("memory", "show", "r1", "--json").stdout
    link = json.loads(banned)["links"][0]
    assert f"- {link}" in clin("memory", "ban", "r1", link, "--who", "ann").stdout
    assert (
        "+ the shovel MAY CONTRIBUTE to digging"
        in clin("memory", "add", "r1", "the shovel MAY CONTRIBUTE to digging").stdout
    )
    shown = json.loads(clin("memory", "show", "r1", "--json").stdout)
    assert link not in shown["links"]
    assert "gone" in clin("memory", "history", "r1", link).stdout
    assert "r1" in clin("memory", "search", "shovel").stdout
    assert (
        "4 links" in clin("memory", "export", "r1", "--out", "m.md").stdout
        or (tmp_path / "m.md").exists()
    )
    frozen = clin("run", "--trials", "1", "--from", "m.md", "--read-only-memory", "--json")
    assert json.loads(frozen.stdout)["memory"] == shown["links"]
    again = clin("run", "--trials", "1", "--from", "r1:0", "--db", "clin.db", "--json")
    assert again.returncode == 0, again.stderr
    assert clin("memory", "merge", "clin.db", str(finished)).stdout.startswith("0 runs copied")
    assert "sound" in clin("memory", "check").stdout
    for words in (("list",), ("stats",), ("compact", "--yes"), ("import", "r1", "m.md")):
        done = clin("memory", *words)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert "sound" in clin("memory", "check").stdout


BAD_MEMORY = [
    (("ban", "r1", "nonsense"), "a link reads 'X SHOULD BE NECESSARY to Y'"),
    (("drop", "r1", "X MAY CONTRIBUTE to Y"), "holds no such link"),
    (("history", "r1", "X MAY CONTRIBUTE to Y"), "no version of the memory of r1"),
    (("search", "*"), "search for what"),
    (("import", "r1", "no.md"), "no memory file 'no.md'"),
    (("export", "r1", "--out", "m.txt"), "formats: .md, .jsonl"),
    (("merge", "none.db", "clin.db"), "no database 'none.db'"),
    (("shw", "r1"), "No such command 'shw'"),
]


@pytest.mark.parametrize(
    ("words", "says"),
    BAD_MEMORY,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_memory_commands_are_one_line(
    words, says: str, finished: Path, tmp_path: Path, clin: Clin
) -> None:
    (tmp_path / "clin.db").write_bytes(finished.read_bytes())
    done = clin("memory", *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.corrections("r1") == []


@pytest.mark.slow
def test_a_trial_that_outgrows_the_context_says_where(clin: Clin, tmp_path: Path) -> None:
    place = (
        "--task",
        "find-living-thing",
        "--variation",
        "225",
        "--trials",
        "1",
        "--strategy",
        "none",
        "--ctx",
        "180",
    )
    done = clin("run", *place)
    assert done.returncode == 0, done.stderr
    assert "earliest steps are no longer read" in done.stderr
    shown = clin("show", "r1", "--trial", "0").stdout
    cuts = json.loads(clin("show", "r1", "--trial", "0", "--json").stdout)["context_cut_before"]
    assert cuts and shown.count("The context was full here") == len(cuts)


KILLS = int(os.environ.get("CLIN_KILLS", "4"))
"""Kills at random moments; ``CLIN_KILLS=50 pytest tests/test_cli.py -k kill`` is the full test."""


@pytest.mark.slow
def test_kill_9_loses_no_printed_step_and_resume_ends_as_undisturbed(
    tmp_path: Path, clin: Clin
) -> None:
    import random

    place = ("--task", "lifespan-shortest-lived", "--variation", "98", "--trials", "4", "--verbose")
    assert clin("run", *place, "--db", "whole.db").returncode == 0
    with Store(tmp_path / "whole.db", read_only=True) as store:
        whole = [store.trial(row.id) for row in store.trials("r1")]
        memories = [store.version_after("r1", trial.number).memory for trial in whole]
    random.seed(12)
    for number in range(KILLS):
        path = tmp_path / f"killed{number}.db"
        printed = kill_after(
            command("run", *place, "--db", str(path)), random.uniform(0.4, 4.5), tmp_path
        )
        if not path.exists():
            assert not printed
            continue
        with Store(path) as store:
            assert store.check() == []
            rows = store.trials("r1") if store.runs() else []
            for line in printed:
                trial, step = map(int, re.match(r"r1 trial (\d+) step (\d+)", line).groups())
                assert whole[trial].steps[step] == store.steps(rows[trial].id)[step]
            if not store.runs():
                continue
        assert clin("resume", "r1", "--db", str(path)).returncode == 0
        with Store(path, read_only=True) as store:
            assert store.check() == []
            assert [store.trial(row.id) for row in store.trials("r1")] == whole
            assert [store.version_after("r1", trial.number).memory for trial in whole] == memories


def kill_after(words: list[str], seconds: float, folder: Path) -> list[str]:
    """Start, kill -9 after ``seconds``; the step lines that it had printed."""
    with (folder / "printed").open("w+") as printed:
        child = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=printed, cwd=folder, env=environment()
        )
        time.sleep(seconds)
        child.kill()
        child.wait()
        printed.seek(0)
        return [
            line for line in printed.read().splitlines() if re.match(r"r1 trial \d+ step \d+", line)
        ]


def test_a_second_process_does_not_drive_a_live_run(
    finished: Path, tmp_path: Path, clin_child: Clin
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(finished.read_bytes())
    with Store(copy) as store:
        store.claim_run("r1")
        done = clin_child("resume", "r1", "--db", str(copy))
        assert done.returncode == 2
        assert f"process {os.getpid()}" in done.stderr
