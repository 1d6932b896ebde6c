"""TextWorld (Côté et al. 2018, arXiv 1806.11532): generated text games, and games of one's own.

``tasks`` says which there are, ``cache`` keeps the generated ones, ``world`` plays them through a
child process (``game``). Needs the extra ``textworld``.
"""

from worlds.textworld import language
from worlds.textworld.tasks import FAMILIES, OWN, tasks
from worlds.textworld.world import SCORE, TextWorld, host, open

__all__ = [
    "FAMILIES",
    "FIRST_PLACE",
    "INSTALL",
    "OWN",
    "PACKAGE",
    "SCORE",
    "TASK_SETS",
    "TextWorld",
    "host",
    "language",
    "open",
    "tasks",
]

PACKAGE = "textworld"
INSTALL = (("textworld",), "pip install 'clin[textworld]'")
FIRST_PLACE = (OWN, 0)
TASK_SETS = {"tales": tuple(f"cooking-{level}" for level in range(1, 11))}
