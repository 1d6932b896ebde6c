"""ScienceWorld (Wang et al. 2022, arXiv 2203.07540): 30 elementary-science tasks.

``world`` plays it through raw calls of the simulator, ``simulator`` is one load of that in its JVM,
``language`` says what its words mean and needs no simulator.
"""

from worlds._jvm import java_found, java_runtime
from worlds.scienceworld import language
from worlds.scienceworld.world import SCORE, ScienceWorld, jvm, open, tasks

__all__ = [
    "FIRST_PLACE",
    "PACKAGE",
    "REQUIRES",
    "SCORE",
    "SHOWN_NAMES",
    "TASK_SETS",
    "ScienceWorld",
    "java_runtime",
    "jvm",
    "language",
    "open",
    "tasks",
]

_PAPER = (
    "use-thermometer",
    "measure-melting-point-known-substance",
    "find-plant",
    "find-living-thing",
    "chemistry-mix",
    "chemistry-mix-paint-secondary-color",
    "lifespan-longest-lived",
    "lifespan-shortest-lived",
    "identify-life-stages-2",
    "identify-life-stages-1",
    "boil",
    "freeze",
    "grow-plant",
    "grow-fruit",
    "inclined-plane-determine-angle",
    "inclined-plane-friction-named-surfaces",
    "mendelian-genetics-known-plant",
    "mendelian-genetics-unknown-plant",
)
"""The paper's 18 tasks; its two find tasks are taken to be find-plant and find-living-thing."""
_SHORT = (
    "find-living-thing",
    "find-non-living-thing",
    "lifespan-longest-lived",
    "lifespan-shortest-lived",
)
"""The four short tasks of the first experiment."""
TASK_SETS = {"paper": _PAPER, "short": _SHORT}

FIRST_PLACE = ("lifespan-shortest-lived", 98)
SHOWN_NAMES = {"names": "shown"}
PACKAGE = "scienceworld"
REQUIRES = {"java": java_found}
