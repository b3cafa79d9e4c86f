"""Values as coloured cells: one row is one step, one column one unit.

A row is drawn at every key press and every tick, so its spans are made once for a look and looked up after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from tutor.draw.cells import Look, Row, Span, Style, fit, merged, pad
from tutor.draw.glyphs import signed_glyph
from tutor.draw.palettes import STEPS, level_color, on, steps

_NONE_STEPS = 4
"""Levels on each side of zero that the glyph ramps tell apart."""


def _levels(look: Look) -> int:
    return _NONE_STEPS if look.depth == "none" else steps(look)


def _style(level: int, look: Look, bright: bool, cursor: bool) -> Style:
    if look.depth == "none":
        return Style(bold=bright, reverse=cursor)
    background = level_color(level, look, not bright)
    # The sign of the cursor must read on any colour.
    return Style(color=on(background) if cursor else None, background=background, bold=cursor)


def _cursor_text(look: Look, width: int) -> str:
    if width == 1:
        return "+" if look.ascii else "•"
    return "[" + " " * (width - 2) + "]"


@lru_cache(maxsize=256)
def _table(look: Look, width: int, bright: bool, cursor: bool) -> tuple[Span, ...]:
    """The span of every level: index 0 is zero, positive levels follow, negative ones count from the end."""
    count = _levels(look)
    spans = []
    for level in (*range(count + 1), *range(-count, 0)):
        if look.depth == "none":
            text = signed_glyph(level / count, ascii=look.ascii) * width
        else:
            text = _cursor_text(look, width) if cursor else " " * width
        spans.append(Span(text, _style(level, look, bright, cursor)))
    return tuple(spans)


@lru_cache(maxsize=1024)
def _odd(value_kind: str, look: Look, width: int, bright: bool, cursor: bool) -> Span:
    """What is no finite number: `?`, or a sign of which end it ran off."""
    if value_kind == "nan":
        style = look.muted._replace(reverse=cursor, bold=bright)
        return Span(pad("?", width, "center"), style)
    level = _levels(look) if value_kind == "+" else -_levels(look)
    if width == 1:
        text = {"+": "^", "-": "v"}[value_kind] if look.ascii else {"+": "↑", "-": "↓"}[value_kind]
    elif look.ascii:
        text = pad(value_kind + "inf", width, "center") if width >= 4 else {"+": "^", "-": "v"}[value_kind] * width
    else:
        text = pad(value_kind + "∞", width, "center")
    style = _style(level, look, bright, cursor)
    if look.depth != "none":
        style = style._replace(color=on(style.background or ""), underline=cursor)
    return Span(text, style)


def _kind(value: float) -> str:
    return "nan" if math.isnan(value) else "+" if value > 0 else "-"


def value_cell(
    value: float, look: Look, *, limit: float = 1.0, width: int = 2, bright: bool = True, cursor: bool = False
) -> Span:
    """One value as a cell.

    Args:
        value: any float; NaN shows as `?`, what is infinite as a sign of it.
        look: what the terminal can show.
        limit: the size that is drawn as ±1; what lies beyond looks the same.
        width: cells.
        bright: whether its row is the current one.
        cursor: whether the cursor is on it.
    """
    return heat_row((value,), look, limit=limit, width=width, bright=bright, cursor=0 if cursor else None)[0]


def heat_row(
    values: Sequence[float],
    look: Look,
    *,
    limit: float = 1.0,
    width: int = 2,
    bright: bool = False,
    cursor: int | None = None,
) -> Row:
    """A row of values, `len(values) * width` cells wide, with nothing between them.

    Args:
        values: any floats.
        look: what the terminal can show.
        limit: the size that is drawn as ±1; what lies beyond looks the same.
        width: cells for each value.
        bright: whether this is the current row; others lean towards the background, or are not bold.
        cursor: the index that the cursor is on.
    """
    table = _table(look, width, bright, False)
    top = _levels(look)
    scale = top / limit if 0 < limit < math.inf else float(top)
    spans = []
    for value in values:
        try:
            level = round(value * scale)
        except (ValueError, OverflowError):
            spans.append(_odd(_kind(value), look, width, bright, False))
            continue
        spans.append(table[top if level > top else -top if level < -top else level])
    if cursor is not None and 0 <= cursor < len(spans):
        value = values[cursor]
        if math.isfinite(value * scale):
            level = min(max(round(value * scale), -top), top)
            spans[cursor] = _table(look, width, bright, True)[level]
        else:
            spans[cursor] = _odd(_kind(value), look, width, bright, True)
    return tuple(spans)


def legend(look: Look, width: int) -> Row:
    """What -1, 0 and +1 look like, in exactly `width` cells: the scale between its two ends."""
    room = min(max(width - 6, 3), 2 * STEPS + 1)
    # An odd number of cells puts zero in the middle of one.
    count = room if room % 2 else room - 1
    cells = []
    for index in range(count):
        value = 2 * index / (count - 1) - 1
        span = value_cell(value, look, width=1)
        if index == count // 2:
            style = span.style if look.depth == "none" else span.style._replace(color=on(span.style.background or ""))
            span = Span("0", style)
        cells.append((span.text, span.style._replace(bold=False)))
    return fit((Span("-1 ", look.muted), *merged(cells), Span(" +1", look.muted)), width)
