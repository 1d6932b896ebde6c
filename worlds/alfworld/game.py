"""One of ALFWorld's games, as the child process plays it (:mod:`worlds._host`).

TextWorld plays it and says what is admissible; ALFWorld's package gives things their names, such as
"drawer 2". What is seen is put together from the game's own answers, without asking the game.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from worlds._child import LONGEST, Refused
from worlds.alfworld import kept

_TASK = re.compile(r"Your task is to: (?P<task>[^\n]+)")
_IDLE: list[Any] = []
"""Environments whose games are closed, or could not be opened. Each holds a planner's library of
32 MB, which cannot be let go of, so the next game is loaded into one of these."""


class Game:
    """The game in the file ``path``, of the download in the folder ``data``."""

    def __init__(self, path: str, data: str) -> None:
        self._env = _environment(data)
        self._begun, self._at = False, ""
        try:
            self._env.load(path)
            self._state = self._env.reset()
            self._told()  # what cannot be told is found now
            found = _TASK.search(self._state.feedback)
            if found is None:
                raise Refused(f"'{path}' names no task")
        except Exception:
            self.close()
            raise
        self.opened = {"goal": found["task"].strip()}

    def reset(self) -> dict[str, Any]:
        if self._begun:
            self._state = self._env.reset()
        self._begun, self._at = False, ""
        return self._told()

    def step(self, action: str) -> dict[str, Any]:
        self._begun = True
        if action.startswith("go to ") and action in self._state.admissible_commands:
            self._at = action.removeprefix("go to ")
        self._state, _, _ = self._env.step(action)
        return self._told()

    def actions(self) -> list[str]:
        return list(self._state.admissible_commands)

    def close(self) -> None:
        _IDLE.append(self._env)

    def _told(self) -> dict[str, Any]:
        won = bool(self._state.won)
        return {
            "text": self._state.feedback.strip()[:LONGEST],
            "score": 100.0 if won else 0.0,
            "done": won,
            "seen": "\n".join(self._seen())[:LONGEST],
        }

    def _seen(self) -> Iterator[str]:
        """What looking answers, then examining each receptacle in reach, the one gone to first, and
        what is held. Several may stand at one place, as drawers do."""
        actions = {action.name: action for action in self._state["_valid_actions"]}
        yield self._derived(actions["look"].feedback_rule, {})
        near = [each for each in self._state["_valid_actions"] if each.name == "examinereceptacle"]
        for action in sorted(near, key=self._nearness):
            yield self._derived(action.feedback_rule, action.mapping)
        held = actions["inventory"]
        yield self._derived(held.feedback_rule, held.mapping)

    def _nearness(self, examine: Any) -> tuple[bool, str]:
        name = self._named(examine.mapping)["r"].name
        return name != self._at, name

    def _named(self, mapping: dict[Any, Any]) -> dict[str, Any]:
        infos = self._env.unwrapped._entity_infos
        return {slot.name: infos[thing.name] for slot, thing in mapping.items()}

    def _derived(self, rule: str, mapping: dict[Any, Any]) -> str:
        """What the game's grammar makes of ``rule``, as TextWorld asks it. Where nothing is bound,
        it is as at the beginning: asked to look again, the grammar sees nothing in the room."""
        env = self._env.unwrapped
        context = {
            "state": env._pddl_state,
            "facts": list(env._pddl_state.facts),
            "variables": self._named(mapping),
            "mapping": mapping,
            "entity_infos": env._entity_infos,
        }
        return str(env._logic.grammar.derive(rule, context)).strip()


def _environment(data: str) -> Any:
    """One without a game, or with one that nobody plays any more."""
    os.environ["ALFWORLD_DATA"] = data  # else the package makes a folder in the user's cache
    import textworld
    from alfworld.agents.environment.alfred_tw_env import AlfredDemangler
    from textworld.envs import PddlEnv

    kept.keep()
    if _IDLE:
        return _IDLE.pop()
    return AlfredDemangler(PddlEnv(textworld.EnvInfos(won=True, admissible_commands=True)))
