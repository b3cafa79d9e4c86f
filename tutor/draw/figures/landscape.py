"""A loss over two numbers as a map, and the ways that descents take on it.

The map shows orders of magnitude: bands of the loss' logarithm, so that their edges are its contours. A way that
leaves the map ends in an arrow at its edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw.axes import Raster, frame, nice_steps, tick_text, x_ticks
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, fit, formatted
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import signed_glyph
from tutor.draw.palettes import level_color, on, steps
from tutor.i18n import _

Array = npt.NDArray[np.float64]
Place = tuple[float, float]

_BANDS = 9
_BANDS_NONE = 5
_DECADES = 6.0
"""Orders of magnitude that the ramp covers at the most: below them, everything is its lowest band."""
_FOOT = 0.03
"""The share of the map that may lie below the foot of the ramp."""
_FAR = 1e300
_SAID_FROM = (5, 8, 10)
"""The heights from which there is room for a line of words, for two, for three."""
_LEAST_ROWS = 6
"""Of the map, before anything else than these lines has room: in a lower one a steep way falls apart."""
_START, _START_ASCII = "◇", "S"
_WAYS = (("○", "◦"), ("●", "•"), ("△", "▵"))
_WAYS_ASCII = (("O", "o"), ("X", "x"), ("A", "a"))
# From east, against the clock, an eighth of a turn at a time.
_ARROWS, _ARROWS_ASCII = "→↗↑↖←↙↓↘", ">^^^<vvv"
_LINES, _LINES_ASCII = "─╱│╲─╱│╲", "-/|\\-/|\\"


class Way(NamedTuple):
    """A walk on the map, by its name."""

    label: str
    points: Sequence[Place]
    sign: int = 0
    """Which pair of signs is its own: it keeps them, whatever else is on the map."""


class Map(NamedTuple):
    """A loss at each point of a grid."""

    losses: Array
    """(R, C), the lowest y first; any floats."""
    x: tuple[float, float]
    """The x of the first and of the last column."""
    y: tuple[float, float]
    names: tuple[str, str]
    """Of the axes."""


class Layout(NamedTuple):
    """Where the map lies in its rows, and what else there is room for."""

    left: int
    """Columns before the map."""
    columns: int
    rows: int
    axis: bool
    legend: bool
    said: int
    """Lines of words under it."""

    def point(self, column: int, row: int, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """The row and the column of the grid that a cell of the drawing shows; None outside the map."""
        across, down = column - self.left, row - self.legend
        if not (0 <= across < self.columns and 0 <= down < self.rows):
            return None
        return _nearest(self.rows - 1 - down, self.rows, shape[0]), _nearest(across, self.columns, shape[1])


def layout(grid: Map, width: int, height: int, said: int = 3) -> Layout:
    """How the rows and columns are shared out: the map and three lines of words first, then legend, axis, more."""
    lines = min(said, sum(height >= least for least in _SAID_FROM))
    rest = height - lines - _LEAST_ROWS
    axis, legend = rest >= 4, rest >= 1
    # A map of few rows gets some of them back before there are more words.
    lines += min(max(rest - 2 - 2 * axis - legend, 0), said - lines)
    names = max(width_of(name) for name in _y_names(grid.y, max(height - 2 * axis - legend - lines, 1)).values())
    if width < names + 2 + 10:
        names = 0
    rows = max(height - 2 * axis - legend - lines, 1)
    return Layout(names + 2, max(width - names - 2, 1), rows, axis, legend, lines)


def landscape(
    grid: Map,
    ways: Sequence[Way],
    width: int,
    height: int,
    look: Look,
    *,
    cursor: tuple[int, int] | None = None,
    focused: bool = False,
    said: Sequence[Row] = (),
) -> list[Row]:
    """The map with its ways, as `height` rows of `width` cells.

    Args:
        grid: the loss.
        ways: walks; they begin at the sign of the start.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        cursor: row and column of the grid that is read off.
        focused: whether the keys move the cursor.
        said: lines under the map, in the order of their weight.
    """
    place = layout(grid, width, height, len(said))
    ramp = _Ramp.over(grid.losses, look)
    cells = _painted(grid, ramp, place)
    signs = _Signs(place, grid)
    for way in ways:
        signs.walk(way, _signs_of(way, look), look)
    for at, sign in signs.found.items():
        cells[at] = sign, _over(cells[at][1], look)
    if cursor is not None:
        _aim(cells, cursor, grid, place, look, focused=focused)

    raster = Raster(place.columns, place.rows)
    for (row, column), (sign, style) in cells.items():
        raster.put(column, row, sign, style)
    y_names = _y_names(grid.y, place.rows) if place.left > 2 else {}
    ticks = x_ticks(*grid.x, place.columns) if _drawable(grid.x) else ()
    framed = frame(raster, y_names, ticks, width, look, gutter={}, axis=place.axis, x_label=grid.names[0])
    above = [_legend(ramp, ways, grid, width, look)] if place.legend else []
    return [*above, *framed, *(fit(row, width) for row in said[: place.said])][:height]


class _Ramp(NamedTuple):
    """Bands of a loss' logarithm."""

    low: float
    """log10 of the loss at the foot of the ramp."""
    high: float
    cut: bool
    """Whether there is less than what is at its foot."""
    odd: bool
    """Whether there is what is not finite."""
    look: Look

    @classmethod
    def over(cls, losses: Array, look: Look) -> _Ramp:
        """Over all that can be drawn to scale."""
        known = losses[np.isfinite(losses) & (losses > 0)]
        high = float(np.log10(known.max())) if known.size else math.nan
        # A single point that happens to lie at the very bottom is no reason to leave all the others one colour.
        low = max(float(np.log10(np.quantile(known, _FOOT))), high - _DECADES) if known.size else math.nan
        cut = bool((losses[np.isfinite(losses)] < _loss(low) * (1 - 1e-9)).any()) if known.size else False
        return cls(low, high, cut, not bool(np.isfinite(losses).all()), look)

    @property
    def bands(self) -> int:
        """How many there are."""
        return _BANDS_NONE if self.look.depth == "none" else min(_BANDS, steps(self.look) + 1)

    def cell(self, loss: float) -> tuple[str, Style]:
        """How a loss looks."""
        if math.isnan(loss):
            return "?", self.look.muted
        if loss == math.inf:
            return ("^" if self.look.ascii else "↑"), self.look.muted
        if loss <= 0 or not self.high > self.low:
            return self.band(0)
        share = (math.log10(loss) - self.low) / (self.high - self.low)
        return self.band(min(max(int(share * self.bands), 0), self.bands - 1))

    def band(self, band: int) -> tuple[str, Style]:
        """How a band looks, counted from the lowest."""
        share = band / (self.bands - 1)
        if self.look.depth == "none":
            return signed_glyph(share, ascii=self.look.ascii), PLAIN
        return " ", Style(background=level_color(round(share * steps(self.look)), self.look))


