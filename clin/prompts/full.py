"""The prompt of instruction-tuned models, after the paper's section 3 and appendix: learnings by
number, a bounded thought, then one action of the admissible set."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

from clin.llms import Answer, Question
from clin.prompts import Move, weightiest
from memory.language import Language
from memory.links import Link
from memory.trials import Memory, Step
from worlds import World

HOW = """You are an agent in a text world. You act in steps: each step you are told what you see, \
and you choose one \
action. You are scored from 0 to 100 by how much of the task you have done; some mistakes end the \
trial at once.
Notes on acting:
- An action that has no effect twice will have none the third time: try something else.
{hints}\
- The learnings below come from your own earlier trials. "X SHOULD BE NECESSARY to Y" is well \
supported, "MAY" is \
less certain, "X DOES NOT CONTRIBUTE to Y" tells what to avoid. They can be useful for choosing \
the next action.
"""

ASK = """
Say first, in one or two sentences, which learnings help now (by number in brackets, as [2]) and \
why, then the action:
Thought: ...
Action: one of the admissible actions, word for word.
"""


class Full:
    """The paper's prompt for instruction-tuned models: a bounded thought, then an action from the
    admissible set."""

    name = "full"
    reserve = 1200
    thinks = True
    own_form = False
    thought_tokens = 160
    tail_characters = 3000

    def __init__(self, language: Language) -> None:
        self.language = language

    def head(self, goal: str, memory: Memory, opening: str) -> tuple[str, ...]:
        hints = "".join(f"- {hint}\n" for hint in self.language.hints)
        how = HOW.replace("{hints}", hints)
        return (how, f"\nTask: {goal}\n", recollection(memory), f"\nAt first you see: {opening}\n")

    def learning(self, memory: Memory, link: Link) -> str:
        return learning(memory, link)

    def turn(self, step: Step) -> tuple[str, ...]:
        thought = f"Thought: {step.thought}\n" if step.thought else ""
        return (f"\n{thought}Action: {step.action}\n", f"Observation: {step.observation}\n")

    def gap(self, left_out: int) -> tuple[str, ...]:
        return (f"\n(The {left_out} earliest steps are left out here.)\n",)

    def ask(
        self, world: World, parts: tuple[str, ...], memory: Memory, *, weigh: bool = False
    ) -> Generator[Question, Answer, Move]:
        actions = world.actions()
        if len(actions) == 1:
            return Move(actions[0])
        choices = tuple(f" {action}\n" for action in actions)
        tail = f"\nNow: {world.surroundings()}\n{forms(actions, self.tail_characters)}{ASK}"
        asked = (*parts, tail)
        if weigh:
            answer = yield Question(asked, choices=choices, begun=("Action:",), score_choices=True)
            return Move(weightiest(choices, answer))
        reply = yield Question(
            asked, begun=("Thought:",), stop=("\nAction:", "\n\n"), max_tokens=self.thought_tokens
        )
        thought = " ".join(reply.text.split())
        begun = ("Thought:", f" {thought}\nAction:")
        answer = yield Question(asked, choices=choices, begun=begun)
        return Move(answer.text.strip(), thought, citations(thought, len(memory.links)))


def recollection(memory: Memory) -> str:
    """The memory as the acting model reads it: numbered links with their scopes, then the notes."""
    if not memory.links and not memory.notes:
        return "\nLearnings: none yet.\n"
    lines = [f"{number}. {learning(memory, link)}" for number, link in enumerate(memory.links, 1)]
    return "\nLearnings from earlier trials:\n" + "\n".join([*lines, *memory.notes]) + "\n"


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


_PREPOSITION = re.compile(r" (?:to|on|into|in|onto|with|from) ")


def forms(actions: Sequence[str], limit: int) -> str:
    """The admissible actions in words, at most ``limit`` characters: all of them when they are few,
    otherwise as forms ("move A to B") with what A and B can be."""
    listed = "Admissible actions:\n" + "".join(f"- {action}\n" for action in actions)
    if len(listed) <= limit:
        return listed
    slots: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for action in actions:
        form, first, second = _form(action)
        firsts, seconds = slots.setdefault(form, ({}, {}))
        firsts[first] = None
        if second:
            seconds[second] = None
    things = dict.fromkeys(
        thing for pair in slots.values() for slot in pair for thing in slot if thing
    )
    return f"Forms of action: {', '.join(slots)}\nThings: {', '.join(things)}\n"[:limit] + "\n"


def _form(action: str) -> tuple[str, str, str]:
    verb, _, rest = action.partition(" ")
    if not rest:
        return verb, "", ""
    head = _PREPOSITION.match(f" {rest}")
    if head:  # "point at A", "go to A": the preposition belongs to the verb
        return f"{verb}{head.group()}A", rest[len(head.group()) - 1 :], ""
    middle = _PREPOSITION.search(rest)
    if middle:
        return f"{verb} A{middle.group()}B", rest[: middle.start()], rest[middle.end() :]
    return f"{verb} A", rest, ""
