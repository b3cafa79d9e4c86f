"""Line charts: linear for a training curve, logarithmic for a gradient that loses a decade every few steps.

Nothing is left out in silence. What is zero, infinite or no number on a scale that has no place for it is
drawn at the edge, under a sign of its own, and named wherever there are four rows to do it in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tutor.draw import palettes
from tutor.draw.axes import (
    Entry,
    Raster,
    Scale,
    Tick,
    frame,
    legend,
    nice_steps,
    scale,
    spread,
    tick_text,
    title,
    x_ticks,
)
from tutor.draw.cells import Look, Row, Span, Style
from tutor.draw.cells import width as width_of
from tutor.i18n import _

Point = tuple[float, float]

_LARGEST = 1e300
"""Beyond it a value counts as infinite, so that no span overflows."""
_MOST_DECADES = 99_999.0
_LEAST_PLOT = 20
"""Columns that the plot keeps before the names move from its side to a line above it."""
_TICK_ROOM = 8
_FEW_ROWS = 7
"""Rows up to which decades have more steps to be fitted by: the usual ones would leave most of the rows empty."""
_TIGHT_ROWS = 4
"""Rows up to which nothing else counts than how closely they fit."""
_DECADES = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Those steps, times powers of ten."""


class Line(NamedTuple):
    """A named series of points (x, y)."""

    label: str
    points: Sequence[Point]


def line_chart(
    series: Sequence[Line],
    width: int,
    height: int,
    look: Look,
    *,
    x_label: str = "",
    y_label: str = "",
    baselines: Sequence[tuple[str, float]] = (),
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    guides: Sequence[Line] = (),
    cursor: float | None = None,
) -> list[Row]:
    """Series on linear axes, as `height` rows of `width` cells.

    Args:
        series: what to draw; they differ by marker, name and colour, and the first is in the accent.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        x_label: the name of the x axis.
        y_label: the name of the y axis.
        baselines: names and levels drawn across.
        x_range: the first and last x, when they are known before the points are.
        y_range: levels that are in sight even before a point is there, so that the axis keeps still.
        guides: what the series are held against, dotted and muted; they move no axis.
        cursor: an x that a line stands at, with each series marked where it crosses it.
    """
    chart, ruled = _linear(series, baselines, y_range)
    return chart.draw(series, width, height, look, x_label, y_label, ruled, x_range, _Aids(guides, cursor))


def line_chart_x(
    column: int,
    series: Sequence[Line],
    width: int,
    height: int,
    look: Look,
    *,
    y_label: str = "",
    baselines: Sequence[tuple[str, float]] = (),
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    guides: Sequence[Line] = (),
) -> float | None:
    """The x under a column of the same `line_chart`, for the mouse; None beside the plot."""
    chart, ruled = _linear(series, baselines, y_range)
    return chart.plot(series, width, height, look, y_label, ruled, x_range, _Aids(guides)).under(column)


def _linear(
    series: Sequence[Line], baselines: Sequence[tuple[str, float]], y_range: tuple[float, float] | None
) -> tuple[_Chart, Sequence[tuple[str, float]]]:
    """A chart of a linear scale, and the levels that are ruled in it."""
    levels = [(name, level) for name, level in baselines if abs(level) < _LARGEST]
    values = [y for line in series for _, y in line.points if abs(y) < _LARGEST] + [level for _, level in levels]
    values += [level for level in y_range or () if abs(level) < _LARGEST]
    low, high = linear_range(values)

    def fitted(rows: int) -> Scale:
        return scale(low, high, rows, nice_steps(high - low), from_top=False)

    return _Chart(-_LARGEST, _LARGEST, "", fitted, tick_text), levels


def log_chart(
    series: Sequence[Line],
    width: int,
    height: int,
    look: Look,
    *,
    x_label: str = "",
    y_label: str = "",
    floor: float | None = None,
    x_range: tuple[float, float] | None = None,
    baselines: Sequence[tuple[str, float]] = (),
    guides: Sequence[Line] = (),
    cursor: float | None = None,
    x_text: Callable[[float], str] | None = None,
) -> list[Row]:
    """Series whose y are log10 of what they show, on an axis of decades, as `height` rows of `width` cells.

    Args:
        series: what to draw; the first is in the accent. A y of -inf is a true zero: it stands in a row of
            its own under the lowest decade, marked `▽`, and so does what lies below `floor`.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        x_label: the name of the x axis.
        y_label: the name of the y axis.
        floor: log10 of the least value drawn to scale.
        x_range: the first and last x, when they are known before the points are.
        baselines: names and log10 of levels ruled across; those that no series comes near are left out.
        guides: what the series are held against, dotted and muted; they move no axis.
        cursor: an x that a line stands at, with each series marked where it crosses it.
        x_text: how an x is written under its tick.
    """
    chart, ruled = _decades(series, floor, baselines)
    return chart.draw(series, width, height, look, x_label, y_label, ruled, x_range, _Aids(guides, cursor, x_text))


