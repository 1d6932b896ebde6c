"""TextWorldExpress (Jansen & Côté 2022, arXiv 2208.01174): eight fast text games.

``world`` plays them through raw calls of the simulator, ``language`` says what its words mean and
needs no simulator.
"""

from worlds._jvm import java_found
from worlds.textworldexpress import language
from worlds.textworldexpress.world import PARAMETERS, SCORE, TextWorldExpress, jvm, open, tasks

__all__ = [
    "PACKAGE",
    "PARAMETERS",
    "REQUIRES",
    "SCORE",
    "TextWorldExpress",
    "jvm",
    "language",
    "open",
    "tasks",
]

PACKAGE = "textworld-express"
REQUIRES = {"java": java_found}
