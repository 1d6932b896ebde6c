"""The prompts of models that ``clin distill`` trains: ``compact-2``, which the bundled one reads,
and ``compact-3``, which tells before a choice what memory says.

``Task: …``, ``Memory:``, a line ``- link`` per learning or ``none``, what is seen at first unless
it is a room that one can look around in, then per step ``> action`` and the shortened observation.
Its pieces are tokenised one by one, exactly as in training: ``>``, `` action\\n``,
``observation\\n``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from clin.exploration.wrapper import exploitable
from clin.llms import Answer, Question
from clin.prompts import Ask, Move, Recalling, Thinking, weightiest
from clin.prompts.asking import chosen_at_once
from clin.prompts.reminders import Reminder, reminder
from memory.language import Language
from memory.links import Link
from memory.trials import Memory, Step
from worlds import Template, World

ASK = ">"


def task(goal: str) -> str:
    """The prompt's first line."""
    return f"Task: {' '.join(goal.split()).replace('Your task is to ', '')}\n"


def choice(action: str) -> str:
    """An admissible action as the model writes it."""
    return f" {action}\n"


class Compact:
    """The prompt on which the bundled model was trained; no thought, the action at once. What is
    left of an observation, the world's ``language`` says."""

    name = "compact-2"
    reserve = 64
    reads_head = True
    thinks = False
    recalls = False
    own_form = True
    rest = "steps"
    sections: Sequence[tuple[str, str]] = (
        ("Task: ", "task"),
        ("Memory:\n", "memory"),
        ("- ", "memory"),
        ("none\n", "memory"),
    )
    tells_surroundings = False

    def __init__(
        self,
        language: Language,
        thinking: Thinking | None = None,
        recalling: Recalling | None = None,
    ) -> None:
        self.language = language

    def head(
        self,
        goal: str,
        memory: Memory,
        opening: str,
        templates: Sequence[Template] = (),
        example: str = "",
        surroundings: str = "",
    ) -> tuple[str, ...]:
        """Task and memory; notes stand like links, one line each. An ``opening`` that looking
        around would repeat is left out, and so is what the model was not trained to read: forms of
        action and examples."""
        memory = memory if self.reads_head else Memory()
        lines = [*map(str, memory.links), *(" ".join(note.split()) for note in memory.notes)]
        begun = "" if self.language.room(opening) else self.language.shortened("", opening)
        return (
            task(goal),
            "Memory:\n",
            *([f"- {line}\n" for line in lines] or ["none\n"]),
            *([f"{begun}\n"] if begun else []),
        )

    def learning(self, memory: Memory, link: Link) -> str:
        return str(link)  # it was trained on bare links

    def turn(self, step: Step, seen: str | None = None, surroundings: str = "") -> tuple[str, ...]:
        seen = self.language.shortened(step.action, step.observation)
        return (ASK, choice(step.action), f"{seen}\n")

    def gap(self, left_out: int) -> tuple[str, ...]:
        return ("...\n",)

    def ask(
        self, world: World, asked: Ask, memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        choices = tuple(map(choice, world.actions()))
        if len(choices) == 1:
            return Move(choices[0].strip())
        answer = yield Question((*asked.parts, ASK), choices=choices, score_choices=weigh)
        return Move(weightiest(choices, answer) if weigh else answer.text.strip())


SAYS = "Memory says: "
"""How the line begins that tells what memory says."""
MOST_SAID = 1
"""Links that the line tells at most: a small model does the last thing that it read."""


def said_now(reminder: Reminder) -> str:
    """The line before a choice; empty where memory is silent."""
    return f"{SAYS}{' '.join(reminder.said.split())}\n" if reminder.said else ""


class Recalled(Compact):
    """``compact-3``: with a line before the choice that tells what memory says of it."""

    name = "compact-3"
    reserve = 192
    recalls = True
    sections = (*Compact.sections, (SAYS, "what memory says now"))

    def __init__(
        self,
        language: Language,
        thinking: Thinking | None = None,
        recalling: Recalling | None = None,
    ) -> None:
        super().__init__(language)
        self.recalling = recalling or Recalling(step=True)
        self.reads_head = self.recalling.head

    def ask(
        self, world: World, asked: Ask, memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        known = exploitable(world) if self.recalling.step else ()
        now = Reminder()
        if len(known) > 1:
            now = reminder(memory, world.goal, asked, known, self.language, MOST_SAID)
        actions = sorted({*world.actions(), *now.actions})
        if len(actions) == 1:
            return Move(actions[0])
        unread = (*asked.parts, ASK)
        parts = (*asked.parts, said_now(now), ASK) if now.said else unread
        question = Question(parts, choices=tuple(map(choice, actions)), recalled=now.reasons)
        if now.said:
            question = replace(question, plain=unread, guidance=self.recalling.guidance)
        if weigh:
            answer = yield replace(question, score_choices=True)
            return Move(weightiest(question.choices, answer))
        return (yield from chosen_at_once(question, now, choice))


LAYOUTS: dict[str, type[Compact]] = {each.name: each for each in (Compact, Recalled)}
"""The prompts here by their names."""
