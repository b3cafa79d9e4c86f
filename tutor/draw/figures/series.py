"""Measured values over time, forecasts of them, and how far off each is on the whole.

The chart leaves a gap where a value is missing, for a line drawn across would say that there was one. What stands under
the cursor is in the table, in the same signs as the lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.axes import Raster, Tick, frame, nice_steps, scale, tick_text, title, x_ticks
from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.chart import Across, fine_line, linear_range, marked_line
from tutor.i18n import _, ngettext

_TALL = 14
"""Rows from which the table stands under the chart; below, beside it."""
_BESIDE = 25
_LEAST_BESIDE = 50
"""Columns from which there is room for both."""
_NAME = 14
_LARGEST = 1e300
"""Beyond it a value has no place on an axis."""
_MEASURED = 5
"""Of the palette's series, the one that is nearest to the text's own colour."""


class Reading(NamedTuple):
    """One line: what it is called, and what is said of it where the cursor is."""

    name: str
    values: Sequence[float]
    """One for each x, from `first` on; NaN where there is none."""
    measured: bool = False
    """Whether it is what the others are forecasts of."""
    error: float | None = None
    """What its bar shows; None has no bar."""
    shown: bool = True
    """Whether its line is drawn: in the table it stands always."""
    spread: tuple[float, float] | None = None
    """Between the two lies the middle half of what `error` is the mean of."""


class Scene(NamedTuple):
    """Lines over the same x, and where they are looked at."""

    readings: Sequence[Reading]
    first: int
    """The x of each line's first value."""
    cursor: int
    """The x that is looked at."""
    y_label: str
    x_label: str
    said: str
    """What is under the cursor."""
    error_label: str
    """What the bars are of."""
    note: str = ""
    """Said above the chart."""
    names: Sequence[str] = ()
    """What each x is called; without them they are numbers."""
    boundary: int | None = None
    """The x from which on nothing was learned from; None where it has no part."""
    zero: bool = False
    """Whether the axis starts at 0: sizes do, levels need not."""
    apart: bool = True
    """Whether the lines' own values, and their distance from what was measured, are in the table."""
    off: bool = True
    """Whether that distance is: of what nobody measured there is none."""


def series(scene: Scene, width: int, height: int, look: Look, *, focused: bool = False) -> list[Row]:
    """The chart, and the table under or beside it.

    Args:
        scene: what is drawn.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        focused: whether the cursor has the keys.
    """
    layout = _Layout.over(scene, width, height)
    drawn = _chart(scene, layout.width, layout.height, look, focused)
    if layout.beside:
        table = [fit(row, layout.beside) for row in [*_panel(scene, layout.beside, height, look), *[()] * height]]
        drawn = [(*row, Span("  ", PLAIN), *side) for row, side in zip(drawn, table, strict=False)]
    elif layout.beneath:
        drawn = [*drawn, *_table(scene, width, look)]
    elif layout.line:
        drawn = [*drawn, _line(scene, width, look)]
    return [fit(row, width) for row in [*drawn, *[()] * height][:height]]


def x_at(scene: Scene, column: int, row: int, width: int, height: int, look: Look) -> int | None:
    """The x under a cell of the same picture, for the mouse; None outside the plot."""
    layout = _Layout.over(scene, width, height)
    plot = _Plot.over(scene, layout.width, layout.height)
    if plot is None or not 0 <= row < layout.height or not 0 <= column - plot.left < plot.columns:
        return None
    share = (column - plot.left) / max(plot.columns - 1, 1)
    return round(plot.across.start + share * (plot.across.end - plot.across.start))


class _Layout(NamedTuple):
    """How much of it is the chart's, and where the table stands."""

    width: int
    height: int
    beside: int
    beneath: bool
    line: bool

    @classmethod
    def over(cls, scene: Scene, width: int, height: int) -> _Layout:
        rows = len(scene.readings) + 1
        if height >= max(_TALL, rows + 6):
            return cls(width, height - rows, 0, True, False)
        if width >= _LEAST_BESIDE:
            return cls(width - _BESIDE - 2, height, _BESIDE, False, False)
        return cls(width, max(height - 1, 0), 0, False, True)


def _is_value(value: float) -> bool:
    return abs(value) < _LARGEST


class _Plot(NamedTuple):
    """Where the plot is within the chart, and what falls where."""

    titled: bool
    axis: bool
    rows: int
    left: int
    columns: int
    across: Across
    low: float
    high: float

    @classmethod
    def over(cls, scene: Scene, width: int, height: int) -> _Plot | None:
        """None where there is nothing to draw, or no room."""
        count = max((len(one.values) for one in scene.readings), default=0)
        if not count or height < 1:
            return None
        values = [value for one in scene.readings for value in one.values if _is_value(value)]
        low, high = linear_range([0.0, *values] if scene.zero or not values else values)
        titled, axis = height >= 3, height >= 7
        rows = height - titled - 2 * axis
        y = scale(low, high, rows, nice_steps(high - low), from_top=False)
        left = max((width_of(tick_text(value, y.step)) for _row, value in y.ticks()), default=0) + 2
        if width - left < 12:
            left = 2
        columns = max(width - left, 1)
        across = Across(float(scene.first), float(scene.first + count - 1), columns)
        return cls(titled, axis, rows, left, columns, across, low, high)