def _painted(grid: Map, ramp: _Ramp, place: Layout) -> dict[tuple[int, int], tuple[str, Style]]:
    """Each cell of the map, by row and column, from the nearest point of the grid."""
    height, width = grid.losses.shape
    looks: dict[tuple[int, int], tuple[str, Style]] = {}
    cells = {}
    for row in range(place.rows):
        i = _nearest(place.rows - 1 - row, place.rows, height)
        values = grid.losses[i].tolist()
        for column in range(place.columns):
            j = _nearest(column, place.columns, width)
            if (i, j) not in looks:
                looks[i, j] = ramp.cell(values[j])
            cells[row, column] = looks[i, j]
    return cells


def _nearest(cell: int, cells: int, points: int) -> int:
    """Of points spread evenly from the first cell to the last, the one that is nearest to a cell."""
    return round(cell * (points - 1) / max(cells - 1, 1))


def _over(below: Style, look: Look) -> Style:
    """A sign that reads on what is under it."""
    if look.depth == "none":
        return Style(bold=True, reverse=True)
    back = below.background
    return Style(on(back) if back else look.accent.color, back, bold=True)


def _aim(
    cells: dict[tuple[int, int], tuple[str, Style]],
    cursor: tuple[int, int],
    grid: Map,
    place: Layout,
    look: Look,
    *,
    focused: bool,
) -> None:
    """Put the cursor on a point of the grid: a frame around it, and what stands there stays readable."""
    down = place.rows - 1 - round(cursor[0] * (place.rows - 1) / max(grid.losses.shape[0] - 1, 1))
    across = round(cursor[1] * (place.columns - 1) / max(grid.losses.shape[1] - 1, 1))
    for column, sign in ((across - 1, "["), (across + 1, "]")):
        if (down, column) in cells:
            style = _over(cells[down, column][1]._replace(reverse=False), look)
            cells[down, column] = sign, style._replace(bold=focused, underline=focused)
    if (down, across) in cells and focused:
        sign, style = cells[down, across]
        cells[down, across] = sign, style._replace(underline=True)


