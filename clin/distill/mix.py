"""What the model is trained on: trials with the memories that its own writer would have given them.

A memory is written by ``memory.rules`` from other episodes, never from the path that is imitated,
so that it says what a real trial would have read: often wrong, rarely complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from clin.distill import rename
from clin.distill.drills import drill
from clin.distill.episodes import Episode
from clin.distill.form import Act, Sample
from clin.distill.places import Place
from clin.distill.practice import Practice, practice_of, practised
from clin.distill.writing import generalising, revising
from clin.errors import UserError
from clin.language import language_of
from memory.language import Language
from memory.rules import links
from memory.strategies import open_strategy
from memory.trials import Memory, Trial

SHARES = {
    "none": 0.14,
    "own": 0.25,
    "variation": 0.06,
    "task": 0.02,
    "misleading": 0.04,
    "elimination": 0.34,
    "revise": 0.1,
    "generalise": 0.05,
}
"""Which memory a sample reads.

None; of its own place; of another variation; of another task; its own with links that are wrong;
and the elimination drill, whose samples are so short that a third of them are a tenth of the
tokens. The last two write memories instead of acting (:mod:`clin.distill.writing`).
"""
AFTER_FAILURE = 3.0
"""Weight of an action whose object matters where the memory tells of a failure: this is what memory
is for."""
SEARCHED = 0.8
"""Share of the samples of a place that was searched in which the search is imitated."""
OTHER_TASKS = 0.3
"""Share of the samples of generalising that read memories of other tasks."""
REFLECTIONS = 0.1
"""Share of the memories that are reflections instead of links."""
WORTH_IMITATING = 50.0
"""Points that a place's best episode must have."""
USUAL_STEPS = 15.0
"""Expert steps of a task that is drawn with full weight; tasks with longer paths are drawn less,
they cost more."""
MANY_PLACES = 10
"""Places of a task that is drawn with full weight."""


def world_shares() -> dict[str, float]:
    """The worlds' shares of the samples of acting, as each says."""
    return {world: practice.share for world, practice in practised().items()}


@dataclass
class Bank:
    """Episodes by task and place. ``good`` are the places' episodes to imitate: those that went as
    far as any."""

    tasks: dict[tuple[str, str], list[list[Episode]]] = field(default_factory=dict)

    @classmethod
    def of(cls, places: Iterable[Sequence[Episode]]) -> Bank:
        """UserError if nothing in it is worth imitating."""
        merged: dict[str, list[Episode]] = {}
        for episodes in places:
            merged.setdefault(episodes[0].place.key, []).extend(episodes)
        bank = cls()
        for key in sorted(merged):
            episodes = merged[key]
            if good(episodes):
                place = episodes[0].place
                bank.tasks.setdefault((place.world, place.task), []).append(episodes)
        if not bank.tasks:
            raise UserError(
                f"no episode reached {WORTH_IMITATING:g} points, so there is nothing to imitate: "
                "collect more"
            )
        return bank

    def __len__(self) -> int:
        return sum(map(len, self.tasks.values()))


def good(episodes: Sequence[Episode]) -> list[Episode]:
    """The episodes with the best score that have something to imitate."""
    best = max(episode.score for episode in episodes)
    if best < WORTH_IMITATING:
        return []
    best_ones = [episode for episode in episodes if episode.score == best]
    return [episode for episode in best_ones if any(step.right for step in episode.steps)]