def _chart(scene: Scene, width: int, height: int, look: Look, focused: bool) -> list[Row]:
    """The lines in their frame, the cursor and the boundary."""
    plot = _Plot.over(scene, width, height)
    if plot is None:
        nothing: Row = (Span(crop(_("There is nothing to draw."), width, ascii=look.ascii), look.muted),)
        return [nothing][:height]
    y = scale(plot.low, plot.high, plot.rows, nice_steps(plot.high - plot.low), from_top=False)
    raster = Raster(plot.columns, plot.rows)
    drawn = [one for one in scene.readings if one.shown]
    for at, one in enumerate(scene.readings):
        if not one.shown:
            continue
        points = [(float(scene.first + i), value) if _is_value(value) else None for i, value in enumerate(one.values)]
        sign, style = _sign(scene, at, look)
        if look.ascii:
            marked_line(raster, points, plot.across, y, sign, style)
        else:
            fine_line(raster, points, plot.across, y, sign, style, (drawn.index(one), len(drawn)))
    names = {row: tick_text(value, y.step) for row, value in y.ticks()} if plot.left > 2 else {}
    ticks = _ticks(scene, plot)
    rows = frame(raster, names, ticks, width, look, gutter={}, axis=plot.axis, x_label=scene.x_label)
    bar = "|" if look.ascii else "│"
    if scene.boundary is not None and plot.across.start < scene.boundary <= plot.across.end:
        # Between the last day that was learned from and the first that was not.
        column = plot.left + math.floor(plot.across.place(scene.boundary - 0.5))
        rows[: plot.rows] = [_over(row, column, ":" if look.ascii else "┊", PLAIN) for row in rows[: plot.rows]]
    if plot.across.start <= scene.cursor <= plot.across.end:
        style = look.accent._replace(bold=focused)
        column = plot.left + plot.across.column(float(scene.cursor))
        rows[: plot.rows] = [_over(row, column, bar, style) for row in rows[: plot.rows]]
    if not plot.titled:
        return rows
    return [title(scene.y_label, _note(scene, width, look), width, look), *rows]


def _note(scene: Scene, width: int, look: Look) -> Row:
    """What has to be said above the chart: what is missing, and where there is room what is held out."""
    missing = 0
    for one in scene.readings:
        # Before its first window is full a forecast has nothing to say, and nothing is missing.
        missing += sum(not _is_value(value) and (one.measured or not math.isnan(value)) for value in one.values)
    said = [scene.note] if scene.note else []
    if missing:
        said.append(ngettext("{n} value is missing", "{n} values are missing", missing).format(n=missing))
    while len(said) > 1 and width_of("   ".join(said)) > width:
        said.pop(0)
    return (Span(crop("   ".join(said), width, ascii=look.ascii), look.muted),) if said else ()


def _ticks(scene: Scene, plot: _Plot) -> Sequence[Tick]:
    """Numbers, or names, under the x axis."""
    if not scene.names:
        return x_ticks(plot.across.start, plot.across.end, plot.columns)
    room = max(map(width_of, scene.names)) + 4
    for step in (n * 10**power for power in range(6) for n in (1, 2, 5)):
        if step * (plot.columns - 1) >= room * max(len(scene.names) - 1, 1):
            break
    return [Tick(plot.across.column(float(scene.first + i)), scene.names[i]) for i in range(0, len(scene.names), step)]


def _over(row: Row, column: int, sign: str, style: Style) -> Row:
    """A row with a sign of one cell in a place that is empty; what is there already stays, in bold."""
    cells = [(letter, its) for text, its in row for letter in text]
    if 0 <= column < len(cells):
        letter, its = cells[column]
        cells[column] = (sign, style) if letter == " " else (letter, its._replace(bold=True))
    return merged(cells)


def _sign(scene: Scene, at: int, look: Look) -> tuple[str, Style]:
    """The marker and the style of a line: forecasts count from the accent on."""
    index = _MEASURED if scene.readings[at].measured else sum(not one.measured for one in scene.readings[:at])
    return palettes.marker(index, look), palettes.series(index, look) if scene.readings[at].shown else look.muted


def _here(scene: Scene, one: Reading) -> float:
    at = scene.cursor - scene.first
    return one.values[at] if 0 <= at < len(one.values) else math.nan


def _format(scene: Scene) -> str:
    """Enough decimals for what is in view."""
    sizes = [abs(value) for one in scene.readings for value in (*one.values, one.error or 0.0) if _is_value(value)]
    largest = max(sizes, default=0.0)
    return "{:.2f}" if 0.1 <= largest < 1000 else "{:.3g}"


def _said(value: float, format: str, look: Look) -> str:
    if math.isnan(value):
        return "-" if look.ascii else "–"
    return formatted(value, format, ascii=look.ascii)


