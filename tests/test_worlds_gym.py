"""The bridge to Gymnasium: our worlds pass its checker, its text environments keep our contract."""

from __future__ import annotations

import sys
import warnings

import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env

from worlds import World, WorldError, as_gymnasium, open_world, world_module

PLACES = [
    ("textworldexpress", "coin", 3),
    ("textworldexpress", "sorting", 2003),
    ("scienceworld", "find-living-thing", 225),
]


class Corridor(gymnasium.Env):
    """Walk east to the end: text seen, numbers typed."""

    observation_space = gymnasium.spaces.Text(40, charset="abcdefghijklmnopqrstuvwxyz 0123456789")
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, length: int = 3) -> None:
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = self.length + int(self.np_random.integers(3))
        return f"{self.left} steps to go", {"goal": "walk to the end"}

    def step(self, action):
        if self.length == 99:
            raise RuntimeError("the floor broke")
        self.left += -1 if action == 1 else 1
        return f"{self.left} steps to go", float(self.left == 0), self.left == 0, False, {}


gymnasium.register("Corridor-v0", entry_point=Corridor)
gymnasium.register("OurCoin-v0", entry_point=lambda: as_gymnasium("textworldexpress", "coin", 3))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
def test_worlds_pass_gymnasiums_checker(place) -> None:
    env = as_gymnasium(*place, render_mode="ansi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it prefers arrays and a made spec; errors are exceptions
        check_env(env, skip_render_check=True)
    env = as_gymnasium(*place, render_mode="ansi")
    _, info = env.reset(seed=1)
    assert env.render() == env.world.surroundings()
    assert info["goal"] == env.world.goal
    env.close()


def test_a_gymnasium_environment_is_a_world() -> None:
    world = open_world("gymnasium:Corridor-v0", "play", 7, length=2)
    assert isinstance(world, World)
    assert world.goal == "walk to the end"
    first = world.reset()
    assert world.actions() == ("0", "1")
    assert world.step("jump").text == "That is no action here."
    assert world.surroundings() == first.text
    seen = first
    while not seen.done:
        seen = world.step("1")
    assert seen.score == 100.0
    assert world.actions() == ()
    with pytest.raises(WorldError, match="over"):
        world.step("1")
    assert world.reset() == first
    world.close()
    world.close()
    with pytest.raises(WorldError, match="closed"):
        world.reset()


def test_variations_are_seeds() -> None:
    seen = {
        open_world("gymnasium:Corridor-v0", "Corridor-v0", variation).reset().text
        for variation in range(20)
    }
    assert len(seen) == 3
    assert [
        len(part) for part in world_module("gymnasium:Corridor-v0").tasks()[0].splits.values()
    ] == [500, 250, 250]


def test_there_and_back_is_the_same_world() -> None:
    back, ours = (
        open_world("gymnasium:OurCoin-v0", "play", 0),
        open_world("textworldexpress", "coin", 3),
    )
    assert back.goal == ours.goal
    assert back.reset() == ours.reset()
    for index in range(30):
        actions = ours.actions()
        assert back.actions() == actions
        action = actions[(index * 7 + 3) % len(actions)]
        seen = ours.step(action)
        assert back.step(action) == seen
        if seen.done:
            break
    for each in (back, ours):
        each.close()


def test_a_broken_environment_is_a_crashed_world() -> None:
    from worlds import WorldCrashed

    world = open_world("gymnasium:Corridor-v0", "play", 0, length=99)
    with pytest.raises(WorldCrashed, match="the floor broke"):
        world.step("1")


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("gymnasium:Coridor-v0", {}, "gymnasium cannot make 'Coridor-v0'"),
        ("gymnasium:nowhere.at.all:X-v0", {}, "gymnasium cannot make"),
        ("gymnasium:Corridor-v0", {"width": 1}, "width"),
        ("gymnasium:CartPole-v1", {}, "a world observes Text"),
    ],
)
def test_what_is_no_text_environment_is_one_line(name: str, options: dict, says: str) -> None:
    with pytest.raises(WorldError) as refused:
        open_world(name, "play", 0, **options)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_gymnasium_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "worlds.gym", raising=False)
    with pytest.raises(WorldError, match="pip install"):
        open_world("gymnasium:Corridor-v0", "play", 0)
