"""A model that leads a search astray, so that the search shows the way back from where the model
gets to.

A model that imitates a search alone does not know what to do once it has erred, and errs again
(Ross et al. 2011, arXiv 1011.0686). Here it takes over for some steps, which are not imitated, and
the search goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence

from clin.distill.playing import Walk
from clin.errors import ModelError
from clin.llms import LLM, Question
from clin.prompts import compact
from clin.prompts.compact import Compact
from clin.rollout.context import Context
from memory.language import Language
from memory.trials import Memory, Step


class Astray:
    """``llm`` as the actor of a walk with ``memory``; it is asked as in a trial, without what was
    just done in vain."""

    def __init__(self, llm: LLM, language: Language, goal: str, memory: Sequence[str]) -> None:
        self._llm, self._language = llm, language
        style = Compact(language)
        head = style.head(goal, Memory(notes=tuple(memory)), "")
        self._context = Context(style, llm.card.context, llm.count, head)
        self._read = 0
        self._vain: set[str] = set()

    def __call__(self, walk: Walk) -> str:
        """The model's next action."""
        for taken in walk.steps[self._read :]:
            self._context.append(Step(taken.action, taken.observation, taken.score))
            if self._language.came_to_nothing(taken.action, taken.observation):
                self._vain.add(taken.action)
            elif self._language.alters(taken.action):
                self._vain.clear()
        self._read = len(walk.steps)
        offered = [action for action in walk.world.actions() if action not in self._vain]
        self._llm.submit(
            Question(
                (*self._context.parts(), compact.ASK), choices=tuple(map(compact.choice, offered))
            ),
            lane=0,
        )
        answers = self._llm.ready()
        if not answers:
            raise ModelError("the model gave no answer")
        return answers[0][1].text.strip()
