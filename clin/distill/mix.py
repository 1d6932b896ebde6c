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
"""Which memory a sample reads: none; of its own place; of another variation; of another task; its
own with links that are wrong; and the elimination drill, whose samples are so short that a third of
them are a tenth of the tokens. The last two write memories instead of acting
(:mod:`clin.distill.writing`)."""
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
    best = max(each.score for each in episodes)
    if best < WORTH_IMITATING:
        return []
    return [
        each for each in episodes if each.score == best and any(step.right for step in each.steps)
    ]


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
        share = {
            world: sum(_weight(bank, task) for task in self._tasks if task[0] == world)
            for world, _ in self._tasks
        }
        wanted = worlds or world_shares()
        self._weights = [
            wanted.get(task[0], Practice.share) * _weight(bank, task) / share[task[0]]
            for task in self._tasks
        ]

    def draw(self, random: Random) -> Sample:
        kind = random.choices(list(self._shares), list(self._shares.values()))[0]
        if kind == "elimination":
            return drill(random)
        if kind in ("revise", "generalise"):
            return self._writing(random, kind)
        task = random.choices(self._tasks, self._weights)[0]
        places = self._bank.tasks[task]
        here = random.choice(places)
        if kind == "none":
            return _named(
                random,
                kind,
                random.choice(_of_kind(random, here, "search") or good(here)),
                (),
                mild=True,
            )
        if kind in ("own", "misleading"):
            if kind == "own" and (informed := _of_kind(random, here, "informed")):
                episode = random.choice(informed)
                return _heavier(_named(random, kind, episode, episode.memory, mild=True))
            return self._own(random, kind, here)
        source = random.choice(
            places if kind == "variation" else self._bank.tasks[random.choice(self._tasks)]
        )
        kind = "own" if source is here else kind
        return _named(random, kind, _straight(random, here), _written(random, source), mild=True)

    def _writing(self, random: Random, kind: str) -> Sample:
        task = random.choices(self._tasks, self._weights)[0]
        places = self._bank.tasks[task]
        here = random.choice(places)
        if kind == "revise":
            return _renamed(random, revising(random, here), here[0].place)
        others = [each for each in places if each is not here]
        if random.random() < OTHER_TASKS or not others:
            others = [
                each
                for other in self._tasks
                if other[0] == task[0] and other != task
                for each in self._bank.tasks[other]
            ] or places
        return _renamed(random, generalising(random, here, others), here[0].place)

    def _own(self, random: Random, kind: str, here: Sequence[Episode]) -> Sample:
        lines = _written(random, here)
        sample = _named(random, kind, _straight(random, here), lines)
        if kind == "misleading":
            other = rename.shuffled(random, rename.CLASSES)
            wrong = [other(line) for line in sample.memory]
            mixed = [
                line
                for pair in zip(sample.memory, wrong, strict=True)
                for line in pair
                if random.random() < 0.5
            ]
            return replace(sample, memory=tuple(dict.fromkeys(mixed)))
        return _heavier(sample)


def _heavier(sample: Sample) -> Sample:
    """The sample with more weight on the actions whose object matters of the kinds that its memory
    warns of."""
    practice = practice_of(sample.world)
    warnings = [line for line in sample.memory if "NOT CONTRIBUTE" in line]
    warned = {line.split(" ")[0] for line in warnings if practice.object_matters(line)}
    warned -= set(practice.not_weighted)
    heavier = (
        replace(act, weight=act.weight * AFTER_FAILURE)
        if act.action.split(" ")[0] in warned
        else act
        for act in sample.acts
    )
    return replace(sample, acts=tuple(heavier))


def _of_kind(random: Random, here: Sequence[Episode], kind: str) -> list[Episode]:
    """Mostly the searches of a place (those with a memory: ``informed``), which show what can be
    known; now and then none, so that an expert's path is taken."""
    return [each for each in here if each.kind == kind] if random.random() < SEARCHED else []


def _weight(bank: Bank, task: tuple[str, str]) -> float:
    lengths = [min(len(each.steps) for each in good(place)) for place in bank.tasks[task][:20]]
    return min(1.0, USUAL_STEPS / (sum(lengths) / len(lengths))) * min(
        1.0, len(bank.tasks[task]) / 10
    )


def _straight(random: Random, here: Sequence[Episode]) -> Episode:
    """Mostly the shortest good episode: one who remembers does not search."""
    found = good(here)
    return (
        min(found, key=lambda each: len(each.steps))
        if random.random() < 0.8
        else random.choice(found)
    )


def _written(random: Random, episodes: Sequence[Episode]) -> tuple[str, ...]:
    """The memory after one to four earlier trials, imperfect ones above all; now and then a line is
    lost."""
    imperfect = [each for each in episodes if each.score < 100] or list(episodes)
    chosen = random.sample(imperfect, min(len(imperfect), random.choice((1, 1, 2, 2, 3, 4))))
    if random.random() < 0.2:
        chosen.append(random.choice(list(episodes)))
    trials = [each.trial(number) for number, each in enumerate(chosen)]
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
    acts = tuple(Act(each.action, each.observation, float(each.right)) for each in episode.steps)
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
