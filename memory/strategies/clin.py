"""``clin``: after each trial one reflection turns its trace into causal links (the paper, section
3).

``writer="model"`` is the paper's: the language model reads the trace, the final score in words and
the last k memories, and its answer replaces the memory. ``writer="rules"`` is deterministic
(:mod:`memory.rules`) and accumulates over the episode's trials; it is for models that can act but
not write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memory import grammar, rules
from memory.evidence.worth import serving
from memory.language import Language
from memory.links import Hedge, Link, Relation, folded, read
from memory.strategies import (
    Episode,
    GeneralisationRequest,
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
from memory.trials import Memory, Trial

MOST_EPISODES = 10
"""Earlier episodes that a meta-memory is made from (paper, section 3.3)."""


def open(
    *,
    language: Language,
    writer: str = "model",
    k: int = 3,
    budget: int = 6500,
    max_tokens: int = 1000,
    chains: bool = False,
) -> Clin:
    """``k`` earlier memories and ``budget`` tokens of prompt are the paper's figures, as is
    ``max_tokens``. ``chains``: the memory is read step by step, so the rules keep all that helped
    in the best trial, and the record closes its chains."""
    check_writer(writer)
    check_counts("clin", least=0, k=k)
    check_counts("clin", budget=budget, max_tokens=max_tokens)
    return Clin(language, writer, k, budget, max_tokens, Chains(language) if chains else None)


class Clin(Strategy):
    """See :class:`memory.strategies.Strategy`."""

    traits = Traits(has_writer=True, states_request=True, chains=True)

    def __init__(
        self,
        language: Language,
        writer: str,
        k: int,
        budget: int,
        max_tokens: int,
        chains: Chains | None = None,
    ) -> None:
        self._language, self.writer = language, writer
        self.k, self.budget, self.max_tokens = k, budget, max_tokens
        self._chains = chains

    def recall(self, memory: Memory, goal: str) -> Memory:
        """All of it: the paper's memories are a dozen or two links."""
        return memory

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        revised = yield from self._revised(memory, trials, size)
        if self._chains is None or not trials:
            return revised
        links = self._chains.closed(revised.memory.links, trials)
        return replace(revised, memory=replace(revised.memory, links=links))

    def _revised(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if self.writer == "rules":
            earlier = trials[0].recalled.links if trials else ()
            return Revised(Memory(_with_earlier(self._learned(trials), earlier)))
        language = self._language

        def within(budget: int) -> str:
            return _clin_prompts.reflection(trials, self.k, budget, size, language)

        prompt = Prompt(
            within(self.budget),
            grammar.revising(trials[-1], language),
            self.max_tokens,
            RevisionRequest(trials[-1], language),
            within,
        )
        return (yield from _asked(prompt, memory))

    def _learned(self, trials: Sequence[Trial]) -> tuple[Link, ...]:
        """What the rules write, as far as it leads to something."""
        if not trials:
            return ()
        learned = rules.links(trials, self._language, whole=self._chains is not None)
        changes = {folded(link.effect) for link in learned} & self._changes(trials)
        return serving(learned, trials[-1].goal, changes=changes)

    def _changes(self, trials: Sequence[Trial]) -> set[str]:
        """What the world told that came about, folded."""
        told = (
            self._language.changes(step.action, step.observation)
            for trial in trials
            for step in trial.steps
        )
        return {folded(change) for each in told for change in each}

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """A meta-memory from each earlier episode's best trial; by rules, the links that several
        episodes share."""
        check_setting(setting)
        best = [_best(episode) for episode in past[:MOST_EPISODES] if episode.memories]
        if self.writer == "rules":
            return Revised(Memory(self._shared(past)))
        memories = tuple(memory for _, memory in best)

        def within(budget: int) -> str:
            return _clin_prompts.generalisation(best, goal, setting, budget, size)

        prompt = Prompt(
            within(self.budget),
            grammar.generalising(memories),
            self.max_tokens,
            GeneralisationRequest(goal, memories),
            within,
        )
        return (yield from _asked(prompt, Memory()))

    def _shared(self, past: Sequence[Episode]) -> tuple[Link, ...]:
        """What the best memories of ``past`` agree on. Where memory is read at each step, all of
        it, with what closes its chains in every one of these places: what closed them in one place
        is not carried over, since things lie elsewhere in the next."""
        told = [episode for episode in past[:MOST_EPISODES] if episode.memories]
        memories = [_best(episode)[1] for episode in told]
        if self._chains is None:
            return _shared(memories)[: rules.MOST]
        bare = [
            replace(memory, links=self._chains.bare(memory.links, episode.trials))
            for memory, episode in zip(memories, told, strict=True)
        ]
        return self._chains.over(_shared(bare), past)


def _asked(prompt: Prompt, fallback: Memory) -> Revision:
    """A reply without a single readable link changes nothing: small models return empty
    extractions."""
    reading = read((yield prompt))
    return Revised(Memory(reading.links) if reading.links else fallback, reading.unreadable)


def _with_earlier(learned: tuple[Link, ...], earlier: Sequence[Link]) -> tuple[Link, ...]:
    """What the episode's trials taught, then what its first trial had read from elsewhere (a
    meta-memory, a person's), as far as the trials neither say it themselves nor found its cause
    useless; 12 links together."""
    said = {link.claim for link in learned}
    useless = {link.claim[0] for link in learned if link.relation is Relation.NOT_CONTRIBUTE}
    kept = [
        link
        for link in earlier
        if link.claim not in said
        and (link.relation is Relation.NOT_CONTRIBUTE or link.claim[0] not in useless)
    ]
    return tuple(dict.fromkeys((*learned, *kept)))[: max(rules.MOST, len(learned))]


def _best(episode: Episode) -> tuple[Trial, Memory]:
    # An episode that was cut off between a trial and its revision has one memory less than trials.
    told = range(min(len(episode.trials), len(episode.memories)))
    number = max(told, key=lambda n: (episode.trials[n].score, n))
    return episode.trials[number], episode.memories[number]


def _shared(memories: Sequence[Memory]) -> tuple[Link, ...]:
    """What the episodes agree on, most common first: as sure as the least sure of them; MAY where
    only one says it. Where one says that a cause helps and another that it does not, neither is
    kept."""
    holders: dict[tuple[str, str], list[Link]] = {}
    for memory in memories:
        for claim, link in {link.claim: link for link in memory.links}.items():
            holders.setdefault(claim, []).append(link)
    agreed = [
        held
        for held in holders.values()
        if len({link.relation is Relation.NOT_CONTRIBUTE for link in held}) == 1
    ]
    return tuple(_least_sure(held) for held in sorted(agreed, key=len, reverse=True))


def _least_sure(held: Sequence[Link]) -> Link:
    sure = len(held) > 1 and all(link.hedge is Hedge.SHOULD for link in held)
    return replace(held[0], hedge=Hedge.SHOULD if sure else Hedge.MAY)
