"""Trials of real prompts for benchmarks/engine.py: what a world and `full-2` ask in a first trial,
answered by chance, so that every contender reads the same."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from clin.config import ModelInfo, RunConfig
from clin.learner import Learner
from clin.llms import Answer, ModelCard, Question
from clin.llms.chat_format import ChatFormat
from clin.llms.llamacpp import LlamaCpp
from clin.options import Prompting
from clin.rollout.scheduler import drive
from memory.store import Store
from worlds import shown_names

THOUGHT = " I look first at what the task names, and none of the learnings helps with that."
LONGEST_ACTION = 24
"""Tokens that contenders without choices may write for an action."""

Trial = list[Question]


def recorded(model: LlamaCpp, place: str, number: int, steps: int) -> Trial:
    """The questions of ``steps`` steps in variation ``number`` of ``place`` (WORLD:TASK), as
    ``model`` would be asked them."""
    world, _, task = place.partition(":")
    config = RunConfig(
        world=world,
        task=task,
        variation=number,
        strategy="none",
        trials=1,
        budget=steps,
        world_options=shown_names(world),
        prompting=Prompting(think=160),
        model=ModelInfo(reference="chance"),
    )
    draw, asked = random.Random(number), []
    card = ModelCard("chance", prompt="full-2", context=model.card.context)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "chance.db") as store:
        asking = Learner(store, config, card, model.count).adapt()
        answer = None
        while (question := _next(asking, answer)) is not None:
            asked.append(question)
            answer = Answer(draw.choice(question.choices) if question.choices else THOUGHT)
    return asked


def _next(asking: Iterator, answer: Answer | None) -> Question | None:
    try:
        return next(asking) if answer is None else asking.send(answer)
    except StopIteration:
        return None


def steps_of(trials: Sequence[Trial]) -> int:
    """Actions that are chosen in ``trials``."""
    return sum(bool(question.choices) for trial in trials for question in trial)


def prompt_of(question: Question, template: ChatFormat) -> str:
    """The whole text that is read."""
    around = template.around(question.parts, think=question.think, thought=question.thought)
    return "".join(text for text, _ in around) + "".join(question.begun)


def ours(model: LlamaCpp, trials: Sequence[Trial]) -> dict[str, float]:
    """Steps/s with a lane for each trial; of the questions after a trial's first, the tokens and
    the share of them that was reused."""
    told: list[Answer] = []

    def replayed(trial: Trial) -> Iterator[Question]:
        for number, question in enumerate(trial):
            answer = yield question
            if number:
                told.append(answer)

    began = time.perf_counter()
    drive([replayed(trial) for trial in trials], model, lanes=len(trials))
    seconds = time.perf_counter() - began
    read, reused = sum(each.read for each in told), sum(each.reused for each in told)
    return {
        "steps/s": steps_of(trials) / seconds,
        "tokens": read / len(told),
        "reused": reused / read,
    }


def naive(model, trials: Sequence[Trial], template: ChatFormat) -> float:
    """Steps/s of one llama_cpp.Llama that reads the whole prompt anew each time."""
    began = time.perf_counter()
    for trial in trials:
        for question in trial:
            model.reset()
            model.create_completion(
                prompt_of(question, template),
                max_tokens=LONGEST_ACTION if question.choices else question.max_tokens,
                stop=["\n"] if question.choices else list(question.stop),
                temperature=0.0,
            )
    return steps_of(trials) / (time.perf_counter() - began)


def served(url: str, trials: Sequence[Trial], template: ChatFormat) -> float:
    """Steps/s of llama-server at ``url``, each trial with a slot and a thread of its own."""

    def one(slot: int) -> None:
        with httpx.Client(timeout=600) as client:
            for question in trials[slot]:
                body = {
                    "prompt": prompt_of(question, template),
                    "n_predict": LONGEST_ACTION if question.choices else question.max_tokens,
                    "stop": ["\n"] if question.choices else list(question.stop),
                    "temperature": 0.0,
                    "cache_prompt": True,
                    "id_slot": slot,
                }
                client.post(url, json=body).raise_for_status()

    with ThreadPoolExecutor(len(trials)) as pool:
        began = time.perf_counter()
        list(pool.map(one, range(len(trials))))
        return steps_of(trials) / (time.perf_counter() - began)


def reading(model: LlamaCpp, tokens: int = 512) -> float:
    """Tokens/s of a prompt of about ``tokens`` tokens; the best of three."""
    best = 0.0
    for number in range(3):
        model.submit(Question((f"{number}" + " frog" * tokens,), max_tokens=1), lane=0)
        [(_, answer)] = model.ready()
        best = max(best, answer.read / answer.seconds)
    return best
