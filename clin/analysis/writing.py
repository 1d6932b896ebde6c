"""What a model wrote as memories, judged line by line against the trial that it read, by a stated
rule.

A line is *readable* when it is a link. It is *grounded* when its cause is an action of the trial,
or every telling word of the cause was in the trial: in its actions, what was observed or the goal.
It *says something* when it is not the first line again, its cause is not its effect, and

- of what helps: the cause does more than look or wait, or the effect did come about in the trial;
- of what does not help: the cause was done in the trial and gained nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clin.language import language_of
from memory.evidence.events import Record, is_complete, is_progress, record, spellings
from memory.language import Language
from memory.links import Link, Relation, folded, read_lines
from memory.rules.naming import words
from memory.store import Store
from memory.strategies import traits_of
from memory.trials import Trial

ROLES = ("revise", "generalise")


@dataclass(frozen=True)
class Line:
    """A written link, or a line that is none, with the verdict on it."""

    text: str
    readable: bool = False
    grounded: bool = False
    says_something: bool = False

    @property
    def good(self) -> bool:
        """Whether it is all three."""
        return self.readable and self.grounded and self.says_something


def judge(reply: str, trial: Trial, language: Language) -> list[Line]:
    """The lines of a writer's ``reply`` about ``trial``; a line with several links counts as
    several."""
    judging, judged = _Judging(trial, language), []
    for text, links in read_lines(reply):
        judged += [judging.line(link) for link in links] or [Line(text)]
    return judged


def written(store: Store, run: str) -> Iterator[list[Line]]:
    """Each reply that wrote a memory of links in ``run``, judged as it was stored, a last line that
    was cut off included."""
    config = store.run(run).config
    if not traits_of(config["strategy"]).states_request:
        return
    language = language_of(config["world"])
    for row in store.trials(run):
        replies = [call.reply for call in store.writer_calls(row.id) if call.role in ROLES]
        for reply in replies:
            yield judge(reply, store.trial(row.id), language)


VERDICTS: dict[str, Callable[[Line], bool]] = {
    "readable": lambda line: line.readable,
    "grounded": lambda line: line.grounded,
    "say something": lambda line: line.says_something,
    "all three": lambda line: line.good,
}


def shares(lines: Sequence[Line]) -> dict[str, float]:
    """The share of ``lines`` of which each verdict holds; 0 of none."""
    count = max(1, len(lines))
    return {name: sum(map(holds, lines)) / count for name, holds in VERDICTS.items()}


class _Judging:
    """One reply being judged line by line."""

    def __init__(self, trial: Trial, language: Language) -> None:
        self._record: Record = record(trial, language)
        self._language = language
        shown = (f"{step.action} {step.observation}" for step in trial.steps)
        self._words = words(" ".join([trial.goal, trial.opening, *shown]))
        self._said: set[object] = set()

    def line(self, link: Link) -> Line:
        _, effect = link.claim
        new = link.sense not in self._said
        self._said.add(link.sense)
        parts = link.conjuncts
        apart = not {name for part in parts for name in spellings(part)} & set(spellings(effect))
        if link.relation is Relation.NOT_CONTRIBUTE:
            says = all(map(self._done, parts)) and not any(map(self._gained, parts))
        else:
            says = not all(map(self._idle, parts)) or self._came_about(effect)
        return Line(str(link), True, all(map(self._grounded, parts)), new and apart and says)

    def _done(self, cause: str) -> bool:
        done = self._record.first.keys() | self._record.refused
        return any(name in done for name in spellings(cause))

    def _gained(self, cause: str) -> bool:
        return any(name in self._record.gained for name in spellings(cause))

    def _grounded(self, cause: str) -> bool:
        said = words(cause)
        known = [any(each in self._words for each in spellings(word)) for word in said]
        return self._done(cause) or (bool(said) and all(known))

    def _idle(self, cause: str) -> bool:
        says = self._language
        return any(says.is_look(name) or says.passes_time(name) for name in spellings(cause))

    def _came_about(self, effect: str) -> bool:
        if is_progress(effect):
            return bool(self._record.gained)
        if is_complete(effect):
            return self._record.won_at is not None
        return self._record.effect_at(folded(effect)) is not None
