"""Values as coloured cells: one row is one step, one column one unit.

A row is drawn at every key press and every tick, so its spans are made once for a look and looked up after; a widget
that draws thousands of them looks up what it has made of the same spans by the same indices.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tutor.draw.cells import Look, Row, Span, Style, fit, merged, pad
from tutor.draw.glyphs import signed_glyph
from tutor.draw.palettes import STEPS, level_color, on, steps

_NONE_STEPS = 4
"""Levels on each side of zero that the glyph ramps tell apart."""


def _levels(look: Look) -> int:
    return _NONE_STEPS if look.depth == "none" else steps(look)


def _style(level: int, look: Look, bright: bool, cursor: bool) -> Style:
    if look.depth == "none":
        return Style(bold=bright)
    background = level_color(level, look, not bright)
    # The sign of the cursor must read on any colour.
    return Style(color=on(background) if cursor else None, background=background, bold=cursor)


def _cursor_text(look: Look, width: int) -> str:
    if width == 1:
        return "+" if look.ascii else "•"
    return "[" + " " * (width - 2) + "]"


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
    if look.depth == "none":
        style = style._replace(reverse=cursor)
    else:
        style = style._replace(color=on(style.background or ""), underline=cursor)
    return Span(text, style)


@lru_cache(maxsize=256)
def heat_table(look: Look, width: int, bright: bool, cursor: bool = False) -> tuple[Span, ...]:
    """The span of everything that a cell can show, by the indices of `heat_indices`.

    Zero is the first, positive levels follow, then NaN and the two infinities; negative levels count from the end.
    """
    count = _levels(look)

    def of(level: int) -> Span:
        style = _style(level, look, bright, cursor)
        if look.depth != "none":
            return Span(_cursor_text(look, width) if cursor else " " * width, style)
        glyph = signed_glyph(level / count, ascii=look.ascii)
        if not cursor:
            return Span(glyph * width, style)
        # A shade that is reversed looks like another shade, and a full block like nothing.
        if width == 1:
            return Span("+" if level > 0 else "-" if level < 0 else "0", style._replace(reverse=True))
        return Span("[" + glyph * (width - 2) + ("]" if width > 2 else glyph), style)

    odd = [_odd(kind, look, width, bright, cursor) for kind in ("nan", "+", "-")]
    return (*map(of, range(count + 1)), *odd, *map(of, range(-count, 0)))


def heat_indices(values: npt.ArrayLike, look: Look, limit: float = 1.0) -> list[int]:
    """Where each value stands in `heat_table`.

    Args:
        values: (N,) any floats.
        look: what the terminal can show.
        limit: the size that is drawn as ±1; what lies beyond looks the same.
    """
    top = _levels(look)
    array = np.asarray(values, np.float64)
    # A limit next to zero must not make a zero undefined.
    scale = min(top / limit, 1e300) if 0 < limit < math.inf else float(top)
    with np.errstate(all="ignore"):
        levels = np.rint(array * scale).clip(-top, top)
        if not np.isfinite(array.sum()):
            # Not finite, or so large that their sum is not.
            levels[np.isnan(array)] = top + 1
            levels[array == np.inf] = top + 2
            levels[array == -np.inf] = top + 3
    found: list[int] = levels.astype(np.intp).tolist()
    return found


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
    values: npt.ArrayLike,
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
    indices = heat_indices(values, look, limit)
    table = heat_table(look, width, bright)
    spans = [table[index] for index in indices]
    if cursor is not None and 0 <= cursor < len(spans):
        spans[cursor] = heat_table(look, width, bright, True)[indices[cursor]]
    return tuple(spans)


def legend(look: Look, width: int, ends: tuple[str, str] = ("-1", "+1")) -> Row:
    """What -1, 0 and +1 look like, in exactly `width` cells: the scale between its two ends.

    Args:
        look: what the terminal can show.
        width: cells.
        ends: what the ends are called, where they are other numbers.
    """
    room = min(max(width - 2 - len(ends[0]) - len(ends[1]), 3), 2 * STEPS + 1)
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
    return fit((Span(ends[0] + " ", look.muted), *merged(cells), Span(" " + ends[1], look.muted)), width)
