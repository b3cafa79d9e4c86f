"""How the tests of `draw` look at rows: as a picture, or as the style of each cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tutor.draw.cells import PLAIN, Look, Row, text_of, width


def _shown(rows: Row | Sequence[Row]) -> str:
    """The rows as a picture, each behind a margin, so that a picture can be pasted into a test."""
    every = [rows] if rows and isinstance(rows[0][0], str) else rows
    return "\n" + "".join(f"    |{line}\n" for line in text_of(every).split("\n")) + "    "  # type: ignore[arg-type]


def _painted(row: Row, look: Look) -> str:
    """A letter for the style of each cell: Accent, muted, bold, plain (a dot), reverse, anything else (x)."""
    letters = {
        PLAIN: ".",
        look.accent: "A",
        look.accent._replace(bold=True): "A",
        look.muted: "m",
        PLAIN._replace(bold=True): "A" if look.depth == "none" else "b",
        PLAIN._replace(reverse=True): "r",
        PLAIN._replace(reverse=True, bold=True): "R",
    }
    return "".join(letters.get(style, "x") * width(text) for text, style in row)


@pytest.fixture
def shown() -> Callable[[Row | Sequence[Row]], str]:
    """Rows → a picture."""
    return _shown


@pytest.fixture
def painted() -> Callable[[Row, Look], str]:
    """A row → a letter for the style of each of its cells."""
    return _painted
