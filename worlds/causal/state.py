"""Where everything is now, and how that is described."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from worlds.causal.layout import Layout
from worlds.causal.physics import Physics
from worlds.causal.plan import Needs
from worlds.causal.wording import Voice, described, listed

HAND = "hand"


@dataclass
class State:
    """The changing part, and what it changes in.

    The agent's room, where each portable thing is, which containers are open, which doors unlocked,
    which devices broken or started, how long the plant has grown, and the sub-goals reached.
    """

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
        if self.won:
            return 100.0
        return round(100.0 * len(self.reached) / len(self.sub_goals), 4)

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

    def colour_to(self, other: str) -> str | None:
        """The colour of the door to a neighbouring room, if it has a lock."""
        return self.layout.locks.get(self.layout.door(self.room, other))

    def locked_doors(self) -> list[str]:
        """Colours of the locked doors of this room."""
        colours = map(self.colour_to, self.layout.neighbours(self.room))
        return [colour for colour in colours if colour and colour not in self.unlocked]

    def ways(self) -> list[str]:
        """The rooms that one can go to."""
        locked = self.locked_doors()
        neighbours = self.layout.neighbours(self.room)
        return [other for other in neighbours if self.colour_to(other) not in locked]


def room_text(state: State) -> str:
    """What is seen in the agent's room."""
    things = [f"a {thing}" for thing in state.here(state.room)]
    for container, room in state.layout.containers.items():
        if room == state.room:
            content = listed(state.here(container))
            shown = f"containing {content}" if container in state.opened else "that is closed"
            things.append(f"a {container} ({shown})")
    things += [_device_text(state, device) for device in state.devices_here()]
    doors = [_door_text(state, other) for other in state.layout.neighbours(state.room)]
    return described(state.room, things, doors)


def _device_text(state: State, device: str) -> str:
    notes = []
    if device in state.broken:
        notes.append("that is broken")
    if inside := state.here(device):
        notes.append(f"containing {listed(inside)}")
    return f"a {device} ({', '.join(notes)})" if notes else f"a {device}"


def _door_text(state: State, other: str) -> str:
    colour = state.colour_to(other)
    door = f"{colour} door" if colour else "door"
    how = "locked" if colour in state.locked_doors() else "open"
    return f"a {door} to the {other} (that is {how})"


def held_text(state: State) -> str:
    """What is held."""
    return f"In your hands you have: {listed(state.here(HAND))}."
