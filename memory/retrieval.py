"""What a trial reads of a memory: everything while it fits, the most promising links when it does
not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from memory.links import Hedge, Link
from memory.store import Ranked, Store
from memory.trials import Memory


@dataclass(frozen=True)
class Use:
    """How a link fared before: ``cited`` how often, ``mean`` the mean score of the trials that
    cited it."""

    cited: int
    mean: float


def select(
    memory: Memory,
    room: int,
    size: Callable[[str], int],
    goal: str,
    used: Callable[[], Mapping[Link, Use]] = dict,
    told: Callable[[Link], str] = str,
) -> tuple[Memory, tuple[Ranked, ...]]:
    """The part of ``memory`` that fits ``room`` tokens, in the memory's own order, and the ranking
    (empty if all fits). ``told`` is how the trial reads a link.

    A link scores up to 10 for the share of its words that the goal holds (match), 3 if it is sure
    (certainty), up to 2 for its place (recency: writers put new links last), and up to 3 for how
    often it was cited and how those trials went. Equal scores keep the memory's order. Notes give
    way first, the oldest before the newest.
    """
    notes = list(memory.notes)
    tokens = {link: size(f"- {told(link)}\n") for link in memory.links}
    while notes and sum(tokens.values()) + sum(map(size, notes)) > room:
        notes.pop(0)
    if sum(tokens.values()) <= room:
        return replace(memory, notes=tuple(notes)), ()
    ranked = _ranked(memory, goal, used())
    fitting: set[Link] = set()
    left = room
    for link, _, _ in ranked:
        if tokens[link] <= left:
            fitting.add(link)
            left -= tokens[link]
    kept = tuple(link for link in memory.links if link in fitting)
    ranking = tuple(Ranked(link, score, why, link in fitting) for link, score, why in ranked)
    return replace(memory, links=kept, notes=()), ranking


def _ranked(
    memory: Memory, goal: str, known: Mapping[Link, Use]
) -> list[tuple[Link, float, tuple[str, ...]]]:
    """The links of ``memory`` with what speaks for each, best first; ties in its own order."""
    scored = [
        (link, *_score(link, place / len(memory.links), goal, known.get(link)))
        for place, link in enumerate(memory.links)
    ]
    return sorted(scored, key=lambda each: -each[1])


def _score(link: Link, place: float, goal: str, use: Use | None) -> tuple[float, tuple[str, ...]]:
    words = set(f"{link.cause} {link.effect}".lower().split())
    shared = len(words & set(goal.lower().replace(".", " ").replace(",", " ").split())) / len(words)
    parts = {
        "match": 10 * shared,
        "certainty": 3.0 if link.hedge is Hedge.SHOULD else 0.0,
        "recency": 2 * place,
    }
    if use is not None:
        parts["cited"] = min(use.cited, 5) / 5 * 3 * max(0.0, use.mean) / 100
    score = round(sum(parts.values()), 6)
    return score, tuple(f"{name} {value:.2f}" for name, value in parts.items() if value)


def usage(store: Store, run: str) -> dict[Link, Use]:
    """How the learnings that the acting model cited in ``run`` fared so far."""
    scores: dict[Link, list[float]] = {}
    for row in store.trials(run):
        links = store.recalled(row.id).links
        steps = store.steps(row.id)
        cited = [number for step in steps for number in step.cited if number <= len(links)]
        for number in cited:
            scores.setdefault(links[number - 1], []).append(row.score)
    return {link: Use(len(each), sum(each) / len(each)) for link, each in scores.items()}
