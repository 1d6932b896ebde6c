"""The rule by which written lines are judged, on trials made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from languages import SCIENCE

from clin.analysis.writing import Line, judge, shares, written
from clin.config import ModelInfo, RunConfig
from memory.store import NewTrial, NewVersion, Store
from memory.trials import Call, Ending, Memory, Step, Trial

TRIAL = Trial(
    0,
    "Your task is to ring the bell.",
    "A hall with a rope.",
    (
        Step("look around", "You see a lever.", 0.0),
        Step("open hatch", "The hatch is open.", 0.0),
        Step("pull lever", "The lever moves. A whistle blows.", 40.0),
        Step("eat rope", "You can't eat that.", 40.0),
        Step("wait", "Time passes.", 40.0),
    ),
    Ending.BUDGET,
)


def verdict(text: str) -> tuple[bool, bool, bool]:
    [line] = judge(text, TRIAL, SCIENCE)
    return line.readable, line.grounded, line.says_something


@pytest.mark.parametrize(
    ("line", "readable", "grounded", "says"),
    [
        ("open hatch MAY BE NECESSARY to pull lever", True, True, True),
        ("opening the hatch SHOULD BE NECESSARY to progress", True, True, True),
        ("lifting levers MAY BE NECESSARY to complete the task", True, False, True),
        ("pulling the lever MAY BE NECESSARY to hear a whistle", True, True, True),
        ("singing to the moon MAY CONTRIBUTE to the task", True, False, True),
        ("the next line is", False, False, False),
        ("pull lever MAY BE NECESSARY to pulling lever", True, True, False),
        ("look around MAY BE NECESSARY to find lever", True, True, True),
        ("wait MAY BE NECESSARY to find dragon", True, True, False),
        ("wait MAY BE NECESSARY to complete the task", True, True, False),
        ("wait MAY BE NECESSARY to make progress", True, True, True),
        ("eat rope DOES NOT CONTRIBUTE to the task", True, True, True),
        ("wait DOES NOT CONTRIBUTE to the task", True, True, True),
        ("pull lever DOES NOT CONTRIBUTE to the task", True, True, False),
        ("close hatch DOES NOT CONTRIBUTE to the task", True, False, False),
    ],
)
def test_a_line_is_judged_by_the_trial(
    line: str, readable: bool, grounded: bool, says: bool
) -> None:
    assert verdict(line) == (readable, grounded, says)


def test_the_same_line_again_says_nothing_whatever_its_hedge() -> None:
    first, again = judge(
        "open hatch MAY BE NECESSARY to pull lever\nopening it\n"
        "open the hatch SHOULD BE NECESSARY to pull lever\n",
        TRIAL,
        SCIENCE,
    )[::2]
    assert first.good and again.grounded and not again.says_something


def test_shares_are_of_all_lines_and_none_of_nothing() -> None:
    lines = [Line("a", True, True, True), Line("b", True), Line("c"), Line("d", True, False, True)]
    assert list(shares(lines).values()) == [0.75, 0.25, 0.5, 0.25]
    assert set(shares([]).values()) == {0.0}


@pytest.mark.parametrize(("strategy", "judged"), [("clin", 1), ("reflexion", 0)])
def test_stored_replies_are_judged_where_they_are_memories_of_links(
    tmp_path: Path, strategy: str, judged: int
) -> None:
    config = RunConfig(
        world="scienceworld",
        task="boil",
        variation=0,
        strategy=strategy,
        model=ModelInfo(reference="x", name="x"),
    )
    with Store(tmp_path / "x.db") as store:
        run = store.begin_run(config.model_dump(mode="json"))
        begun = NewTrial(
            0, world="scienceworld", task="boil", variation=0, goal=TRIAL.goal, opening=""
        )
        trial = store.begin_trial(run, begun)
        for step in TRIAL.steps:
            store.append_step(trial, step)
        said = "open hatch MAY BE NECESSARY to pull lever\npull lever SHOULD BE NEC"
        calls = [Call("revise", ("x",), said)]
        store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(), "w"), calls)
        replies = list(written(store, run))
    assert [[line.readable for line in reply] for reply in replies] == [[True, False]] * judged
