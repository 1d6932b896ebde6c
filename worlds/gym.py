"""The bridge to Gymnasium, both ways: its text environments are worlds, and our worlds are
environments of its.

``--world gymnasium:ID`` opens the environment ID (``gymnasium:package.module:ID`` imports the
package first); :func:`as_gymnasium` wraps a world. Needs the extra ``gym`` (``pip install
'clin[gym]'``).
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any, ClassVar

from worlds import Observation, Task, WorldCrashed, WorldError, open_world

try:
    import gymnasium
except ImportError:
    raise WorldError("gymnasium is not installed: `pip install 'clin[gym]'`") from None

PREFIX = "gymnasium:"
VARIATIONS = 1000
"""A variation is the seed that the environment is reset with. Gymnasium knows no splits: half is
train, a quarter dev."""

LISTED = ("actions", "admissible_actions", "admissible_commands", "valid_actions", "validActions")
"""Where environments put the admissible actions in ``info``."""


class AnyText(gymnasium.spaces.Text):
    """Text of any script, up to ``max_length`` characters; samples are short and plain."""

    def __init__(self, max_length: int = 100_000) -> None:
        super().__init__(max_length, min_length=0, charset=string.ascii_lowercase + " ")

    def contains(self, x: object) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        return "".join(self.np_random.choice(self.character_list, size=12))


class WorldEnv(gymnasium.Env[str, str]):
    """A world as a Gymnasium environment.

    The reward is the change of the score, a hundredth per point, so that a won trial sums to 1. A
    world's ending terminates and nothing truncates: wrap it in ``TimeLimit``.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"]}

    def __init__(
        self,
        name: str,
        task: str,
        variation: int,
        *,
        list_actions: bool,
        render_mode: str | None,
        **options: Any,
    ) -> None:
        self.world = open_world(name, task, variation, **options)
        self.observation_space, self.action_space = AnyText(), AnyText()
        self.render_mode = render_mode
        self._list_actions = list_actions
        self._score = 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Start the same variation over; a world's chance lies in its variation, so ``seed`` only
        seeds the spaces."""
        super().reset(seed=seed)
        seen = self.world.reset()
        self._score = seen.score
        return seen.text, self._info(seen)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        seen = self.world.step(action)
        reward, self._score = (seen.score - self._score) / 100, seen.score
        return seen.text, round(reward, 8), seen.done, False, self._info(seen)

    def render(self) -> str | None:
        return self.world.surroundings() if self.render_mode == "ansi" else None

    def close(self) -> None:
        self.world.close()

    def _info(self, seen: Observation) -> dict[str, Any]:
        info: dict[str, Any] = {"score": seen.score, "goal": self.world.goal}
        if self._list_actions:
            info["actions"] = list(self.world.actions())
        return info


def as_gymnasium(
    name: str,
    task: str,
    variation: int,
    *,
    list_actions: bool = True,
    render_mode: str | None = None,
    **options: Any,
) -> WorldEnv:
    """World ``name`` as a Gymnasium environment; ``options`` are :func:`worlds.open_world`'s.

    ``list_actions`` puts the admissible actions into each ``info``, which some worlds compute
    slowly. Raises :class:`worlds.WorldError`.
    """
    return WorldEnv(
        name, task, variation, list_actions=list_actions, render_mode=render_mode, **options
    )


class Family:
    """What a world's module offers, for one Gymnasium environment: ``SCORE``, ``tasks`` and
    ``open``."""

    SCORE = "100 points per unit of reward, summed (option points_per_reward)"

    def __init__(self, name: str) -> None:
        self.environment = name.removeprefix(PREFIX)

    def tasks(self) -> Sequence[Task]:
        """The one task ``play``; its variations are seeds."""
        half, rest = VARIATIONS // 2, VARIATIONS * 3 // 4
        splits = {"train": range(half), "dev": range(half, rest), "test": range(rest, VARIATIONS)}
        return (Task("play", VARIATIONS, splits, (self.environment,)),)

    def open(
        self,
        task: str,
        variation: int,
        *,
        seed: int = 0,
        points_per_reward: float = 100,
        **options: object,
    ) -> GymWorld:
        """The environment, made with ``options``; WorldError when there is none or it does not
        speak in text."""
        try:
            env = gymnasium.make(self.environment, disable_env_checker=True, **options)
        except (gymnasium.error.Error, ImportError, TypeError) as error:
            raise WorldError(
                f"gymnasium cannot make '{self.environment}': {' '.join(str(error).split())}"
            ) from None
        seen, done = gymnasium.spaces.Text, (gymnasium.spaces.Text, gymnasium.spaces.Discrete)
        speaks = isinstance(env.observation_space, seen) and isinstance(env.action_space, done)
        if not speaks:
            kinds = f"observes {env.observation_space} and takes {env.action_space}"
            env.close()
            raise WorldError(
                f"gymnasium environment '{self.environment}' {kinds}; a world observes Text and "
                "takes Text or Discrete"
            )
        return GymWorld(env, variation, points_per_reward)


class GymWorld:
    """A Gymnasium text environment as a world. See :class:`worlds.World`. It is reset with its
    variation as seed."""

    def __init__(self, env: gymnasium.Env, variation: int, points_per_reward: float) -> None:
        self._env, self._seed, self._points = env, variation, float(points_per_reward)
        self._closed = False
        first = self.reset()
        listed = self._info.get("goal") or self._info.get("objective")
        self.goal = str(listed or getattr(env.unwrapped, "goal", "") or first.text)

    def reset(self) -> Observation:
        self._open()
        self._text, self._info = self._ask(self._env.reset, seed=self._seed)
        self._reward, self._done = 0.0, False
        return self._observation()

    def step(self, action: str) -> Observation:
        self._open()
        if self._done:
            raise WorldError("the episode is over; reset the world to play again")
        meant = self._meant(action)
        if meant is None:
            return Observation("That is no action here.", self._observation().score, False)
        self._text, reward, terminated, truncated, self._info = self._ask(self._env.step, meant)
        self._reward += float(reward)
        self._done = bool(terminated or truncated)
        return self._observation()

    def surroundings(self) -> str:
        self._open()
        return str(self._info.get("surroundings") or self._text)

    def actions(self) -> Sequence[str]:
        """From ``info`` where the environment lists them there, else the numbers of a Discrete
        space, else none."""
        self._open()
        if self._done:
            return ()
        for key in LISTED:
            if key in self._info:
                return tuple(sorted(set(map(str, self._info[key]))))
        return tuple(sorted(map(str, self._numbers())))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._env.close()

    def _numbers(self) -> range:
        space = self._env.action_space
        if not isinstance(space, gymnasium.spaces.Discrete):
            return range(0)
        return range(int(space.start), int(space.start + space.n))

    def _meant(self, action: str) -> Any:
        """``action`` as the environment takes it; None for what it cannot take."""
        if isinstance(self._env.action_space, gymnasium.spaces.Discrete):
            by_name = {str(number): number for number in self._numbers()}
            return by_name.get(action.strip())
        return action if self._env.action_space.contains(action) else None

    def _ask(self, method: Any, *arguments: object, **named: object) -> Any:
        try:
            return method(*arguments, **named)
        except Exception as error:  # somebody else's code: whatever it raises, the world is gone
            raise WorldCrashed(
                f"the environment failed: {type(error).__name__}: {error}"
            ) from error

    def _observation(self) -> Observation:
        return Observation(str(self._text), round(self._reward * self._points, 6), self._done)

    def _open(self) -> None:
        if self._closed:
            raise WorldError("this world is closed; open another")
