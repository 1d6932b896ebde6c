"""What a step of the prompt ``full-2`` costs under real vocabularies: tokens of head, tail and
turn, and the share that the cache holds already.

    python benchmarks/prompts.py FOLDER

FOLDER holds llama.cpp's vocabularies (``models/`` of its sources: ``ggml-vocab-*.gguf``). Actions
are drawn at random, with a short thought each, none of them a ``focus``; no model is needed.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from clin.language import language_of
from clin.llms.native import Native
from clin.prompts.full import Full
from clin.rollout.context import Context
from memory.trials import Memory, Step
from worlds import open_world, shown_names

PLACES = (
    ("scienceworld", "boil", 3, ("teleport to kitchen",)),
    ("textworldexpress", "twc", 3, ()),
    ("causal", "make", 3, ()),
)
VOCABULARIES = ("llama-bpe", "phi-3", "qwen2")
STEPS = 40
THOUGHT = "The task needs a container, so I look for one in the cupboard."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print("vocabulary  world             head  tail  most  turn  steps  reused")
    for name in VOCABULARIES:
        native = Native(folder / f"ggml-vocab-{name}.gguf", gpu_layers=0, vocabulary_only=True)
        for place in PLACES:
            print(f"{name:<11} {_measured(native, *place)}")
        native.close()


def _measured(native: Native, world: str, task: str, variation: int, first: tuple[str, ...]) -> str:
    def size(text: str) -> int:
        return len(native.tokenize(text))

    opened = open_world(world, task, variation, **shown_names(world))
    opening, layout, chance = opened.reset().text, Full(language_of(world)), random.Random(1)
    seen = opened.surroundings()
    head = layout.head(opened.goal, Memory(), opening, opened.templates, surroundings=seen)
    context = Context(layout, 8192, size, head, seen=seen)
    tails, turns, read, new = [], [], 0, 0
    planned = list(first)
    for _ in range(STEPS):
        question = next(layout.ask(opened, context.ask(), Memory()))
        tails.append(size(question.parts[-1]))
        if turns:
            read += sum(map(size, question.parts))
            new += tails[-1] + turns[-1]
        mild = [each for each in opened.actions() if not each.startswith("focus")]
        action = planned.pop(0) if planned else chance.choice(mild)
        step = opened.step(action)
        if step.done:
            break
        context.append(Step(action, step.text, step.score, THOUGHT), opened.surroundings())
        turns.append(context.turns[-1][1])
    return (
        f"{world:<17} {sum(map(size, head)):4d}  {sum(tails) / len(tails):4.0f}  {max(tails):4d}"
        f"  {sum(turns) / len(turns):4.0f}  {len(tails):5d}  {1 - new / read:6.1%}"
    )


if __name__ == "__main__":
    main()
