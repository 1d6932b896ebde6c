"""What makes an action possible, and what makes it gain: learned from which actions were admissible
when.

No sentence of the world is read. An action needs what had been done, and where one was, in every
state in which it was admissible; this is how safe action models are learned from traces (Juba, Le
and Stern, "Safe Learning of Lifted Action Models", KR 2021). Of that, what a state without it
speaks for is kept: there the action was not admissible. What gained points needs in the same way
what had been done whenever it did.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memory.evidence.events import is_complete, is_find, is_progress, spellings
from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation, conjuncts, folded, joined
from memory.rules.naming import thing, verb, words
from memory.rules.reading import Act, acts
from memory.trials import Trial

MOST = 64
"""Links that :meth:`Preconditions.closing` gives at most."""
MOST_JOINT = 3
"""Causes that one link joins at most: more are no line that one reads."""
STATES = 2000
"""The latest states that are held against an action, so that the end of a trial costs the same
however many there were."""


@dataclass(frozen=True)
class _State:
    """Where one was, what had been ``done`` by then (in order), and what was admissible. Where a
    ``deed`` led here from the same place, what was admissible ``before`` it. All names are
    folded."""

    place: str
    done: tuple[str, ...]
    admissible: frozenset[str]
    deed: str = ""
    before: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Gain:
    """An action gained points when all this had been ``done``; ``altering`` of that since the last
    gain. ``after`` is what had gained before it: the last of its own kind, and for what won the
    last of all."""

    done: tuple[str, ...]
    altering: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True)
class Needs:
    """What one action needs: ``deeds`` (folded) in the order in which they were done, each with
    whether a case without it spoke for it; and the ``places`` where it was admissible, in the order
    in which they were found. ``elsewhere``: whether there are others, where it was not."""

    deeds: dict[str, bool] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    elsewhere: bool = False


class Preconditions:
    """What trials of a world with this ``language`` show."""

    def __init__(self, language: Language, trials: Iterable[Trial] = ()) -> None:
        self._language = language
        self._states: deque[_State] = deque(maxlen=STATES)
        self._spelled: dict[str, str] = {}
        self._moves: set[str] = set()
        self._gains: dict[str, list[_Gain]] = defaultdict(list)
        self._vain: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Read one more trial; one that was stored without what was admissible says nothing."""
        if len(trial.admissible) != len(trial.steps):
            return
        read = _Reading(trial, self._language)
        self._states.extend(read.states)
        self._moves |= read.moves
        for name, spelled in read.spelled.items():
            self._spelled.setdefault(name, spelled)
        for name, gain in read.gains:
            self._gains[name].append(gain)
        for name, done in read.vain:
            self._vain[name].append(done)

    def needs(self, action: str) -> Needs:
        """What the folded ``action`` needs; nothing where it was never admissible."""
        admitted = [state for state in self._states if action in state.admissible]
        if not admitted:
            return Needs()
        others = [state for state in self._states if action not in state.admissible]
        places = tuple(dict.fromkeys(state.place for state in admitted if state.place))
        here = [state.done for state in others if state.place in places or not places]
        enabled = {state.deed for state in admitted if action not in state.before}
        deeds: dict[str, bool] = {}
        for deed, tested in _always([state.done for state in admitted], here, action):
            if self._fetches(deed, action) or (tested and deed in enabled):
                deeds[deed] = tested
        for deed, tested in self._to_gain(action):
            deeds.setdefault(deed, tested)
        ready = (state for state in others if state.place and deeds.keys() <= set(state.done))
        return Needs(deeds, places, any(state.place not in places for state in ready))

    def _to_gain(self, action: str) -> Iterator[tuple[str, bool]]:
        gains = self._gains[action]
        after = frozenset[str]().union(*(gain.after for gain in gains))
        altering = frozenset[str]().union(*(gain.altering for gain in gains))
        waits = self._language.passes_time(action)
        for deed, tested in _always([gain.done for gain in gains], self._vain[action], action):
            if deed in after or (waits and deed in altering) or self._prepares(deed, action):
                yield deed, tested

    def _fetches(self, deed: str, action: str) -> bool:
        """Whether all that ``deed`` is done to is spoken of in ``action``."""
        return bool(thing(deed)) and thing(deed) <= words(action)

    def _prepares(self, deed: str, action: str) -> bool:
        """Whether something was tried on, or brought to, what ``action`` is done to."""
        on = words(self._language.tried_on(deed)) or words(deed.rpartition(" to ")[2])
        return bool(on) and on <= words(action)

    def closing(self, links: Sequence[Link]) -> tuple[Link, ...]:
        """The links that close the chains of ``links``: what the actions need that these speak of,
        what that needs, and so on, without what ``links`` say themselves."""
        said = {(cause, link.claim[1]) for link in links for cause in link.conjuncts}
        asked: set[str] = set()
        found: dict[Link, None] = {}
        for action in _actions(links):
            for link in self._chain(action, asked):
                found |= dict.fromkeys(_unsaid(link, said))
                if len(found) >= MOST:
                    return tuple(found)[:MOST]
        return tuple(found)

    def derives(self, link: Link) -> bool:
        """Whether what was read says the same of each part of the cause, and is at least as
        sure."""
        known = {cause: each for each in self._of(link.claim[1]) for cause in each.conjuncts}
        same = [known.get(cause) for cause in link.conjuncts]
        return all(
            each is not None and (each.hedge is Hedge.SHOULD or link.hedge is Hedge.MAY)
            for each in same
        )

    def leads_there(self, link: Link) -> bool:
        """Whether the cause of ``link`` leads to where its effect was admissible; true where that
        never was."""
        places = self.needs(link.claim[1]).places
        ways = (folded(self._language.way_to(place, self._moves)) for place in places)
        return not places or link.claim[0] in ways

    def _chain(self, action: str, asked: set[str]) -> Iterator[Link]:
        """What ``action`` needs, and after each of its needs what that needs, unless it was
        ``asked`` for already."""
        if action in asked:
            return
        asked.add(action)
        open_needs = [self._of(action)]
        while open_needs:
            link = next(open_needs[-1], None)
            if link is None:
                open_needs.pop()
                continue
            yield link
            for cause in reversed(link.conjuncts):  # what is done first is unfolded first
                if cause not in asked:
                    asked.add(cause)
                    open_needs.append(self._of(cause))

    def _of(self, action: str) -> Iterator[Link]:
        """The needs of ``action`` as links: together the deeds that are sure, and each of the rest
        by itself. Of several places the first found stands for all."""
        needs = self.needs(action)
        sure = [deed for deed, tested in needs.deeds.items() if tested]
        for first in range(0, len(sure), MOST_JOINT):
            few = sure[first : first + MOST_JOINT]
            yield from self._link(few, Hedge.SHOULD, Relation.NECESSARY, action)
        for deed, tested in needs.deeds.items():
            if not tested:
                yield from self._link((deed,), Hedge.MAY, Relation.NECESSARY, action)
        if needs.places and needs.elsewhere and not self._language.is_jump(action):
            way = folded(self._language.way_to(needs.places[0], self._moves))
            relation = Relation.CONTRIBUTE if needs.places[1:] else Relation.NECESSARY
            if way != action:
                yield from self._link((way,), Hedge.SHOULD, relation, action)

    def _link(
        self, causes: Sequence[str], hedge: Hedge, relation: Relation, effect: str
    ) -> Iterator[Link]:
        """The link in the world's spelling; none for an action that is no phrase, and one for each
        cause where they are too long together."""
        cause = joined(self._spelled.get(each, each) for each in causes)
        try:
            yield Link(cause, hedge, relation, self._spelled.get(effect, effect))
        except LinkError:
            for each in causes if causes[1:] else ():
                yield from self._link((each,), hedge, relation, effect)


