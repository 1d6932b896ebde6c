"""The hidden rules of one world family member: what is made of what by which device, what starts,
repairs and unlocks what.

Everything here is drawn from the rule seed alone, so that every layout of it teaches the same
causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PRODUCTS = ("glass", "rope", "paper", "soap", "ink", "candle", "brick", "dye", "vinegar", "felt")
RAWS = (
    "sand",
    "hemp",
    "tallow",
    "soot",
    "lime",
    "clay",
    "resin",
    "wool",
    "malt",
    "ash",
    "salt",
    "chalk",
    "moss",
    "honey",
    "amber",
    "flax",
    "coal",
    "bran",
    "sulphur",
    "copper ore",
)
DEVICES = (
    "kiln",
    "loom",
    "press",
    "still",
    "mill",
    "vat",
    "forge",
    "lathe",
    "oven",
    "centrifuge",
    "bellows",
    "crusher",
    "dryer",
    "mixer",
)
TOOLS = (
    "wrench",
    "hammer",
    "tongs",
    "chisel",
    "spanner",
    "file",
    "pliers",
    "saw",
    "drill",
    "clamp",
)
STARTERS = ("flint", "crank", "pedal", "fuse", "lever", "valve key")
KEYS = ("brass key", "bone key", "iron key", "glass key", "silver key", "wooden key")
DOORS = ("red", "blue", "green", "black", "white", "yellow")
SEEDS = ("pea seed", "bean seed", "rye seed", "poppy seed")
FEEDS = ("compost", "bone meal", "seaweed", "manure")
PARCELS = ("parcel", "letter", "crate", "flask")

GROWING = 2
"""Times that one has to wait for a plant."""


@dataclass(frozen=True)
class Recipe:
    """``device`` turns exactly ``inputs`` into ``product``; a plant grows while one waits."""

    product: str
    device: str
    inputs: tuple[str, ...]
    grows: bool = False


@dataclass(frozen=True)
class Physics:
    """The rules."""

    recipes: tuple[Recipe, ...]
    starts: dict[str, str]
    """The thing that starts a device, by device."""
    repairs: dict[str, str]
    """The tool that mends a device, by device."""
    fits: dict[str, str]
    """The key of a door, by the door's colour."""
    hazards: frozenset[tuple[str, str]]
    """(device, substance): it ends everything when the device is activated with it."""
    fixture: str
    """The device that the repair task is about; it makes nothing."""
    parcel: str
    spare_raws: tuple[str, ...]
    spare_tools: tuple[str, ...]
    spare_devices: tuple[str, ...]

    def recipe(self, product: str) -> Recipe:
        """How ``product`` is made."""
        return next(recipe for recipe in self.recipes if recipe.product == product)


def draw(rules: int, depth: int) -> Physics:
    """The physics of rule seed ``rules``; a product is made in at most ``depth`` stages."""
    random = Random(f"causal physics {rules}")
    products, raws, devices, tools = (
        random.sample(pool, len(pool)) for pool in (PRODUCTS, RAWS, DEVICES, TOOLS)
    )
    recipes: list[Recipe] = []
    stage = 0
    for product in products[:5]:
        stage = stage + 1 if recipes and stage < depth else 1
        first = recipes[-1].product if stage > 1 else raws.pop()
        recipes.append(Recipe(product, devices.pop(), (first, raws.pop())))
    recipes.append(_plant(random))
    fixture = devices.pop()
    working = [recipe.device for recipe in recipes if not recipe.grows]
    starters = random.sample(STARTERS, len(STARTERS))
    starts = {device: starters.pop() for device in random.sample(working, 3)}
    repairs = dict(zip([fixture, *working], tools, strict=False))
    fits = dict(zip(random.sample(DOORS, len(DOORS)), random.sample(KEYS, len(KEYS)), strict=True))
    spare = tuple(raws)
    hazards = frozenset((device, random.choice(spare)) for device in random.sample(working, 3))
    return Physics(
        recipes=tuple(recipes),
        starts=starts,
        repairs=repairs,
        fits=fits,
        hazards=hazards,
        fixture=fixture,
        parcel=random.choice(PARCELS),
        spare_raws=spare,
        spare_tools=tuple(tools[len(repairs) :]),
        spare_devices=tuple(devices),
    )


def _plant(random: Random) -> Recipe:
    seed = random.choice(SEEDS)
    inputs = (seed, "water", random.choice(FEEDS))
    return Recipe(seed.replace("seed", "plant"), "planter", inputs, grows=True)
