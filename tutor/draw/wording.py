"""What is said in a line: of several ways to say it, the first that there is room for.

Variants go from the longest to the shortest. Nothing is cut that has a shorter way to be said.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit
from tutor.draw.cells import width as width_of


def first_fitting(variants: Sequence[str], width: int, otherwise: str = "") -> str:
    """The first that fits in `width` cells, uncut; `otherwise` where none does."""
    return next((text for text in variants if width_of(text) <= width), otherwise)


def wording(variants: Sequence[str], width: int, *, ascii: bool = False) -> str:
    """The first that fits; else the last, cropped."""
    return crop(first_fitting(variants, width, variants[-1]), width, ascii=ascii)


def phrase(variants: Sequence[str], width: int, look: Look, style: Style = PLAIN) -> Row:
    """The same as a row of exactly `width` cells."""
    return fit((Span(wording(variants, width, ascii=look.ascii), style),), width)


def quoted(text: str, look: Look) -> str:
    """A token or a label in quotation marks."""
    return f'"{text}"' if look.ascii else f"“{text}”"
