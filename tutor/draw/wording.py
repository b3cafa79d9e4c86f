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


def shown_token(token: str, *, ascii: bool = False) -> str:
    """A token as it is drawn: a space is a token too, and is seen."""
    return ("_" if ascii else "␣") * len(token) if token and not token.strip(" ") else token


def wrapped(text: str, room: int) -> list[str]:
    """Words in lines of at most `room` cells; a wider word is cut, as where no spaces are written."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and width_of(line) + 1 + width_of(word) <= room:
            line += " " + word
            continue
        if line:
            lines.append(line)
        line = ""
        for char in word:
            if line and width_of(line + char) > room:
                lines.append(line)
                line = ""
            line += char
    return [*lines, line] if line or not lines else lines


def paragraph(text: str, width: int, look: Look, style: Style = PLAIN, indent: int = 0) -> list[Row]:
    """Words, wrapped, in rows of exactly `width` cells.

    Args:
        text: the words.
        width: cells of each row.
        look: what the terminal can show.
        style: of the words.
        indent: cells left empty before each line.
    """
    lines = wrapped(text, max(width - indent, 1))
    return [fit((Span(" " * indent, PLAIN), Span(line, style)), width) for line in lines]
