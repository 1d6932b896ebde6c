"""``clin doctor``: is everything here that a run needs?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from clin.cli.options import as_json, database
from clin.cli.terminal import echo

Finding = tuple[bool, str]


@click.command()
@click.option("--model", default="bundled", show_default=True, help="The model to check.")
@database
@as_json
def doctor(model: str, db: Path, as_json: bool) -> None:
    """Check Python, llama.cpp and its GPU offload, what the worlds need (Java, extras), the model
    file and the database. Exit code 1 if one is bad; an extra that is not there is not."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.sanitize import sanitized
    from worlds import extras, requirements

    checks: dict[str, Callable[[], Finding]] = {
        "python": _python,
        "llama.cpp": _llama,
        "gpu": _gpu,
        **{name: partial(_required, found) for name, found in requirements().items()},
        **{name: partial(_extra, *each) for name, each in extras().items()},
        "model": lambda: _model(model),
        "database": lambda: _database(db),
    }
    found = {name: _checked(check) for name, check in checks.items()}
    if as_json:
        dump({name: {"ok": ok, "text": text} for name, (ok, text) in found.items()})
    else:
        for name, (ok, text) in found.items():
            console().print(Text(f"{'ok ' if ok else 'BAD'}  {name:<12} {sanitized(text)}"))
    if not all(ok for ok, _ in found.values()):
        raise SystemExit(1)


def _checked(check: Callable[[], Finding]) -> Finding:
    """A check that raises has found something bad; its error is what there is to say."""
    try:
        return check()
    except (ValueError, RuntimeError, OSError, ImportError) as error:
        return False, " ".join(str(error).split())


def _python() -> Finding:
    return sys.version_info >= (
        3,
        11,
    ), f"{platform.python_version()} on {platform.platform()} (3.11 or newer is needed)"


def _llama() -> Finding:
    from clin.llms.build import build, unfit

    if why := unfit():
        return False, why
    found = build()
    return True, f"llama-cpp-python {found.version}; {found.system}"


def _gpu() -> Finding:
    from clin.llms.build import REBUILD, build

    if build().offloads:
        return (
            True,
            "this build offloads layers to a GPU (all of them unless --gpu-layers says otherwise)",
        )
    return True, f"this build runs on the CPU; with an NVIDIA GPU and CUDA, rebuild it: {REBUILD}"


def _required(found: Callable[[], str]) -> Finding:
    return True, found()


def _extra(packages: Sequence[str], how: str) -> Finding:
    """What is installed of the packages of a world; none has to be."""
    from importlib import metadata

    found, missing = [], []
    for package in packages:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return True, f"not installed (an extra): {', '.join(missing)}; get it by {how}"
    return True, ", ".join(found)


def _model(reference: str) -> Finding:
    from clin.llms.open import open_model
    from memory.sanitize import sanitized

    llm = open_model(reference)
    try:
        card = llm.card
    finally:
        llm.close()
    for note in card.notes:
        echo(f"Note: {sanitized(note)}", err=True)
    return (
        True,
        f"{card.name}, sha256 {card.sha256}, roles {', '.join(card.roles)}, prompt "
        f"{card.prompt}, context {card.context}",
    )


def _database(path: Path) -> Finding:
    from clin.analysis.readable import incomplete
    from memory.store import Store
    from memory.store.place import network

    if not path.exists():
        return True, f"{path} does not exist yet; `clin run` makes it"
    kind = network(path)
    with Store(path, read_only=True) as store:
        problems = [*store.check(), *incomplete(store)]
        where = f", on a network file system ({kind}: WAL does not hold)" if kind else ""
        return not problems, "; ".join(
            problems
        ) or f"{path}, schema version {store.version}, {len(store.runs())} runs, sound{where}"