def log_chart_x(
    column: int,
    series: Sequence[Line],
    width: int,
    height: int,
    look: Look,
    *,
    y_label: str = "",
    x_range: tuple[float, float] | None = None,
    baselines: Sequence[tuple[str, float]] = (),
    guides: Sequence[Line] = (),
) -> float | None:
    """The x under a column of the same `log_chart`, for the mouse; None beside the plot."""
    chart, ruled = _decades(series, None, baselines)
    return chart.plot(series, width, height, look, y_label, ruled, x_range, _Aids(guides)).under(column)


def _decades(
    series: Sequence[Line], floor: float | None, baselines: Sequence[tuple[str, float]]
) -> tuple[_Chart, Sequence[tuple[str, float]]]:
    """A chart of decades, and the levels that are ruled in it."""
    known = floor is not None and abs(floor) < _MOST_DECADES
    least = floor if known and floor is not None else -_MOST_DECADES
    ys = [y for line in series for _, y in line.points]
    values = [y for y in ys if least <= y <= _MOST_DECADES]
    low, high = min(values, default=least if known else -1.0), max(values, default=max(least, 0.0))
    low = min(low, high - 1.0)

    def fitted(rows: int) -> Scale:
        span = (high - low) * 10
        steps = nice_steps(span, _DECADES) if rows <= _FEW_ROWS else nice_steps(span)
        decades = (step for step in steps if step >= 1 and step == int(step))
        return scale(low, high, rows, decades, from_top=True, tight=rows <= _TIGHT_ROWS)

    under = "0" if all(y == -math.inf for y in ys if y < least) else f"<{_power(least)}"
    ruled = [(name, level) for name, level in baselines if low <= level <= high]
    return _Chart(least, _MOST_DECADES, under, fitted, lambda value, _: _power(value)), ruled


def _power(exponent: float) -> str:
    """`1e-3`, `1e+0`; an exponent between two of them with its decimals."""
    return f"1e{round(exponent):+d}" if abs(exponent - round(exponent)) < 0.005 else f"1e{exponent:+.2f}"


def linear_range(values: Sequence[float]) -> tuple[float, float]:
    """What a linear axis covers: the values, and zero unless they all keep far from it."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if 0 < low < 0.6 * high:
        low = 0.0
    if 0.6 * low < high < 0:
        high = 0.0
    if high - low <= max(abs(low), abs(high)) * 1e-9:
        # Constant: it is shown against zero.
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-290:
        high = low + 1.0
    return low, high


class _Aids(NamedTuple):
    """What helps to read a chart, and is none of its series."""

    guides: Sequence[Line] = ()
    cursor: float | None = None
    x_text: Callable[[float], str] | None = None


class _Plot(NamedTuple):
    """Where everything stands in a chart."""

    lines: list[Line]
    notes: Row
    signs: list[tuple[str, Style]]
    """The marker and the style of each series."""
    entries: list[Entry]
    room: _Room
    y: Scale
    y_names: dict[int, str]
    x: Across

    @property
    def left(self) -> int:
        """Columns before the plot."""
        return max(map(width_of, self.y_names.values()), default=0) + 2

    def under(self, column: int) -> float | None:
        """The x under a column of the drawing; None beside the plot."""
        at = column - self.left
        if not 0 <= at < self.x.columns:
            return None
        return self.x.start + (self.x.end - self.x.start) * at / max(self.x.columns - 1, 1)


class _Room(NamedTuple):
    """How a chart's rows and columns are shared out."""

    title: bool
    legend: list[Row]
    """The names above the plot, when they are not beside it."""
    beside: int
    """Columns for the names at the right; 0 when they are not there."""
    rows: int
    """Rows of the plot, the one for what lies under the floor included."""
    axis: bool


