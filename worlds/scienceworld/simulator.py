"""One load of the ScienceWorld simulator 1.2.3 beside others in its JVM, and its admissible actions
without waste.

The simulator keeps three things once per process: chance, the counter of object ids and the
simplifications. Left alone, bees would fly and plants cross differently when another world, or a
listing of actions, had drawn from the same chance; new objects would take the ids of old ones; and
one world's simplifications would hold for all. So each load has its turn: its counter and
simplifications are put back when the turn changes, and chance is seeded by variation and step.
"""

from __future__ import annotations

import threading
from typing import Any

from py4j.java_gateway import JavaGateway, JavaObject

from worlds._jvm import Jvm, java_errors
from worlds.scienceworld.names import shown, words

_TELEPORT = "teleport to "
_turn = threading.RLock()
_last: list[Simulator] = []
"""The load that was used last, if any."""


class _Java:
    """The simulator's own functions, looked up once per JVM: each look-up is a round trip."""

    _known: tuple[JavaGateway, _Java] | None = None

    @classmethod
    def of(cls, gateway: JavaGateway) -> _Java:
        if cls._known is None or cls._known[0] is not gateway:
            cls._known = gateway, cls(gateway)
        return cls._known[1]

    def __init__(self, gateway: JavaGateway) -> None:
        java = gateway.jvm
        self.thing = java.scienceworld.struct.EnvObject
        self.chance = getattr(getattr(java.scala.util, "Random$"), "MODULE$")
        self.ids, self.set_ids = (
            java.util.UniqueIdentifier.count,
            getattr(java.util.UniqueIdentifier, "count_$eq"),
        )
        self.simplify = (
            java.main.scala.scienceworld.runtime.SimplifierProcessor.parseSimplificationStr
        )
        self.collect = java.scienceworld.input.InputParser.collectObjects
        self.reachable = java.scienceworld.input.InputParser.collectAccessibleObjects
        self.possible = java.scienceworld.input.ActionDefinitions.mkPossibleActions
        self.operations = java.scala.Predef.genericArrayOps
        self.kind = java.scala.reflect.ClassTag.apply(
            java.java.lang.Class.forName("scienceworld.struct.EnvObject")
        )
        self.nobody, self.nameless = (
            gateway.new_array(self.thing, 0),
            java.scala.Predef.Map().empty(),
        )


def gold(jvm: Jvm, task: str, variation: int, simplifications: str) -> tuple[str, ...]:
    """The simulator's own path through ``task``. It is worked out in a load of its own, so that no
    trial's load sees it."""
    gateway: JavaGateway = jvm.gateway()
    with _turn, java_errors():
        if _last:
            _last[0]._leave()
        server: JavaObject = gateway.jvm.scienceworld.runtime.pythonapi.PythonInterface()
        server.load(task, variation, simplifications, True)
        path = server.getGoldActionSequence()
        actions = tuple(str(path.get(index)) for index in range(path.size()))
        for thing in (path, server):
            jvm.release(thing)
    return actions


