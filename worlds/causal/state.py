"""Where everything is now, which actions are admissible, and what an action does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from worlds.causal.layout import Layout
from worlds.causal.physics import GROWING, Physics
from worlds.causal.plan import Needs
from worlds.causal.wording import IMPOSSIBLE, REFUSED, Voice, described, listed

HAND = "hand"


@dataclass
class State:
    """The changing part: the agent's room, where each portable thing is, which containers are open,
    which doors unlocked, which devices broken or started, how long the plant has grown, and the
    sub-goals reached."""

    physics: Physics
    layout: Layout
    needs: Needs
    voice: Voice
    room: str
    places: dict[str, str]
    opened: frozenset[str] = frozenset()
    unlocked: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()
    grown: int = 0
    reached: frozenset[str] = frozenset()
    steps: int = 0
    lost: bool = False
    sub_goals: tuple[str, ...] = field(default=())

    @classmethod
    def begin(cls, physics: Physics, layout: Layout, needs: Needs, seed: str, plain: bool) -> State:
        """The state before the first step."""
        sub_goals = tuple(deed.action for deed in needs.deeds.values() if deed.scores)
        return cls(
            physics,
            layout,
            needs,
            Voice(seed, plain),
            layout.rooms[0],
            dict(layout.places),
            broken=layout.broken,
            sub_goals=sub_goals,
        )

    def copy(self) -> State:
        """A state that changes apart from this one."""
        return replace(self, places=dict(self.places))

    @property
    def won(self) -> bool:
        return all(aim in self.reached for aim in self.needs.aims)

    @property
    def done(self) -> bool:
        return self.lost or self.won

    @property
    def score(self) -> float:
        """Equal points for each sub-goal; all of them are necessary, so that the goal comes with
        the last."""
        if self.lost:
            return -100.0
        return 100.0 if self.won else round(100.0 * len(self.reached) / len(self.sub_goals), 4)

    def say(self, kind: str, *words: str) -> str:
        return self.voice.say(kind, *words, step=self.steps)

    def here(self, place: str) -> list[str]:
        """What lies in a room, container, device or the hand, sorted."""
        return sorted(thing for thing, where in self.places.items() if where == place)

    def devices_here(self) -> list[str]:
        return [device for device, room in self.layout.devices.items() if room == self.room]

    def within_reach(self) -> Iterator[str]:
        """Portable things that can be picked up here: in the room, in open containers, and what
        devices made."""
        yield from self.here(self.room)
        for container, room in self.layout.containers.items():
            if room == self.room and container in self.opened:
                yield from self.here(container)
        for device in self.devices_here():
            if device != "chute":
                yield from self.here(device)

    def locked_doors(self) -> list[str]:
        """Colours of the locked doors of this room."""
        doors = (self.layout.door(self.room, other) for other in self.layout.neighbours(self.room))
        return [
            self.layout.locks[door]
            for door in doors
            if door in self.layout.locks and self.layout.locks[door] not in self.unlocked
        ]

    def ways(self) -> list[str]:
        """The rooms that one can go to."""
        locked = set(self.locked_doors())
        return [
            other
            for other in self.layout.neighbours(self.room)
            if self.layout.locks.get(self.layout.door(self.room, other)) not in locked
        ]


def admissible(state: State) -> Iterator[str]:
    """The actions that can be done now, whether or not they do any good."""
    yield from ("look around", "inventory", "wait")
    yield from (f"go to {room}" for room in state.ways())
    yield from (
        f"open {each}"
        for each, room in state.layout.containers.items()
        if room == state.room and each not in state.opened
    )
    yield from (f"pick up {thing}" for thing in state.within_reach())
    devices = state.devices_here()
    yield from (f"activate {device}" for device in devices if device not in ("chute", "planter"))
    for thing in state.here(HAND):
        if thing in state.layout.substances:
            yield from (f"move {thing} to {device}" for device in devices)
        elif thing.endswith(" key") and thing in state.physics.fits.values():
            yield from (f"unlock {colour} door with {thing}" for colour in state.locked_doors())
        else:
            yield from (
                f"use {thing} on {device}"
                for device in devices
                if device not in ("chute", "planter")
            )


def apply(state: State, action: str) -> str:
    """Do ``action`` in ``state``; the observation."""
    state.steps += 1
    if len(action) > 200 or action not in set(admissible(state)):
        return IMPOSSIBLE if action.split(" ")[0] in _VERBS and len(action) <= 200 else REFUSED
    verb, _, rest = action.partition(" ")
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
        return (
            device not in state.broken
            if state.physics.repairs.get(device) == tool
            else device in state.started
        )
    if verb == "wait":
        return state.grown >= GROWING
    if verb == "move":
        return state.places.get(state.physics.parcel) == "chute"
    made = [recipe.product for recipe in state.physics.recipes if recipe.device == rest]
    return any(product in state.places for product in made)


def _look(state: State, rest: str) -> str:
    return room_text(state)


def _inventory(state: State, rest: str) -> str:
    return held_text(state)


def _wait(state: State, rest: str) -> str:
    recipe = next(each for each in state.physics.recipes if each.grows)
    if state.grown >= GROWING or state.here("planter") != sorted(recipe.inputs):
        return state.say("wait")
    state.grown += 1
    if state.grown < GROWING:
        return state.say("growing")
    _made(state, recipe.inputs, recipe.product, "planter")
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
            _made(state, recipe.inputs, recipe.product, device)
            return state.say("make", device, recipe.product)
    return state.say("no use")


def _made(state: State, inputs: tuple[str, ...], product: str, device: str) -> None:
    for each in inputs:
        del state.places[each]
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


def room_text(state: State) -> str:
    """What is seen in the agent's room."""
    things = [f"a {thing}" for thing in state.here(state.room)]
    for container, room in state.layout.containers.items():
        if room == state.room:
            content = listed(state.here(container))
            shown = f"containing {content}" if container in state.opened else "that is closed"
            things.append(f"a {container} ({shown})")
    for device in state.devices_here():
        inside = state.here(device)
        notes = [
            *(["that is broken"] if device in state.broken else []),
            *([f"containing {listed(inside)}"] if inside else []),
        ]
        things.append(f"a {device}" + (f" ({', '.join(notes)})" if notes else ""))
    locked = set(state.locked_doors())
    doors = []
    for other in state.layout.neighbours(state.room):
        colour = state.layout.locks.get(state.layout.door(state.room, other))
        how = "locked" if colour in locked else "open"
        doors.append(f"a {colour + ' ' if colour else ''}door to the {other} (that is {how})")
    return described(state.room, things, doors)


def held_text(state: State) -> str:
    """What is held."""
    return f"In your hands you have: {listed(state.here(HAND))}."


def every_action(physics: Physics, layout: Layout) -> frozenset[str]:
    """All actions that could be admissible at some time in this variation."""
    found = (
        {"look around", "inventory", "wait"}
        | {f"go to {room}" for room in layout.rooms}
        | {f"open {container}" for container in layout.containers}
    )
    devices = [device for device in layout.devices if device not in ("chute", "planter")]
    found |= {f"activate {device}" for device in devices}
    keys = set(physics.fits.values())
    for thing in {*layout.places, *layout.substances}:
        found.add(f"pick up {thing}")
        if thing in layout.substances:
            found |= {f"move {thing} to {device}" for device in layout.devices}
        elif thing in keys:
            found |= {f"unlock {colour} door with {thing}" for colour in layout.locks.values()}
        else:
            found |= {f"use {thing} on {device}" for device in devices}
    return frozenset(found)
