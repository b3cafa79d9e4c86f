"""A table of words: columns as wide as what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.draw.cells import Look, Row, Span, fit, pad
from tutor.draw.cells import width as width_of

GAP = 2
"""Cells between two columns."""


def columns_width(rows: Sequence[Sequence[Span]]) -> int:
    """The cells that a table takes when nothing of it is cut."""
    rooms = _rooms(rows)
    return sum(rooms) + GAP * max(len(rooms) - 1, 0)


def columns(rows: Sequence[Sequence[Span]], width: int, look: Look) -> list[Row]:
    """A row for each row of cells. What does not fit is cut, at the right of its column and then at the right of all.

    Args:
        rows: cells; a row may have fewer than the others.
        width: cells of each row.
        look: what the terminal can show.
    """
    rooms = _rooms(rows)
    spare = sum(rooms) + GAP * max(len(rooms) - 1, 0) - width
    while spare > 0 and max(rooms) > GAP:
        # The widest gives first, so that a long name does not cost a number its column.
        widest = max(range(len(rooms)), key=rooms.__getitem__)
        rooms[widest] -= 1
        spare -= 1
    drawn: list[Row] = []
    for cells in rows:
        spans: list[Span] = []
        for cell, room in zip(cells, rooms, strict=False):
            if spans:
                spans.append(Span(" " * GAP))
            spans.append(Span(pad(cell.text, room, ascii=look.ascii), cell.style))
        drawn.append(fit(tuple(spans), width))
    return drawn


def _rooms(rows: Sequence[Sequence[Span]]) -> list[int]:
    count = max(map(len, rows), default=0)
    return [max((width_of(row[i].text) for row in rows if i < len(row)), default=0) for i in range(count)]
