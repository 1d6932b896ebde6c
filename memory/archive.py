"""The archive of an episode: its best state and the trajectory to it, the actions that changed the
score, and those that came to nothing. All of it is read from the stored steps.

What Go-Explore (Ecoffet et al., Nature 590, 2021) keeps as cells is here one state: the one with
most points.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memory.language import Language
from memory.rules.naming import verb
from memory.rules.reading import acts
from memory.store import Store, StoredRoute
from memory.trials import Ending, Step


@dataclass(frozen=True)
class Route:
    """The trajectory to a state: the ``steps`` by which an earlier ``trial`` (its number in the
    episode) came to ``points``, which took it ``length`` steps. Where ``short``, those are left out
    that changed nothing."""

    trial: int
    steps: tuple[Step, ...]
    points: float
    length: int
    short: bool = False

    def as_json(self) -> dict[str, object]:
        """As ``--json`` has it."""
        return {
            "trial": self.trial,
            "steps": len(self.steps),
            "points": self.points,
            "short": self.short,
        }

    def stored(self) -> StoredRoute:
        """As a trial that takes it stores it; :func:`route_of` reads it back."""
        return StoredRoute(self.trial, self.length, self.points, self.short)

    def __str__(self) -> str:
        how = ", leaving out what changed nothing" if self.short else ""
        return (
            f"goes back to where trial {self.trial} had {self.points:g} points, in "
            f"{len(self.steps)} steps{how}"
        )


@dataclass(frozen=True)
class ScoreChange:
    """An action that changed the score, from ``before`` to ``after`` points. ``meant`` is the
    action in the world's own words where it confirms them."""

    action: str
    before: float
    after: float
    meant: str


@dataclass(frozen=True)
class _Best:
    """The most points of an episode: the ``steps`` by which ``trial`` first had them."""

    trial: int
    steps: tuple[Step, ...]
    points: float

    @property
    def rank(self) -> tuple[float, int]:
        """More points first, then fewer steps."""
        return self.points, -len(self.steps)


class Archive:
    """What the ended trials of an episode, in a world with this ``language``, say of its points, in
    the order of their numbers. Each is read once, so that the next trial costs the same however
    many there were.

    - ``done``: every action that was done.
    - ``trials``: how many there were; ``trials_with``: in how many of them a kind of action was
      done.
    - ``score_changes``: the actions that changed the score.
    - ``costly``: actions that cost points, or at which a trial was lost, with the most points that
      were held when they did.
    - ``fruitless``: what came to nothing, by points: what trials did when they had as many as they
      were ever to have. Of a trial that the world ended it is the last action alone: what led to a
      mistake is none.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self.done: set[str] = set()
        self.trials = 0
        self.trials_with: Counter[str] = Counter()
        self.score_changes: list[ScoreChange] = []
        self.costly: dict[str, float] = {}
        self.fruitless: dict[float, set[str]] = {}
        self._read = 0
        self._best: _Best | None = None
        self._tried_short: set[int] = set()

    def read(self, store: Store, run: str, before: int) -> Archive:
        """Go on to the trials of ``run`` with a number below ``before``; this, for convenience."""
        for row in store.trials(run)[self._read : before]:
            if row.ending is not None:
                route = route_of(store, row.id, self._language)
                self.add(row.number, store.steps(row.id), row.ending, route)
            self._read += 1
        return self

    def add(
        self, number: int, steps: Sequence[Step], ending: Ending, route: Route | None = None
    ) -> None:
        """One more trial, which took ``route`` first."""
        self.done.update(step.action for step in steps)
        self.trials += 1
        self.trials_with.update({verb(step.action) for step in steps})
        self._add_changes(steps)
        if route and route.short:
            self._tried_short.add(route.trial)
        scores = [0.0, *(step.score for step in steps)]
        if steps and ending is Ending.LOST and scores[-1] == scores[-2]:
            self._cost(steps[-1].action, held=scores[-1])
        most = max(scores)
        top = scores.index(most)
        best = _Best(number, tuple(steps[:top]), most)
        if most > 0 and (self._best is None or best.rank > self._best.rank):
            self._best = best
        after = steps[top:]
        nothing = after[-1:] if ending is Ending.LOST else after
        self.fruitless.setdefault(most, set()).update(step.action for step in nothing)

    def _add_changes(self, steps: Sequence[Step]) -> None:
        scores = [0.0, *(step.score for step in steps)]
        for act in acts(steps, self._language):
            if not act.gain:
                continue
            before, after = scores[act.index], scores[act.index + 1]
            self.score_changes.append(ScoreChange(act.action, before, after, act.meant))
            if after < before:
                self._cost(act.action, held=before)

    def _cost(self, action: str, *, held: float) -> None:
        self.costly[action] = max(held, self.costly.get(action, held))

    def best_route(self, longest: int) -> Route | None:
        """The trajectory to the most points that a trial had at any step: the shortest and first
        where several had as many; None where none had points at all. One of more than ``longest``
        steps is shortened, once per trial that it came from."""
        best = self._best
        if best is None:
            return None
        short = len(best.steps) > longest and best.trial not in self._tried_short
        return _route(best.trial, best.steps, best.points, short, self._language)


def shortened(steps: Sequence[Step], language: Language) -> tuple[Step, ...]:
    """``steps`` without those that moved no points and only looked, came to nothing, or jumped
    somewhere from where the next one jumps away again."""

    def idle(step: Step) -> bool:
        came_to_nothing = language.came_to_nothing(step.action, step.observation)
        return language.is_look(step.action) or came_to_nothing

    kept = [step for step, moved in _with_moves(steps) if moved or not idle(step)]
    passed = [
        language.is_jump(step.action) and language.is_jump(then.action)
        for step, then in itertools.pairwise(kept)
    ]
    return tuple(
        step
        for (step, moved), away in zip(_with_moves(kept), [*passed, False], strict=False)
        if moved or not away
    )


def _with_moves(steps: Sequence[Step]) -> Iterator[tuple[Step, bool]]:
    """Each of ``steps``, and whether it moved the points."""
    before = 0.0
    for step in steps:
        yield step, step.score != before
        before = step.score


def route_of(store: Store, trial_id: int, language: Language) -> Route | None:
    """The route that a trial took first, as it was stored when the trial began."""
    stored = store.route(trial_id)
    if stored is None:
        return None
    run = store.trial_row(trial_id).run
    earlier = next(row for row in store.trials(run) if row.number == stored.trial)
    steps = store.steps(earlier.id)[: stored.steps]
    return _route(stored.trial, steps, stored.points, stored.short, language)


def _route(
    trial: int, steps: tuple[Step, ...], points: float, short: bool, language: Language
) -> Route:
    """The route by ``steps``, as it is taken."""
    taken = shortened(steps, language) if short else steps
    return Route(trial, taken, points, len(steps), short)
