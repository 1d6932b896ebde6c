"""How the admissible actions are told: each by itself where they are few, else by the things that
can be named in them, since the forms of action stand in the prompt's head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from worlds import Template

MOST_LISTED = 24
"""Actions that are listed one by one. A room of forty things can have a thousand."""

_SLOT = re.compile(r"\b(?:OBJ|PLACE)\b")


def told_forms(templates: Sequence[Template]) -> str:
    """The forms of action for the head, a line each; empty where the world names none."""
    if not templates:
        return ""
    lines = "".join(f"- {each.form}: {each.means}\n" for each in templates)
    return f"\nForms of action, where OBJ is a thing and PLACE a place that you know of:\n{lines}"


@dataclass(frozen=True)
class Offers:
    """The admissible actions sorted by how they are told: the ``things`` that fill a form, and
    ``others``, which are actions that no form covers."""

    things: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, actions: Sequence[str], templates: Sequence[Template]) -> Offers:
        """``actions`` under the forms that their world has."""
        if len(actions) <= MOST_LISTED:
            return cls(others=tuple(actions))
        by_verb = _by_verb(templates)
        things: dict[str, None] = {}
        joint: list[tuple[str, ...]] = []
        others = []
        for action in actions:
            named = _named(action, by_verb)
            if named is None:
                others.append(action)
            elif len(named) == 1:
                things[named[0]] = None
            else:
                joint.append(named)
        for named in joint:
            if not _told(named, things):
                things.update(dict.fromkeys(named))
        return cls(tuple(things), tuple(others))


def told(offers: Offers, room: int, size: Callable[[str], int]) -> str:
    """The tail's lines in at most ``room`` tokens, as ``size`` counts them.

    What does not fit is left out from the end, the things before the actions that no form covers;
    it can be chosen all the same. Where not even one fits, nothing is told.
    """
    actions = _fitting("You can do:\n", [f"- {each}\n" for each in offers.others], room, size)
    left = room - size(actions)
    named = [f"{each}, " for each in offers.things]
    things = _fitting("What can be named: ", named, left, size)
    things = f"{things.rstrip(', ')}\n" if things else ""
    return things + actions


def _fitting(title: str, items: Sequence[str], room: int, size: Callable[[str], int]) -> str:
    """``title`` and the first of ``items`` that fit; the last line says how many do not."""
    for kept in _fewer(len(items)):
        left_out = len(items) - kept
        more = f"and {left_out} more\n" if left_out else ""
        text = title + "".join(items[:kept]) + more
        if size(text) <= room:
            return text
    return ""


def _fewer(count: int) -> Iterator[int]:
    """``count``, then ever fewer, by a quarter each time, down to 1."""
    while count >= 1:
        yield count
        count = min(count - 1, count * 3 // 4)


_Form = tuple[re.Pattern[str], Template]


def _by_verb(templates: Iterable[Template]) -> dict[str, list[_Form]]:
    found: dict[str, list[_Form]] = {}
    for template in templates:
        verb = template.form.partition(" ")[0]
        found.setdefault(verb, []).append((_pattern(template.form), template))
    return found


def _pattern(form: str) -> re.Pattern[str]:
    """The actions of a form, with what fills its slots as groups."""
    escaped = re.escape(form).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", " ")
    return re.compile(_SLOT.sub("(.+)", escaped))


def _named(action: str, by_verb: dict[str, list[_Form]]) -> tuple[str, ...] | None:
    """What ``action`` names in the first form that it has; None where it has none."""
    for pattern, _ in by_verb.get(action.partition(" ")[0], ()):
        found = pattern.fullmatch(action)
        if found:
            return tuple(each for each in found.groups() if each)
    return None


def _told(named: Sequence[str], things: dict[str, None]) -> bool:
    """Whether the things of an action with several slots are told already, however the action is
    split between them."""
    return all(any(each in one for each in things) for one in named)
