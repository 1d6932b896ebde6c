"""``evidence``: the writer proposes links, the record disposes (goes beyond the paper;
:mod:`memory.evidence`).

Every link's relation and hedge follow from a tally over the episode's trials, up as well as down;
nothing leaves because a writer forgot to repeat it. With ``writer="rules"`` the proposals are what
the last trial showed; with ``writer="model"`` the language model proposes in a grammar of the
trial's own actions and events. What the record contradicts is refused with its reason; what it
cannot speak to is kept as a hint, MAY at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memory import grammar
from memory.evidence import conjunctions, proposals
from memory.evidence.ledger import Claim, Ledger, by_claim, claim_of, of_the_task
from memory.evidence.tally import Tally, explained_away, stated
from memory.evidence.transfer import hurt
from memory.evidence.worth import serving
from memory.language import Language
from memory.links import Hedge, Link, Relation, read
from memory.meaning import claim
from memory.rules.naming import warned
from memory.strategies import (
    Episode,
    Prompt,
    Revised,
    Revision,
    RevisionRequest,
    Size,
    Strategy,
    Traits,
    _clin_prompts,
)
from memory.strategies._chains import Chains
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.trials import Memory, Scope, Trial

MOST_LOST, MOST_USEFUL, MOST_IDLE = 5, 7, 4


def open(
    *,
    language: Language,
    writer: str = "model",
    most: int = 12,
    budget: int = 6500,
    max_tokens: int = 1000,
    chains: bool = False,
) -> Evidence:
    """``most`` links are read by a trial, ``budget`` and ``max_tokens`` are those of the ``clin``
    strategy. ``chains``: the memory is read step by step, so a trial has all of it, and the record
    closes its chains."""
    check_writer(writer)
    check_counts("evidence", most=most, budget=budget, max_tokens=max_tokens)
    closing = Chains(language) if chains else None
    return Evidence(language, writer, most, budget, max_tokens, closing)


class Evidence(Strategy):
    """See :class:`memory.strategies.Strategy`. Keeps the ledger of the episode that it last
    revised."""

    traits = Traits(counts=True, has_writer=True, states_request=True, chains=True)

    def __init__(
        self,
        language: Language,
        writer: str,
        most: int,
        budget: int,
        max_tokens: int,
        chains: Chains | None = None,
    ) -> None:
        self._language, self.writer = language, writer
        self.most, self.budget, self.max_tokens = most, budget, max_tokens
        self._chains = chains
        self._ledger, self._last = Ledger(language), (0, "")
        self._deeds: dict[str, str] = {}
        self._carried: dict[Claim, Tally] = {}
        self._dormant: frozenset[Claim] = frozenset()
        self._given: frozenset[Claim] = frozenset()

    def carry(
        self, memory: Memory, tallies: Mapping[Link, Tally], since: Mapping[Link, Tally]
    ) -> None:
        """Begin with what earlier episodes counted, or go on with it after an interruption:
        ``since`` is what this episode has counted on top of that by now. A link of ``memory`` about
        a task as a whole of which neither says anything speaks of another environment: it is kept,
        and not read here."""
        self._carried = by_claim(tallies)
        known = {claim for claim, tally in (self._carried | by_claim(since)).items() if tally.seen}
        self._dormant = of_the_task(map(claim_of, memory.links)) - known

    def take(self, memory: Memory, tallies: Mapping[Link, Tally]) -> None:
        """A link of ``memory`` keeps its certainty until a trial here speaks against it."""
        self._carried = by_claim(tallies)
        self._given = frozenset(map(claim_of, memory.links))

    def recall(self, memory: Memory, goal: str) -> Memory:
        """The first ``most`` links: they stand in the order in which they bind. Of those that MAY
        NOT contribute only a few: what came to nothing is endless, and crowds out what helps."""
        awake = [link for link in memory.links if claim_of(link) not in self._dormant]
        if self._chains:
            return replace(memory, links=tuple(awake))
        idle = [link for link in awake if _came_to_nothing(link)]
        left_out = frozenset(idle[MOST_IDLE:])
        return replace(
            memory, links=tuple([link for link in awake if link not in left_out][: self.most])
        )

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if not trials:
            return Revised(memory)
        ledger = self._read(trials)
        proposed = self._proposed(memory, trials[-1])
        unreadable: tuple[str, ...] = ()
        if self.writer == "model":
            reply = yield self._question(trials[-1], size)
            reading = read(reply)
            proposed, unreadable = (*reading.links, *proposed), reading.unreadable
        held = self._chains.opened(memory.links, trials) if self._chains else memory.links
        links, refused = dispose(ledger, held, proposed, self._given)
        ordered = _ordered(ledger, conjunctions.without_its_parts(links, ledger))
        self._dormant -= {claim_of(link) for link in ordered if ledger.tally(link).seen}
        elsewhere = tuple(
            (link, scope) for link, scope in memory.scopes if not ledger.tally(link).together
        )
        closed = ordered
        if self._chains:  # what came to nothing is read last
            closed = tuple(sorted(self._chains.closed(ordered, trials), key=_came_to_nothing))
        derived = frozenset(closed).difference(ordered)  # of these no trial is counted
        return Revised(
            replace(memory, links=closed, scopes=elsewhere),
            unreadable,
            tuple((link, ledger.tally(link)) for link in ordered),
            refused,
            tuple((link, ledger.tally(link)) for link in memory.links if link not in derived),
        )

    def _proposed(self, memory: Memory, trial: Trial) -> tuple[Link, ...]:
        """What the rules propose, as far as it leads to something."""
        changes = self._ledger.changes
        told = serving(proposals.of(trial, self._language), trial.goal, memory.links, changes)
        joint = conjunctions.proposed(self._ledger, self._deeds)
        return (*told, *proposals.endings(self._ledger.endings.fatal), *joint)

    def _question(self, trial: Trial, size: Size) -> Prompt:
        def within(budget: int) -> str:
            return _clin_prompts.reflection([trial], 0, budget, size, self._language)

        return Prompt(
            within(self.budget),
            grammar.revising(trial, self._language),
            self.max_tokens,
            RevisionRequest(trial, self._language),
            within,
        )

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """Links as far as the record over the environments supports them.

        One that held in a single episode, though others may bear on it, is offered as MAY and says
        in which. One that others contradict says so or leaves. One whose transfer hurt is withheld.
        """
        check_setting(setting)
        episodes = [episode for episode in past if episode.memories]
        ledgers = [Ledger(self._language, episode.trials) for episode in episodes]
        # Of a claim that several memories hold, the last wording.
        held = {claim_of(link): link for each in episodes for link in self._written(each)}
        lessons: list[_Lesson] = []
        withheld: list[tuple[str, str]] = []
        for about, wording in held.items():
            tallies = [ledger.tally(wording) for ledger in ledgers]
            over_all = sum(tallies, Tally())
            link = stated(wording, over_all)
            if link is None or says_nothing(link) or explained_away(over_all, about[1]):
                continue
            if reason := hurt(about, [episode.trials for episode in episodes]):
                withheld.append((str(link), reason))
                continue
            lesson = _lesson(link, episodes, tallies)
            if lesson.confirmed > 1 or _helps(link):
                lessons.append(lesson)
        lessons.sort(key=lambda lesson: (-lesson.confirmed, lesson.link.hedge is Hedge.MAY))
        links = tuple(dict.fromkeys(lesson.link for lesson in lessons))
        scopes = tuple(
            (lesson.link, _scope(lesson.only, len(episodes))) for lesson in lessons if lesson.only
        )
        if self._chains:
            links = self._chains.over(links, episodes)
        return Revised(Memory(links, scopes=scopes), refused=tuple(withheld))
        yield  # a generator that asks nothing

    def _written(self, episode: Episode) -> tuple[Link, ...]:
        """The links of its last memory. What closed their chains there is not carried over, since
        things lie elsewhere in the next place."""
        links = episode.memories[-1].links
        return self._chains.bare(links, episode.trials) if self._chains else links

    def _read(self, trials: Sequence[Trial]) -> Ledger:
        """The episode's ledger, with its newest trial read; all of them where this is another
        episode than before."""
        read = len(self._ledger.records)
        if not 0 < read == len(trials) - 1 or self._last != _mark(trials[-2]):
            self._ledger, self._deeds = Ledger(self._language, carried=self._carried), {}
            for number in range(len(trials) - 1):
                self._learn(trials[number])
        self._learn(trials[-1])
        self._last = _mark(trials[-1])
        return self._ledger

    def _learn(self, trial: Trial) -> None:
        self._ledger.add(trial)
        self._deeds |= conjunctions.deeds(trial, self._language)


@dataclass(frozen=True)
class _Lesson:
    """A link that earlier episodes teach: in how many of them something bears on it, and the only
    one in which it held, where that is so."""

    link: Link
    confirmed: int
    only: Episode | None


def _lesson(link: Link, episodes: Sequence[Episode], tallies: Sequence[Tally]) -> _Lesson:
    """What held in a single episode is uncertain elsewhere."""
    confirmed = sum(tally.seen > 0 for tally in tallies)
    paired = zip(episodes, tallies, strict=True)
    held = [episode for episode, tally in paired if tally.together] if _helps(link) else []
    if len(held) != 1:
        return _Lesson(link, confirmed, None)
    return _Lesson(replace(link, hedge=Hedge.MAY), confirmed, held[0])


def dispose(
    ledger: Ledger, held: Sequence[Link], proposed: Iterable[Link], given: Collection[Claim] = ()
) -> tuple[list[Link], tuple[tuple[str, str], ...]]:
    """``held`` and ``proposed`` as the record has them, a link per claim in whatever wording, and
    (proposal, reason) for what it refuses. ``given`` are the claims of links that the run was
    started from."""
    found: dict[Claim, Link] = {}
    refused: list[tuple[str, str]] = []
    for link in held:
        counted = _as_given(ledger, link) if claim_of(link) in given else _as_counted(ledger, link)
        found.setdefault(claim(link, ledger.language), counted)
    last = ledger.records[-1]
    for link in proposed:
        if _helps(link) and last.returns(*link.claim):
            refused.append((str(link), "the trial began there, with all that this takes at hand"))
            continue
        truth = ledger.stated(link)
        if truth is not None and _helps(truth) is not _helps(link):
            refused.append((str(link), f"the record says: {truth} ({ledger.tally(link)})"))
        found.setdefault(claim(link, ledger.language), truth or replace(link, hedge=Hedge.MAY))
    chance = {
        about: link for about, link in found.items() if explained_away(ledger.tally(link), about[1])
    }
    refused += [
        (str(link), f"it comes about without that as often ({ledger.tally(link)})")
        for link in held
        if claim(link, ledger.language) in chance
    ]
    found = {about: link for about, link in found.items() if about not in chance}
    vain = {link.claim[0] for link in found.values() if not _helps(link) and ledger.harms(link)}
    kept = [
        link
        for link in found.values()
        if not ((_helps(link) and link.claim[1] in vain) or says_nothing(link))
        and not ledger.endings.ends_in_one(link)
        and not (_came_to_nothing(link) and link.claim[0] in ledger.endings.blameless)
    ]
    return list(dict.fromkeys(kept)), tuple(refused)


def _as_counted(ledger: Ledger, link: Link) -> Link:
    """``link`` as the record has it: a hint, where that says nothing."""
    return ledger.stated(link) or replace(link, hedge=Hedge.MAY)


def _as_given(ledger: Ledger, link: Link) -> Link:
    """As :func:`_as_counted`; but it is at least as sure as it was, while no trial of this episode
    speaks against it. What it rests on need not have been counted."""
    own, counted = ledger.own(link), _as_counted(ledger, link)
    denied = own.alone or own.lost or own.without if _helps(link) else own.together
    if denied or _helps(counted) is not _helps(link):
        return counted
    return max(link, counted, key=_sureness)


def _sureness(link: Link) -> tuple[bool, bool]:
    return link.hedge is Hedge.SHOULD, link.relation is Relation.NECESSARY


def _ordered(ledger: Ledger, links: Sequence[Link]) -> tuple[Link, ...]:
    """The most binding first: what lost points or ended a trial (the latest few), what helped in
    the best trial in its order, the rest by how sure it is; hints last."""
    order = ledger.best.first if ledger.best else {}
    lost = [link for link in links if not _helps(link) and ledger.harms(link)]
    lost = sorted(lost, key=ledger.last_lost)[-MOST_LOST:]
    useful = [
        link
        for link in links
        if _helps(link)
        and order.keys() >= set(link.conjuncts)
        and ledger.tally(link).seen
        and link.claim[1] not in ledger.changes
    ]
    useful.sort(key=lambda link: max(order[part] for part in link.conjuncts))
    useful = useful[:MOST_USEFUL]
    first = dict.fromkeys([*lost, *useful])
    rest = sorted(
        (link for link in links if link not in first),
        key=lambda link: (not ledger.tally(link).seen, link.hedge is Hedge.MAY),
    )
    return (*first, *rest)


def says_nothing(link: Link) -> bool:
    """Whether ``link`` says that something which the goal does not name helped: that is no hint of
    what."""
    return _helps(link) and warned(link.cause) is not None


def _helps(link: Link) -> bool:
    return link.relation is not Relation.NOT_CONTRIBUTE


def _came_to_nothing(link: Link) -> bool:
    return not _helps(link) and link.hedge is Hedge.MAY


def _scope(episode: Episode, places: int) -> Scope:
    return Scope(episode.world, episode.task, episode.variation, places)


def _mark(trial: Trial) -> tuple[int, str]:
    return len(trial.steps), f"{trial.number} {trial.goal} {trial.steps[-1:]}"
