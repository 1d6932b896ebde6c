"""Does the page of `clin report --html` open quickly in a real browser?

    clin batch benchmarks/report_page.toml --db played.db     # 24 runs, minutes on one core
    python benchmarks/report_page.py --browser FOLDER --played played.db

copies the runs under other seeds until there are 500, makes the page, and opens it in a headless
Chromium of 1280x900. FOLDER is one in which `npm install puppeteer-core @sparticuz/chromium` was
run. `usable` is from asking for the page until the script has counted the runs, the plots are
there, and what is in view is drawn. The pictures in docs/report are of the 24 runs alone, with the
machine's own fonts: FONTCONFIG_PATH=/etc/fonts, --runs 24 --pictures docs/report.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from memory.store import NewTrial, NewVersion, Store
from memory.store.housekeeping import stats

SECONDS = {
    "parsed": "page parsed",
    "usable": "usable",
    "filtered": "filtered by a word",
    "unfolded": "a run unfolded",
}
AIM = {"usable": "2"}


def copied(played: Path, wanted: int, file: Path) -> None:
    """Copy the runs of ``played`` into ``file`` again and again, each round under another seed,
    until there are ``wanted``."""
    with Store(played, read_only=True) as source, Store(file) as store:
        names = [run.name for run in source.runs()]
        for number in range(wanted):
            _copy(source, names[number % len(names)], store, number // len(names))


def _copy(source: Store, name: str, store: Store, seed: int) -> None:
    run = store.begin_run({**source.run(name).config, "seed": seed})
    for row in source.trials(name):
        where = (row.number, row.world, row.task, row.variation, row.goal, row.opening)
        trial = store.begin_trial(run, NewTrial(*where, source.recalled(row.id)))
        for position, step in enumerate(source.steps(row.id)):
            store.append_step(trial, step, source.calls(row.id, position))
        after = source.version_after(name, row.number)
        store.finish_trial(trial, row.ending, NewVersion(after.memory, after.writer))
    store.finish_run(run, "finished")


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
    """The run with the most steps; of equals, the one with the most links."""

    def size(name: str) -> tuple[int, int]:
        steps = sum(row.steps for row in store.trials(name))
        return steps, len(store.current_memory(name).links)

    with Store(file, read_only=True) as store:
        return max((run.name for run in store.runs()), key=size)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--browser", type=Path, required=True, help="where npm installed it")
    parser.add_argument("--played", type=Path, required=True, help="runs to copy")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--pictures", default="", metavar="DIR", help="keep four here")
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
