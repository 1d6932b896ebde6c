"""What is admissible in a game of AgentOdyssey: what its package lists, and what that leaves out.

The package's list never has some of a game's verbs, such as ``talk to``, without which no quest
goes on. They are added here with whoever or whatever is near, by the parameters that the game
declares. It also misses to equip and inspect bags, to inspect papers and the inventory, and to buy
or sell the one thing that the coins just pay for.

Some listed actions are refused when tried; so they are in the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNLISTED = ("defend", "eat", "lockpick", "pickpocket", "refract", "talk to")
"""The verbs that the list of some game leaves out (version 0.1.0)."""
COIN = "obj_coin"


def admissible(game: Any, player: Any) -> list[str]:
    """What ``player`` may do now in the environment ``game``, which stays as it is."""
    return [
        *_listed(game, player),
        *_left_out(game, player),
        *_with_bags(game, player),
        *_trade(game, player),
    ]


def _listed(game: Any, player: Any) -> list[str]:
    """The package's list. It fails where a bag is in reach and nothing else is, for want of a name
    that no loop has set. So there it is asked as if a coin lay on the ground, whose actions are
    left out again."""
    area = _area(game, player)
    if area.objects or player.items_in_hands:
        return _flat(game.get_all_valid_actions(player))
    area.objects[COIN] = 1
    try:
        listed = _flat(game.get_all_valid_actions(player))
    finally:
        del area.objects[COIN]
    coin = game.world.objects[COIN].name
    absent = (f"pick up {coin}", f"inspect {coin}", f"store 1 {coin} ", "disassemble ")
    return [action for action in listed if not action.startswith(absent)]


def _left_out(game: Any, player: Any) -> Iterator[str]:
    area = _area(game, player)
    near = {
        "npc_name": [game.world.npc_instances[each].name for each in area.npcs],
        "area_name": [game.world.area_instances[each].name for each in area.neighbors],
    }
    names = {number: name for name, number in game.world.auxiliary["obj_name_to_id"].items()}
    held = [names[each] for each in player.items_in_hands if each in names]
    for action in player.available_actions:
        if action.verb in UNLISTED and not action.params:
            yield action.verb
        elif action.verb in UNLISTED:
            for name in near.get(action.params[0], held):
                yield f"{action.verb} {name}"


def _with_bags(game: Any, player: Any) -> Iterator[str]:
    """To look into bags and papers in reach, and to wear the bags in hand."""
    world = game.world
    reach = [*_area(game, player).objects, *player.items_in_hands, *player.equipped_items_in_limb]
    for each in dict.fromkeys(reach):
        found = world.container_instances.get(each) or world.writable_instances.get(each)
        if found is not None:
            yield f"inspect {found.name}"
        if each in world.container_instances and each in player.items_in_hands:
            yield f"equip {found.name}"
    if player.inventory.container:
        yield "inspect inventory"


def _trade(game: Any, player: Any) -> Iterator[str]:
    """One of each thing that a merchant nearby has and the coins pay for, and one of each thing in
    hand that the merchant can pay for."""
    bag = player.inventory.items if player.inventory.container else {}
    coins = player.items_in_hands.get(COIN, 0) + bag.get(COIN, 0)
    for each in _area(game, player).npcs:
        other = game.world.npc_instances[each]
        if other.role != "merchant":
            continue
        for verb, things, paid in (
            ("buy", other.inventory, coins),
            ("sell", player.items_in_hands, other.coins or 0),
        ):
            for thing in map(game.world.objects.get, things):
                if thing is not None and thing.value is not None and thing.value <= paid:
                    yield f"{verb} 1 {thing.name} {other.name}"


def _area(game: Any, player: Any) -> Any:
    return game.world.area_instances[game.curr_agents_state["area"][player.id]]


def _flat(found: dict[str, list[str]]) -> list[str]:
    return [action for actions in found.values() for action in actions]
