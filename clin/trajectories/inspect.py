"""Trials as a log of Inspect (inspect.aisi.org.uk), by Inspect's own writer; ``inspect view`` opens
it. A trial is a sample, with the messages of :mod:`clin.trajectories.chat` and its points."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clin.errors import UserError
from clin.prompts.conversation import Message
from clin.trajectories.chat import conversations
from memory.private import make_private
from memory.store import Store, TrialRow
from memory.store.runs import RunRow

ENDING = ".eval"
POINTS = "points"
"""The name of the score: the points at the end of a trial, of 100."""
STATES = {"finished": "success", "failed": "error", "running": "started"}
"""A run's state as Inspect's; any other is cancelled."""


def write(store: Store, run: str, path: Path) -> int:
    """Write the trials of ``run`` that have ended and have steps; how many. OSError where it
    cannot, UserError where Inspect is not installed."""
    if importlib.util.find_spec("inspect_ai") is None:
        raise UserError("a log of Inspect needs its package: pip install 'clin[inspect]'")
    from inspect_ai.log import write_eval_log

    told = list(conversations(store, run))
    if told:
        make_private(path)
        write_eval_log(_log(store, store.run(run), told), str(path), format="eval")
    return len(told)


def _log(store: Store, run: RunRow, told: Sequence[tuple[TrialRow, list[Message]]]) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSpec, EvalStats

    config, first = run.config, told[0][0]
    model = _model(run)
    samples = [_sample(store, row, said, model) for row, said in told]
    return EvalLog(
        status=STATES.get(run.state, "cancelled"),
        eval=EvalSpec(
            created=run.started,
            run_id=run.uid,
            task_id=run.uid,
            task=f"{first.world}/{first.task}",
            task_args={"variation": first.variation, **(config.get("world_options") or {})},
            solver=config.get("strategy"),
            dataset=EvalDataset(
                name=first.world,
                samples=len(samples),
                sample_ids=[sample.id for sample in samples],
            ),
            model=model,
            config=EvalConfig(),
            packages={name: str(each) for name, each in (config.get("versions") or {}).items()},
            metadata={"run": run.name, "config": dict(config)},
        ),
        stats=EvalStats(started_at=run.started, completed_at=run.ended or ""),
        results=_results([row.score for row, _ in told]),
        samples=samples,
    )


def _model(run: RunRow) -> str:
    model = run.config.get("model") or {}
    return str(model.get("name") or model.get("reference") or "none")


def _results(points: Sequence[float]) -> Any:
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    mean = EvalMetric(name="mean", value=sum(points) / len(points))
    return EvalResults(
        total_samples=len(points),
        completed_samples=len(points),
        scores=[EvalScore(name=POINTS, scorer=POINTS, metrics={"mean": mean})],
    )


def _sample(store: Store, row: TrialRow, said: Sequence[Message], model: str) -> Any:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ModelOutput, ModelUsage
    from inspect_ai.scorer import Score

    trial = store.trial(row.id)
    messages = [_message(each, model) for each in said]
    begins = next(n for n, each in enumerate(said) if each["role"] == "assistant")
    calls = [call for number in range(row.steps) for call in store.calls(row.id, number)]
    read, written = (sum(getattr(call, name) for call in calls) for name in ("read", "written"))
    reused = sum(call.reused for call in calls)
    usage = ModelUsage(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + reused + written,
        input_tokens_cache_read=reused,
    )
    return EvalSample(
        id=f"trial {row.number}",
        epoch=1,
        input=messages[:begins],
        target="100",
        messages=messages,
        output=ModelOutput.from_content(model, said[-1]["content"]),
        scores={
            POINTS: Score(
                value=row.score,
                answer=trial.steps[-1].action,
                explanation=f"{row.ending} after {row.steps} steps",
            )
        },
        metadata={
            "goal": row.goal,
            "variation": row.variation,
            "ending": str(row.ending),
            "memory": [*map(str, trial.recalled.links), *trial.recalled.notes],
            "points": [step.score for step in trial.steps],
        },
        model_usage={model: usage} if calls else {},
    )


def _message(said: Message, model: str) -> Any:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    content = said["content"]
    if said["role"] == "assistant":
        return ChatMessageAssistant(content=content, model=model, source="generate")
    return (ChatMessageSystem if said["role"] == "system" else ChatMessageUser)(content=content)
