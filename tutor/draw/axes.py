"""What charts share: ticks, scales whose ticks fall exactly on rows, a raster of characters, and its frame.

Invariant: a scale's ticks are whole rows apart, so a label never stands half a row beside what it names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, merged, pad, row_width
from tutor.draw.cells import width as width_of

Cell = tuple[str, Style]

_LEAST_NAME = 4
"""Cells under which the name of the x axis says nothing, and is left out."""
_BEYOND = 0.45
"""Of a row: what lies so far beyond the middle of the last one is drawn in it."""


class Tick(NamedTuple):
    """A place on an axis, in rows from the top or columns from the left, and its name."""

    at: int
    text: str


class Scale(NamedTuple):
    """Values down the rows of a plot: `top` at row 0, `per_row` less with each row."""

    top: float
    per_row: float
    rows: int
    step: float
    """From tick to tick, a whole number of rows."""

    def place(self, value: float) -> float:
        """Rows from the top, with its fraction."""
        return (self.top - value) / self.per_row

    def row(self, value: float) -> int:
        """The row that is nearest to a value, within the plot."""
        return min(max(round(self.place(value)), 0), self.rows - 1)

    def ticks(self) -> Iterator[tuple[int, float]]:
        """The row and the value of each tick."""
        apart = max(round(self.step / self.per_row), 1)
        # The first multiple of the step that is not above the top.
        first = math.floor(self.top / self.step + 1e-9) * self.step
        row = round(self.place(first))
        count = 0
        while row < self.rows:
            if row >= 0:
                yield row, first - count * self.step
            row += apart
            count += 1


def nice_steps(span: float, factors: Sequence[float] = (1.0, 2.0, 2.5, 5.0)) -> Iterator[float]:
    """Some factors times powers of ten, around a span, rising."""
    power = math.floor(math.log10(span)) - 2
    for exponent in range(power, power + 4):
        for factor in factors:
            # Division keeps 0.1 the float that is written 0.1.
            yield factor * 10.0**exponent if exponent >= 0 else factor / 10.0**-exponent


def scale(low: float, high: float, rows: int, steps: Iterable[float], *, from_top: bool, tight: bool = False) -> Scale:
    """The tightest scale over `rows` rows whose ticks are whole rows apart.

    Args:
        low: the least value shown.
        high: the largest value shown, above `low`.
        rows: rows of the plot.
        steps: distances between ticks to try, rising.
        from_top: whether a tick stands in the first row; else one stands in the last.
        tight: whether all that counts is how near the scale comes to the values: where rows are few. Those at the
            other end may then lie beyond the middle of the last row, as long as it is the nearest.
    """
    best: tuple[float, Scale] | None = None
    for step in steps:
        end = (math.ceil(high / step - 1e-9) if from_top else math.floor(low / step + 1e-9)) * step
        covered = end - low if from_top else high - end
        if rows == 1:
            return Scale(end if from_top else high, max(covered, step), 1, max(covered, step))
        apart = min(int(step * (rows - 1 + tight * _BEYOND) / covered + 1e-9) if covered > 0 else rows - 1, rows - 1)
        if apart < 1:
            continue
        per_row = step / apart
        top = end if from_top else end + per_row * (rows - 1)
        waste = per_row * (rows - 1) / (high - low)
        # About three rows from tick to tick read best; a seventh of the height is worth one row.
        cost = waste if tight else 2 * waste + 0.3 * abs(apart - 3) + (2.0 if apart < 2 else 0.0)
        if best is None or cost < best[0]:
            best = cost, Scale(top, per_row, rows, step)
    if best is None:
        step = max(high - low, abs(high)) or 1.0
        return Scale(high, max((high - low) / max(rows - 1, 1), step * 1e-12), rows, step)
    return best[1]


def tick_text(value: float, step: float) -> str:
    """A tick's number, with as many decimals as its step has."""
    if value == 0 or abs(value) < step / 1e6:
        return "0"
    if step < 1e-4 or abs(value) >= 1e6:
        digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(step)) + 1
        return f"{value:.{min(max(digits, 1), 12)}g}"
    decimals = max(-math.floor(math.log10(step) + 1e-9), 0)
    # A step of 2.5 has one more than a step of 2.
    return f"{value:.{decimals + (round(step * 10**decimals, 6) % 1 == 0.5)}f}"


