"""A line of text on a screen."""

from __future__ import annotations

from textual.widgets import Static


class Told(Static):
    """One line, drawn anew only when it says something else."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(markup=False, classes=classes)
        self._told = ""

    def tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self.update(text, layout=False)
