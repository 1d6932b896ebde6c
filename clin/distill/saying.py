"""What memory says before a choice, in training as at run time: recalled by the same function, from
the sample's own memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from clin.distill.form import Act, Sample
from clin.language import language_of
from clin.prompts import Ask
from clin.prompts.compact import MOST_SAID, said_now
from clin.prompts.reminders import reminder
from memory.language import Language
from memory.links import read
from memory.trials import Memory, Step

SAID = 0.8
"""Share of the samples with a memory whose choices are told what it says; in the others it stands
in the head alone."""
OTHERS = 3
"""Actions beside the right one of which memory may speak. What was admissible is not recorded: they
are drawn from what was done before, and from what the memory names that is not done later."""


def with_sayings(random: Random, sample: Sample) -> Sample:
    """``sample`` with what its memory says before each choice that is learned."""
    memory = _memory(sample.memory)
    if not memory.links or sample.ended or sample.elsewhere or random.random() >= SAID:
        return sample
    language = language_of(sample.world)
    later = {act.action for act in sample.acts}
    others = dict.fromkeys(each.cause for each in memory.links if each.cause not in later)
    acts, steps = list[Act](), list[Step]()
    for act in sample.acts:
        if act.weight:
            beside = random.sample([*others], min(OTHERS, len(others)))
            offered = list(dict.fromkeys([act.action, *beside]))
            said = _said(sample, memory, steps, offered, language)
            acts.append(replace(act, said=said))
        else:
            acts.append(act)
        steps.append(Step(act.action, act.observation, 0.0))
        others[act.action] = None
    return replace(sample, acts=tuple(acts))


def _memory(lines: Sequence[str]) -> Memory:
    """The links of ``lines``; reflections are none."""
    return Memory(read("\n".join(lines)).links)


def _said(
    sample: Sample,
    memory: Memory,
    steps: Sequence[Step],
    offered: Sequence[str],
    language: Language,
) -> str:
    asked = Ask((), 0, len, sample.opening, steps)
    return said_now(reminder(memory, sample.goal, asked, offered, language, MOST_SAID))
