"""Any Z-machine story, through Jericho (Hausknecht et al. 2020, arXiv 1909.05398).

``world`` plays it through a child process (``game``), and ``search`` says what is admissible. Needs
the extra ``jericho``.
"""

from worlds.jericho import language
from worlds.jericho.world import SCORE, STORY, Jericho, host, open, tasks

__all__ = [
    "FIRST_PLACE",
    "INSTALL",
    "PACKAGE",
    "SCORE",
    "Jericho",
    "host",
    "language",
    "open",
    "tasks",
]

PACKAGE = "jericho"
INSTALL = (("jericho",), "pip install 'clin[jericho]'")
FIRST_PLACE = (STORY, 750)