def x_ticks(low: float, high: float, columns: int) -> tuple[Tick, ...]:
    """Ticks along the bottom, far enough apart for their labels."""
    if columns < 1:
        return ()
    span = high - low
    if span < 1e-290:
        return (Tick(0, tick_text(low, abs(low) or 1.0)),)
    whole = low == int(low) and high == int(high)
    for step in nice_steps(span * 10, (1.0, 2.0, 5.0)):
        if step < span / columns or (whole and step < 1):
            continue
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first > columns:
            continue
        ticks = tuple(
            Tick(round((n * step - low) / span * (columns - 1)), tick_text(n * step, step))
            for n in range(first, last + 1)
        )
        room = max(max((len(tick.text) for tick in ticks), default=0) + 4, 9)
        if all(b.at - a.at >= room for a, b in pairwise(ticks)):
            return ticks
    return ()


class Raster:
    """A plot area of characters. Where lines cross, both show: they take turns from column to column.

    A sign that stands for a point lies over what only leads from one point to the next.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        # For each row: column → what is drawn there, for each of the layers: signs, lines, rules.
        self._layers: tuple[list[dict[int, list[Cell]]], ...] = tuple([{} for _ in range(rows)] for _ in range(3))

    def put(self, column: int, row: int, sign: str, style: Style, *, line: bool = False) -> None:
        """Draw a sign, or a piece of a line; outside the area nothing happens."""
        self._put(column, row, (sign, style), int(line))

    def trace(self, pieces: Iterable[tuple[int, int, str]], style: Style) -> None:
        """Draw many pieces of a line, (column, row, sign), each cell once; as `put`, and faster."""
        lines = self._layers[1]
        for column, row, sign in pieces:
            if 0 <= column < self.columns and 0 <= row < self.rows:
                lines[row].setdefault(column, []).append((sign, style))

    def rule(self, row: int, sign: str, style: Style) -> None:
        """A rule across, behind everything else."""
        for column in range(self.columns):
            self._put(column, row, (sign, style), 2)

    def _put(self, column: int, row: int, cell: Cell, layer: int) -> None:
        if 0 <= column < self.columns and 0 <= row < self.rows:
            here = self._layers[layer][row].setdefault(column, [])
            if cell not in here:
                here.append(cell)

    def row(self, row: int) -> Row:
        """A row of the area, as wide as it."""
        signs, lines, rules = (layer[row] for layer in self._layers)
        cells: list[Cell] = []
        at, style = 0, PLAIN
        # Most of a plot is empty: what lies between two signs is one piece, in the style of the first, so that the
        # terminal is told of fewer changes.
        for column in sorted({*signs, *lines, *rules}):
            if column > at:
                cells.append((" " * (column - at), style))
            here = signs.get(column) or lines.get(column) or rules[column]
            cells.append(here[0] if len(here) == 1 else _top(here, column))
            at, style = column + 1, cells[-1][1]
            if style.reverse:
                # Of an empty place it would be seen.
                style = style._replace(reverse=False)
        if at < self.columns:
            cells.append((" " * (self.columns - at), style))
        return merged(cells)


def _top(here: Sequence[Cell], column: int) -> Cell:
    """What shows of several things in one cell."""
    if all("\u2800" <= sign <= "\u28ff" for sign, _ in here):
        # Fine lines share their dots, so that none has a gap, and take turns with the colour.
        dots = reduce(or_, (ord(sign) for sign, _ in here))
        return chr(dots), here[column % len(here)][1]
    return here[column % len(here)]


class Entry(NamedTuple):
    """A name beside the plot or in its legend."""

    sign: str
    style: Style
    text: str
    place: float
    """Rows from the top, with its fraction: which of two lines ends above the other."""


def spread(entries: Sequence[Entry], rows: int) -> dict[int, Entry]:
    """Each entry on a row of its own, as near as can be to where its line ends."""
    ordered = sorted(entries, key=lambda entry: entry.place)
    places: list[int] = []
    for entry in ordered:
        places.append(max(round(entry.place), places[-1] + 1 if places else 0))
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], rows - len(places) + index)
    return dict(zip(places, ordered, strict=True))


def legend(entries: Sequence[Entry], width: int, look: Look) -> list[Row]:
    """The entries above the plot, in as many lines as they need."""
    lines: list[list[Span]] = [[]]
    used = 0
    for entry in entries:
        text = f"{entry.sign} {crop(entry.text, max(width - 2, 1), ascii=look.ascii)}"
        gap = "   " if lines[-1] else ""
        if gap and used + len(gap) + width_of(text) > width:
            lines.append([])
            gap, used = "", 0
        lines[-1].append(Span(gap + text, entry.style))
        used += len(gap) + width_of(text)
    return [fit(tuple(line), width) for line in lines if line]


def frame(
    raster: Raster,
    y_ticks: dict[int, str],
    x_tick_marks: Sequence[Tick],
    width: int,
    look: Look,
    *,
    gutter: dict[int, Entry],
    axis: bool,
    x_label: str,
) -> list[Row]:
    """The plot with its axes: labels left, lines' names right, and beneath it the x axis with its ticks."""
    room = max((width_of(text) for text in y_ticks.values()), default=0)
    left, tick, corner, down, line = ("|", "+", "+", "+", "-") if look.ascii else ("│", "┤", "└", "┬", "─")
    rows = []
    for row in range(raster.rows):
        name = y_ticks.get(row)
        head = Span(pad(name or "", room, "right") + " " + (tick if name else left), look.muted)
        tail: Row = ()
        if row in gutter:
            entry = gutter[row]
            tail = (
                Span(f"  {entry.sign} " if entry.sign else "  ", entry.style),
                Span(entry.text, entry.style),
            )
        rows.append(fit((head, *raster.row(row), *tail), width))
    if axis:
        marks = {t.at for t in x_tick_marks}
        bottom = "".join(down if column in marks else line for column in range(raster.columns))
        rows.append(fit((Span(" " * room + " " + corner + bottom, look.muted),), width))
        rows.append(fit(_x_names(x_tick_marks, room + 2, width, look, x_label), width))
    return rows


