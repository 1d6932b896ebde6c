"""One of AgentOdyssey's games, as the child process plays it (:mod:`worlds._host`)."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from pathlib import Path
from typing import Any

from worlds._child import LONGEST
from worlds.agentodyssey.listing import admissible

PLAYER = ("agent_adam_davis", "adam_davis")
"""Id and name of the package's own single player."""
GOAL = (
    "Play the game '{name}' and follow its main quest, {title}, through its {stages} stages: "
    "do what the tutorial or the quest tells you, and talk to your guide for what to do next."
)
_HEAD = re.compile(
    r"(?P<intro>.*?)Current Time: (?P<time>[^\n]*)\nCurrent Location: (?P<place>[^\n]*)\n"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_STATE = ("I am holding ", "It is too dark to see anything here.")
"""How what is seen begins, after what the last action was answered with."""
_NEAR = re.compile(r"\nNeighboring areas: [^\n]*\n")
_BLANK = re.compile(r"\n\s*\n+")


class Game:
    """The game ``name`` of the package in ``folder``, with its areas placed by ``seed``."""

    def __init__(self, folder: str, name: str, seed: int) -> None:
        if sys.path[0] != folder:
            sys.path.insert(0, folder)  # before whatever else is called games or utils
        logging.disable(logging.CRITICAL)  # it tells of each step
        self._inside = "base" if name == "base" else f"generated/{name}"
        self._folder, self._seed = Path(folder), seed
        package = "games." + self._inside.replace("/", ".")
        self._environment = _quiet(importlib.import_module(f"{package}.env"))
        self._agent = importlib.import_module(f"{package}.agent").Agent
        rules = importlib.import_module(f"{package}.rules.step_rules").MainQuestStepRule
        rules._save_goal_tree_png = lambda *told, **more: None  # seconds for a picture, each step
        quest = rules.QUEST_CONFIG
        self._stages = sum(len(chapter["stages"]) for chapter in quest["chapters"])
        goal = GOAL.format(name=name, title=quest["title"], stages=self._stages)
        self.opened = {"goal": goal, "stages": self._stages}

    def reset(self) -> dict[str, Any]:
        """A new environment, since rules keep what happened in them."""
        self._player = self._agent(*PLAYER)
        self._game = self._environment(
            seed=self._seed,
            agents=[self._player],
            world_definition_path=str(self._file("world_definitions", "default.json")),
            run_dir=".",
            config_path=str(self._file("env_configs", "initial.json")),
        )
        self._game.world_definition.setdefault("features", {})["online_expansion"] = False
        self._done, self._place = 0, ""
        seen = self._game.reset()
        return self._told(seen[self._player.id]["text"], "", over=False)

    def step(self, action: str) -> dict[str, Any]:
        seen, rewards, over, _ = self._game.step({self._player.id: action})
        reward = rewards[self._player.id]
        self._done += reward.quest
        gained = ", ".join(f"{name} {count}" for name, count in vars(reward).items() if count)
        beside = f"Reward: {gained}." if gained else ""
        return self._told(seen[self._player.id]["text"], beside, over=bool(over))

    def actions(self) -> list[str]:
        return admissible(self._game, self._player)

    def verbs(self) -> list[str]:
        """The first words of the actions that the game knows, as its package counts them."""
        return [each.verb for each in self._player.available_actions]

    def close(self) -> None:
        self._game = None

    def _file(self, kind: str, name: str) -> Path:
        return self._folder / "assets" / kind / self._inside / name

    def _told(self, text: str, beside: str, *, over: bool) -> dict[str, Any]:
        """The answer first; where one has come, what is seen there with it."""
        found = _HEAD.match(text)
        assert found is not None, "an observation names time and place"
        answer, state = _parted(found["rest"])
        seen = _plain(f"Current Location: {found['place']}\n{state}")
        parts = [found["intro"], answer, beside]
        if found["place"] != self._place or not answer.strip():
            parts += [f"Current Time: {found['time']}", seen]
        self._place = found["place"]
        done = min(self._done, self._stages - 1)
        points = 100.0 if over else round(100 * done / self._stages, 6)
        told = _plain("\n".join(parts))[:LONGEST]
        return {"text": told, "score": points, "done": over, "seen": seen[:LONGEST]}


def _parted(rest: str) -> tuple[str, str]:
    """What the last action was answered with, and what is seen; the congratulations come last."""
    begins = max(rest.rfind(each) for each in _STATE)
    answer, state = rest[:begins], rest[begins:]
    near = _NEAR.search(state)
    ends = near.end() if near else len(state)
    return answer + state[ends:], state[:ends]


def _plain(text: str) -> str:
    return _BLANK.sub("\n", text).strip()


def _quiet(module: Any) -> Any:
    """The module's environment, without the files that it writes."""

    class Quiet(module.AgentOdysseyEnv):  # type: ignore[misc]
        def update_config(self, *told: object, **more: object) -> None:
            return

    return Quiet
