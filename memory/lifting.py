"""Constants as slots: what two goals of one form name differently stands for the same thing.

"Boil lead." and "Boil soap." differ in one slot. What was learned for the first goal speaks of
lead; said for the second it speaks of soap. So what one place taught is said in the words of
another, and what several places taught is counted together (anti-unification of the goals: Plotkin
1970, "A Note on Inductive Generalization").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property

from memory.links import Link, LinkError
from memory.strategies import Episode
from memory.trials import Memory, Step, Trial

ALIKE = 0.6
"""The share of words that two goals of one form have in common at least."""
LONGEST = 4
"""Words of a phrase at most: what is longer is another sentence."""
WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*|[^\w\s]")
"""A word, or a mark that parts phrases."""


@dataclass(frozen=True)
class Renaming:
    """What stands in one goal where another has something else: by phrases in lower case, those of
    the other goal as it spells them. It is a permutation: where the red box becomes the green one,
    the green one becomes the red one, so no two things become one."""

    pairs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def between(cls, goal: str, other: str) -> Renaming:
        """From the words of ``goal`` to those of ``other``; nothing where they are not of one form,
        and nothing for a phrase that stands for several or several stand for."""
        one, two = WORD.findall(goal), WORD.findall(other)
        matcher = SequenceMatcher(None, _lower(one), _lower(two), autojunk=False)
        if matcher.ratio() < ALIKE:
            return cls()
        found = {
            (" ".join(one[a:b]), " ".join(two[c:d]))
            for kind, a, b, c, d in matcher.get_opcodes()
            if kind == "replace" and _is_phrase(one[a:b]) and _is_phrase(two[c:d])
        }
        return cls(_closed(dict(sorted(_one_to_one(found)))))

    def text(self, text: str) -> str:
        """``text`` in the other goal's words."""
        if not self.pairs:
            return text
        return self._named.sub(lambda found: self.pairs[found[0].lower()], text)

    def link(self, link: Link) -> Link:
        """``link`` in the other goal's words."""
        try:
            return replace(link, cause=self.text(link.cause), effect=self.text(link.effect))
        except LinkError:  # in these words it is no phrase of a link
            return link

    def memory(self, memory: Memory) -> Memory:
        """``memory`` in the other goal's words."""
        links = tuple(dict.fromkeys(map(self.link, memory.links)))
        scopes = tuple((self.link(link), scope) for link, scope in memory.scopes)
        return Memory(links, tuple(map(self.text, memory.notes)), scopes)

    def trial(self, trial: Trial) -> Trial:
        """``trial`` as it would have gone where the other goal was given."""
        return replace(
            trial,
            goal=self.text(trial.goal),
            opening=self.text(trial.opening),
            steps=tuple(map(self._step, trial.steps)),
            recalled=self.memory(trial.recalled),
            admissible=tuple(
                None if offered is None else frozenset(map(self.text, offered))
                for offered in trial.admissible
            ),
        )

    def _step(self, step: Step) -> Step:
        return replace(
            step,
            action=self.text(step.action),
            observation=self.text(step.observation),
            thought=self.text(step.thought),
        )

    @cached_property
    def _named(self) -> re.Pattern[str]:
        longest_first = sorted(self.pairs, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])", re.IGNORECASE)


def in_words_of(goal: str, episode: Episode) -> Episode:
    """``episode`` in the words of ``goal``, where its own goal is of the same form."""
    if not episode.trials:
        return episode
    renaming = Renaming.between(episode.trials[0].goal, goal)
    if not renaming.pairs:
        return episode
    return replace(
        episode,
        trials=tuple(map(renaming.trial, episode.trials)),
        memories=tuple(map(renaming.memory, episode.memories)),
    )


def _lower(words: Iterable[str]) -> list[str]:
    return [word.lower() for word in words]


def _is_phrase(words: Sequence[str]) -> bool:
    return len(words) <= LONGEST and all(word[0].isalnum() for word in words)


def _one_to_one(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The pairs whose halves stand in no other pair, whatever their case."""
    pairs = list(pairs)
    left = Counter(a.lower() for a, _ in pairs)
    right = Counter(b.lower() for _, b in pairs)
    return (pair for pair in pairs if left[pair[0].lower()] == right[pair[1].lower()] == 1)


def _closed(pairs: dict[str, str]) -> dict[str, str]:
    """``pairs`` by lower case, made a permutation: the end of each chain leads to its beginning."""
    onward = {one.lower(): other for one, other in pairs.items()}
    ends = {other.lower() for other in pairs.values()}
    for one in pairs:
        if one.lower() in ends:
            continue
        at = one
        while at.lower() in onward:
            at = onward[at.lower()]
        onward[at.lower()] = one
    return onward