def _x_names(ticks: Sequence[Tick], start: int, width: int, look: Look, x_label: str) -> Row:
    """The ticks' numbers under their marks, and the axis' name where it hides none of the first and the last.

    It stands at the right, or between two numbers; those inside give way to it, the first and the last never do.
    """
    placed: list[Tick] = []
    for tick in ticks:
        size = width_of(tick.text)
        # The last number stays within the row.
        at = max(min(start + tick.at - size // 2, width - size), 0)
        if size <= width and (not placed or at > placed[-1].at + width_of(placed[-1].text)):
            placed.append(Tick(at, tick.text))
    names, name = _with_name(placed, width, crop(x_label, width, ascii=look.ascii))
    if name is None and x_label:
        ends = placed[:1] + placed[1:][-1:]
        room = max((end - begin for begin, end in [*_gaps(ends), (_end(ends) + 2, width)]), default=0)
        if room >= _LEAST_NAME:
            names, name = _with_name(placed, width, crop(x_label, room, ascii=look.ascii))
    row: list[Span] = []
    used = 0
    for at, text in sorted([*names, *([name] if name else [])]):
        row.append(Span(" " * (at - used) + text, look.muted))
        used = at + width_of(text)
    return tuple(row)


def _with_name(placed: Sequence[Tick], width: int, name: str) -> tuple[list[Tick], Tick | None]:
    """As many of the ticks as leave room for the name, and where that stands; all of them without it if there is none.

    Every `at` is the column where a text begins.
    """
    size = width_of(name)
    if not name or _end(placed) + 2 * bool(placed) + size <= width:
        return [*placed], Tick(width - size, name) if name else None
    kept = [*placed]
    while True:
        gaps = [(begin, end) for begin, end in _gaps(kept) if end - begin >= size]
        if gaps:
            begin, end = gaps[-1]
            return kept, Tick(begin + (end - begin - size) // 2, name)
        if len(kept) <= 2:
            return [*placed], None
        del kept[-2]


def _gaps(placed: Sequence[Tick]) -> list[tuple[int, int]]:
    """Columns between two numbers, from and to, without two cells beside each."""
    return [(a.at + width_of(a.text) + 2, b.at - 2) for a, b in pairwise(placed)]


def _end(placed: Sequence[Tick]) -> int:
    """Where the last number ends."""
    return placed[-1].at + width_of(placed[-1].text) if placed else 0


def title(left: str, right: Row, width: int, look: Look) -> Row:
    """The y axis' name at the left, what has to be said at the right."""
    room = width - row_width(right) - (2 if right else 0)
    name = crop(left, max(room, 0), ascii=look.ascii)
    gap = max(width - width_of(name) - row_width(right), 0)
    return fit((Span(name, look.muted), Span(" " * gap, PLAIN), *right), width)
