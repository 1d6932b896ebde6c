"""Why a link reads as it does: its tally, the trials and steps that count for and against it, its
hedge and why, its versions, and what people corrected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from memory.changes import history
from memory.evidence.events import Record, record, spellings
from memory.evidence.ledger import claim_of
from memory.evidence.preconditions import Preconditions
from memory.evidence.reasons import reason
from memory.evidence.tally import Tally, count, stated
from memory.language import Language
from memory.links import Link, LinkError, Relation, conjuncts, folded, parse
from memory.meaning import claim
from memory.rules.endings import Endings, finish
from memory.spelling import did_you_mean
from memory.store import Store, StoreError
from memory.trials import Trial

MOST_STEPS = 20
"""Steps that are quoted at most, the latest ones."""
LONGEST = 200
"""Characters of an observation that are quoted at most."""


@dataclass(frozen=True)
class Explanation:
    """What there is to say of ``link`` in a run; texts and dictionaries are as JSON has them.

    ``held`` is its form in the memory now, ``tally`` that of the run's ended trials, and
    ``carried`` what earlier runs had counted. ``says`` is the link that follows from both together,
    and ``why`` the reason for what the memory holds. ``stored`` is the tally of the last version.
    Each of the ``trials`` has what it ``counts_as``. Each of the ``steps``, the latest ones, did
    the cause or brought the effect.
    """

    link: Link
    held: Link | None
    tally: Tally
    carried: Tally | None
    says: Link | None
    why: str
    stored: Tally | None
    trials: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    corrections: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """As one object: what is not there is empty or null."""
        return {
            "link": str(self.link),
            "held": str(self.held) if self.held else "",
            "why": self.why,
            "tally": asdict(self.tally),
            "told": str(self.tally),
            "says": str(self.says) if self.says else "",
            "carried": asdict(self.carried) if self.carried else None,
            "stored_tally": asdict(self.stored) if self.stored else None,
            "trials": self.trials,
            "steps": self.steps,
            "versions": self.versions,
            "corrections": self.corrections,
        }


def explained(store: Store, run: str, asked: Link, language: Language) -> Explanation:
    """Explain the link ``asked``, or the one of the same meaning that ``run`` had. StoreError with
    the nearest match where it had none."""
    link = _known(store, run, asked, language)
    trials = [store.trial(row.id) for row in store.trials(run) if row.ending is not None]
    total = Tally()
    counted: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    for trial in trials:
        events = record(trial, language)
        one = count(*claim_of(link), events)
        total += one
        counted.append({"trial": trial.number, "counts_as": _word(one), "score": trial.score})
        steps += _steps(trial, events, claim_of(link))
    carried = store.tallies(run, -1).get(link)
    over_all = total + (carried or Tally())
    held = next(
        (each for each in store.current_memory(run).links if each.claim == link.claim), None
    )
    says, corrections = stated(link, over_all), _corrections(store, run, link, language)
    why = (
        _outside(store, run, link, held, corrections)
        or _derived(held, says, trials, language)
        or _ended(held, trials, language)
        or _counted(store, run, link, held, says, reason(over_all, claim_of(link)[1]))
    )
    stored = store.tallies(run, trials[-1].number).get(held or link) if trials else None
    return Explanation(
        link,
        held,
        total,
        carried,
        says,
        why,
        stored,
        counted,
        steps[-MOST_STEPS:],
        _stages(store, run, link),
        corrections,
    )


# --- which link


def _known(store: Store, run: str, asked: Link, language: Language) -> Link:
    """The link that ``run`` had and that is ``asked`` for: word for word, then by its claim, then
    by what that means; the latest wording first."""
    had = dict.fromkeys(_all(store, run))
    for same in (
        lambda link: link == asked,
        lambda link: link.claim == asked.claim,
        lambda link: claim(link, language) == claim(asked, language),
    ):
        if found := next(filter(same, had), None):
            return found
    raise StoreError(
        f"{run} never had this link{did_you_mean(asked, had)} (`clin memory show {run}` lists what "
        "it has)"
    )


def _all(store: Store, run: str) -> Iterator[Link]:
    """The links of all versions of the memory, the latest first; then those that were corrected,
    and those that were refused."""
    for version in reversed(store.versions(run)):
        yield from version.memory.links
    texts = [each.link for each in store.corrections(run) if each.link]
    for row in store.trials(run):
        texts += [proposal for proposal, _ in store.refusals(run, row.number)]
    for text in texts:
        try:
            yield parse(text)
        except LinkError:  # a proposal that was refused since it is no link
            continue


# --- trials and steps


def _word(tally: Tally) -> str:
    """What a trial counts as."""
    return next(name for name, times in asdict(tally).items() if times)


def _steps(trial: Trial, events: Record, about: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """The steps of ``trial`` that did the cause, with the points that each gained, and the one at
    which the effect came."""
    cause, effect = about
    names = {name for part in conjuncts(cause) for name in spellings(part)}
    came = events.effect_at(effect)
    before = 0.0
    for position, step in enumerate(trial.steps):
        gain, before = step.score - before, step.score
        did = folded(step.action) in names
        if did or position == came:
            yield {
                "trial": trial.number,
                "step": position,
                "what": "cause" if did else "effect",
                "action": step.action,
                "observation": step.observation[:LONGEST],
                "gain": gain,
            }


# --- why


def _outside(
    store: Store,
    run: str,
    link: Link,
    held: Link | None,
    corrections: Sequence[dict[str, Any]],
) -> str:
    """Why, where people ruled, or the memory does not hold it; empty else."""
    last = corrections[-1] if corrections else None
    if held and last and last["kind"] in ("pin", "add", "edit"):
        return f"A person ({last['who']}) wants it so: {last['kind']}."
    if held:
        return ""
    if last and last["kind"] in ("ban", "drop"):
        return f"The memory does not hold it: a person ({last['who']}) took it out, {last['kind']}."
    for row in reversed(store.trials(run)):
        for proposal, why in store.refusals(run, row.number):
            if folded(proposal) == folded(str(link)):
                return (
                    f"The memory does not hold it: it was refused after trial {row.number}; {why}."
                )
    return ""


def _derived(
    held: Link | None, says: Link | None, trials: Sequence[Trial], language: Language
) -> str:
    """Why, where it closes a chain; empty else."""
    if held is None or held == says or not Preconditions(language, trials).derives(held):
        return ""
    seen = "a state without it was seen too" if held.hedge == "SHOULD" else "no other was seen"
    return f"What was admissible when says so: in every state that admitted it; {seen}."


def _ended(held: Link | None, trials: Sequence[Trial], language: Language) -> str:
    """Why, where the world ended a trial at the cause though no points moved; empty else."""
    if held is None or held.relation is not Relation.NOT_CONTRIBUTE:
        return ""
    finishes = [finish(trial, language) for trial in trials]
    sure = {folded(deed): sure for deed, sure in Endings(finishes).fatal.items()}
    cause = held.claim[0]
    if cause not in sure:
        return ""
    pairs = zip(trials, finishes, strict=True)
    told = ", ".join(str(trial.number) for trial, end in pairs if folded(end.at) == cause)
    longer = "another trial went on for longer" if sure[cause] else "no trial was longer"
    doubt = "" if sure[cause] else ", so its time may have been over"
    return f"The world ended trial {told} as lost when this was done; {longer}{doubt}."


def _counted(
    store: Store, run: str, link: Link, held: Link | None, says: Link | None, counts: str
) -> str:
    """Why, by the tally; and what else, where the memory says something different."""
    if held is None:
        return f"The memory does not hold it any more. {counts}"
    if held == says or says is None:
        return counts
    first = store.latest_version(run, -1)
    if first and any(each.claim == link.claim for each in first.memory.links):
        kept = "It was taken over, and stays as sure as it was until a trial speaks against it."
        return f"{kept} {counts}"
    writer = store.run(run).config.get("strategy", "")
    return f"The memory holds what its writer said ({writer}); a count would say: {says}. {counts}"


# --- its life


def _stages(store: Store, run: str, link: Link) -> list[dict[str, Any]]:
    """The versions in which the link came, changed or went."""
    found: list[dict[str, Any]] = []
    before = ""
    for stage in history(store, run, link):
        form = str(stage.form) if stage.form else ""
        if form != before or not found:
            found.append(
                {
                    "version": stage.version,
                    "trial": stage.trial,
                    "writer": stage.writer,
                    "form": form,
                }
            )
        before = form
    return found


def _corrections(store: Store, run: str, link: Link, language: Language) -> list[dict[str, Any]]:
    """What people corrected about what the link means, oldest first."""
    about = claim(link, language)
    return [
        asdict(each)
        for each in store.corrections(run)
        if each.link and claim(parse(each.link), language) == about
    ]
