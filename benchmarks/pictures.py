"""The pictures of the terminal UI in docs/tui, taken again from real runs of the bundled model.

    python benchmarks/pictures.py --out docs/tui

Plays four runs of ScienceWorld (about a minute), keeps a fifth alive meanwhile, and saves each
screen as SVG. Look at the pictures before they are committed.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.pilot import Pilot

from memory.store import Store
from tui.app import Watch

SIZE, WIDE = (122, 24), (144, 36)
RUNS = (
    ("--variation", "98"),
    ("--variation", "98", "--strategy", "none"),
    ("--task", "find-living-thing", "--variation", "230", "--trials", "3"),
    ("--task", "identify-life-stages-1", "--variation", "9"),
)
LIVE = ("--task", "grow-plant", "--variation", "93", "--trials", "200")
"""The last run, which goes on while the pictures are taken."""


def command(db: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "clin.cli", "run", *words, "--db", str(db)]


def listing(db: Path) -> list[str]:
    """The runs of the file."""
    with Store(db, read_only=True) as store:
        return [run.name for run in store.runs()]


async def take(db: Path, out: Path) -> None:
    """Every picture, each from the list of runs on, newest first."""
    live = len(RUNS) + 1
    await picture(db, out / "runs.svg", ["down"] * (live - 1))
    await picture(db, out / "trial.svg", [*(["down"] * (live - 3)), "enter"])
    second = [*(["down"] * (live - 1)), "enter", *(["left_square_bracket"] * 3), "up"]
    await picture(db, out / "one.svg", second, size=WIDE)
    await picture(db, out / "memory.svg", [*(["down"] * (live - 1)), "m"])
    await picture(db, out / "evidence.svg", [*(["down"] * (live - 1)), "m", "enter"])
    await picture(db, out / "graph.svg", [*(["down"] * (live - 1)), "m", "g"])
    both = [*(["down"] * (live - 2)), "space", "down", "space", "c"]
    await picture(db, out / "curves.svg", both)
    await picture(db, out / "stepin.svg", ["enter", "i"], lambda pilot: listed(pilot) > 1)


async def picture(
    db: Path,
    path: Path,
    keys: Sequence[str],
    ready: Callable[[Pilot], bool] = lambda pilot: True,
    size: tuple[int, int] = SIZE,
) -> None:
    """One screen, after ``keys``, once it is ``ready``."""
    app = Watch(db)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(1)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        for _ in range(100):
            if ready(pilot):
                break
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        path.write_text(alone(app.export_screenshot()), encoding="utf-8")


def alone(svg: str) -> str:
    """The picture without the fonts that it would fetch."""
    svg = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "monospace")


def listed(pilot: Pilot) -> int:
    """How many actions the paused trial offers."""
    from textual.widgets import OptionList

    found = pilot.app.screen.query(OptionList)
    return found.first().option_count if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "learn.db"
        for words in RUNS:
            subprocess.run(command(db, *words), check=True, stdout=subprocess.DEVNULL)
        live = subprocess.Popen(command(db, *LIVE), stdout=subprocess.DEVNULL)
        try:
            while len(listing(db)) <= len(RUNS):
                time.sleep(0.5)
            asyncio.run(take(db, out))
        finally:
            live.terminate()
            live.wait()


if __name__ == "__main__":
    main()
