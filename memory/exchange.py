"""Memories as files: JSONL for programs, Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from memory.corrections import Ruling, ruled
from memory.evidence.ledger import claim_of, of_the_task
from memory.evidence.tally import Tally
from memory.language import Language
from memory.links import Link, LinkError, parse, read
from memory.meaning import PLAIN
from memory.store import Store, StoreError
from memory.trials import Memory, Scope

FORMATS = (".md", ".jsonl")
WORLD = ("world", "world_options")
PLACE = (*WORLD, "task", "variation")
"""The fields of a configuration that say in which world, and at which place of it, a run plays."""


def to_markdown(memory: Memory, title: str) -> str:
    """One ``- link`` per line, notes as ``> note``; a person can edit it and import it again."""
    lines = [f"# {title}", "", *(f"- {link}" for link in memory.links)]
    for note in memory.notes:
        lines += ["", *(f"> {line}" for line in note.splitlines() or [""])]
    return "\n".join(lines) + "\n"


def from_markdown(text: str) -> Memory:
    """Read what :func:`to_markdown` wrote, whatever a person has made of it; StoreError names the
    first line that is neither a heading, a note nor a link."""
    links: list[Link] = []
    notes: list[str] = []
    note: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith(">"):
            note.append(line[1:].removeprefix(" "))
            continue
        if note:  # which ends here
            notes.append("\n".join(note))
            note = []
        if line.strip() and not line.startswith("#"):
            links += _links_in(line)
    return Memory(tuple(dict.fromkeys(links)), tuple(notes))


def _links_in(line: str) -> tuple[Link, ...]:
    found = read(line).links
    if not found:
        raise StoreError(
            f"this line is no link: {line.strip()[:80]!r} (a link reads 'X SHOULD BE NECESSARY "
            "to Y')"
        )
    return found


def to_jsonl(memory: Memory) -> str:
    """One object per line: ``{"link": …}`` with its parts and its scope if it has one, or
    ``{"note": …}``."""
    scopes = {link: {"scope": asdict(scope)} for link, scope in memory.scopes}
    rows: list[dict[str, object]] = [
        {
            "link": str(link),
            "cause": link.cause,
            "hedge": str(link.hedge),
            "relation": str(link.relation),
            "effect": link.effect,
            **scopes.get(link, {}),
        }
        for link in memory.links
    ]
    rows += [{"note": note} for note in memory.notes]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def from_jsonl(text: str) -> Memory:
    """Read what :func:`to_jsonl` wrote; StoreError names the line that is wrong."""
    links: list[Link] = []
    notes: list[str] = []
    scopes: list[tuple[Link, Scope]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "note" in row:
                notes.append(str(row["note"]))
            else:
                links.append(parse(row["link"]))
                if "scope" in row:
                    scopes.append((links[-1], _scope(**row["scope"])))
        except (ValueError, KeyError, TypeError, LinkError):
            raise StoreError(
                f'line {number} is neither {{"link": "X MAY CONTRIBUTE to Y"}} nor {{"note": '
                f'"..."}}: {line[:60]!r}'
            ) from None
    return Memory(tuple(dict.fromkeys(links)), tuple(notes), tuple(scopes))


def _scope(world: str, task: str, variation: int, places: int) -> Scope:
    return Scope(str(world), str(task), int(variation), int(places))


def read_file(path: Path) -> Memory:
    """The memory in ``path`` (.md or .jsonl); StoreError if there is none."""
    if path.suffix not in FORMATS:
        raise StoreError(f"'{path}' is no memory file (formats: {', '.join(FORMATS)})")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StoreError(f"no memory file '{path}'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"'{path}' cannot be read: {error}") from None
    return from_markdown(text) if path.suffix == ".md" else from_jsonl(text)


@dataclass(frozen=True)
class Taken:
    """A memory that a run starts from, with what stands behind it. Of a file that is nothing; of a
    run its links' ``tallies``, the pins and bans that held, the ``config`` of the run, and the
    ``goal`` of the trial that it was written after."""

    memory: Memory
    tallies: Mapping[Link, Tally] = field(default_factory=dict)
    rulings: Sequence[Ruling] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    goal: str = ""


def tallies_at(here: Mapping[str, Any], taken: Taken) -> dict[Link, Tally]:
    """The tallies of ``taken`` that count for a run with the configuration ``here``.

    At the same place all do. At another place of the same world, claims about a task as a whole
    are left behind: they were counted where something else was asked for. Another world knows none
    of it.
    """
    if not _agree(WORLD, here, taken.config):
        return {}
    if _agree(PLACE, here, taken.config):
        return dict(taken.tallies)
    elsewhere = of_the_task(map(claim_of, taken.tallies))
    return {link: each for link, each in taken.tallies.items() if claim_of(link) not in elsewhere}


def _agree(fields: tuple[str, ...], here: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    return all(here.get(name) == there.get(name) for name in fields)


def from_reference(store: Store, reference: str) -> Memory:
    """The memory that ``RUN``, ``RUN:TRIAL``, ``FILE.md`` or ``FILE.jsonl`` names."""
    return taken_from(store, reference, lambda _store, _run: PLAIN).memory


def taken_from(
    store: Store, reference: str, language_of: Callable[[Store, str], Language]
) -> Taken:
    """What ``RUN``, ``RUN:TRIAL``, ``FILE.md`` or ``FILE.jsonl`` names; ``language_of`` says in
    which language a run's world speaks."""
    if Path(reference).suffix in FORMATS:
        return Taken(read_file(Path(reference)))
    run, _, trial = reference.partition(":")
    if trial and not (trial.isascii() and trial.isdigit()):
        raise StoreError(f"'{reference}' is none of RUN, RUN:TRIAL, FILE.md, FILE.jsonl")
    ended = [row.number for row in store.trials(run) if row.ending is not None]
    if not ended:
        raise StoreError(f"no trial of {run} has ended yet, so it has written no memory")
    if trial and int(trial) not in ended:
        raise StoreError(
            f"no memory after trial {trial} of {run}: there is one after trials {ended[0]} to "
            f"{ended[-1]}"
        )
    return _taken(store, run, int(trial) if trial else ended[-1], language_of(store, run))


def _taken(store: Store, run: str, number: int, language: Language) -> Taken:
    version = store.version_after(run, number)
    counted = store.tallies(run, number)
    rulings = store.rulings(run, language, version.id)
    memory = replace(version.memory, links=ruled(version.memory.links, rulings, language))
    tallies = {link: counted[link] for link in memory.links if link in counted}
    goal = next(row.goal for row in store.trials(run) if row.number == number)
    return Taken(memory, tallies, rulings, store.run(run).config, goal)
