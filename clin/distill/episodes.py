"""Recorded episodes: shards of JSON lines, compressed, with an index that says which places are in
them.

Each place is one xz stream, appended to the shard of its task; its line in ``index.jsonl`` is
written afterwards. So a kill at any instant leaves whole places, and collecting goes on with those
that the index lacks.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clin.distill.places import Place, split
from clin.errors import UserError
from memory.trials import Ending, Step, Trial

INDEX = "index.jsonl"


@dataclass(frozen=True)
class Taken:
    """A step, and whether its action is one to imitate: an expert's, or the way back after a
    mistake. ``score`` in points."""

    action: str
    observation: str
    score: float
    right: bool


@dataclass(frozen=True)
class Episode:
    """One trial."""

    place: Place
    kind: str
    """``expert``, ``search``, ``informed``, ``detours``, ``mistakes``, ``loops``, ``cut``,
    ``wandering`` or ``played``."""
    goal: str
    opening: str
    steps: tuple[Taken, ...]
    ending: Ending
    memory: tuple[str, ...] = ()
    """What it read, a line per link, where that decided what was done."""

    @property
    def score(self) -> float:
        return self.steps[-1].score if self.steps else 0.0

    def trial(self, number: int = 0) -> Trial:
        """The episode as a memory's writer reads it: it says nothing of what was right."""
        steps = tuple(Step(step.action, step.observation, step.score) for step in self.steps)
        return Trial(number, self.goal, self.opening, steps, self.ending)


class Shards:
    """A folder of episodes. :meth:`add` refuses held-out places; reading checks the index again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, dict[str, Any]] = {}
        if (folder / INDEX).exists():
            for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
                self._row(line)

    def _row(self, line: str) -> None:
        try:
            row = json.loads(line)
            place = Place.of(row["world"], row["task"], row["variation"], row["options"])
            assert {"file", "at", "bytes"} <= row.keys()
        except (ValueError, KeyError, TypeError, AssertionError):
            return  # the last line of a killed writer: its place is collected again
        self.rows[place.key] = row

    def __contains__(self, place: Place) -> bool:
        return place.key in self.rows

    def add(self, episodes: Sequence[Episode]) -> None:
        """Append the episodes of one place; UserError unless it is in the train split."""
        place = episodes[0].place
        if split(place) != "train":
            raise UserError(
                f"{place.key} is held out ({split(place)}): a model is trained on train places only"
            )
        name = f"{place.world}-{place.task}.jsonl.xz".translate(str.maketrans(":/", "--"))
        lines = "".join(json.dumps(_packed(episode)) + "\n" for episode in episodes)
        data = lzma.compress(lines.encode())
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / name).open("ab") as shard:
            at = shard.tell()
            shard.write(data)
        row = {
            **asdict(place),
            "options": dict(place.options),
            "split": split(place),
            "file": name,
            "at": at,
            "bytes": len(data),
            "episodes": len(episodes),
            "steps": sum(len(episode.steps) for episode in episodes),
        }
        with (self.folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(json.dumps(row) + "\n")
        self.rows[place.key] = row

    def __iter__(self) -> Iterator[list[Episode]]:
        """The places' episodes, in the order of their keys."""
        for key in sorted(self.rows):
            row = self.rows[key]
            place = Place.of(row["world"], row["task"], row["variation"], row["options"])
            if split(place) != "train":
                raise UserError(
                    f"{self.folder / INDEX} names {key}, which is held out ({split(place)}); "
                    "take it out"
                )
            yield [_unpacked(place, json.loads(line)) for line in self._read(row).splitlines()]

    def _read(self, row: dict[str, Any]) -> str:
        with (self.folder / row["file"]).open("rb") as shard:
            shard.seek(row["at"])
            try:
                return lzma.decompress(shard.read(row["bytes"])).decode()
            except (lzma.LZMAError, EOFError):
                raise UserError(
                    f"{self.folder / row['file']} is damaged at byte {row['at']}; collect into a "
                    "new folder"
                ) from None


def opened(folder: Path) -> Shards:
    """The episodes in ``folder``; UserError if there are none."""
    shards = Shards(folder)
    if not shards.rows:
        raise UserError(
            f"no episodes in '{folder}'; `clin distill collect --out {folder}` makes some"
        )
    return shards


def _packed(episode: Episode) -> dict[str, Any]:
    steps = [[step.action, step.observation, step.score, int(step.right)] for step in episode.steps]
    row = {
        "kind": episode.kind,
        "goal": episode.goal,
        "opening": episode.opening,
        "ending": episode.ending,
        "steps": steps,
    }
    if episode.memory:
        row["memory"] = list(episode.memory)
    return row


def _unpacked(place: Place, row: dict[str, Any]) -> Episode:
    steps = tuple(
        Taken(action, seen, score, bool(right)) for action, seen, score, right in row["steps"]
    )
    return Episode(
        place=place,
        kind=row["kind"],
        goal=row["goal"],
        opening=row["opening"],
        steps=steps,
        ending=Ending(row["ending"]),
        memory=tuple(row.get("memory", ())),
    )