def _signs_of(way: Way, look: Look) -> tuple[str, str]:
    """Where it stands, and where it was."""
    return (_WAYS_ASCII if look.ascii else _WAYS)[way.sign % len(_WAYS)]


def sign_of(sign: int, look: Look) -> str:
    """What stands on the map where a way is now."""
    return (_WAYS_ASCII if look.ascii else _WAYS)[sign % len(_WAYS)][0]


class _Signs:
    """The signs of ways, cell by cell."""

    def __init__(self, place: Layout, grid: Map) -> None:
        self.columns, self.rows = place.columns, place.rows
        self.grid = grid
        self.found: dict[tuple[int, int], str] = {}

    def walk(self, way: Way, signs: tuple[str, str], look: Look) -> None:
        """A way from its start to where it stands. Later signs lie over earlier ones."""
        points = [point for point in way.points if all(map(math.isfinite, point))]
        places = [self._cells(point) for point in points]
        inside = [self._inside(place) for place in places]
        for k in range(1, len(places)):
            if inside[k - 1]:
                self._lead(places[k - 1], places[k], look, leaves=not inside[k])
        for place, shown in list(zip(places, inside, strict=True))[1:]:
            if shown:
                self._put(place, signs[1])
        if places and inside[-1]:
            self._put(places[-1], signs[0])
        if len(places) > 1 and inside[0]:
            self._put(places[0], _START_ASCII if look.ascii else _START)

    def _cells(self, point: Place) -> Place:
        """Column and row of a point, with their fractions, far beyond the map as well."""
        found = []
        for value, (low, high), cells in ((point[0], self.grid.x, self.columns), (point[1], self.grid.y, self.rows)):
            share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
            # Kept within bounds before it is multiplied: in a map of one cell, infinity times nothing is no number.
            found.append(min(max(share, -_FAR), _FAR) * (cells - 1))
        return found[0], self.rows - 1 - found[1]

    def _inside(self, place: Place) -> bool:
        return -0.5 <= place[0] <= self.columns - 0.5 and -0.5 <= place[1] <= self.rows - 0.5

    def _put(self, place: Place, sign: str) -> None:
        at = min(max(round(place[1]), 0), self.rows - 1), min(max(round(place[0]), 0), self.columns - 1)
        self.found[at] = sign

    def _lead(self, start: Place, end: Place, look: Look, *, leaves: bool) -> None:
        """The line from a point to the next; off the map it ends in an arrow at the edge."""
        across, down = end[0] - start[0], end[1] - start[1]
        length = max(abs(across), abs(down))
        if length <= 1.0 and not leaves:
            return
        step = across / length, down / length
        eighth = direction(step[0], -2 * step[1])
        line = (_LINES_ASCII if look.ascii else _LINES)[eighth]
        last = start
        for k in range(1, math.ceil(min(length, self.columns + self.rows))):
            here = start[0] + k * step[0], start[1] + k * step[1]
            if not self._inside(here):
                break
            self._put(here, line)
            last = here
        if leaves:
            self._put(last, (_ARROWS_ASCII if look.ascii else _ARROWS)[eighth])