class _Chart(NamedTuple):
    """What a linear and a logarithmic chart do not share."""

    least: float
    """The least y that has a place on the scale."""
    most: float
    """The largest."""
    under: str
    """The name of the row below the scale; "" where there is none."""
    fitted: Callable[[int], Scale]
    """A scale over so many rows."""
    named: Callable[[float, float], str]
    """A tick's value and the step between ticks → its name."""

    def plot(
        self,
        series: Sequence[Line],
        width: int,
        height: int,
        look: Look,
        y_label: str,
        baselines: Sequence[tuple[str, float]],
        x_range: tuple[float, float] | None,
        aids: _Aids,
    ) -> _Plot:
        """Share out the room."""
        lines = [Line(line.label, _kept(line.points)) for line in series]
        notes = self._notes(series, lines, look)
        signs = [(palettes.marker(i, look), palettes.series(i, look)) for i in range(len(lines))]
        entries = [Entry(*sign, line.label, 0.0) for line, sign in zip(lines, signs, strict=True) if line.label]
        entries += [Entry(_dash(look, i), look.muted, name, 0.0) for i, (name, _) in enumerate(baselines)]
        entries += [Entry(_dot(look), look.muted, guide.label, 0.0) for guide in aids.guides if guide.label]
        room = _shared(entries, width, height, look, titled=bool(y_label), noted=bool(notes))

        has_floor = bool(self.under) and room.rows > 1 and any(y < self.least for line in lines for _, y in line.points)
        y = self.fitted(room.rows - has_floor)
        y_names = {row: self.named(value, y.step) for row, value in y.ticks()}
        if has_floor:
            y_names[room.rows - 1] = self.under
        if width < max(map(width_of, y_names.values()), default=0) + _TICK_ROOM:
            y_names = {}
        columns = max(width - max(map(width_of, y_names.values()), default=0) - 2 - room.beside, 1)
        return _Plot(lines, notes, signs, entries, room, y, y_names, Across.over(lines, x_range, columns))

    def draw(
        self,
        series: Sequence[Line],
        width: int,
        height: int,
        look: Look,
        x_label: str,
        y_label: str,
        baselines: Sequence[tuple[str, float]],
        x_range: tuple[float, float] | None,
        aids: _Aids | None = None,
    ) -> list[Row]:
        """The rows."""
        aids = aids or _Aids()
        plot = self.plot(series, width, height, look, y_label, baselines, x_range, aids)
        lines, signs, room, x, y = plot.lines, plot.signs, plot.room, plot.x, plot.y
        raster = Raster(x.columns, room.rows)
        for guide in aids.guides:
            _guide(raster, guide, x, y, look)
        if aids.cursor is not None and x.start <= aids.cursor <= x.end:
            self._draw_cursor(raster, plot, aids.cursor, look)
        for index, (line, (sign, style)) in enumerate(zip(lines, signs, strict=True)):
            self._draw_line(raster, line, x, y, look, sign, style, (index, len(lines)))
        for index, (_name, level) in enumerate(baselines):
            raster.rule(y.row(level), _dash(look, index), look.muted)

        places = [self._end(line, y, room.rows) for line in lines if line.label]
        places += [y.place(level) for _, level in baselines]
        places += [self._end(Line("", _kept(guide.points)), y, room.rows) for guide in aids.guides if guide.label]
        ends = [entry._replace(place=place) for entry, place in zip(plot.entries, places, strict=True)]
        ticks = x_ticks(x.start, x.end, x.columns)
        if aids.x_text is not None:
            ticks = tuple(Tick(tick.at, aids.x_text(float(tick.text))) for tick in ticks)
        above = [title(y_label, plot.notes, width, look)] if room.title else []
        return (
            above
            + room.legend
            + frame(
                raster,
                plot.y_names,
                ticks,
                width,
                look,
                gutter=spread(ends, room.rows) if room.beside else {},
                axis=room.axis,
                x_label=x_label,
            )
        )

    def _draw_cursor(self, raster: Raster, plot: _Plot, cursor: float, look: Look) -> None:
        """A line down the plot, and on it the marker of each series that has a point there."""
        column = plot.x.column(cursor)
        bold = [(sign, style._replace(bold=True)) for sign, style in plot.signs]
        for line, (sign, style) in zip(plot.lines, bold, strict=True):
            for across, value in line.points:
                if across == cursor and self.least <= value <= self.most:
                    raster.put(column, plot.y.row(value), sign, style)
        for row in range(raster.rows):
            raster.put(column, row, "|" if look.ascii else "│", look.muted, line=True)

    def _draw_line(
        self,
        raster: Raster,
        line: Line,
        x: Across,
        y: Scale,
        look: Look,
        sign: str,
        style: Style,
        order: tuple[int, int],
    ) -> None:
        """One series, and at the edges the signs of what lies beyond them."""
        inside = [point if self.least <= point[1] <= self.most else None for point in line.points]
        if look.ascii:
            marked_line(raster, inside, x, y, sign, style)
        else:
            fine_line(raster, inside, x, y, sign, style, order)
        close = _apart(line.points, x) <= 2.5
        before: tuple[int, int] | None = None
        for across, value in line.points:
            edge = raster.rows - 1 if value < self.least else 0 if value > self.most else None
            if edge is None:
                before = None
                continue
            column = x.column(across)
            joined = before is not None and before[1] == edge and close
            for at in range(min(before[0], column) + 1 if joined and before else column, column + 1):
                raster.put(at, edge, _under_sign(look) if value < self.least else _over_sign(look), style)
            before = column, edge

    def _end(self, line: Line, y: Scale, rows: int) -> float:
        """The row where a line ends, with its fraction."""
        last = line.points[-1][1] if line.points else self.most
        if last < self.least:
            return rows - 1.0
        return 0.0 if last >= self.most else min(max(y.place(last), 0.0), rows - 1.0)

    def _notes(self, series: Sequence[Line], lines: Sequence[Line], look: Look) -> Row:
        """What the signs at the edges mean, and what could not be drawn."""
        ys = [y for line in lines for _, y in line.points]
        missing = sum(len(line.points) for line in series) - len(ys)
        said = []
        if any(y < self.least for y in ys):
            below = self.under.startswith("<")
            said.append(
                _under_sign(look) + " " + (_("below {floor}").format(floor=self.under[1:]) if below else _("underflow"))
            )
        if any(y > self.most for y in ys):
            said.append(_over_sign(look) + " " + _("overflow"))
        if missing:
            said.append(_("not a number: {count}").format(count=missing))
        return (Span("   ".join(said), look.muted),) if said else ()


