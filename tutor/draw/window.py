"""Which part of something long is in view: the current place in the middle, and the ends without a gap."""

from __future__ import annotations


def window(position: int, count: int, room: int) -> int:
    """The first of `count` that is shown where `room` fit: the one at `position` stays in the middle."""
    return min(max(position - room // 2, 0), max(count - room, 0))


def row_at(y: int, above: int, first: int, rows: int) -> int | None:
    """What stands in row `y` of a picture, where `rows` of them are shown from `first` on under `above` others."""
    return first + y - above if above <= y < above + rows else None
