"""Which wrappers a trial plays through, in the one order in which they are put around its world.

Innermost, where trials go back and the world can keep its state, is :class:`ByState`, which
answers as the world does. Around it, for every run, is :class:`Admitted`. It changes nothing; it
says what the world itself admitted, so that each step can be stored with it.

Around it, from the inside out: :class:`LoopGuard` (for the whole run), :class:`MemoryMask`,
:class:`RiskMask`, :class:`Untried`, :class:`LeastTried`, :class:`EpsilonGreedy`,
:class:`ReturnToBest`. Each offers some of the admissible actions that the one inside it offers, and
all of them where none would be left; an action that is done anyway is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clin.exploration.admitted import Admitted
from clin.exploration.by_state import ByState
from clin.exploration.epsilon_greedy import EpsilonGreedy
from clin.exploration.loop_guard import LoopGuard
from clin.exploration.memory_mask import MemoryMask
from clin.exploration.novelty import LeastTried, Untried
from clin.exploration.return_to_best import ReturnToBest
from clin.exploration.risk_mask import RiskMask, Risks
from clin.options import Exploration
from memory.archive import Archive, Route
from memory.language import Language
from memory.trials import Memory
from worlds import Restorable, World


def for_run(world: World, language: Language, exploration: Exploration) -> tuple[World, Admitted]:
    """``world``, which has this ``language``, as all trials of a run see it; and the wrapper inside
    that, which says what the world itself admitted."""
    if exploration.return_to_best and isinstance(world, Restorable):
        world = ByState(world)
    admitted = Admitted(world)
    if not exploration.repeats:
        return admitted, admitted
    return LoopGuard(admitted, language, exploration.repeats), admitted


@dataclass(frozen=True)
class Known:
    """What is known when trial ``number`` begins: the ``archive`` of the trials before it, the
    ``memory`` that counts in this place, the kinds of action that were ``costly_elsewhere``, and
    whether it is the run's ``last`` trial, whether it ``goes_on`` where the one before it ended,
    and the ``seed`` of what chance chooses in it."""

    number: int
    archive: Archive
    memory: Memory
    costly_elsewhere: Sequence[str] = ()
    last: bool = False
    goes_on: bool = False
    seed: str = ""


def for_trial(
    world: World,
    language: Language,
    exploration: Exploration,
    known: Known,
    *,
    route: Route | None,
) -> World:
    """``world`` (of :func:`for_run`) as one trial is offered it. ``route``: where it goes back to
    first."""
    archive = known.archive
    if exploration.memory_mask:
        lost = archive.costly if exploration.risk_mask else None
        world = MemoryMask(world, language, known.memory.links, lost)
    if exploration.risk_mask:
        costly = known.costly_elsewhere if exploration.memory_mask else ()
        world = RiskMask(world, language, Risks.of(archive, costly, known.last))
    if exploration.novelty:
        if not known.goes_on:  # what came to nothing did so in a world that stood otherwise
            world = Untried(world, language, archive.fruitless)
        world = LeastTried(world, language) if known.number else world
    if exploration.epsilon:
        world = EpsilonGreedy(world, exploration.epsilon, known.seed)
    return ReturnToBest(world, route) if route else world