def _dash(look: Look, index: int) -> str:
    """Of a baseline: each has its own."""
    signs = "-=~" if look.ascii else "╌┈─"
    return signs[index % len(signs)]


def _dot(look: Look) -> str:
    return "." if look.ascii else "·"


def _under_sign(look: Look) -> str:
    return "v" if look.ascii else "▽"


def _over_sign(look: Look) -> str:
    return "^" if look.ascii else "↑"


def _kept(points: Sequence[Point]) -> list[Point]:
    """The points that have an x and a y."""
    return [(x, y) for x, y in points if abs(x) < _LARGEST and not math.isnan(y)]


def _shared(entries: Sequence[Entry], width: int, height: int, look: Look, *, titled: bool, noted: bool) -> _Room:
    """What there is no room for is given up in this order: the title, the names above the plot, the axis."""
    axis = height >= 4
    has_title = (titled and height >= 6) or (noted and height >= 4)
    rows = max(height - 2 * axis - has_title, 1)
    beside = max((width_of(entry.text) for entry in entries), default=0) + 4 if entries else 0
    if beside and len(entries) <= rows and width - _TICK_ROOM - beside >= _LEAST_PLOT:
        return _Room(has_title, [], beside, rows, axis)
    lines = legend(entries, width, look)[: max(rows - 2, 0)]
    return _Room(has_title, lines, 0, rows - len(lines), axis)


class Across(NamedTuple):
    """Where an x falls on the columns of a plot."""

    start: float
    end: float
    columns: int

    @classmethod
    def over(cls, lines: Sequence[Line], x_range: tuple[float, float] | None, columns: int) -> Across:
        """Over all points, and `x_range` where it is given."""
        xs = [x for line in lines for x, _ in line.points]
        xs += [x for x in x_range or () if abs(x) < _LARGEST]
        return cls(min(xs, default=0.0), max(xs, default=0.0), columns)

    def place(self, x: float) -> float:
        """Columns from the left, with the fraction."""
        span = self.end - self.start
        return (x - self.start) / span * (self.columns - 1) if span > 0 else 0.0

    def column(self, x: float) -> int:
        """The nearest column."""
        return round(self.place(x))


