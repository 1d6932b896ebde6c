"""Asking a model of the compact prompt for a memory: a prompt that only goes on, a grammar that
holds what the rules would write."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from languages import SCIENCE

from clin.cli import main
from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.llms.open import open_model
from clin.prompts.compact_writer import LEARNED, MOST_CHANGES, asked, grammar
from clin.prompts.writer import questions
from memory import rules
from memory.links import parse
from memory.store import Store
from memory.strategies import GeneralisationRequest, RevisionRequest, open_strategy
from memory.trials import Ending, Memory, Step, Trial

STEPS = (
    Step(
        "look around",
        "This room is called the hall. In it, you see: \n\tthe agent\n\ta frog\n",
        0.0,
    ),
    Step("go to kitchen", "You walk to the kitchen.", 0.0),
    Step("focus on frog", "You focus on the frog.", 50.0),
    Step("focus on egg turtle", "You focus on the turtle egg.", -100.0),
)
READ = Memory(
    tuple(
        map(
            parse,
            (
                "go to attic MAY BE NECESSARY to find frog",
                "focus on egg turtle MAY BE NECESSARY to make progress",
            ),
        )
    )
)
TRIAL = Trial(1, "Your task is to focus on the frog.", "a hall", STEPS, Ending.LOST, READ)
SMALL = ModelCard("small", prompt="compact-2", roles=("act", "revise", "generalise"), context=2048)


def size(text: str) -> int:
    return len(text.split())


def test_the_question_goes_on_where_the_trial_ended() -> None:
    parts = asked(RevisionRequest(TRIAL, SCIENCE), size, 2048)
    text = "".join(parts)
    assert (
        text.index("Task: ")
        < text.index("- go to attic")
        < text.index("> focus on egg turtle")
        < text.index("Ended: lost, -100 points")
    )
    assert text.endswith(f"+50 focus on frog\n-150 focus on egg turtle\n{LEARNED}")


def test_a_long_trial_loses_its_oldest_steps_and_its_oldest_gains() -> None:
    long = Trial(
        0,
        "goal",
        "",
        tuple(Step(f"push {n}", "It moves. " * 5, float(n % 90 + 1)) for n in range(200)),
        Ending.BUDGET,
    )
    parts = asked(RevisionRequest(long, SCIENCE), size, 1000)
    assert sum(map(size, parts)) <= 1000
    assert "push 199" in "".join(parts) and "> push 3\n" not in "".join(parts)
    assert sum(part.startswith(("+", "-")) for part in parts) <= MOST_CHANGES


def test_the_next_task_and_what_was_learned_elsewhere() -> None:
    many = GeneralisationRequest(
        "Your task is to win.",
        tuple(Memory((parse(f"push {n} MAY CONTRIBUTE to the task"),)) for n in range(300)),
    )
    text = "".join(asked(many, size, 1000))
    assert (
        text.startswith("Task: win.\nElsewhere:\n- push ")
        and text.endswith(LEARNED)
        and "push 299 " in text
        and "push 0 " not in text
    )


def test_what_the_scores_contradict_is_not_offered() -> None:
    lines = grammar(RevisionRequest(TRIAL, SCIENCE)).splitlines()
    (line,) = [each for each in lines if each.startswith("line")]
    helps = line.split(" sure ")[0]
    assert '"focus on frog"' in helps and '"focus on egg turtle"' not in helps
    assert (
        '"focus on egg turtle" not "make progress"' in line
        and '"go to attic" (sure | not) "find frog"' in line
    )


def test_a_model_writes_links_of_its_trial_and_nothing_else() -> None:
    llm = open_model("bundled", threads=1)
    try:
        parts = asked(RevisionRequest(TRIAL, SCIENCE), llm.count, llm.card.context)
        llm.submit(
            Question(
                parts,
                grammar=grammar(RevisionRequest(TRIAL, SCIENCE)),
                max_tokens=200,
                role="revise",
            ),
            lane=0,
        )
        lines = [line for line in llm.ready()[0][1].text.splitlines() if line]
    finally:
        llm.close()
    known = {step.action for step in STEPS} | {link.cause for link in READ.links}
    # The last one may have been cut.
    assert all(parse(line.removeprefix("- ")).cause in known for line in lines[:-1])


def test_strategies_that_it_was_not_trained_for_are_refused_in_one_line() -> None:
    with pytest.raises(ModelError, match="not made to write such a memory"):
        next(
            questions(
                open_strategy("reflexion", SCIENCE).revise(Memory(), [TRIAL], size),
                "revise",
                SMALL,
                [],
                size,
            )
        )
    with pytest.raises(ModelError, match="its roles: act"):
        next(
            questions(
                open_strategy("clin", SCIENCE).revise(Memory(), [TRIAL], size),
                "revise",
                ModelCard("old", prompt="compact-2", roles=("act",)),
                [],
                size,
            )
        )


def test_clin_reads_the_links_that_come_back() -> None:
    asking = questions(
        open_strategy("clin", SCIENCE).revise(READ, [TRIAL], size), "revise", SMALL, [], size
    )
    question = next(asking)
    assert question.parts == asked(RevisionRequest(TRIAL, SCIENCE), size, SMALL.context)
    wanted = rules.links([TRIAL], SCIENCE)
    with pytest.raises(StopIteration) as stop:
        asking.send(Answer("".join(f"- {link}\n" for link in wanted) + "\n"))
    assert stop.value.value.memory.links == wanted


@pytest.mark.slow
def test_a_run_can_be_written_by_the_bundled_model(tmp_path: Path) -> None:
    db = tmp_path / "own.db"
    words = [
        "run",
        "--world",
        "causal",
        "--task",
        "deliver",
        "--variation",
        "203",
        "--world-option",
        "rules=901",
        "--writer",
        "model",
        "--trials",
        "2",
        "--budget",
        "12",
        "--db",
        str(db),
    ]
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 0, told.output
    assert "written by model" in told.output
    with Store(db) as store:
        (run,) = store.runs()
        rows = store.trials(run.name)
        assert run.config["writer"] == "model" and len(rows) == 2
        assert [call.role for row in rows for call in store.writer_calls(row.id)] == [
            "revise",
            "revise",
        ]
