"""The forms of action of each game, with what each means, in our words."""

from __future__ import annotations

from worlds import Template

_LOOK = ("look around", "describe the room"), ("inventory", "list what you hold")
_WALK = (("move PLACE", "walk north, south, east or west"),)
_DOORS = (
    ("open door to PLACE", "open the door on that side before you walk there"),
    ("close door to PLACE", "close it"),
)
_BOXES = (("open OBJ", "open a container"), ("close OBJ", "close it"))
_TAKE = (("take OBJ", "pick a thing up"),)
_PUT = (("put OBJ in OBJ", "put what you hold into or onto a thing"),)
_READ = (("read OBJ", "read a text"),)
_KITCHEN = (
    ("examine OBJ", "look closely at a thing"),
    ("cook OBJ in OBJ", "cook on a stove, in an oven or on a barbecue"),
    ("slice OBJ", "cut with a knife that you hold"),
    ("chop OBJ", "cut with a knife that you hold"),
    ("dice OBJ", "cut with a knife that you hold"),
    ("prepare meal", "make the meal of the ingredients, in the kitchen"),
    ("eat OBJ", "eat it"),
)
_FORMS = {
    "cookingworld": (*_LOOK, *_WALK, *_DOORS, *_BOXES, *_TAKE, *_PUT, *_READ, *_KITCHEN),
    "twc": (*_LOOK, *_WALK, *_DOORS, *_BOXES, *_TAKE, *_PUT),
    "coin": (*_LOOK, *_WALK, *_DOORS, *_BOXES, *_TAKE),
    "mapreader": (*_LOOK, *_WALK, *_DOORS, *_TAKE, *_PUT, *_READ, ("task", "read the task again")),
    "arithmetic": (*_LOOK, *_TAKE, *_PUT, *_READ),
    "sorting": (*_LOOK, *_TAKE, *_PUT),
    "peckingorder": (*_LOOK, *_TAKE, *_PUT, *_READ),
    "simonsays": (),
}


def forms(game: str) -> tuple[Template, ...]:
    """The forms of ``game``; simonsays has none, since each thing to do is named as it is done."""
    return tuple(Template(form, means) for form, means in _FORMS[game])
