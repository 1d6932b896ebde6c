"""Where a trial stands now: what is done, where one is, what was seen where, what may be done."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from memory.language import Language
from memory.links import folded
from memory.phrases import done_to, is_move, place_of, spelled, takes
from memory.rules.naming import thing, words
from memory.rules.reading import Act, acts
from memory.trials import Step


def moves_of(language: Language, admissible: Collection[str] | None) -> frozenset[str]:
    """Those of the ``admissible`` actions that lead somewhere else; none where nobody asked."""
    return frozenset(filter(language.is_move, admissible or ()))


class Moment:
    """A trial so far, read once. Actions, rooms and texts are folded (``memory.links.folded``).
    ``moves`` were admissible before each of the ``steps``, as far as that is known."""

    def __init__(
        self,
        opening: str,
        steps: Sequence[Step],
        actions: Collection[str],
        language: Language,
        moves: Sequence[Collection[str]] = (),
    ) -> None:
        self.language = language
        self.here = folded(language.room(opening))
        self.described = {self.here: folded(opening)}
        """What each room was last said to hold; the empty name is for where no room has one."""
        self.gained: set[str] = set()
        self.lost: set[str] = set()
        self.visits: Counter[str] = Counter()
        """How often each room was gone to since anything was taken, altered or gained."""
        self.meanings: dict[str, str] = {}
        self.names = {folded(action): action for action in sorted(actions, reverse=True)}
        """The admissible actions by name, as the world spells them."""
        self.taking = [name for name in sorted(self.names) if self.takes(name)]
        self.opening = [name for name in sorted(self.names) if self.opens(name)]
        self._done: dict[str, int] = {}
        self._tries: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._failed_since_change: set[str] = set()
        self._taken: frozenset[str] = frozenset()
        self._walked: dict[str, dict[str, str]] = defaultdict(dict)
        self._open: dict[str, set[str]] = defaultdict(set)
        self._changes: list[int] = []
        for act in acts(steps, language):
            if act.index < len(moves):
                ways = (place_of(language, folded(move)) for move in moves[act.index])
                self._open[self.here].update(filter(None, ways))
            self._read(act, steps[act.index].observation)
        if steps:
            self._offered(language.choices_offered(steps[-1].observation))

    def _offered(self, choices: Mapping[str, str]) -> None:
        """An answer to "which one?" stands for its action."""
        for answer, action in choices.items():
            if folded(answer) in self.names:
                self.names.setdefault(folded(action), self.names[folded(answer)])
                self.meanings[folded(answer)] = folded(action)

    def _read(self, act: Act, observation: str) -> None:
        language = self.language
        names = {folded(name) for name in (act.action, act.meant, act.offered)}
        if act.gain < 0:
            self.lost |= names
        failed = act.refused or language.came_to_nothing(act.action, observation)
        if failed or language.choices_offered(observation):
            self._failed.update(names)
            self._failed_since_change |= names
            return
        self.meanings[folded(act.action)] = folded(act.meant)
        self._done |= dict.fromkeys(names, act.index)
        self._tries.update(names)
        if act.gain > 0:
            self.gained |= names
        self._follow(act, observation)
        self._change(act)

    def _follow(self, act: Act, observation: str) -> None:
        """Where one is now, and what is said to be there."""
        seen = self.language.things_seen(act.action, observation)
        room = self.language.room(observation) or (seen[0] if seen else "")
        place = folded(self.language.arrived_at(act.action, observation) or room)
        if place and place != self.here:
            self._walked[self.here][folded(act.action)] = place
            self.here = place
            self.visits[place] += 1
            self._failed_since_change.clear()
        if room:
            self.described[self.here] = folded(observation)
        elif self.opens(act.action):
            self.described[self.here] = f"{self.described.get(self.here, '')} {folded(observation)}"

    def _change(self, act: Act) -> None:
        took = self.takes(act.action)
        if took:
            self._taken |= thing(folded(act.action))
        if took or act.gain > 0 or self.language.alters(act.action):
            self.visits.clear()
            self._failed_since_change.clear()
            self._changes.append(act.index)
        elif self.language.passes_time(act.action):
            self._changes.append(act.index + 1)  # itself may be worth another try

    def did(self, phrase: str) -> bool:
        """Whether it was done in this trial; a move, whether one is there now."""
        if self.is_move(phrase):
            return self.is_here(phrase)
        return self._latest(phrase) is not None

    def fails(self, name: str, most: int) -> bool:
        """Whether it came to nothing and nothing has changed since, or did so ``most`` times."""
        return name in self._failed_since_change or self._failed[name] >= most

    def tries(self, phrase: str) -> int:
        """How often it was done."""
        names = spelled(phrase)
        if self._tries.keys().isdisjoint(names):
            return 0
        return max(self._tries[name] for name in names)

    def changed_since(self, phrase: str) -> bool:
        """Whether another step has changed what may come of it since it was last done."""
        latest = self._latest(phrase)
        return latest is None or any(index > latest for index in self._changes)

    def _latest(self, phrase: str) -> int | None:
        names = spelled(phrase)
        if self._done.keys().isdisjoint(names):
            return None
        return max(self._done[name] for name in names if name in self._done)

    def action(self, phrase: str) -> str | None:
        """The admissible action that ``phrase`` names; None where there is none."""
        for name in spelled(phrase):
            if name in self.names:
                return self.names[name]
        meant = self._meant.get(phrase)
        return None if meant is None else self.names[meant]

    @cached_property
    def _meant(self) -> dict[str, str]:
        """The first admissible action that means something else, by what it means."""
        return {
            self.meanings[name]: name
            for name in sorted(self.names, reverse=True)
            if name in self.meanings
        }

    @cached_property
    def told(self) -> dict[str, frozenset[str]]:
        """The words of what each room was last said to hold."""
        return {room: words(text) for room, text in self.described.items()}

    def is_move(self, phrase: str) -> bool:
        """Whether it leads somewhere else."""
        return is_move(self.language, phrase)

    def place(self, phrase: str) -> str:
        """The place that it leads to; empty where it names none."""
        return place_of(self.language, phrase)

    def is_here(self, phrase: str) -> bool:
        """Whether it leads to where one is."""
        return bool(self.here) and self.place(phrase) == self.here

    def takes(self, action: str) -> bool:
        """Whether it picks something up."""
        return takes(self.language, action)

    def opens(self, action: str) -> bool:
        """Whether it opens something."""
        return self.language.opens(action)

    def lacking(self, phrase: str) -> frozenset[str]:
        """The words for what an action needs and was not taken; if nothing, for what it is done
        to."""
        things, others = done_to(phrase)
        return things - self._taken or others - self._taken

    def way(self, room: str, reached: Mapping[str, str]) -> str | None:
        """The admissible move that leads towards ``room``, over rooms that were seen; None where no
        way is known. The fewest moves, then by text. ``reached`` is :meth:`reached`."""
        if room in reached or room == self.here:
            return reached.get(room)
        told = (move for place, move in reached.items() if self._tells_of(place, room))
        move = next(told, None)
        if move is not None:
            self._walked.setdefault(room, {})  # a room that is not gone to yet
        return move

    def unseen(self, reached: Mapping[str, str]) -> str | None:
        """The admissible move that leads towards the nearest room that was not yet described."""
        return next((move for place, move in reached.items() if place not in self.described), None)

    def reached(self, barred: Callable[[str], bool]) -> dict[str, str]:
        """The rooms that can be gone to, the nearest first, each with the first move; none of the
        ``barred`` ones is made."""
        queue = deque((place, self.names[name]) for place, name in self._moves if not barred(name))
        found: dict[str, str] = {}
        while queue:
            place, first = queue.popleft()
            if place != self.here and place not in found:
                found[place] = first
                queue.extend((onward, first) for onward in self._exits(place))
        return found

    @cached_property
    def _moves(self) -> list[tuple[str, str]]:
        """The admissible moves by name, each with where it leads as far as that is known."""
        walked = self._walked[self.here]
        known = ((self.place(name) or walked.get(name, ""), name) for name in sorted(self.names))
        return [(place, name) for place, name in known if place]

    def _exits(self, place: str) -> Iterator[str]:
        """The rooms next to ``place``: gone to or come from there, or admissible to go to there, or
        named where it is described."""
        ways = self._open.get(place, set())
        for room in sorted({*self.described, *self._walked, *ways} - {place, ""}):
            walked = room in self._walked[place].values() or place in self._walked[room].values()
            if walked or room in ways or self._tells_of(place, room):
                yield room

    def _tells_of(self, place: str, room: str) -> bool:
        """Whether the description of ``place`` names ``room``."""
        text = self.described.get(place, "")
        return room in text and bool(re.search(rf"(?<!\w){re.escape(room)}(?!\w)", text))