class _Reading:
    """One trial, read once."""

    def __init__(self, trial: Trial, language: Language) -> None:
        self._trial, self._language = trial, language
        self.states: list[_State] = []
        self.moves: set[str] = set()
        self.spelled: dict[str, str] = {}
        self.gains: list[tuple[str, _Gain]] = []
        self.vain: list[tuple[str, tuple[str, ...]]] = []
        self._place = folded(language.room(trial.opening))
        self._done: dict[str, None] = {}
        self._deed, self._before = "", frozenset[str]()
        self._altering: set[str] = set()
        self._gained: dict[str, str] = {}
        accepted = {act.index: act for act in acts(trial.steps, language) if not act.refused}
        for index, offered in enumerate(trial.admissible):
            if offered is not None:
                self._see(offered)
            self._deed = ""
            if index in accepted:
                self._read(accepted[index])

    def _see(self, offered: frozenset[str]) -> None:
        for action in sorted(offered):
            self.spelled.setdefault(folded(action), action)
        names = frozenset(map(folded, offered))
        state = _State(self._place, tuple(self._done), names, self._deed, self._before)
        self.states.append(state)
        self._before = names

    def _read(self, act: Act) -> None:
        language, name = self._language, folded(act.action)
        step = self._trial.steps[act.index]
        if not language.is_move(act.action):
            self._score(act, name, won=step.score >= 100)
        there = folded(language.arrived_at(act.action, step.observation))
        if there and there != self._place:
            self._place, self._before = there, frozenset()
            self.moves.add(act.action)
        elif self._is_deed(act, step.observation):
            self._deed = name
            self.spelled.setdefault(name, act.action)
            self._done.pop(name, None)  # the latest time counts
            self._done[name] = None
            if language.alters(act.action) and act.gain <= 0:
                self._altering.add(name)

    def _score(self, act: Act, name: str, *, won: bool) -> None:
        if act.gain <= 0:
            self.vain.append((name, tuple(self._done)))
            return
        after = {self._gained.get(verb(name), "")} | ({self._gained.get("", "")} if won else set())
        gain = _Gain(tuple(self._done), frozenset(self._altering), frozenset(after))
        self.gains.append((name, gain))
        self._altering.clear()
        self._gained |= {verb(name): name, "": name}

    def _is_deed(self, act: Act, observation: str) -> bool:
        """Whether it did something that may make another action possible."""
        language = self._language
        idle = (language.is_move, language.is_look, language.passes_time)
        if any(says(act.action) for says in idle) or language.choices_offered(observation):
            return False
        return not language.came_to_nothing(act.action, observation)


def _unsaid(link: Link, said: Collection[tuple[str, str]]) -> Iterator[Link]:
    """``link`` without the parts of its cause that are ``said`` already; none where all are."""
    parts = conjuncts(link.cause)
    left = [each for each in parts if (folded(each), link.claim[1]) not in said]
    if left:
        yield replace(link, cause=joined(left))


def _actions(links: Iterable[Link]) -> Iterator[str]:
    """The actions (folded) that ``links`` say help, and those that they help with."""
    for link in links:
        if link.relation is Relation.NOT_CONTRIBUTE:
            continue
        for phrase in (*link.conjuncts, link.claim[1]):
            if not (is_progress(phrase) or is_complete(phrase) or is_find(phrase)):
                yield from spellings(phrase)


def _always(
    with_it: Sequence[tuple[str, ...]], without: Sequence[tuple[str, ...]], action: str
) -> Iterator[tuple[str, bool]]:
    """What had been done in every case ``with_it``, in order, each with whether it was lacking in a
    case ``without``."""
    if not with_it:
        return
    always = set(with_it[0]).intersection(*with_it[1:]) - {action}
    for deed in with_it[0]:
        if deed in always:
            yield deed, any(deed not in done for done in without)
