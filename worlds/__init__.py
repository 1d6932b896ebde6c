"""Text worlds and the contract that each of them keeps.

The file name is the registry: ``worlds/causal/`` (or ``worlds/causal.py``) is the world ``causal``.
A world's module offers three names:

``SCORE``
    one line on what a score means there, in points.
``tasks() -> Sequence[Task]``
    its tasks with their variations and official splits; needs no simulator where that can be
    helped.
``open(task, variation, *, seed, **options) -> World``
    one world, not yet reset; raises :class:`WorldError` for what does not exist.

It may offer more; what it does not offer, nobody needs:

``language``
    what its words mean: a module, a class or an object with any of the names of
    :class:`memory.language.Language`. It needs no simulator, since stored trials are read by it.
``SHARED_PLACES``
    true where a variation is the same place for all tasks.
``RULE_SPLITS``
    the seeds of its option ``rules`` by split, where it has such an option.
``FIRST_PLACE``
    the task and variation that are played where none is named.
``TASK_SETS``
    names for sets of its tasks.
``SHOWN_NAMES``
    the options under which things have the names that the world's own text shows, where that is
    not so anyway.
``PACKAGE``
    the package whose version decides what happens in a trial.
``REQUIRES``
    what it needs to run, by name: functions that say in a line what was found, or raise
    :class:`WorldError`.
``INSTALL``
    where its package does not come with ours: the packages that it plays with, and how to get them.
``practice``
    how its trials are played wrongly, searched and renamed while a model is trained
    (``clin/distill/practice.py``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

from memory.spelling import did_you_mean


class WorldError(ValueError):
    """A request that no world can meet; its text is one line that a user can act on."""


class WorldCrashed(RuntimeError):
    """The simulator behind a world died or stopped answering, and could not be brought back."""


@dataclass(frozen=True)
class Observation:
    """What the world answers. ``score`` is in points: 100 is the goal, and it may be negative where
    the world says so."""

    text: str
    score: float
    done: bool


@dataclass(frozen=True)
class Template:
    """A form of action in a line: ``form`` with OBJ and PLACE for what is named in it, a part that
    may be left out in brackets ("use OBJ [on OBJ]"), and what it ``means``."""

    form: str
    means: str


@runtime_checkable
class World(Protocol):
    """One task in one variation. Not thread-safe; a trial owns it from reset to close.

    It may say ``templates`` too, its forms of action (:func:`templates_of`).
    """

    goal: str

    def reset(self) -> Observation:
        """Start over. A second reset gives the same observation as the first."""
        ...

    def step(self, action: str) -> Observation:
        """Do ``action``; any string gets an answer. After ``done`` it raises
        :class:`WorldError`."""
        ...

    def surroundings(self) -> str:
        """What is seen and what is held now; costs no step and changes nothing."""
        ...

    def actions(self) -> Sequence[str]:
        """The admissible actions now, sorted; costs no step and changes nothing."""
        ...

    def close(self) -> None:
        """Let go of the world; closing twice is closing once."""
        ...


@runtime_checkable
class Restorable(Protocol):
    """What a world may offer beside its contract: to go back by state, where repeating what was
    done takes longer."""

    def snapshot(self) -> Any:
        """The state as it is now; costs no step and changes nothing. It is of use to this world
        alone."""
        ...

    def restore(self, state: Any) -> Observation:
        """Be as it was at the :meth:`snapshot` of ``state``, any number of times, after a reset
        too. Returns what was last observed there."""
        ...


ENDINGS: list[Callable[[], None]] = []
"""What ends the processes that worlds have started, each at once and without waiting for it."""


def end_processes() -> None:
    """End the processes that worlds have started. No world can be used afterwards: this is for a
    process that ends by itself at once."""
    for end in [*ENDINGS]:
        end()


def templates_of(world: World) -> Sequence[Template]:
    """The forms of action of ``world``; none where it does not say."""
    found: Sequence[Template] = getattr(world, "templates", ())
    return found


@dataclass(frozen=True)
class Task:
    """A task of a world: ``splits`` maps ``train``, ``dev`` and ``test`` to variation numbers."""

    name: str
    variations: int
    splits: Mapping[str, Sequence[int]]
    aliases: tuple[str, ...] = field(default=())


def world_names() -> list[str]:
    """The worlds that have a file here, sorted."""
    return sorted(
        m.name
        for m in pkgutil.iter_modules(__path__)
        if not m.name.startswith("_") and m.name not in NOT_WORLDS
    )


NOT_WORLDS = frozenset({"conformance", "experts", "gym", "language_checks"})
"""Files of this folder that serve worlds without being one."""


def whole_number(value: object) -> int | None:
    """An option's value as a number from 0 up: 3, "3" or True (1); None for anything else."""
    if isinstance(value, bool):
        return int(value)
    return int(str(value)) if str(value).isdecimal() else None


