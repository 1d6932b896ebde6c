"""The command line. Each command lives in its own module and is imported when it is called."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from typing import Any

import click

from clin import __version__
from clin.errors import is_users, reason
from memory.spelling import did_you_mean

COMMANDS = {
    "run": "Play trials, learn between them.",
    "play": "Play a task yourself; the trial is stored like any other.",
    "batch": "Play an experiment: tasks x strategies x settings x models x seeds.",
    "report": "Compare runs: points by trial, paired differences, cost.",
    "resume": "Go on with a run that was interrupted.",
    "runs": "The runs in a database.",
    "show": "A run's trials, or one trial's trajectory.",
    "memory": "What runs have learned: look, search, correct, move.",
    "export": "Write trials as chat messages, as a log of Inspect, or as plain steps.",
    "import": "Learn a memory from trials that others recorded.",
    "mcp": "Serve the memory to agents that speak the Model Context Protocol.",
    "watch": "See runs learn, live, in the terminal; step in.",
    "prompt": "Exactly what the model read and wrote at a step.",
    "worlds": "The worlds, their tasks, variations and splits.",
    "models": "The models at hand.",
    "distill": "Make a small model from experience: collect, train, export, evaluate.",
    "doctor": "Check Python, llama.cpp, Java, the model and the database.",
}

TRACEBACK = "CLIN_TRACEBACK"
"""The environment variable that, set to anything, shows developers where an error was raised."""


class BadRequest(click.ClickException):
    """What the user asked for cannot be done; one line."""

    exit_code = 2


class OurFault(click.ClickException):
    """Something broke that the user did not ask for; one line."""

    exit_code = 1


class Commands(click.Group):
    """A group that knows its commands' names without importing them, and turns every error into
    one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        called = f"{name}_" if keyword.iskeyword(name) else name
        command: click.Command = getattr(importlib.import_module(f"clin.cli.{called}"), called)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(
                f"no command '{args[0]}'{did_you_mean(args[0], COMMANDS)} (commands: "
                f"{', '.join(COMMANDS)})"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *words: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*words, **named)
        except click.ClickException as error:
            raise _harmless(error) from None

    def main(self, *words: Any, **named: Any) -> Any:
        from clin.cli.terminal import forgive

        forgive()
        return super().main(*words, **named)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of a pipe (head, less) has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except click.ClickException as error:
            raise _harmless(error) from None
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            raise told(error) from None


def _harmless(error: click.ClickException) -> click.ClickException:
    """The same ``error``. What it repeats of the command line has no control characters then."""
    from memory.sanitize import sanitized

    vars(error)["message"] = sanitized(error.message)  # typed as final, and read when it is shown
    return error


def told(error: Exception) -> click.ClickException:
    """``error`` as the one line and the exit code that it ends the command with."""
    from memory.sanitize import sanitized

    kind = BadRequest if is_users(error) else OurFault
    return kind(sanitized(reason(error)))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clin")
def main() -> None:
    """CLIN: an agent that keeps getting better while its language model stays frozen.

    Start with `clin run`: the bundled model plays a task five times, writing what it learned into
    clin.db.
    """
