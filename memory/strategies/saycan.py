"""``saycan``: no memory; each admissible action is weighed whole by the model's likelihood (Ahn et
al. 2022, arXiv 2204.01691).

SayCan multiplies what the language model would say with what the robot can do. Here the world's
list of admissible actions is the affordance (1 if an action is on it, else 0), and "say" is the
log-probability of the whole action among them; there is no thought before it. The paper's learned
value functions have no counterpart in a text world.
"""

from __future__ import annotations

from memory.strategies import Traits
from memory.strategies.none import Nothing


def open(**_: object) -> SayCan:
    """The strategy; it has no writer, so the writer's options mean nothing to it."""
    return SayCan()


class SayCan(Nothing):
    """Reads nothing, keeps nothing; asks for the likelihood of every action instead of one
    action."""

    traits = Traits(weighs_actions=True)
