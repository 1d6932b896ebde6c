"""A real instruct model, found by name, plays one world with every strategy and writes their
memories, and two more with the paper's; in the first, rules write too.

What is claimed is that prompts and replies are well formed, not that it plays well: it has 135
million parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Clin, called

from clin.llms.adapters import BUNDLED
from clin.llms.gguf_file import sha256
from memory.links import parse
from memory.store import Store
from memory.strategies import strategy_names, traits_of
from memory.trials import Ending

PLACES = {
    "scienceworld": ("find-living-thing", 0),
    "textworldexpress": ("coin", 3),
    "causal": ("make", 3),
}
PLAYED = [*((world, "model") for world in PLACES), ("causal", "rules")]
ELSEWHERE = ("clin",)
"""The strategies that are played in the other two worlds."""
BUDGET = 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's file in a type whose prompts are read faster."""
    target = tmp_path_factory.mktemp("models") / "q4_0.gguf"
    done = called("models", "quantize", "smollm2", str(target), "--type", "q4_0")
    assert done.returncode == 0 and target.stat().st_size < 95_000_000, done.stderr
    return target


@pytest.fixture(scope="module", params=PLAYED, ids="-".join)
def played(
    request: pytest.FixtureRequest, quick: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A batch over strategies in one place, its memories written by the model or by rules."""
    world, writer = request.param
    folder = tmp_path_factory.mktemp("smollm2")
    task, variation = PLACES[world]
    names = strategy_names() if world == "causal" else ELSEWHERE
    strategies = [name for name in names if writer == "model" or _has_writer(name)]
    spec = folder / "all.toml"
    spec.write_text(
        f"worlds = ['{world}']\ntasks = ['{task}']\nvariations = [{variation}]\n"
        f"strategies = {strategies}\nmodels = ['{quick}']\nwriter = '{writer}'\n"
        f"trials = 1\nbudget = {BUDGET}\nlanes = 3\nthreads = 1\nthink = 16\n"
    )
    done = called("batch", str(spec), "--db", str(folder / "all.db"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
    with Store(folder / "all.db", read_only=True) as store:
        yield store


def _has_writer(strategy: str, writer: str = "rules") -> bool:
    traits = traits_of(strategy)
    return traits.has_writer and (writer == "model" or not traits.needs_model)


def test_every_trial_is_played_and_every_prompt_is_well_formed(played: Store) -> None:
    assert len(played.runs()) >= len(ELSEWHERE)
    for run in played.runs():
        [row] = played.trials(run.name)
        trial = played.trial(row.id)
        assert trial.ending in (Ending.BUDGET, Ending.LOST, Ending.WON, Ending.STUCK)
        assert trial.steps
        for number, step in enumerate(trial.steps):
            for call in played.calls(row.id, number):
                text = "".join(call.parts)
                assert text.count("<|im_start|>user\n") == 1
                before, turn, after = text.partition("<|im_end|>\n<|im_start|>assistant\n")
                assert turn and after.startswith(("Thought:", "Action:"))
                assert f"Task: {trial.goal}\n" in before and "Forms of action" in before
                if call.choices:
                    assert call.reply.strip() == step.action
            thought = step.thought
            assert "\n" not in thought and "Action:" not in thought and "<|" not in thought
        told = "".join(played.calls(row.id, len(trial.steps) - 1)[-1].parts)
        for step in trial.steps[:-1]:
            assert f"\nAction: {step.action}\n" in told


def test_what_is_written_can_be_read(played: Store) -> None:
    """Links that a model writes are inside the grammar, so each line is read."""
    for run in played.runs():
        [row] = played.trials(run.name)
        version = played.version_after(run.name, 0)
        for link in version.memory.links:
            assert parse(str(link)) == link
        calls = played.writer_calls(row.id)
        strategy, writer = run.config["strategy"], run.config["writer"]
        asked = writer == "model" and _has_writer(strategy, writer)
        won = played.trial(row.id).ending is Ending.WON
        has_more = {"reflexion": not won, "awm": won}.get(strategy, True)
        if strategy == "awm":  # of a single step that solves the task there is no workflow
            assert not calls or (asked and has_more)
        else:
            assert bool(calls) is (asked and has_more), strategy
        for call in calls:
            assert call.reply.strip() and not re.search(r"<\|im_(start|end)\|>", call.reply)
        if calls and strategy in ("clin", "evidence"):
            assert not version.unreadable, calls[0].reply


def test_it_is_found_by_name(clin: Clin) -> None:
    listed = clin("models").stdout
    assert "smollm2" in listed and "Apache-2.0" in listed
    shown = clin("models", "show", "smollm2").stdout
    assert "prompt full-2" in shown and "135M" in shown


def test_the_adapter_that_ships_plays_in_its_own_prompt(quick: Path, tmp_path: Path) -> None:
    words = ["--world", "causal", "--task", "repair", "--variation", "3", "--budget", "3"]
    words += ["--trials", "2", "--epsilon", "0", "--db", str(tmp_path / "a.db")]
    done = called("run", "--model", str(quick), "--lora", "bundled", *words)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "a.db") as store:
        config = store.run("r1").config
        assert config["model"]["adapters"] == [f"{sha256(BUNDLED)}:1"]
        assert (config["model"]["prompt"], config["writer"]) == ("compact-3", "rules")
        steps = [step for row in store.trials("r1") for step in store.steps(row.id)]
    assert len(steps) == 6