class Mixer:
    """Draws samples; equal seeds give equal samples. ``shares`` may be narrowed for ablations
    (``--without own``); ``worlds`` are the shares of the worlds that have episodes."""

    def __init__(
        self,
        bank: Bank,
        shares: dict[str, float] | None = None,
        worlds: dict[str, float] | None = None,
    ) -> None:
        self._bank, self._shares = bank, shares or SHARES
        self._tasks = sorted(bank.tasks)
        wanted = worlds or world_shares()
        weights = {task: _weight(bank, task) for task in self._tasks}
        by_world: dict[str, float] = {}
        for (world, _), weight in weights.items():
            by_world[world] = by_world.get(world, 0.0) + weight
        self._weights = [
            wanted.get(world, Practice.share) * weights[world, task] / by_world[world]
            for world, task in self._tasks
        ]

    def draw(self, random: Random) -> Sample:
        """A sample; its kind first."""
        kind = random.choices(list(self._shares), list(self._shares.values()))[0]
        if kind == "elimination":
            return drill(random)
        task = random.choices(self._tasks, self._weights)[0]
        places = self._bank.tasks[task]
        here = random.choice(places)
        if kind in ("revise", "generalise"):
            return self._writing(random, kind, task, here)
        if kind == "none":
            episode = random.choice(_of_kind(random, here, "search") or good(here))
            return _named(random, kind, episode, (), mild=True)
        if kind == "own":
            return self._own(random, here)
        if kind == "misleading":
            return _misled(random, _remembering(random, kind, here))
        if kind == "task":
            places = self._bank.tasks[random.choice(self._tasks)]
        source = random.choice(places)
        kind = "own" if source is here else kind
        return _named(random, kind, _straight(random, here), _written(random, source), mild=True)

    def _writing(
        self, random: Random, kind: str, task: tuple[str, str], here: Sequence[Episode]
    ) -> Sample:
        if kind == "revise":
            return _renamed(random, revising(random, here), here[0].place)
        places = self._bank.tasks[task]
        others = [place for place in places if place is not here]
        if random.random() < OTHER_TASKS or not others:
            others = self._of_other_tasks(task) or places
        return _renamed(random, generalising(random, here, others), here[0].place)

    def _of_other_tasks(self, task: tuple[str, str]) -> list[list[Episode]]:
        """The places of the world's other tasks."""
        others = [other for other in self._tasks if other[0] == task[0] and other != task]
        return [place for other in others for place in self._bank.tasks[other]]

    def _own(self, random: Random, here: Sequence[Episode]) -> Sample:
        if informed := _of_kind(random, here, "informed"):
            episode = random.choice(informed)
            return _heavier(_named(random, "own", episode, episode.memory, mild=True))
        return _heavier(_remembering(random, "own", here))


def _remembering(random: Random, kind: str, here: Sequence[Episode]) -> Sample:
    """One who remembers earlier trials of this place, and goes straight."""
    lines = _written(random, here)
    return _named(random, kind, _straight(random, here), lines)


def _misled(random: Random, sample: Sample) -> Sample:
    """The sample with a memory of which about half is left out and half is wrong."""
    other = rename.shuffled(random, rename.CLASSES)
    wrong = [other(line) for line in sample.memory]
    mixed: dict[str, None] = {}
    for pair in zip(sample.memory, wrong, strict=True):
        mixed.update((line, None) for line in pair if random.random() < 0.5)
    return replace(sample, memory=tuple(mixed))


def _heavier(sample: Sample) -> Sample:
    """The sample with more weight on the actions whose object matters of the kinds that its memory
    warns of."""
    practice = practice_of(sample.world)
    warnings = [line for line in sample.memory if "NOT CONTRIBUTE" in line]
    warned = {line.split(" ")[0] for line in warnings if practice.object_matters(line)}
    warned -= set(practice.not_weighted)
    acts = []
    for act in sample.acts:
        factor = AFTER_FAILURE if act.action.split(" ")[0] in warned else 1.0
        acts.append(replace(act, weight=act.weight * factor))
    return replace(sample, acts=tuple(acts))


def _of_kind(random: Random, here: Sequence[Episode], kind: str) -> list[Episode]:
    """Mostly the searches of a place (those with a memory: ``informed``), which show what can be
    known; now and then none, so that an expert's path is taken."""
    if random.random() >= SEARCHED:
        return []
    return [episode for episode in here if episode.kind == kind]


