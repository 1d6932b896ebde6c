"""The life of every link over the versions of a memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memory.changes import change
from memory.links import Link
from memory.store import Version


@dataclass(frozen=True)
class Life:
    """A claim over the versions: ``forms`` holds what each version made of it, None where it was
    not held."""

    forms: tuple[Link | None, ...]

    @property
    def link(self) -> Link:
        """The latest form."""
        return next(form for form in reversed(self.forms) if form is not None)

    def upto(self, version: int) -> Link:
        """The form at ``version``, or the one nearest to it: before it if there is one."""
        before = [form for form in self.forms[: version + 1] if form is not None]
        return before[-1] if before else next(form for form in self.forms if form is not None)


def lives(versions: Sequence[Version]) -> list[Life]:
    """Every claim that any of ``versions`` held: those of the last version in its order, then the
    forgotten ones, the latest to go first."""
    forms: dict[tuple[str, str], list[Link | None]] = {}
    for number, version in enumerate(versions):
        for link in version.memory.links:
            forms.setdefault(link.claim, [None] * len(versions))[number] = link
    last = versions[-1].memory.links if versions else ()
    place = {link.claim: number for number, link in enumerate(last)}

    def last_held(claim: tuple[str, str]) -> int:
        return max(number for number, form in enumerate(forms[claim]) if form)

    held = sorted(place, key=place.__getitem__)
    gone = [claim for claim in forms if claim not in place]
    gone.sort(key=last_held, reverse=True)
    return [Life(tuple(forms[claim])) for claim in [*held, *gone]]


def label(version: Version, numbers: Mapping[int, int]) -> str:
    """A version in few letters: its trial's number, ``p`` for a person's, ``s`` for what the run
    began with."""
    if version.writer.startswith("person "):
        return "p"
    return "s" if version.trial is None else str(numbers.get(version.trial, "?"))


def difference(old: Version | None, new: Version) -> list[tuple[str, str]]:
    """What changed from ``old`` to ``new``: (mark, words) per link; + added, ^ surer, v less sure,
    ! turned round, - gone, = kept. Links that changed come first."""
    changed = change(old.memory.links if old else (), new.memory.links)
    rows = [("+", str(link)) for link in changed.added]
    rows += [("^", f"{after}  (was {before.hedge})") for before, after in changed.strengthened]
    rows += [("v", f"{after}  (was {before.hedge})") for before, after in changed.weakened]
    rows += [("!", f"{after}  (was: {before})") for before, after in changed.reversed]
    rows += [("-", str(link)) for link in changed.dropped]
    return rows + [("=", str(link)) for link in changed.kept]
