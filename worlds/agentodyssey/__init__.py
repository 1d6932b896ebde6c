"""AgentOdyssey's seven long games (arXiv 2606.24893).

``world`` opens them, ``game`` plays them in a child process, and ``language`` says what their words
mean. The package claims top-level names such as ``utils``, so only the child imports it.
"""

from worlds.agentodyssey import language
from worlds.agentodyssey.world import INSTALL, SCORE, AgentOdyssey, host, open, tasks

__all__ = [
    "FIRST_PLACE",
    "INSTALL",
    "PACKAGE",
    "SCORE",
    "AgentOdyssey",
    "host",
    "language",
    "open",
    "tasks",
]

PACKAGE = "agentodyssey"
FIRST_PLACE = ("base", 2000)
