"""What the server's tools do: each public method of :class:`Tools` is one. They know nothing of the
protocol; what they return is JSON, and what is wrong is an error of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict

from clin.errors import UserError
from clin.language import words_of, words_of_run
from memory.corrections import KINDS
from memory.episode import Episode, Place
from memory.explaining import explained
from memory.links import parse
from memory.spelling import did_you_mean
from memory.store import Store
from memory.store.search import search
from memory.trials import Memory

Given = ParamSpec("Given")
Result = TypeVar("Result")


class GivenStep(BaseModel):
    """A step: what was done, what was observed, and the score after it (in points of 100) or
    whether that was the success. ``actions`` were admissible before it, where that is known."""

    model_config = ConfigDict(extra="forbid")

    action: str
    observation: str = ""
    score: float | None = None
    success: bool | None = None
    actions: list[str] | None = None


def one_at_a_time(
    method: Callable[Concatenate[Tools, Given], Result],
) -> Callable[Concatenate[Tools, Given], Result]:
    """The server calls tools in threads; an episode is for one."""

    @wraps(method)
    def alone(self: Tools, /, *args: Given.args, **more: Given.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **more)

    return alone


class Tools:
    """The tools over one ``store``, and the episodes that are open in this process."""

    def __init__(self, store: Store) -> None:
        self.lock = threading.Lock()
        self._store = store
        self._open: dict[str, Episode] = {}

    def close(self) -> None:
        """End all that is open; a trial in the middle ends as stopped."""
        with self.lock:
            for episode in self._open.values():
                episode.close()
            self._open.clear()

    @property
    def all(self) -> list[Callable[..., dict[str, Any]]]:
        """The tools, in the order in which they are told."""
        return [
            self.begin_episode,
            self.begin_trial,
            self.recall,
            self.record_steps,
            self.end_trial,
            self.read_memory,
            self.search,
            self.explain_link,
            self.correct,
        ]

    @one_at_a_time
    def begin_episode(
        self,
        goal: str,
        world: str,
        task: str,
        variation: int = 0,
        strategy: str = "evidence",
        start: str = "",
        opening: str = "",
    ) -> dict[str, Any]:
        """Begin an episode, and its first trial: several trials at one place, from which a memory
        is learned. The place is a world, a task and a variation, in your own words. `opening` is
        what is seen before the first step. `start` names a run whose memory it begins with."""
        place = Place(world, task, variation)
        language = words_of(world)
        episode = Episode(
            self._store, goal, place, language=language, strategy=strategy, start=start, who="mcp"
        )
        self._open[episode.run] = episode
        return self._begun(episode, opening)

    @one_at_a_time
    def begin_trial(self, run: str, opening: str = "") -> dict[str, Any]:
        """Begin the next trial of an episode, of an earlier session too. A trial that a client left
        open when its server ended is ended first, as stopped."""
        if run not in self._open:
            language = words_of_run(self._store, run)
            self._open[run] = Episode.again(self._store, run, language=language)
        return self._begun(self._open[run], opening)

    @one_at_a_time
    def recall(self, run: str, actions: list[str] | None = None) -> dict[str, Any]:
        """What the memory says about what to do now in the open trial: at most three lines, best
        first, each with its action and the reason; none where it has nothing to say. `actions` are
        those that are possible now; without them, what was done before in the episode."""
        said = self._episode(run).recall(actions)
        lines = [
            {"action": each.action, "link": str(each.link), "reason": each.reason} for each in said
        ]
        return {"recalled": lines}

    @one_at_a_time
    def record_steps(self, run: str, steps: list[GivenStep]) -> dict[str, Any]:
        """Record steps of the open trial, oldest first. Each is stored before the next; where one
        is wrong, those before it are kept, and the error says which it is."""
        episode = self._episode(run)
        for number, each in enumerate(steps):
            try:
                episode.step(
                    each.action,
                    each.observation,
                    score=each.score,
                    success=each.success,
                    actions=each.actions,
                )
            except ValueError as error:
                raise UserError(f"steps.{number}: {error}; {number} were recorded") from None
        return {"recorded": len(steps)}

    @one_at_a_time
    def end_trial(self, run: str, success: bool | None = None) -> dict[str, Any]:
        """End the open trial, and revise the memory by what its steps showed. `success` is the
        outcome, where no score has said it."""
        memory = self._episode(run).end(success=success)
        row = self._store.trials(run)[-1]
        ended = {"trial": row.number, "ending": str(row.ending), "score": row.score}
        return {**ended, "memory": _links(memory)}

    @one_at_a_time
    def read_memory(self, run: str) -> dict[str, Any]:
        """The memory of a run, as its next trial would find it, with each link's tally."""
        memory = self._store.current_memory(run)
        ended = [row.number for row in self._store.trials(run) if row.ending is not None]
        counted = self._store.tallies(run, ended[-1] if ended else -1)
        return {"run": run, "memory": _links(memory), "tallies": _told(counted.items())}

    @one_at_a_time
    def search(self, words: str, limit: int = 10) -> dict[str, Any]:
        """Search all links, tasks and steps of the file for words; all must occur. Says of each hit
        in which run it is."""
        if not 0 < limit <= 100:
            raise UserError(f"limit is 1 to 100, not {limit}")
        found = search(self._store, words, limit)
        return {
            "found": [{"kind": hit.kind, "where": hit.where, "text": hit.text} for hit in found]
        }

    @one_at_a_time
    def explain_link(self, run: str, link: str) -> dict[str, Any]:
        """Why a link reads as it does: its tally over the run's trials, what follows from it and
        why, what each trial counts as, the latest steps at which its cause was done or its effect
        came, its versions, and what people corrected."""
        language = words_of_run(self._store, run)
        return explained(self._store, run, parse(link), language).as_json()

    @one_at_a_time
    def correct(self, run: str, kind: str, link: str, new: str = "") -> dict[str, Any]:
        """Correct the memory of a run: `kind` is add, drop, edit, pin, unpin, ban or unban. An edit
        puts `new` in the place of `link`. Pins and bans hold through all revisions."""
        if kind not in KINDS:
            nearest = did_you_mean(kind, KINDS)
            raise UserError(f"no kind '{kind}'{nearest} (kinds: {', '.join(KINDS)})")
        if (kind == "edit") != bool(new):
            raise UserError("an edit has a link and a new one; no other kind has a new one")
        language, subject = words_of_run(self._store, run), parse(link)
        put = parse(new) if new else None
        note = self._store.overrides(run, language).contradicted(kind, subject, put)
        memory = self._store.correct(run, kind, subject, new=put, who="mcp", language=language)
        return {"memory": _links(memory), "note": note}

    def _episode(self, run: str) -> Episode:
        if run not in self._open:
            self._store.run(run)  # StoreError names the runs that there are
            raise UserError(f"no trial of {run} is open here; begin one with begin_trial")
        return self._open[run]

    def _begun(self, episode: Episode, opening: str) -> dict[str, Any]:
        number = episode.begin(opening)
        return {"run": episode.run, "trial": number, "memory": _links(episode.memory)}


def _links(memory: Memory) -> list[str]:
    return [*map(str, memory.links), *memory.notes]


def _told(counted: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    return {str(link): str(tally) for link, tally in counted}
