"""ALFWorld (Shridhar et al. 2021, arXiv 2010.03768): household tasks in text, of ALFRED's scenes.

``tasks`` says which there are, ``data`` finds their games in the user's download, ``world`` opens
them, ``game`` plays them in a child process, and ``language`` reads both wordings. Needs the extra
``alfworld``.
"""

from worlds.alfworld import language
from worlds.alfworld.data import found_game
from worlds.alfworld.tasks import COUNTS, SPLITS, tasks
from worlds.alfworld.world import INSTALL, SCORE, AlfWorld, host, open

__all__ = [
    "COUNTS",
    "FIRST_PLACE",
    "INSTALL",
    "PACKAGE",
    "SCORE",
    "SPLITS",
    "AlfWorld",
    "found_game",
    "host",
    "language",
    "open",
    "tasks",
]

PACKAGE = "alfworld"
FIRST_PLACE = ("pick_and_place_simple", 825)