def direction(x: float, y: float) -> int:
    """Where a vector points, in eighths of a turn against the clock from east: 0 … 7."""
    return round(math.atan2(y, x) / (math.pi / 4)) % 8


def arrow(x: float, y: float, *, ascii: bool = False) -> str:
    """A sign for where a vector points; "·" for one of no length or of none that is known."""
    if not (math.isfinite(x) and math.isfinite(y)) or (x == 0 and y == 0):
        return "." if ascii else "·"
    return (_ARROWS_ASCII if ascii else _ARROWS)[direction(x, y)]


def _drawable(ends: tuple[float, float]) -> bool:
    """Whether there is a scale between two ends that a float can tell apart."""
    largest = max(map(abs, ends))
    return largest < 1e290 and ends[1] - ends[0] > max(largest * 1e-9, 1e-290)


def _y_names(ends: tuple[float, float], rows: int) -> dict[int, str]:
    """Round numbers beside the rows that are nearest to them, at least three rows apart where there are so many."""
    low, high = ends
    if not _drawable(ends):
        return {0: ""}
    for step in nice_steps((high - low) * 10, (1.0, 2.0, 5.0)):
        if step / (high - low) * (rows - 1) < (3 if rows >= 9 else min(2, rows - 1)) or step < (high - low) / 1000:
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        found = {
            round((high - n * step) / (high - low) * (rows - 1)): tick_text(n * step, step)
            for n in range(first, last + 1)
        }
        return found or {0: ""}
    return {0: ""}


def _legend(ramp: _Ramp, ways: Sequence[Way], grid: Map, width: int, look: Look) -> Row:
    """The y axis' name, the ramp between its ends, and the signs of the ways, as many as there is room for."""
    if math.isnan(ramp.low):
        spans = [Span(grid.names[1] + "   " + _("no loss to draw"), look.muted)]
    elif not ramp.high > ramp.low:
        spans = [
            Span(grid.names[1] + "   " + _("loss {value} everywhere").format(value=short(_loss(ramp.low))), look.muted)
        ]
    else:
        least = ("<=" if look.ascii else "≤") if ramp.cut else ""
        spans = [Span(f"{grid.names[1]}   {_('loss')} {least}{short(_loss(ramp.low))} ", look.muted)]
        spans += [Span(*ramp.band(band)) for band in range(ramp.bands)]
        spans.append(Span(f" {short(_loss(ramp.high))}", look.muted))
    if ramp.odd:
        spans.append(Span("  " + _("{sign} not finite").format(sign="^ ?" if look.ascii else "↑ ?"), look.muted))
    used = sum(width_of(span.text) for span in spans)
    parts = [f"{sign_of(way.sign, look)} {way.label}" for way in ways]
    if ways:
        parts.append(f"{_START_ASCII if look.ascii else _START} " + _("start"))
    for part in parts:
        if used + 3 + width_of(part) > width:
            break
        spans.append(Span("   " + part, PLAIN))
        used += 3 + width_of(part)
    return fit(tuple(spans), width)


def _loss(exponent: float) -> float:
    """The loss of a logarithm, which at the end of all floats may be rounded beyond it."""
    return math.pow(10.0, min(exponent, 308.25))


def short(value: float, *, ascii: bool = False) -> str:
    """A number in three figures."""
    return formatted(value, "{:.3g}", ascii=ascii)
