"""Where the app draws: on the terminal, wherever standard error goes."""

from __future__ import annotations

import sys
from typing import Any

from textual.driver import Driver


def on_terminal(kind: type[Driver]) -> type[Driver]:
    """``kind``, drawing on standard output where standard error is no terminal.

    Textual's driver for Linux and macOS draws on standard error (``LinuxDriver._file``), so that
    the screen would land in the file of ``clin watch 2> errors.log``. What goes wrong is still
    told there.
    """

    class OnTerminal(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            drawn_on = getattr(self, "_file", None)
            if drawn_on is not None and not drawn_on.isatty():
                self._file = sys.__stdout__

    return OnTerminal