class Module(Protocol):
    """What a world's module offers, or an object in its place."""

    SCORE: str

    def tasks(self) -> Sequence[Task]: ...

    def open(self, task: str, variation: int, *, seed: int, **options: Any) -> World: ...


def world_module(name: str) -> Module:
    """The module of world ``name`` (for ``gymnasium:ID`` an object that offers the same);
    :class:`WorldError` names the nearest when there is none."""
    if name.startswith("gymnasium:"):
        family: Module = importlib.import_module(f"{__name__}.gym").Family(name)
        return family
    if name not in world_names():
        raise WorldError(
            f"no world '{name}'{did_you_mean(name, world_names())} (worlds: "
            f"{', '.join(world_names())}, gymnasium:ID)"
        )
    return cast(Module, importlib.import_module(f"{__name__}.{name}"))


def language_of(name: str) -> Any:
    """What world ``name`` says of its words, None where it says nothing; starts no simulator.
    :class:`WorldError` for a world that does not exist."""
    if name.startswith("gymnasium:"):  # read without gymnasium, which may not be installed
        return None
    return getattr(world_module(name), "language", None)


def first_place(name: str) -> tuple[str, int] | None:
    """The task and variation of world ``name`` that are played where none is named; None where it
    says of none."""
    found: tuple[str, int] | None = getattr(world_module(name), "FIRST_PLACE", None)
    return found


def shown_names(name: str) -> dict[str, Any]:
    """The options under which world ``name`` calls things as its text does."""
    return dict(getattr(world_module(name), "SHOWN_NAMES", {}))


def shares_places(name: str) -> bool:
    """Whether a variation of world ``name`` is the same place for all tasks."""
    return bool(getattr(world_module(name), "SHARED_PLACES", False))


def packages() -> list[str]:
    """The packages whose versions decide what happens in the trials of some world."""
    declared = [getattr(world_module(name), "PACKAGE", "") for name in world_names()]
    return list(dict.fromkeys(filter(None, declared)))


def requirements() -> dict[str, Callable[[], str]]:
    """What worlds need to run, by name; each function says what was found, or raises
    :class:`WorldError`."""
    found: dict[str, Callable[[], str]] = {}
    for name in world_names():
        found |= getattr(world_module(name), "REQUIRES", {})
    return found


def extras() -> dict[str, tuple[Sequence[str], str]]:
    """By world, the packages that do not come with ours, and how to get them."""
    declared = {name: getattr(world_module(name), "INSTALL", None) for name in world_names()}
    return {name: each for name, each in declared.items() if each is not None}


def find_task(name: str, task: str) -> Task:
    """The task of world ``name`` called ``task``, by name or alias; :class:`WorldError` names the
    nearest."""
    tasks = world_module(name).tasks()
    for each in tasks:
        if task == each.name or task in each.aliases:
            return each
    names = [each.name for each in tasks] + [alias for each in tasks for alias in each.aliases]
    raise WorldError(
        f"no task '{task}' in {name}{did_you_mean(task, names)} (`clin worlds {name}` lists them)"
    )


def open_world(name: str, task: str, variation: int, *, seed: int = 0, **options: Any) -> World:
    """Open one world, not yet reset. Errors say what is allowed and what is nearest."""
    found = find_task(name, task)
    if not 0 <= variation < found.variations:
        raise WorldError(
            f"{name} task '{found.name}' has variations 0 to {found.variations - 1}, not "
            f"{variation}"
        )
    return world_module(name).open(found.name, variation, seed=seed, **options)


def as_gymnasium(name: str, task: str, variation: int, **options: Any) -> Any:
    """World ``name`` as a Gymnasium environment; see :func:`worlds.gym.as_gymnasium`. Needs the
    extra ``gym``."""
    return importlib.import_module(f"{__name__}.gym").as_gymnasium(name, task, variation, **options)
