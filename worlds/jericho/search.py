"""What is admissible in a Z-machine story: tried on a saved state, and kept where it changes
something.

In a story that Jericho supports (Hausknecht et al. 2020, arXiv 1909.05398), the forms of action are
those of its grammar, and Jericho says what an action changed. In any other story the forms are a
short list of our own, and a change is one of the object table, which every story has: something
moved, or an attribute of it changed. Of actions with one and the same effect one is kept. Looking,
taking stock and waiting are always admissible, and so is examining what is in sight.

Jericho finds the names of things with spaCy's English model, which it would fetch from the network.
Here they are words of what looking and taking stock show that the story's own dictionary knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from jericho.util import recognized, verb_usage_count

ALWAYS = ("inventory", "look", "wait")
WAYS = (
    *("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"),
    *("up", "down", "in", "out"),
)
WITH_ONE = (
    *("take", "open", "close", "enter", "push", "pull", "turn", "read", "eat", "drink"),
    *("wear", "remove", "switch on", "switch off", "climb"),
)
WITH_HELD = "drop"
WITH_TWO = (
    *("put {held} on {other}", "put {held} in {other}", "give {held} to {other}"),
    "unlock {other} with {held}",
)

_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*")
_NOT_SEEN = re.compile(
    r"You can't see (?:any|that)|You (?:don't|do not) see|You see no|There (?:is|are) no"
    r"|I (?:didn't|don't) |I beg|Which do you mean|What do you want|That's not a verb|Please answer"
)
_MOST_WORDS, _MOST_THINGS = 60, 16
_NO_NAMES = frozenset(
    [
        *("all", "everything", "it", "them", "me", "this", "that", "some", "here", "a", "an"),
        *("the", "and", "of", "to", "in", "on", "from", "with", "under"),
    ]
)
"""Words of the dictionary that name nothing in sight."""


class Search:
    """What is admissible now in ``story``, a Jericho environment; ``known`` where Jericho supports
    the story. It leaves the story as it was."""

    def __init__(self, story: Any, *, known: bool) -> None:
        self._story, self._known = story, known
        words = [each for each in story.get_dictionary() if _WORD.fullmatch(each.word)]
        self._length = max((len(each.word) for each in words), default=9)
        self._words = {each.word for each in words} - _NO_NAMES

    def admissible(self) -> list[str]:
        state = self._story.get_state()
        held = self._things(state, "inventory")
        things = {**self._things(state, "look"), **held}
        names = sorted(things.values())[:_MOST_THINGS]
        hands = sorted(held.values())
        found = self._jerichos(names, hands) if self._known else self._tried(state, names, hands)
        self._story.set_state(state)
        return [*ALWAYS, *(f"examine {name}" for name in names), *found]

    def _things(self, state: Any, action: str) -> dict[str, str]:
        """A name for each thing that ``action`` shows, by what examining it answers: of several
        words the last, and two words where the story takes no single one."""
        shown = self._answer(state, action).lower()
        words = [each for each in _WORD.findall(shown) if each[: self._length] in self._words]
        pairs = [f"{one} {two}" for one, two in pairwise(words) if f"{one} {two}" in shown]
        found: dict[str, str] = {}
        for name in dict.fromkeys([*pairs[:_MOST_WORDS], *words[:_MOST_WORDS]]):
            answer = " ".join(self._answer(state, f"examine {name}").split())
            if recognized(answer) and not _NOT_SEEN.search(answer):
                found[answer] = name
        return found

    def _jerichos(self, names: list[str], held: list[str]) -> list[str]:
        """By the forms of the story's grammar and Jericho's account of what changed. Of forms with
        two things one is held, or a crowded room would take seconds."""
        single = [each for each in self._story.act_gen.templates if each.count("OBJ") < 2]
        double = [each for each in self._story.act_gen.templates if each.count("OBJ") == 2]
        pairs = [(one, two) for one in names for two in names if one != two]
        near = [pair for pair in pairs if pair[0] in held or pair[1] in held]
        candidates = [
            *(each.replace("OBJ", name) for each in single for name in ("all", *names)),
            *(
                each.replace("OBJ", one, 1).replace("OBJ", two, 1)
                for each in double
                for one, two in near
            ),
        ]
        candidates = list(dict.fromkeys(candidates))
        effects = self._story._filter_candidate_actions(candidates, True, False)
        return [
            min(each, key=lambda one: (-verb_usage_count(one), one)) for each in effects.values()
        ]

    def _tried(self, state: Any, names: list[str], held: list[str]) -> list[str]:
        """By our own forms and the object table; waiting shows what changes by itself."""
        idle = {self._table()}
        self._answer(state, "wait")
        idle.add(self._table())
        found: dict[bytes, str] = {}
        for action in _candidates(names, held):
            answer = self._answer(state, action)
            changed = self._table()
            if changed not in idle and recognized(answer) and not _NOT_SEEN.search(answer):
                found.setdefault(changed, action)
        return list(found.values())

    def _answer(self, state: Any, action: str) -> str:
        self._story.set_state(state)
        return str(self._story.step(action)[0])

    def _table(self) -> bytes:
        """The entries of the object table: who is where, and with which attributes (Z-machine
        standard 1.1, section 12). Properties begin where the entries end."""
        memory = bytes(self._story._get_ram())
        early = memory[0] <= 3
        defaults, size = (31, 9) if early else (63, 14)
        begins = int.from_bytes(memory[10:12], "big") + 2 * defaults
        at, ends = begins, len(memory)
        while at + size <= ends:
            properties = int.from_bytes(memory[at + size - 2 : at + size], "big")
            ends = min(ends, properties or ends)
            at += size
        return memory[begins:at]


def _candidates(names: list[str], held: Iterable[str]) -> Iterator[str]:
    yield from WAYS
    for verb in WITH_ONE:
        yield from (f"{verb} {name}" for name in names)
    yield from (f"{WITH_HELD} {name}" for name in held)
    for thing in held:
        for form in WITH_TWO:
            yield from (form.format(held=thing, other=each) for each in names if each != thing)
