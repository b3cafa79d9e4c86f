"""A range on a track: two knobs, and what lies between them."""

from __future__ import annotations

import math
from typing import Literal

from tutor.draw.cells import PLAIN, Format, Look, Row, Span, fit, formatted, merged
from tutor.draw.cells import width as width_of
from tutor.draw.slider import fraction

Scale = Literal["linear", "log"]
_LEAST_TRACK = 5


def interval(
    ends: tuple[float, float],
    low: float,
    high: float,
    width: int,
    look: Look,
    *,
    scale: Scale = "linear",
    held: int | None = None,
    format: Format = "{:g}",
) -> Row:
    """`0 ├─────○━━━━━●────────┤ 1` in exactly `width` cells.

    Args:
        ends: of the range, the lower first; what is beyond the track stands at its end.
        low: the value at the left end of the track.
        high: the value at the right end.
        width: cells.
        look: what the terminal can show.
        scale: "log" spaces equal factors equally, where both ends are above zero.
        held: which knob the keys move, 0 or 1; None when they move none.
        format: how the ends of the track are written.
    """
    before, after, inner = _parts(low, high, width, look, format)
    left, right, line, inside = ("|", "|", "-", "=") if look.ascii else ("├", "┤", "─", "━")
    at = [round(fraction(end, low, high, scale) * (inner - 1)) for end in ends]
    cells = [(line, look.muted)] * inner
    for column in range(at[0], at[1] + 1):
        cells[column] = (inside, PLAIN if held is None else look.accent)
    # Where both stand in one cell, the one that moves is seen.
    for knob in sorted((0, 1), key=lambda knob: knob == held):
        full = knob == held
        sign = ("O" if full else "o") if look.ascii else ("●" if full else "○")
        cells[at[knob]] = (sign, PLAIN if held is None else look.accent)
    row = (Span(before + left, look.muted), *merged(cells), Span(right + after, look.muted))
    return fit(row, width)


def end_at(
    column: int, low: float, high: float, width: int, look: Look, *, scale: Scale = "linear", format: Format = "{:g}"
) -> float | None:
    """The value under a column of the same track, for the mouse; None where the track is not."""
    before, _after, inner = _parts(low, high, width, look, format)
    first = width_of(before)
    if not first <= column < first + inner + 2:
        return None
    share = min(max((column - first - 1) / max(inner - 1, 1), 0.0), 1.0)
    if scale == "log" and 0 < low < high:
        return float(math.exp(math.log(low) + (math.log(high) - math.log(low)) * share))
    return low + (high - low) * share


def _parts(low: float, high: float, width: int, look: Look, format: Format) -> tuple[str, str, int]:
    """What is before the track and after it, and the cells between its ends."""
    before, after = (formatted(end, format, ascii=look.ascii) for end in (low, high))
    inner = width - width_of(before) - width_of(after) - 4
    if inner >= _LEAST_TRACK:
        return before + " ", " " + after, inner
    return "", "", max(width - 2, 1)
