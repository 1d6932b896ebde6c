"""Causal links: the vocabulary of the memory (paper section 3.1).

One surface form per meaning, so that printing and parsing are inverse to each other; and a tolerant
reader for what language models really write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

LONGEST = 400
"""Characters of a cause or an effect at most; longer ones are a model's rambling, not an
abstraction."""


JOINT = " AND "
"""What stands between the causes of a link that are needed together. In capitals, so that "pick up
salt and pepper" stays one cause."""


class LinkError(ValueError):
    """A text that is no causal link; one line."""


class Hedge(StrEnum):
    """How certain a link is."""

    MAY = "MAY"
    SHOULD = "SHOULD"


class Relation(StrEnum):
    """What the cause is to the effect."""

    NECESSARY = "BE NECESSARY to"
    CONTRIBUTE = "CONTRIBUTE to"
    NOT_CONTRIBUTE = "NOT CONTRIBUTE to"


_PHRASE = re.compile(
    r"""\s+(?P<hedge>MAY|SHOULD|MIGHT|COULD|MUST|WILL|DOES|DO)?\s*(?P<nots>NOT\s+|N'T\s+)?
        (?:(?P<necessary>(?:BE|IS|ARE)\s+(?P<inner>NOT\s+)?NEC+[AE]S+[AE]RY)
        |(?P<contribute>CONTRIBUTES?))
        \s+(?:TO|FOR|IN|TOWARDS?)\b\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""A relation as models write it: any case, "NECCESSARY", "DOES NOT CONTRIBUTE", "MIGHT BE NECESSARY
for"."""

_HEDGES = frozenset(["MAY", "SHOULD", "MIGHT", "COULD", "MUST", "WILL", "DOES", "DO"])
_LEAD = re.compile(
    r"^[\s>#*_`\-\u2022\u2013\u2014]*"
    r"(?:(?:learning|memory)?\s*#?\(?\d{1,3}[.):\]]|\[\d{1,3}\])?[\s*_`\-:]*",
    re.IGNORECASE,
)
_TRAIL = re.compile(r"[\s*_`.;:,]+$")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, order=True)
class Link:
    """A causal abstraction: ``cause`` and ``effect`` are actions or what they bring about, in
    words. A cause may be a conjunction ("X AND Y"): all of it is needed together.

    Both are one bounded line with single spaces, hold no relation phrase themselves, and neither
    begins nor ends with the marks that lists are made of; LinkError otherwise. So
    ``parse(str(link)) == link`` for every link.
    """

    cause: str
    hedge: Hedge
    relation: Relation
    effect: str

    def __post_init__(self) -> None:
        for name, text in (("cause", self.cause), ("effect", self.effect)):
            if _cleaned(text) != text or not text or _THINKING.search(text):
                raise LinkError(f"a link's {name} is one line of words, not {text[:60]!r}")
            if len(text) > LONGEST:
                raise LinkError(
                    f"a link's {name} has at most {LONGEST} characters, not {len(text)}"
                )
        if self.cause.upper() in _HEDGES:
            raise LinkError(f"a link names a cause before its relation; {self.cause!r} is none")
        if len(_PHRASE.findall(f" {self.cause}{_printed(self)}{self.effect} ")) != 1:
            raise LinkError(
                "a link has one relation, and its cause and effect hold none: "
                f"{self.cause[:40]!r} / {self.effect[:40]!r}"
            )
        found = _PHRASE.search(str(self))
        if found is None or (str(self)[: found.start()], str(self)[found.end() :]) != (
            self.cause,
            self.effect,
        ):
            raise LinkError(f"a link's relation runs into its words: {str(self)[:80]!r}")

    def __str__(self) -> str:
        return f"{self.cause}{_printed(self)}{self.effect}"

    @property
    def claim(self) -> tuple[str, str]:
        """Cause and effect with case and articles folded: what two links are about, whatever they
        say of it. The parts of a conjunction stand in the order of the alphabet."""
        parts = self.conjuncts
        return parts[0] if len(parts) == 1 else joined(sorted(set(parts))), folded(self.effect)

    @property
    def conjuncts(self) -> tuple[str, ...]:
        """The parts of the cause, folded; most links have one."""
        return tuple(map(folded, conjuncts(self.cause)))

    @property
    def sense(self) -> tuple[tuple[str, str], bool]:
        """The claim, and whether the link says that the cause does not help: what it says whatever
        its hedge."""
        return self.claim, self.relation is Relation.NOT_CONTRIBUTE

    @property
    def strength(self) -> tuple[bool, bool]:
        """Sorts by how much is said: certainty first; among equals, being necessary says more than
        contributing."""
        return self.hedge is Hedge.SHOULD, self.relation is Relation.NECESSARY

    @property
    def between(self) -> str:
        """What stands between cause and effect, without "to": "SHOULD BE NECESSARY"."""
        return _printed(self).strip().removesuffix(" to")