def _weight(bank: Bank, task: tuple[str, str]) -> float:
    """Less for a task with long paths, and for one of few places."""
    places = bank.tasks[task]
    lengths = [min(len(episode.steps) for episode in good(place)) for place in places[:20]]
    usual = sum(lengths) / len(lengths)
    return min(1.0, USUAL_STEPS / usual) * min(1.0, len(places) / MANY_PLACES)


def _straight(random: Random, here: Sequence[Episode]) -> Episode:
    """Mostly the shortest good episode: one who remembers does not search."""
    episodes = good(here)
    if random.random() < 0.8:
        return min(episodes, key=lambda episode: len(episode.steps))
    return random.choice(episodes)


def _written(random: Random, episodes: Sequence[Episode]) -> tuple[str, ...]:
    """The memory after one to four earlier trials, imperfect ones above all; now and then a line is
    lost."""
    imperfect = [episode for episode in episodes if episode.score < 100] or list(episodes)
    chosen = random.sample(imperfect, min(len(imperfect), random.choice((1, 1, 2, 2, 3, 4))))
    if random.random() < 0.2:
        chosen.append(random.choice(list(episodes)))
    trials = [episode.trial(number) for number, episode in enumerate(chosen)]
    language = language_of(episodes[0].place.world)
    if random.random() < REFLECTIONS:
        return _reflections(trials, language)
    return tuple(str(link) for link in links(trials, language) if random.random() > 0.05)


def _reflections(trials: Sequence[Trial], language: Language) -> tuple[str, ...]:
    """What the strategy ``reflexion`` would read after ``trials``: a baseline that the model had
    never seen would be none."""
    strategy, memory = open_strategy("reflexion", language, writer="rules"), Memory()
    for number in range(1, len(trials) + 1):
        revision = strategy.revise(memory, trials[:number], len)
        try:
            next(revision)
        except StopIteration as stop:
            memory = stop.value.memory
    return strategy.recall(memory, "").notes


def _named(
    random: Random, kind: str, episode: Episode, lines: tuple[str, ...], *, mild: bool = False
) -> Sample:
    """The sample, perhaps with other names in all of it; ``mild``: only names that no knowledge
    hangs on."""
    acts = tuple(Act(step.action, step.observation, float(step.right)) for step in episode.steps)
    sample = Sample(kind, episode.place.world, episode.goal, lines, acts, episode.opening)
    return _renamed(random, sample, episode.place, mild=mild)


def _renamed(random: Random, sample: Sample, place: Place, *, mild: bool = False) -> Sample:
    practice = practice_of(place.world)
    if mild and practice.names_matter(place.task):
        return sample
    chance = random.random()
    if mild:
        colours = rename.CLASSES[:1]
        return _with(sample, rename.shuffled(random, colours)) if chance < 0.3 else sample
    if chance < 0.15:
        matter = [act.action for act in sample.acts if practice.object_matters(act.action)]
        words = [word for action in matter for word in action.split(" ")]
        most = random.randint(1, 4)
        return _with(sample, rename.invented(random, words, practice.commands, most))
    if chance < 0.55 and practice.names_are_shuffled:
        classes = rename.CLASSES if random.random() < 0.8 else rename.CLASSES[:2]
        return _with(sample, rename.shuffled(random, classes))
    return sample


def _with(sample: Sample, other: rename.Rename) -> Sample:
    acts = tuple(Act(other(act.action), other(act.observation), act.weight) for act in sample.acts)
    return replace(
        sample,
        goal=other(sample.goal),
        memory=_each(other, sample.memory),
        acts=acts,
        opening=other(sample.opening),
        ended=_each(other, sample.ended),
        elsewhere=tuple(_each(other, lines) for lines in sample.elsewhere),
        written=_each(other, sample.written),
    )


def _each(other: rename.Rename, lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(other, lines))
