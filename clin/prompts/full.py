"""The prompt ``full-2`` of instruction-tuned models, after the paper's section 3 and appendix.

The head says how to act, which forms of action the world has, the task, and the learnings by
number. A turn per step tells what was done, what came of it, and what is seen and held where that
changed. The tail names what can be acted on, and asks: for a bounded thought where the model is to
think, then for one action of the admissible set.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import replace

from clin.exploration.wrapper import exploitable
from clin.llms import Answer, Question
from clin.prompts import Ask, Move, Recalling, Thinking, weightiest
from clin.prompts.asking import chosen_at_once
from clin.prompts.offers import Offers, told_forms
from clin.prompts.offers import told as told_offers
from clin.prompts.reminders import Reminder, reminder
from clin.prompts.sights import Sights
from clin.prompts.sights import told as told_sights
from memory.language import Language
from memory.links import Link
from memory.recall import LINE
from memory.trials import Memory, Step
from worlds import Template, World, templates_of

HOW = """You act in a text world, one action at a time. After each action you are told what came \
of it. You are scored from 0 to 100 by how much of the task is done, and some mistakes end it at \
once. An action that did nothing twice will do nothing the third time.
"""
SHORT_THOUGHT = """
First say in one or two sentences what the task still needs and what to do for it now.{cite} \
Then choose one action:
Thought: ...
Action: ...
"""
CITE = " Name a learning that helps by its number in brackets."
LONG_THOUGHT = """
What is your next action? Answer with that action alone, as "Action: ...".
"""
NO_THOUGHT = """
What is your next action?
"""

TAIL_TOKENS = 350
"""The tail's share of the context: what can be named, and the question."""
ACTION_TOKENS = 96
"""The longest action, with what the chat template puts around a reply."""
LONGEST = 1500
"""Characters of an observation that are told."""


SECTIONS = (
    (HOW.partition("\n")[0], "how to act"),
    ("\nForms of action", "forms of action"),
    ("\nAn example", "example"),
    ("\nTask: ", "task"),
    ("\nLearnings from earlier trials", "memory"),
    ("\nAt first: ", "what is seen at first"),
    ("\nThought: ", "steps"),
    ("\nAction: ", "steps"),
    ("Observation: ", "steps"),
    ("\n(The ", "steps"),
    ("\nWhat can be named: ", _TAIL := "what can be done, and the question"),
    ("\nYou can do:", _TAIL),
    ("\n\nFirst say", _TAIL),
    ("\n\nWhat is your next action", _TAIL),
    (f"\n\n{LINE}", _TAIL),
)


