"""A world that does not offer again what cost points, nor what is like it: a wrong choice ends a
trial, and is made under another name in the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from clin.exploration.wrapper import Wrapper
from memory.archive import Archive, ScoreChange
from memory.evidence.tally import SURE, above_half
from memory.language import Language
from memory.rules.naming import MOST, Goal, Name, answers_to, name, thing, verb
from worlds import Observation, World

ONE_LOSS, THREE_LOSSES = 0.75, 0.93
"""The chance that a kind of action loses more often than it gains, by the rule of the tallies,
after one loss and none but losses (two are ``SURE``), and after three."""


@dataclass(frozen=True)
class Risks:
    """What is known of the costly kinds of action when a trial begins: the steps that ``moved`` the
    score in earlier trials of the episode, the kinds of which other places say that they do not
    contribute where the goal does not name their object (``taught``), and whether this is the
    episode's ``last`` trial."""

    moved: Sequence[ScoreChange]
    taught: Collection[str] = ()
    last: bool = False

    @classmethod
    def of(cls, archive: Archive, taught: Collection[str], last: bool) -> Risks:
        """With ``taught`` only as far as no trial of the episode has gone without such an action:
        that it was left out has then gained nothing."""
        always = [kind for kind in taught if archive.trials_with[kind] == archive.trials]
        return cls(archive.score_changes, always, last)


class RiskMask(Wrapper):
    """``world`` without the actions that by ``stakes`` are likely to cost points. Likely is what
    the rule of the tallies says (:mod:`memory.evidence.tally`): the chance that a kind of action
    (its verb) loses more often than it gains.

    Where the goal itself asks for such an action ("point at the substance"), it asks for it on
    something, and so a kind that cost points is judged by whether the goal names what it was done
    to, and in how many words:

    - what it names is offered until it lost three times at as many points as are held now; in the
      last trial until it lost twice at whatever points, since what is held then is what stays;
    - what it does not name, until it lost twice at whatever points; in the last trial, and where
      something that the goal names is offered, once. What other places taught counts as two losses;
    - what may well be a thing that lost is not offered again at as many points, and at whatever
      points while no action of the kind has gained, wherever it is and however vague its name.

    Any other kind is offered until it lost twice at as many points as are held now, and at none,
    since there is nothing to lose. All is offered where nothing else is left."""

    def __init__(self, world: World, language: Language, stakes: Risks) -> None:
        super().__init__(world)
        self._language, self._stakes = language, stakes
        self._asked: Mapping[str, str] = {}

    def reset(self) -> Observation:
        self._asked = {}
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        self._asked = self._language.choices_offered(seen.text)
        return seen

    def actions(self) -> Sequence[str]:
        lost = [each for each in self._stakes.moved if each.after < each.before]
        kinds = {verb(each.meant) for each in lost} | set(self._stakes.taught)
        if not kinds:
            return super().actions()
        in_full = {each: self._asked.get(each, each) for each in super().actions()}
        goal = Goal(self.goal, self._language, in_full)
        left_out: set[str] = set()
        for kind in kinds:
            offered = {each: text for each, text in in_full.items() if verb(text) == kind}
            left_out |= self._unlikely(kind, offered, goal)
            left_out |= self._not_asked_for(kind, offered, goal)
        return self._where(lambda each: each not in left_out)

    def _unlikely(self, kind: str, offered: Mapping[str, str], goal: Goal) -> set[str]:
        """Of what is ``offered`` of a kind (each action, and as it is said in full), what is likely
        to cost points."""
        ever = [each for each in self._stakes.moved if verb(each.meant) == kind]
        if not goal.asks_for(kind):
            return set(offered) if self._likely_lost(ever) else set()
        named = {each: goal.named(text) for each, text in offered.items()}
        losing = self._losing(kind, ever, goal, something_named=any(named.values()))
        wrong = self._names_that_lost(ever)

        def alike(action: str) -> bool:
            return any(goal.alike(thing(offered[action]), other) for other in wrong)

        return {each for each, words in named.items() if words in losing or alike(each)}

    def _likely_lost(self, ever: Sequence[ScoreChange]) -> bool:
        """Whether a kind that the goal does not ask for is likely to lose the points of now."""
        moved = [each for each in ever if each.before >= self._held > 0]
        lost = sum(each.after < each.before for each in moved)
        return above_half(lost, len(moved) - lost) >= SURE

    def _losing(
        self, kind: str, ever: Sequence[ScoreChange], goal: Goal, *, something_named: bool
    ) -> list[int]:
        """In how many words the goal names things that are likely to lose, where a kind that it
        asks for is done to them."""
        lost: Counter[int] = Counter()
        gained: Counter[int] = Counter()
        for each in ever:
            words = max(goal.named(each.action), goal.named(each.meant))
            if each.before >= self._held or not words or self._stakes.last:
                lost[words] += each.after < each.before
                gained[words] += each.after > each.before
        lost[0] += 2 * (kind in self._stakes.taught)
        return [
            words
            for words in range(MOST + 1)
            if above_half(lost[words], gained[words]) >= self._bar(words, something_named)
        ]

    def _bar(self, words: int, something_named: bool) -> float:
        """The chance of losing from which a thing is left out that the goal names in so many
        words."""
        if words:
            return SURE if self._stakes.last else THREE_LOSSES
        return ONE_LOSS if self._stakes.last or something_named else SURE

    def _names_that_lost(self, ever: Sequence[ScoreChange]) -> set[frozenset[str]]:
        """The names of what lost at as many points as are held now; of all that lost, where none
        has gained: then it was not for want of what must come first."""
        never_gained = all(each.after < each.before for each in ever)
        lost = [each for each in ever if each.after < each.before]
        wrong = [each for each in lost if each.before >= self._held or never_gained]
        return {name for each in wrong for name in (thing(each.action), thing(each.meant))}

    def _not_asked_for(self, kind: str, offered: Mapping[str, str], goal: Goal) -> set[str]:
        """Of what is ``offered`` of a kind, what is done to another thing than the goal says by its
        name, once such an action cost points and while none has gained."""
        asked = goal.by_name(kind)
        if not asked:
            return set()
        ever = [each for each in self._stakes.moved if verb(each.meant) == kind]
        others = [each for each in ever if not _answers(each.meant, asked)]
        lost = kind in self._stakes.taught or any(each.after < each.before for each in others)
        if not lost or any(each.after > each.before for each in others):
            return set()
        return {each for each, text in offered.items() if not _answers(text, asked)}


def _answers(action: str, asked: Sequence[Name]) -> bool:
    called = name(action[len(verb(action)) :])
    return any(answers_to(called, each) for each in asked)
