"""The forms of action of TextWorld's games, with what each means, in our words."""

from __future__ import annotations

from worlds import Template

_ALWAYS = (
    ("look", "describe the room"),
    ("inventory", "list what you hold"),
    ("go PLACE", "walk north, south, east or west"),
    ("examine OBJ", "look closely at a thing"),
    ("take OBJ [from OBJ]", "pick a thing up"),
    ("drop OBJ", "put down what you hold"),
)
_DOORS = (
    ("open OBJ", "open a door or a container; a closed door bars the way"),
    ("close OBJ", "close it"),
)
_INSERT = "insert"
"""A word by itself, since the house looks for SQL by its first words."""
_LAY = (
    ("put OBJ on OBJ", "lay what you hold on a thing"),
    (f"{_INSERT} OBJ into OBJ", "lay what you hold into an open container"),
)
_HOUSE = (
    *_DOORS,
    ("unlock OBJ with OBJ", "unlock with the key that fits"),
    ("lock OBJ with OBJ", "lock it again"),
    *_LAY,
    ("eat OBJ", "eat it"),
)
_KITCHEN = (
    *_DOORS,
    *_LAY,
    ("cook OBJ with OBJ", "a stove fries, an oven roasts, a BBQ grills; twice burns"),
    ("slice OBJ with OBJ", "cut with a knife that you hold"),
    ("dice OBJ with OBJ", "cut with a knife that you hold"),
    ("chop OBJ with OBJ", "cut with a knife that you hold"),
    ("prepare meal", "make the meal of the ingredients, in the kitchen"),
    ("eat OBJ", "eat it"),
    ("drink OBJ", "drink it"),
)


def forms(task: str) -> tuple[Template, ...]:
    """The forms of the games of ``task``; of a game of one's own, the usual ones."""
    more: tuple[tuple[str, str], ...] = _KITCHEN if task.startswith("cooking") else _HOUSE
    if task == "coin-collector":
        more = ()
    return tuple(Template(form, means) for form, means in (*_ALWAYS, *more))
