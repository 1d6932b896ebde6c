"""Does the page of `clin report --html` open quickly in a real browser?

    npm install --prefix FOLDER puppeteer-core @sparticuz/chromium
    clin batch benchmarks/report_page.toml --db played.db     # 24 runs, minutes on one core
    python benchmarks/report_page.py --browser FOLDER --played played.db

copies the runs under other seeds until there are 500, makes the page, and opens it in a headless
Chromium of 1280x900. `usable` is from asking for the page until the script has counted the runs,
the plots are there, and what is in view is drawn. `--pictures DIR` keeps pictures, light and dark.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from memory.store import Store
from memory.store.housekeeping import stats
from memory.store.merging import merge

SECONDS = {
    "parsed": "page parsed",
    "usable": "usable",
    "filtered": "filtered by a word",
    "unfolded": "a run unfolded",
}
AIM = {"usable": "2"}


def copied(played: Path, wanted: int, file: Path) -> Path:
    """``file``, with the runs of ``played`` again and again, each round under another seed, until
    there are ``wanted``."""
    other = file.with_name("round.db")
    with Store(file) as store:
        number = 0
        while missing := wanted - len(store.runs()):
            shutil.copy(played, other)
            merge(store, other, renamed(other, number)[:missing])
            number += 1
    return file


def renamed(file: Path, seed: int) -> list[str]:
    """Make the runs of ``file`` others, with this ``seed``; their new uids."""
    db = sqlite3.connect(file)
    with db:
        names = [(str(uuid.uuid4()), name) for (name,) in db.execute("select id from runs")]
        db.executemany("update runs set uid = ? where id = ?", names)
        db.execute("update runs set config = json_set(config, '$.seed', ?)", [seed])
    db.close()
    return [uid for uid, _ in names]


def made(file: Path, page: Path) -> float:
    """Seconds to make the page, with Python's start."""
    began = time.perf_counter()
    words = ["report", "--db", str(file), "--html", str(page)]
    subprocess.run(
        [sys.executable, "-m", "clin.cli", *words], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


def opened(
    browser: Path, page: Path, run: str, times: int, pictures: str
) -> dict[str, Sequence[float]]:
    """Milliseconds of each opening; SystemExit where the page said anything on its console."""
    script = Path(__file__).with_suffix(".mjs")
    words = ["node", str(script), str(browser.resolve()), str(page), run, str(times), pictures]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found.pop("said"):
        raise SystemExit(f"the page says on its console: {done.stdout}")
    return found


def largest(file: Path) -> str:
    """The run with the most steps."""
    with Store(file, read_only=True) as store:
        names = [run.name for run in store.runs()]
        return max(names, key=lambda name: sum(row.steps for row in store.trials(name)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--browser", type=Path, required=True, help="where npm installed it")
    parser.add_argument("--played", type=Path, required=True, help="runs to copy")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--pictures", default="", metavar="DIR")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file, page = Path(folder) / "runs.db", Path(folder) / "runs.html"
        copied(given.played, given.runs, file)
        seconds = made(file, page)
        with Store(file, read_only=True) as store:
            count = stats(store).steps
        found = opened(given.browser, page, largest(file), given.repeat, given.pictures)
        size = page.stat().st_size / 1e6
    print(
        f"{given.runs} runs, {count:,} steps; a page of {size:.1f} MB, made in {seconds:.1f} s; "
        f"load {os.getloadavg()[0]:.1f}\n\n"
        "| what | median, s | worst, s | aim, s |\n|---|---|---|---|"
    )
    for name, what in SECONDS.items():
        took = [each / 1000 for each in found[name]]
        print(
            f"| {what} (n = {len(took)}) | {statistics.median(took):.2f} | {max(took):.2f} "
            f"| {AIM.get(name, '')} |"
        )


if __name__ == "__main__":
    main()