class Full:
    """The prompt of instruction-tuned models."""

    sections: Sequence[tuple[str, str]] = SECTIONS
    rest = "chat template, beginning of the reply"

    name = "full-2"
    thinks = True
    recalls = True
    own_form = False
    tells_surroundings = True

    def __init__(
        self,
        language: Language,
        thinking: Thinking | None = None,
        recalling: Recalling | None = None,
    ) -> None:
        self.language = language
        self.thinking = thinking or Thinking()
        self.recalling = recalling or Recalling()
        self.reads_head = self.recalling.head
        self.reserve = TAIL_TOKENS + ACTION_TOKENS + self.thinking.tokens

    def head(
        self,
        goal: str,
        memory: Memory,
        opening: str,
        templates: Sequence[Template] = (),
        example: str = "",
        surroundings: str = "",
    ) -> tuple[str, ...]:
        how = HOW + "".join(f"{hint}\n" for hint in self.language.hints)
        first = told_sights(Sights.of(surroundings or opening, self.language), None)
        if surroundings and (more := _without(opening, surroundings)):
            first = f"{more}\n{first}"
        parts = (
            how,
            told_forms(templates),
            example,
            f"\nTask: {goal}\n",
            self._memory(memory),
            f"\nAt first: {first}\n",
        )
        return tuple(part for part in parts if part)

    def _memory(self, memory: Memory) -> str:
        """What the head holds of the memory: all of it, or nothing where it is not read there."""
        return recollection(memory) if self.recalling.head else ""

    def learning(self, memory: Memory, link: Link) -> str:
        return learning(memory, link)

    def turn(self, step: Step, seen: str | None = None, surroundings: str = "") -> tuple[str, ...]:
        short = step.thought if not self.thinking.native else ""
        thought = f"Thought: {short}\n" if short else ""
        before = None if seen is None else Sights.of(seen, self.language)
        news = told_sights(Sights.of(surroundings, self.language), before) if surroundings else ""
        said = bounded(_without(step.observation, surroundings))
        observed = " ".join(filter(None, [said, news])) or "nothing new"
        return (f"\n{thought}Action: {step.action}\n", f"Observation: {observed}\n")

    def gap(self, left_out: int) -> tuple[str, ...]:
        return (f"\n(The {left_out} earliest steps are left out here.)\n",)

    def ask(
        self, world: World, asked: Ask, memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        now = self._recalled(world, asked, memory)
        actions = sorted({*world.actions(), *now.actions})
        if len(actions) == 1:
            return Move(actions[0])
        tokens = 0 if weigh else self.thinking.tokens
        plain = self._question(tokens, memory)
        line = f"\n{LINE}{now.said}" if now.said else ""
        offers = _offers(actions, templates_of(world), asked, line + plain, tokens)
        choice = Question(
            (*asked.parts, f"\n{offers}{line}{plain}"),
            choices=tuple(map(written, actions)),
            begun=("Action:",),
            recalled=now.reasons,
        )
        if now.said:
            unread = (*asked.parts, f"\n{offers}{plain}")
            choice = replace(choice, plain=unread, guidance=self.recalling.guidance)
            if not tokens:
                choice = _as_thought(choice, now)
        if weigh:
            answer = yield replace(choice, score_choices=True)
            return Move(weightiest(choice.choices, answer))
        if not tokens:
            return (yield from chosen_at_once(choice, now, written))
        cites = len(memory.links) if self.recalling.head else 0
        if self.thinking.native:
            return (yield from _after_native_thought(choice, tokens, cites))
        return (yield from _after_short_thought(choice, tokens, cites))

    def _recalled(self, world: World, asked: Ask, memory: Memory) -> Reminder:
        """What the memory says of what to do now; nothing where it is read in the head alone."""
        known = exploitable(world) if self.recalling.step else ()
        if len(known) < 2:
            return Reminder()
        return reminder(memory, world.goal, asked, known, self.language)

    def _question(self, tokens: int, memory: Memory) -> str:
        if not tokens:
            return NO_THOUGHT
        if self.thinking.native:
            return LONG_THOUGHT
        cites = memory.links and self.recalling.head
        return SHORT_THOUGHT.replace("{cite}", CITE if cites else "")


def written(action: str) -> str:
    """An admissible action as the model writes it."""
    return f" {action}\n"


def _offers(
    actions: Sequence[str],
    templates: Sequence[Template],
    asked: Ask,
    rest: str,
    tokens: int,
) -> str:
    """What can be done now, in the room that the ``rest`` of the tail and the reply leave it."""
    room = min(TAIL_TOKENS, asked.left - tokens - ACTION_TOKENS) - asked.size(rest) - 1
    return told_offers(Offers.of(actions, templates), room, asked.size)


def _as_thought(choice: Question, now: Reminder) -> Question:
    """Who does not think reads what memory says as a thought of its own: it is followed more often
    there than before the question (docs/results/recall.md)."""
    begun = (f"Thought: {now.said}\n", *choice.begun)
    return replace(choice, parts=choice.plain, begun=begun, plain_begun=choice.begun)


def _after_short_thought(
    choice: Question, tokens: int, cites: int
) -> Generator[Question, Answer, Move]:
    """A sentence or two in the answer itself, then the action (ReAct)."""
    stop = ("\nAction:", "Action:", "\n\n")
    reply = yield Question(choice.parts, begun=("Thought:",), stop=stop, max_tokens=tokens)
    thought = " ".join(reply.text.split())
    if not re.search(r"\w", thought):  # the dots of the form, which say nothing
        thought = ""
    begun = ("Thought:", f" {thought}\nAction:") if thought else ("Action:",)
    answer = yield replace(choice, begun=begun)
    return Move(answer.text.strip(), thought, citations(thought, cites))


def _after_native_thought(
    choice: Question, tokens: int, cites: int
) -> Generator[Question, Answer, Move]:
    """What the model thinks in a form of its own, closed after ``tokens``, then the action."""
    reply = yield Question(choice.parts, think=True, max_tokens=tokens)
    answer = yield replace(choice, thought=reply.thinking)
    thought = " ".join(reply.thinking.split())
    return Move(answer.text.strip(), thought, citations(thought, cites))


def _without(observation: str, surroundings: str) -> str:
    """The lines of an observation that do not describe the surroundings, which are told by
    themselves; on one line."""
    known = {line.strip() for line in surroundings.splitlines()}
    lines = (line.strip() for line in observation.splitlines())
    return " ".join(line for line in lines if line and line not in known)


def bounded(text: str, most: int = LONGEST) -> str:
    """``text`` in at most ``most`` characters, cut between two words."""
    return text if len(text) <= most else f"{text[: most - 2].rpartition(' ')[0]} …"


def recollection(memory: Memory) -> str:
    """The memory as the acting model reads it: numbered links with their scopes, then the notes."""
    if not memory.links and not memory.notes:
        return "\nLearnings from earlier trials: none yet.\n"
    lines = [f"{number}. {learning(memory, link)}" for number, link in enumerate(memory.links, 1)]
    title = "Learnings from earlier trials"
    if memory.links:
        title += (
            ' (SHOULD BE NECESSARY is well supported, MAY is less certain, "X DOES NOT CONTRIBUTE '
            'to Y" says what to avoid)'
        )
    return f"\n{title}:\n" + "\n".join([*lines, *memory.notes]) + "\n"


def learning(memory: Memory, link: Link) -> str:
    """A link, and where it held if that was in one place only: "… (seen in one place only:
    find-plant 12)"."""
    scope = memory.scope(link)
    return f"{link} ({scope})" if scope else str(link)


def citations(thought: str, known: int) -> tuple[int, ...]:
    """The numbers in brackets that name a learning (1 to ``known``), in order of first mention."""
    numbers = [
        int(n)
        for group in re.findall(r"\[([\d,\s]{1,40})\]", thought)
        for n in re.findall(r"\d{1,4}", group)
    ]
    return tuple(dict.fromkeys(n for n in numbers if 1 <= n <= known))
