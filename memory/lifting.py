"""Constants as slots: what two goals of one form name differently stands for the same thing.

"Boil lead." and "Boil soap." differ in one slot. A link that was learned for the first goal speaks
of lead; said for the second it speaks of soap. So a memory of one place is said in the words of
another, and what several places taught is counted together (anti-unification of the goals:
Plotkin 1970, "A Note on Inductive Generalization").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property

from memory.links import Link, LinkError
from memory.trials import Memory

ALIKE = 0.6
"""The share of words that two goals of one form have in common at least."""
LONGEST = 4
"""Words of a phrase at most: what is longer is another sentence."""
_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")


@dataclass(frozen=True)
class Renaming:
    """What stands in one goal where another has something else: by phrases in lower case, those of
    the other goal as it spells them."""

    pairs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def between(cls, goal: str, other: str) -> Renaming:
        """From the words of ``goal`` to those of ``other``; nothing where they are not of one form,
        and nothing for a phrase that stands for several or several stand for."""
        one, two, spelled = (_WORD.findall(each) for each in (goal.lower(), other.lower(), other))
        matcher = SequenceMatcher(None, one, two, autojunk=False)
        if matcher.ratio() < ALIKE:
            return cls()
        found = {
            (" ".join(one[a:b]), " ".join(spelled[c:d]))
            for kind, a, b, c, d in matcher.get_opcodes()
            if kind == "replace" and max(b - a, d - c) <= LONGEST
        }
        return cls(dict(sorted(_one_to_one(found))))

    def link(self, link: Link) -> Link:
        """``link`` in the other goal's words."""
        if not self.pairs:
            return link
        try:
            return replace(link, cause=self._said(link.cause), effect=self._said(link.effect))
        except LinkError:  # the other goal's words are no phrase of a link
            return link

    def memory(self, memory: Memory) -> Memory:
        """``memory`` in the other goal's words; its notes stay as they are."""
        links = tuple(dict.fromkeys(map(self.link, memory.links)))
        scopes = tuple((self.link(link), scope) for link, scope in memory.scopes)
        return replace(memory, links=links, scopes=scopes)

    def _said(self, phrase: str) -> str:
        return self._named.sub(lambda found: self.pairs[found[0].lower()], phrase)

    @cached_property
    def _named(self) -> re.Pattern[str]:
        longest_first = sorted(self.pairs, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])", re.IGNORECASE)


def _one_to_one(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The pairs whose halves stand in no other pair."""
    pairs = list(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    return (pair for pair in pairs if left[pair[0]] == 1 and right[pair[1]] == 1)
