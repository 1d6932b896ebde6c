"""The marks of curves as shapes. A font may lack the signs, so they are no text."""

from __future__ import annotations

OUTLINES = (
    "M0-4.5a4.5 4.5 0 1 0 .01 0z",
    "M-4-4h8v8h-8z",
    "M0-5L5 4H-5z",
    "M0-5.5L4.5 0 0 5.5-4.5 0z",
    "M-1.5-5h3v3.5H5v3H1.5V5h-3V1.5H-5v-3h3.5z",
    "M-5-3.2L-3.2-5 0-1.8 3.2-5 5-3.2 1.8 0 5 3.2 3.2 5 0 1.8-3.2 5-5 3.2-1.8 0z",
    "M0-6l1.6 3.9 4.1.3-3.1 2.7 1 4.1L0 2.8-3.6 5l1-4.1-3.1-2.7 4.1-.3z",
    "M0 5L-5-4H5z",
)
"""SVG paths around the origin, about 10 wide: disc, square, triangle, diamond, plus, cross, star,
triangle down."""


def mark(number: int, x: float, y: float, colour: str, inside: str = "") -> str:
    """The mark of curve ``number`` around (x, y); ``inside``: a title, escaped."""
    outline = OUTLINES[number % len(OUTLINES)]
    return (
        f'<path transform="translate({x:.1f} {y:.1f})" d="{outline}" '
        f'style="fill:{colour}">{inside}</path>'
    )
