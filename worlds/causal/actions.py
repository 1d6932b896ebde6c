"""Which actions are admissible, and what an action does."""

from __future__ import annotations

from collections.abc import Iterator

from worlds import Template
from worlds.causal.layout import Layout
from worlds.causal.physics import GROWING, Physics
from worlds.causal.state import HAND, State, held_text, room_text
from worlds.causal.wording import IMPOSSIBLE, REFUSED, listed

PASSIVE = ("chute", "planter")
"""Devices that are neither activated nor worked on with a tool."""
FORMS = (
    Template("look around", "describe the room"),
    Template("inventory", "list what you hold"),
    Template("wait", "let time pass, in which something may grow"),
    Template("go to PLACE", "walk to a room next to this one"),
    Template("open OBJ", "open a container and see what it holds"),
    Template("pick up OBJ", "take a thing into your hands"),
    Template("unlock OBJ with OBJ", "unlock a door with a key that you hold"),
    Template("move OBJ to OBJ", "put a substance that you hold into a device"),
    Template("use OBJ on OBJ", "use a tool that you hold on a device, to repair or start it"),
    Template("activate OBJ", "let a device work on what it holds"),
)
LONGEST = 200
"""Characters of an action that is understood."""


def admissible(state: State) -> Iterator[str]:
    """The actions that can be done now, whether or not they do any good."""
    yield from ("look around", "inventory", "wait")
    yield from (f"go to {room}" for room in state.ways())
    for container, room in state.layout.containers.items():
        if room == state.room and container not in state.opened:
            yield f"open {container}"
    yield from (f"pick up {thing}" for thing in state.within_reach())
    devices = state.devices_here()
    machines = [device for device in devices if device not in PASSIVE]
    yield from (f"activate {device}" for device in machines)
    for thing in state.here(HAND):
        if thing in state.layout.substances:
            yield from (f"move {thing} to {device}" for device in devices)
        elif thing.endswith(" key") and thing in state.physics.fits.values():
            yield from (f"unlock {colour} door with {thing}" for colour in state.locked_doors())
        else:
            yield from (f"use {thing} on {device}" for device in machines)


def apply(state: State, action: str) -> str:
    """Do ``action`` in ``state``; the observation."""
    state.steps += 1
    verb, _, rest = action.partition(" ")
    if len(action) > LONGEST or verb not in _VERBS:
        return REFUSED
    if action not in set(admissible(state)):
        return IMPOSSIBLE
    text = _VERBS[verb](state, rest)
    if action in state.sub_goals and _succeeded(state, action):
        state.reached |= {action}
    return text


def _succeeded(state: State, action: str) -> bool:
    """Whether the sub-goal's action had its effect: the words are the same when it was done in
    vain."""
    verb, _, rest = action.partition(" ")
    if verb == "unlock":
        return rest.split(" ")[0] in state.unlocked
    if verb == "use":
        tool, _, device = rest.partition(" on ")
        if state.physics.repairs.get(device) == tool:
            return device not in state.broken
        return device in state.started
    if verb == "wait":
        return state.grown >= GROWING
    if verb == "move":
        return state.places.get(state.physics.parcel) == "chute"
    products = [recipe.product for recipe in state.physics.recipes if recipe.device == rest]
    return any(product in state.places for product in products)


def _look(state: State, rest: str) -> str:
    return room_text(state)


def _inventory(state: State, rest: str) -> str:
    return held_text(state)


def _wait(state: State, rest: str) -> str:
    recipe = next(recipe for recipe in state.physics.recipes if recipe.grows)
    if state.grown >= GROWING or state.here("planter") != sorted(recipe.inputs):
        return state.say("wait")
    state.grown += 1
    if state.grown < GROWING:
        return state.say("growing")
    _transform(state, recipe.inputs, recipe.product, "planter")
    return state.say("grow", recipe.product)


def _go(state: State, rest: str) -> str:
    state.room = rest.removeprefix("to ")
    text = state.say("go", state.room)
    return f"{text}\n{room_text(state)}"


def _open(state: State, rest: str) -> str:
    state.opened |= {rest}
    return f"{state.say('open', rest)} {state.say('inside', listed(state.here(rest)))}"


def _pick(state: State, rest: str) -> str:
    thing = rest.removeprefix("up ")
    state.places[thing] = HAND
    return state.say("take", thing)


def _unlock(state: State, rest: str) -> str:
    colour, _, key = rest.partition(" door with ")
    if state.physics.fits[colour] != key:
        return state.say("no fit", colour)
    state.unlocked |= {colour}
    return state.say("unlock", colour)


def _move(state: State, rest: str) -> str:
    thing, _, device = rest.rpartition(" to ")
    state.places[thing] = device
    return state.say("delivered", thing) if device == "chute" else state.say("put", thing, device)


def _use(state: State, rest: str) -> str:
    tool, _, device = rest.partition(" on ")
    if device in state.broken:
        if state.physics.repairs.get(device) != tool:
            return state.say("no use")
        state.broken -= {device}
        return state.say("repair", device)
    if state.physics.starts.get(device) != tool or device in state.started:
        return state.say("no use")
    state.started |= {device}
    return state.say("start", device)


def _activate(state: State, device: str) -> str:
    if device in state.broken:
        return state.say("broken", device)
    if device in state.physics.starts and device not in state.started:
        return state.say("idle", device)
    inside = state.here(device)
    for thing in inside:
        if (device, thing) in state.physics.hazards:
            state.lost = True
            return state.say("hazard", device, thing)
    for recipe in state.physics.recipes:
        if recipe.device == device and inside == sorted(recipe.inputs):
            _transform(state, recipe.inputs, recipe.product, device)
            return state.say("make", device, recipe.product)
    return state.say("no use")


def _transform(state: State, inputs: tuple[str, ...], product: str, device: str) -> None:
    for thing in inputs:
        del state.places[thing]
    state.places[product] = device


_VERBS = {
    "look": _look,
    "inventory": _inventory,
    "wait": _wait,
    "go": _go,
    "open": _open,
    "pick": _pick,
    "unlock": _unlock,
    "move": _move,
    "use": _use,
    "activate": _activate,
}


def every_action(physics: Physics, layout: Layout) -> frozenset[str]:
    """All actions that could be admissible at some time in this variation."""
    actions = {"look around", "inventory", "wait"}
    actions |= {f"go to {room}" for room in layout.rooms}
    actions |= {f"open {container}" for container in layout.containers}
    machines = [device for device in layout.devices if device not in PASSIVE]
    actions |= {f"activate {device}" for device in machines}
    keys = set(physics.fits.values())
    for thing in {*layout.places, *layout.substances}:
        actions.add(f"pick up {thing}")
        if thing in layout.substances:
            actions |= {f"move {thing} to {device}" for device in layout.devices}
        elif thing in keys:
            actions |= {f"unlock {colour} door with {thing}" for colour in layout.locks.values()}
        else:
            actions |= {f"use {thing} on {device}" for device in machines}
    return frozenset(actions)