def conjuncts(cause: str) -> list[str]:
    """The parts of a ``cause``: "X AND Y" has two."""
    return cause.split(JOINT)


def joined(causes: Iterable[str]) -> str:
    """The cause that has these parts."""
    return JOINT.join(causes)


def _printed(link: Link) -> str:
    if link.relation is Relation.NOT_CONTRIBUTE:
        return f" {'DOES' if link.hedge is Hedge.SHOULD else 'MAY'} NOT CONTRIBUTE to "
    return f" {link.hedge} {link.relation} "


def parse(text: str) -> Link:
    """The one link that ``text`` is; LinkError if it is none or more than one."""
    found = list(_PHRASE.finditer(text))
    if len(found) != 1:
        raise LinkError(
            "a link reads 'X SHOULD BE NECESSARY to Y' (or MAY, CONTRIBUTE to, DOES NOT "
            f"CONTRIBUTE to), not {text[:80]!r}"
        )
    return _link(text[: found[0].start()], found[0], text[found[0].end() :])


def _link(cause: str, phrase: re.Match[str], effect: str) -> Link:
    hedge = (phrase["hedge"] or "").upper()
    if phrase["nots"] or phrase["inner"]:
        # "MAY NOT BE NECESSARY" and "SHOULD NOT CONTRIBUTE" say that the cause does not help: one
        # meaning, one form.
        sure = Hedge.MAY if hedge in ("MAY", "MIGHT", "COULD") else Hedge.SHOULD
        return Link(_cleaned(cause), sure, Relation.NOT_CONTRIBUTE, _cleaned(effect))
    sure = Hedge.SHOULD if hedge in ("SHOULD", "MUST", "WILL", "DOES", "DO", "") else Hedge.MAY
    relation = Relation.NECESSARY if phrase["necessary"] else Relation.CONTRIBUTE
    return Link(_cleaned(cause), sure, relation, _cleaned(effect))


def _cleaned(text: str) -> str:
    """One line, single spaces, without list marks and emphasis around it."""
    line = " ".join(_FORBIDDEN.sub(" ", _ESCAPE.sub("", text)).split())
    while True:
        shorter = _TRAIL.sub("", _LEAD.sub("", line, count=1))
        if shorter == line:
            return line
        line = shorter


def folded(text: str) -> str:
    """``text`` up to case, articles and spaces, as claims and actions are compared."""
    return _folded_once(text) if len(text) <= _SHORT else _folded(text)


_SHORT = 200
"""Characters of a phrase at most: those are folded over and over, and are kept."""


def _folded(text: str) -> str:
    words = [word for word in text.lower().split() if word not in ("a", "an", "the")]
    return " ".join(words) or text.lower()


_folded_once = lru_cache(maxsize=8192)(_folded)


@dataclass(frozen=True)
class Reading:
    """A model's reply as links, in order and without repetition, and the lines that could not be
    read."""

    links: tuple[Link, ...]
    unreadable: tuple[str, ...]


def read(reply: str) -> Reading:
    """Read the links in a model's reply. Thinking is left out; a line that names a relation but
    gives no link, and any other line that is not a heading or blank, counts as unreadable. Never
    raises; at most 10,000 characters are read."""
    links: dict[Link, None] = {}
    unreadable: list[str] = []
    for line, said in read_lines(reply):
        links.update(dict.fromkeys(said))
        if not said:
            unreadable.append(line[:LONGEST])
    return Reading(tuple(links), tuple(unreadable))


def read_lines(reply: str) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """The lines that :func:`read` reads, each with its links; with none where it is unreadable."""
    for line in _THINKING.sub("\n", reply[:10_000]).splitlines():
        if not line.strip() or line.strip().endswith(":") or not any(map(str.isalnum, line)):
            continue
        try:
            yield line.strip(), tuple(map(parse, _sentences(line)))
        except LinkError:
            yield line.strip(), ()


_BETWEEN = re.compile(r"(?<=[.;])\s+(?=\S)")


def _sentences(line: str) -> list[str]:
    """The links of a line: where it holds several relations, it is cut between sentences."""
    if len(_PHRASE.findall(line)) < 2:
        return [_first_sentence(line)]
    return [part for part in _BETWEEN.split(line) if _PHRASE.search(part)]


def _first_sentence(line: str) -> str:
    """A link without the explanation that follows it ("X SHOULD BE NECESSARY to Y. This is because
    …")."""
    phrase = _PHRASE.search(line)
    cut = _BETWEEN.search(line, phrase.end()) if phrase else None
    return line[: cut.start()] if cut else line