def _apart(points: Sequence[Point | None], x: Across) -> float:
    """Columns from point to point, on average."""
    xs = [point[0] for point in points if point is not None]
    return (x.place(max(xs)) - x.place(min(xs))) / max(len(xs) - 1, 1) if xs else 0.0


def marked_line(raster: Raster, points: Sequence[Point | None], x: Across, y: Scale, sign: str, style: Style) -> None:
    """A marker at every point; between close points the same again, between distant ones a dotted line."""
    sparse = _apart(points, x) > 2.5
    before: Point | None = None
    for point in points:
        if point is not None and before is not None:
            (x0, y0), (x1, y1) = before, point
            c0, c1 = x.column(x0), x.column(x1)
            for c in range(min(c0, c1) + 1, max(c0, c1)):
                row = y.row(y0 + (y1 - y0) * ((c - c0) / (c1 - c0)))
                raster.put(c, row, "." if sparse else sign, style, line=sparse)
        if point is not None:
            raster.put(x.column(point[0]), y.row(point[1]), sign, style)
        before = point


def _guide(raster: Raster, guide: Line, x: Across, y: Scale, look: Look) -> None:
    """A dotted line from point to point, where it is within the plot."""
    points = [point for point in _kept(guide.points) if x.start <= point[0] <= x.end]
    for (x0, y0), (x1, y1) in pairwise(points):
        c0, c1 = x.column(x0), x.column(x1)
        for column in range(min(c0, c1), max(c0, c1) + 1):
            place = y.place(y0 + (y1 - y0) * ((column - c0) / (c1 - c0)) if c1 != c0 else y1)
            if column % 2 == 0 and -0.5 <= place <= y.rows - 0.5:
                raster.put(column, round(place), _dot(look), look.muted, line=True)


# Unicode's dots of a Braille cell, by column and row.
_DOTS = np.array([[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]])
_MARKED_EVERY = 12
"""Columns from marker to marker on a fine line."""


def fine_line(
    raster: Raster,
    points: Sequence[Point | None],
    x: Across,
    y: Scale,
    sign: str,
    style: Style,
    order: tuple[int, int],
) -> None:
    """A line of dots, two by four to a cell, with a marker at its end and at some of its points.

    `order` is which line it is, of how many: their markers are staggered, and a line alone needs none.
    """
    index, count = order
    few = _apart(points, x) >= 4
    due = _MARKED_EVERY * (index + 1) / (count + 1)
    last = next((point for point in reversed(points) if point is not None), None)
    strokes: list[tuple[int, int, int, int]] = []
    before: tuple[int, int] | None = None
    for number, point in enumerate(points):
        if point is None:
            before = None
            continue
        across = x.place(point[0])
        # A value on a tick stands in the middle of the tick's row, and a marker on the line that it marks.
        down = min(max(y.place(point[1]) + 0.5, 0.0), y.rows - 0.01)
        at = 2 * round(across), int(down * 4)
        strokes.append((*(before or at), *at))
        alone = before is None and (number + 1 == len(points) or points[number + 1] is None)
        if few or alone or point is last or (count > 1 and across >= due):
            raster.put(at[0] // 2, at[1] // 4, sign, style)
            due = max(due, across + _MARKED_EVERY)
        before = at
    raster.trace(((column, row, chr(0x2800 + bits)) for column, row, bits in _lit(strokes)), style)


def _lit(strokes: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int]]:
    """The cells of strokes from dot to dot, (x0, y0, x1, y1): column, row, and which of their dots are lit."""
    if not strokes:
        return []
    ends = np.array(strokes)
    start, run = ends[:, :2], ends[:, 2:] - ends[:, :2]
    length = np.maximum(np.abs(run).max(axis=1), 1)
    # Every dot of every stroke at once: the n-th of its stroke.
    stroke = np.repeat(np.arange(len(ends)), length + 1)
    n = np.arange(len(stroke)) - np.repeat(np.cumsum(length + 1) - length - 1, length + 1)
    across, down = np.rint(start[stroke] + run[stroke] * n[:, None] / length[stroke, None]).astype(int).T
    rows = int(down.max()) // 4 + 1
    cell = across // 2 * rows + down // 4
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.diff(cell[order], prepend=cell.min() - 1))
    bits = np.bitwise_or.reduceat(_DOTS[across % 2, down % 4][order], first)
    found = cell[order][first]
    return list(zip((found // rows).tolist(), (found % rows).tolist(), bits.tolist(), strict=True))
