"""What is installed now, held against what a run began with."""

from __future__ import annotations

from clin.config import RunConfig, versions
from clin.errors import UserError
from worlds import world_module


def changed(config: RunConfig) -> dict[str, tuple[str, str]]:
    """The packages whose version is another one now: what it was, and what it is. Where a run was
    played at which commit is not counted: it says nothing that a version does not."""
    now = versions()
    return {
        name: (was, now[name])
        for name, was in config.versions.items()
        if name != "commit" and name in now and now[name] != was
    }


def check_world(name: str, config: RunConfig) -> None:
    """UserError where the run ``name`` would go on in another version of its world: its next steps
    would not be those of an undisturbed run."""
    package = getattr(world_module(config.world), "PACKAGE", "")
    if package in (found := changed(config)):
        was, now = found[package]
        raise UserError(
            f"{name} was played with {package} {was}, and this is {now}: install that version to "
            "go on with it, or play it anew"
        )