def _numbers(scene: Scene, one: Reading, look: Look) -> tuple[str, str]:
    """What a line says where the cursor is, and how far it is from what was measured there."""
    format = _format(scene)
    here = _here(scene, one)
    truth = next((_here(scene, other) for other in scene.readings if other.measured), math.nan)
    if one.measured or not scene.off:
        return _said(here, format, look), ""
    return _said(here, format, look), _said(here - truth, format.replace(":", ":+"), look)


def _tracks(scene: Scene, width: int, look: Look) -> list[Row]:
    """A bar for each line that has an error."""
    barred = [one for one in scene.readings if one.error is not None]
    shown = [one.name for one in barred if one.shown]
    return bars(
        [(one.name, one.error) for one in barred],
        width,
        look,
        format=_format(scene),
        label_width=0,
        bright=shown[0] if len(shown) == 1 else None,
    )


def _table(scene: Scene, width: int, look: Look) -> list[Row]:
    """A row for each line: its name, its value and its error under the cursor, its error on the whole."""
    values = 16 if scene.apart else 0
    name = min(max((width_of(one.name) for one in scene.readings), default=0), _NAME) + 3
    # What stands under the cursor is never cut.
    name = min(name, max(width - values, 5))
    halves = [_half(scene, one, look) for one in scene.readings]
    spread = max(map(width_of, halves), default=0)
    room = width - name - values - (spread + 2 if spread else 0)
    if room < 12:
        spread, room = 0, width - name - values
    head: Row = (
        Span(pad(scene.said, name + values - 8 if values else width - room, ascii=look.ascii), Style(bold=True)),
        Span(pad(_("off") if scene.off else "", 8, "right") if values else "", look.muted),
        Span("  " + pad(scene.error_label, max(room - 2, 0), ascii=look.ascii), look.muted),
        Span("  " + pad(_("half within"), spread, "right", ascii=look.ascii) if spread else "", look.muted),
    )
    rows: list[Row] = [tuple(span for span in head if span.text)]
    tracks = iter(_tracks(scene, room, look))
    for at, (one, half) in enumerate(zip(scene.readings, halves, strict=True)):
        sign, style = _sign(scene, at, look)
        here, off = _numbers(scene, one, look)
        cells: list[Span] = [Span(pad(f"{sign} {crop(one.name, name - 3, ascii=look.ascii)}", name), style)]
        if values:
            cells.append(Span(pad(here, 8, "right", ascii=look.ascii) + pad(off, 8, "right", ascii=look.ascii), PLAIN))
        if one.error is not None:
            cells += next(tracks)
            if spread:
                cells.append(Span("  " + pad(half, spread, "right"), look.muted))
        rows.append(tuple(cells))
    return rows


def _half(scene: Scene, one: Reading, look: Look) -> str:
    if one.spread is None or any(map(math.isnan, one.spread)):
        return ""
    low, high = (formatted(value, _format(scene), ascii=look.ascii) for value in one.spread)
    return f"{low} .. {high}" if look.ascii else f"{low} … {high}"


def _panel(scene: Scene, width: int, height: int, look: Look) -> list[Row]:
    """The same in few columns: first what is under the cursor, then the bars."""
    rows: list[Row] = [(Span(crop(scene.said, width, ascii=look.ascii), Style(bold=True)),)]
    if scene.apart:
        for at, one in enumerate(scene.readings):
            sign, style = _sign(scene, at, look)
            here, off = _numbers(scene, one, look)
            numbers = pad(here, 6, "right", ascii=look.ascii) + pad(off, 7, "right", ascii=look.ascii)
            name = pad(f"{sign} {one.name}", width - width_of(numbers), ascii=look.ascii)
            rows.append((Span(name, style), Span(numbers, PLAIN)))
    barred = [(at, one) for at, one in enumerate(scene.readings) if one.error is not None]
    if height >= len(rows) + len(barred) + 1 or not scene.apart:
        rows.append((Span(crop(scene.error_label, width, ascii=look.ascii), look.muted),))
    lead = 1 if scene.apart else min(max((width_of(one.name) for _at, one in barred), default=0) + 2, width // 2)
    for (at, one), track in zip(barred, _tracks(scene, width - lead, look), strict=True):
        sign, style = _sign(scene, at, look)
        head = sign if scene.apart else f"{sign} {one.name}"
        rows.append((Span(pad(head, lead, ascii=look.ascii), style), *track))
    return rows


def _line(scene: Scene, width: int, look: Look) -> Row:
    """What is under the cursor, in one row."""
    spans = [Span(scene.said, Style(bold=True))]
    for at, one in enumerate(scene.readings):
        sign, style = _sign(scene, at, look)
        spans.append(Span(f"  {sign} {_numbers(scene, one, look)[0]}", style))
    while len(spans) > 1 and sum(width_of(span.text) for span in spans) > width:
        spans.pop()
    return (Span(crop(spans[0].text, width, ascii=look.ascii), spans[0].style), *spans[1:])
