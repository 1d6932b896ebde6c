"""What the rest needs to know of a world's words.

A world is played in text, and only the world knows what its sentences mean: which action is a move,
which answer a refusal. It says so in a language of its own, an object with any of the names of
:class:`Language` (``worlds/<name>/language.py``). What it does not say has the neutral answer that
stands here, which reads nothing into a text. So a world without a language can be played and
scored, and only the mechanisms that read its text find nothing.

How a language reaches those who read text: it is handed to them. ``worlds.language_of`` finds what
a world says, :meth:`Language.of` completes it, and ``clin.language.language_of`` does both. Who
plays or opens a run asks for it once and gives it to the prompt, the wrappers, the archive and the
strategy. What is stored is read in the language of the world that its run names. Nothing has a
language by default: one that was forgotten would read nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TypeVar

from memory.spelling import did_you_mean

LONGEST = 160
"""Characters that are left of an observation where the world does not say how it is shortened."""

Answers = TypeVar("Answers")


class LanguageError(ValueError):
    """A world's language says something that nobody asks for; one line."""


class Language:
    """The questions, with the neutral answers. Actions and observations are any text; each answer
    depends on nothing else, and none raises."""

    hints: tuple[str, ...] = ()
    """Notes on acting that only this world needs; a model that thinks reads them, a line each."""
    costly_actions: tuple[str, ...] = ()
    """How actions begin that cost most when they are wrong: what was refused of them is warned of
    first."""

    @classmethod
    def of(cls, said: object | None, world: str) -> Language:
        """What ``world`` says (a module, a class or an object; None: nothing), completed.
        LanguageError for a name that nobody asks for."""
        return completed(cls(), said, f"the language of {world}")

    # What an action is.

    def destination(self, action: str) -> str:
        """The place that ``action`` names as where it leads; empty for one that names none."""
        return ""

    def is_move(self, action: str) -> bool:
        """Whether it leads somewhere else, whether or not it names where."""
        return bool(self.destination(action))

    def is_jump(self, action: str) -> bool:
        """Whether it is a move that can be made from anywhere, so that it passes no other place."""
        return False

    def way_to(self, place: str, done: Collection[str]) -> str:
        """How one gets to ``place`` who did the actions ``done``: as one of those got elsewhere."""
        for action in sorted(done):
            if named := self.destination(action):
                before, _, after = action.rpartition(named)
                return f"{before}{place}{after}"
        return f"go to {place}"

    def passes_time(self, action: str) -> bool:
        """Whether it lets time pass, which may change what cannot be seen."""
        return False

    def is_look(self, action: str) -> bool:
        """Whether it only looks, at whatever, and changes nothing."""
        return False

    def inspects(self, action: str) -> bool:
        """Whether it looks at one thing of many."""
        return False

    def takes_or_opens(self, action: str) -> bool:
        """Whether it picks up or opens something, which is worth nothing by itself and what many
        things begin with."""
        return False

    def opens(self, action: str) -> bool:
        """Whether it opens something, and so may show what that holds."""
        return False

    def is_deed(self, action: str) -> bool:
        """Whether it does something with a thing, rather than look or walk: what a place is good
        for."""
        return False

    def alters(self, action: str) -> bool:
        """Whether it changes, where it succeeds, what other actions may do."""
        return False

    def tried_on(self, action: str) -> str:
        """The thing on which another is tried; empty for any other action."""
        return ""

    def called(self, phrase: str) -> str:
        """``phrase``, in lower case and without articles, with each thing by one name, where the
        world offers it under several: what means the same is compared by it."""
        return phrase

    # What an observation says.

    def is_unknown(self, observation: str) -> bool:
        """Whether the world did not know the action, whatever the state that it is in."""
        return False

    def is_refused(self, observation: str) -> bool:
        """Whether it did not know the action, or did not do it."""
        return self.is_unknown(observation)

    def did_not_fit(self, action: str, observation: str) -> bool:
        """Whether one thing was tried on another that it does not fit."""
        return False

    def came_to_nothing(self, action: str, observation: str) -> bool:
        """Whether it was refused, or tried on what it does not fit."""
        return self.is_refused(observation) or self.did_not_fit(action, observation)

    def choices_offered(self, observation: str) -> Mapping[str, str]:
        """Where the world asks which of several things was meant: each answer, and the action that
        it stands for."""
        return {}

    def meant(self, action: str, observation: str) -> str:
        """``action`` with the name of its object as the world confirms it."""
        return action

    def changes(self, action: str, observation: str) -> Sequence[str]:
        """What came about by ``action``, where the answer tells more than the action's own words:
        each as the effect of a link, "make ink"."""
        return ()

    def arrived_at(self, action: str, observation: str) -> str:
        """The place that ``action`` led to; empty where it led nowhere, or nobody knows."""
        return "" if self.is_refused(observation) else self.destination(action)

    def room(self, observation: str) -> str:
        """The room that ``observation`` describes as looking around there does; empty for any other
        text."""
        return ""

    def things_seen(self, action: str, observation: str) -> tuple[str, Sequence[str]] | None:
        """The room and the names of the things in it that looking around, or walking in, showed."""
        return None

    def sights(self, surroundings: str) -> tuple[str, Sequence[str], Sequence[str]]:
        """What the surroundings tell, thing by thing: the place where one is (empty where the world
        does not say), a phrase for each thing seen, and for each that is held. Here a line is a
        thing that is seen."""
        return "", [line.strip() for line in surroundings.splitlines() if line.strip()], []

    def shortened(self, action: str, observation: str) -> str:
        """The answer to ``action`` as a small model reads it: one line, of bounded length."""
        return " ".join(observation.split())[:LONGEST]


def completed(answers: Answers, said: object | None, whose: str) -> Answers:
    """``answers``, where ``said`` has them in its own names. LanguageError for a name of ``said``
    that ``answers`` does not have."""
    asked = [name for name in dir(type(answers)) if not name.startswith("_") and name != "of"]
    for name in _public(said):
        if name not in asked:
            raise LanguageError(
                f"{whose} says '{name}', which nobody asks for{did_you_mean(name, asked)} "
                f"(asked for: {', '.join(asked)}; names of its own begin with _)"
            )
        if callable(getattr(said, name)) != callable(getattr(answers, name)):
            kind = "a function" if callable(getattr(answers, name)) else "no function"
            raise LanguageError(f"{whose}: '{name}' is {kind}")
        setattr(answers, name, getattr(said, name))
    return answers


def _public(said: object | None) -> Iterator[str]:
    """The names that ``said`` answers to. Of a module those that it defines itself: neither what it
    imports nor its constants."""
    if said is None:
        return
    for name in dir(said):
        if name.startswith("_"):
            continue
        if isinstance(said, ModuleType):
            value = getattr(said, name)
            own = getattr(value, "__module__", said.__name__) == said.__name__
            if name.isupper() or isinstance(value, ModuleType) or not own:
                continue
        yield name
