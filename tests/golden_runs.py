"""The bundled model's runs at 24 fixed places: a change that moves code moves no step.

``python tests/golden_runs.py`` plays all of them and says which differ from
``tests/data/golden-runs.jsonl.xz``; ``--write`` plays and keeps them. The places are of the train
and dev splits. Every strategy and every rule of play has some.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "data" / "golden-runs.jsonl.xz"
SW, TX, CA = "scienceworld", "textworldexpress", "causal"
PLACES: tuple[tuple[str, ...], ...] = (
    (SW, "lifespan-shortest-lived", "70"),
    (SW, "find-plant", "160"),
    (SW, "find-animal", "151"),
    (SW, "boil", "15"),
    (SW, "freeze", "16"),
    (SW, "chemistry-mix-paint-secondary-color", "20"),
    (SW, "use-thermometer", "280"),
    (SW, "inclined-plane-determine-angle", "85"),
    (SW, "identify-life-stages-1", "7"),
    (SW, "grow-plant", "63", "--strategy", "clin"),
    (SW, "find-plant", "161", "--strategy", "reflexion"),
    (SW, "lifespan-longest-lived", "71", "--strategy", "clin", "--writer", "model"),
    (SW, "find-animal", "152", "--strategy", "evidence", "--no-heed", "--no-go-back"),
    (CA, "make", "100"),
    (CA, "repair", "101"),
    (CA, "grow", "102"),
    (CA, "deliver", "103", "--strategy", "episodic"),
    (CA, "compose-2", "104"),
    (CA, "make", "105", "--strategy", "clin", "--repeats", "1"),
    (TX, "cookingworld", "1000"),
    (TX, "coin", "1001"),
    (TX, "twc", "1002"),
    (TX, "mapreader", "1003"),
    (TX, "peckingorder", "1004", "--strategy", "clin"),
)
"""World, task, variation, and what else the command line says."""
TRIALS, BUDGET = 4, 40


def play(place: Sequence[str], checkout: Path = ROOT) -> dict[str, Any]:
    """The run at ``place`` under the code of ``checkout``: each trial's steps with what they were
    answered and scored, its ending, and the memory after it."""
    world, task, variation, *more = place
    with tempfile.TemporaryDirectory() as folder:
        words = ["--world", world, "--task", task, "--variation", variation, *more]
        words += ["--trials", str(TRIALS), "--budget", str(BUDGET), "--threads", "1"]
        after = [("show", "r1", "--trial", str(n)) for n in range(TRIALS)]
        after += [("memory", *each) for each in after]
        told, *found = _clin(checkout, folder, ("run", *words), *after)
        shown, memories = found[:TRIALS], found[TRIALS:]
    return {
        "place": list(place),
        "trials": [
            {
                "steps": [[s["action"], s["observation"], s["score"]] for s in trial["steps"]],
                "ending": trial["ending"],
                "tokens": each["tokens"],
                "memory": memory["links"],
            }
            for trial, memory, each in zip(shown, memories, told["trials"], strict=True)
        ],
        "memory": told["memory"],
    }


CALLED = """
import json, sys
from clin.cli import main
for words in json.loads(sys.argv[1]):
    main(words, standalone_mode=False)
    sys.stdout.write("\\0")
"""
"""Calls the command line several times in one process."""


def _clin(checkout: Path, folder: str, *calls: Sequence[str]) -> list[Any]:
    """The documents that these calls of the command line print, one after the other."""
    words = json.dumps([[*call, "--json", "--db", f"{folder}/clin.db"] for call in calls])
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", CALLED, words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"clin {words}: {done.stderr.strip()}")
    return [json.loads(document) for document in done.stdout.split("\0")[:-1]]


def kept() -> list[dict[str, Any]]:
    """The runs as they were when they were kept."""
    with lzma.open(KEPT, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Where ``found`` first leaves ``expected``; empty where they are equal."""
    for number, (new, old) in enumerate(zip(found["trials"], expected["trials"], strict=True)):
        for index, (step, then) in enumerate(zip(new["steps"], old["steps"], strict=False)):
            if step != then:
                return f"trial {number} step {index}: {step} instead of {then}"
        for what in ("ending", "memory", "tokens"):
            if new[what] != old[what]:
                return f"trial {number} {what}: {new[what]} instead of {old[what]}"
        if len(new["steps"]) != len(old["steps"]):
            return f"trial {number}: {len(new['steps'])} steps instead of {len(old['steps'])}"
    return "" if found["memory"] == expected["memory"] else "the memory of the document differs"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="keep what is played")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the code that plays")
    given = parser.parse_args()
    if given.write:
        with lzma.open(KEPT, "wt", encoding="utf-8", preset=9) as file:
            for place in PLACES:
                print(*place, flush=True)
                file.write(json.dumps(play(place, given.checkout), ensure_ascii=False) + "\n")
        return 0
    wrong = 0
    for place, expected in zip(PLACES, kept(), strict=True):
        said = difference(play(place, given.checkout), expected)
        wrong += bool(said)
        print(" ".join(place), said or "equal", sep=": ", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
