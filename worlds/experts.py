"""Expert paths and how worlds are practised, for imitation while a model is trained; nothing that
acts or writes memories may read them.

``worlds/<name>/practice.py`` (or ``practice`` in a world of one file) says both, in any of the
names of :class:`clin.distill.practice.Practice`.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from worlds import WorldError, world_module, world_names


def practice_of(name: str) -> Any:
    """What world ``name`` says of how it is practised, None where it says nothing; starts no
    simulator. WorldError for a world that does not exist."""
    if name.startswith("gymnasium:"):
        return None
    module = world_module(name)
    if hasattr(module, "practice"):
        return module.practice
    own = f"worlds.{name}.practice"
    if not hasattr(module, "__path__") or importlib.util.find_spec(own) is None:
        return None
    return importlib.import_module(own)


def expert(world: str, task: str, variation: int, **options: Any) -> list[tuple[str, ...]]:
    """Paths to try, the most instructive first; some may fail where the simulator's own path relies
    on chance or on waiting. WorldError for a world that has no expert."""
    paths = getattr(practice_of(world), "paths", None)
    if paths is None:
        experts = [name for name in world_names() if hasattr(practice_of(name), "paths")]
        raise WorldError(f"{world} has no expert path (worlds that have one: {', '.join(experts)})")
    return list(dict.fromkeys(paths(task, variation, options)))
