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
    "ScienceWorld",
    "java_runtime",
    "jvm",
    "language",
    "open",
    "tasks",
]

FIRST_PLACE = ("lifespan-shortest-lived", 98)
PACKAGE = "scienceworld"
REQUIRES = {"java": java_found}