class Simulator:
    """``task`` in ``variation`` with ``simplifications``, loaded. All calls raise
    :class:`worlds.WorldCrashed` when the JVM is gone or the simulator fails."""

    def __init__(self, jvm: Jvm, task: str, variation: int, simplifications: str) -> None:
        self._jvm, self._variation = jvm, variation
        self._gateway: JavaGateway = jvm.gateway()
        self.generation = jvm.generation
        self._teleports: frozenset[str] | None = None
        self._held: list[JavaObject] = []
        with _turn, java_errors():
            self._java = _Java.of(self._gateway)
            self._leave()
            self.server: JavaObject = (
                self._gateway.jvm.scienceworld.runtime.pythonapi.PythonInterface()
            )
            self.server.load(task, variation, simplifications, False)
            self._simplified = self.server.getSimplificationsUsed()
            self._ids = 0
            _last[:] = [self]

    def ask(self, name: str) -> Any:
        """Call the server's method ``name``, which takes no step."""
        with _turn, java_errors():
            self._enter()
            return getattr(self.server, name)()

    def step(self, action: str, index: int) -> str:
        """Do ``action`` as step ``index`` of the trial."""
        with _turn, java_errors():
            self._enter()
            self._seed(index)
            return str(self.server.step(action))

    def admissible(self, index: int) -> str:
        """The admissible actions before step ``index``, one a line, in no order; the official list,
        sooner.

        The official call names every object of the universe at each step, for the sake of
        teleporting alone. Where one can teleport to does not change in a trial, so that part of the
        official list is asked for once.
        """
        with _turn, java_errors():
            self._enter()
            self._seed(index)
            if self._teleports is None:
                return self._begin_listing()
            return "\n".join((self._listed(), *self._teleports))

    def shown(self, index: int, text: str) -> str:
        """The same with the names that ``text`` shows, what is seen and held now. Without the
        actions on things that it does not show, such as what a closed cupboard contains, of which
        the simulator says that it knows no such action."""
        with _turn, java_errors():
            self._enter()
            self._seed(index)
            if self._teleports is None:
                self._begin_listing()
            return "\n".join((self._listed_as(words(text)), *(self._teleports or ())))

    def _begin_listing(self) -> str:
        """The official list, for the sake of where one can teleport to."""
        options = self.server.agentInterface(), self.server.agent()
        face, self._agent = (option.get() for option in options)
        self._parser = face.inputParser()
        self._held += [*options, face, self._agent, self._parser]
        listed = self._joined(face.getValidActionObjectCombinations())
        self._teleports = frozenset(
            line for line in listed.split("\n") if line.startswith(_TELEPORT)
        )
        return listed

    def close(self) -> None:
        with _turn:
            if _last == [self]:
                _last.clear()
        for thing in (*self._held, self.server):
            self._jvm.release(thing)

    def _joined(self, array: JavaObject) -> str:
        """A Java array as text, one element a line, in one call; element by element each would cost
        a round trip."""
        elements = self._java.operations(array)
        text = str(elements.mkString("\n"))
        for thing in (elements, array):
            self._jvm.release(thing)
        return text

    def _listed(self) -> str:
        """``AgentInterface.getValidActionObjectCombinations`` without the universe."""
        java, held = self._java, []

        def got(thing: JavaObject) -> JavaObject:
            held.append(thing)
            return thing

        place = got(got(self._agent.getContainer()).get())
        things = got(got(java.collect(place, False)).toArray(java.kind))
        names = got(self._parser.getAllUniqueReferentsLUTObjList(things, place, True, True))
        text = self._joined(java.possible(self._agent, things, java.nobody, names, java.nameless))
        for thing in held:
            self._jvm.release(thing)
        return text

    def _listed_as(self, text: str) -> str:
        """What can be reached and stands in ``text``, under the names there."""
        java, held = self._java, []

        def got(thing: JavaObject) -> JavaObject:
            held.append(thing)
            return thing

        place = got(got(self._agent.getContainer()).get())
        here = got(java.collect(place, False))
        reached = got(
            got(java.reachable(place, True)).union(got(java.reachable(self._agent, True)))
        )
        near = got(got(here.intersect(reached)).toArray(java.kind))
        official = got(self._parser.getAllUniqueReferentsLUTObjList(near, place, True, True))
        things = {int(thing.uuid()): got(thing) for thing in near}
        own = self._own_names(official)
        accepted = {key: self._referents(thing, place) for key, thing in things.items()}
        names = shown(own, accepted, text)
        table, seen = official, near
        for key, name in names.items():
            if name != own[key]:
                table = got(table.updated(key, name))
        if len(names) < len(things):
            seen = got(self._gateway.new_array(java.thing, len(names)))
            for number, key in enumerate(names):
                seen[number] = things[key]
        text = self._joined(java.possible(self._agent, seen, java.nobody, table, java.nameless))
        for thing in held:
            self._jvm.release(thing)
        return text

    def _own_names(self, official: JavaObject) -> dict[int, str]:
        """A table of the simulator's names, read in one call."""
        pairs = (line.split(" -> ", 1) for line in str(official.mkString("\n")).split("\n"))
        return {int(key): name for key, name in pairs}

    def _referents(self, thing: JavaObject, place: JavaObject) -> list[str]:
        """What the simulator accepts for ``thing``, seen from ``place``."""
        found = thing.getReferentsWithContainers(place)
        text = str(found.mkString("\n"))
        self._jvm.release(found)
        return text.split("\n")

    def _seed(self, index: int) -> None:
        self._java.chance.setSeed(self._variation * 10_000 + index)

    def _enter(self) -> None:
        if _last != [self]:
            self._leave()
            self._java.set_ids(self._ids)
            self._jvm.release(self._java.simplify(self._simplified))
            _last[:] = [self]

    def _leave(self) -> None:
        """Keep the counter of the load whose turn ends."""
        if _last and _last[0].generation == self.generation:
            _last[0]._ids = self._java.ids()
        _last.clear()
