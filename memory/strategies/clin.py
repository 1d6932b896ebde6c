"""``clin``: after each trial one reflection turns its trace into causal links (the paper, section 3).

``writer="model"`` is the paper's: the language model reads the trace, the final score in words and the last k memories,
and its answer replaces the memory. ``writer="rules"`` is deterministic (:mod:`memory.rules`) and accumulates over the
episode's trials; it is for models that can act but not write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memory import rules
from memory.links import Hedge, Link, read
from memory.strategies import Episode, Prompt, Revised, Revision, Size, StrategyError, _clin_prompts
from memory.trials import Memory, Trial

WRITERS = ("model", "rules")
MOST_EPISODES = 10
"""Earlier episodes that a meta-memory is made from (paper, section 3.3)."""


def open(*, writer: str = "model", k: int = 3, budget: int = 6500, max_tokens: int = 1000) -> Clin:
    """``k`` earlier memories and ``budget`` tokens of prompt are the paper's figures, as is ``max_tokens``."""
    if writer not in WRITERS:
        raise StrategyError(f"no writer '{writer}' (writers: {', '.join(WRITERS)})")
    return Clin(writer, k, budget, max_tokens)


class Clin:
    """See :class:`memory.strategies.Strategy`."""

    def __init__(self, writer: str, k: int, budget: int, max_tokens: int) -> None:
        self.writer, self.k, self.budget, self.max_tokens = writer, k, budget, max_tokens

    def recall(self, memory: Memory, goal: str) -> Memory:
        """All of it: the paper's memories are a dozen or two links."""
        return memory

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if self.writer == "rules":
            return Revised(Memory(rules.links(trials)))
        return (yield from self._ask(_clin_prompts.reflection(trials, self.k, self.budget, size), memory))

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """A meta-memory from each earlier episode's best trial; by rules, the links that several episodes share."""
        best = [_best(episode) for episode in past[:MOST_EPISODES] if episode.trials]
        if self.writer == "rules":
            return Revised(Memory(_shared([memory for _, memory in best])))
        prompt = _clin_prompts.generalisation(best, goal, setting, self.budget, size)
        return (yield from self._ask(prompt, Memory()))

    def _ask(self, text: str, fallback: Memory) -> Revision:
        """A reply without a single readable link changes nothing: small models return empty extractions."""
        reply = yield Prompt(text, grammar=_clin_prompts.GRAMMAR, max_tokens=self.max_tokens)
        reading = read(reply)
        return Revised(Memory(reading.links) if reading.links else fallback, reading.unreadable)


def _best(episode: Episode) -> tuple[Trial, Memory]:
    number = max(range(len(episode.trials)), key=lambda n: (episode.trials[n].score, n))
    return episode.trials[number], episode.memories[number]


def _shared(memories: Sequence[Memory]) -> tuple[Link, ...]:
    """Links that at least two episodes hold, as SHOULD where all of those are sure; the rest as MAY, most common first."""
    holders = Counter(link.claim for memory in memories for link in {each.claim: each for each in memory.links}.values())
    first: dict[tuple[str, str], Link] = {}
    for memory in memories:
        for link in memory.links:
            kept = first.setdefault(link.claim, link)
            if kept.hedge is Hedge.SHOULD and link.hedge is Hedge.MAY:
                first[link.claim] = Link(kept.cause, Hedge.MAY, kept.relation, kept.effect)
    ranked = sorted(first, key=lambda claim: -holders[claim])
    links = [first[claim] for claim in ranked[: rules.MOST]]
    return tuple(
        link if holders[link.claim] > 1 else Link(link.cause, Hedge.MAY, link.relation, link.effect) for link in links
    )
