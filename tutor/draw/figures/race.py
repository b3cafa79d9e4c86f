"""Models against each other, over seeds: dots on one scale, lines over distances, or a table of either.

In the strip each network is a dot; under a model's dots a bar goes from its lowest to its highest, with a sign at its
median. Dots that would stand in one place are stacked, and where there is no room for that, counted. In one row the bar
lies under the dots, and the median is the one in the other colours.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.axes import Entry, Raster, Tick, frame, legend, nice_steps, title, x_ticks
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.chart import Line, line_chart, line_chart_x
from tutor.draw.figures.timing import fitting
from tutor.draw.window import window
from tutor.i18n import _

_LARGEST = 1e300
_LEAST_TRACK = 18
_MOST_LANE = 5
_MOST_TICKS = 8
_LEAST_CHART = 7


class Runner(NamedTuple):
    """A model in the strip."""

    name: str
    scores: Sequence[float] = ()
    """One a network; what is no number diverged, and has a sign of its own at the worse end."""
    median: float = math.nan
    parts: Sequence[str] = ()
    """What is said beside its dots, what weighs most first: its median, its spread."""
    notes: Sequence[str] = ()
    """What is said under that."""


class Strip(NamedTuple):
    """Scores on one axis."""

    runners: Sequence[Runner]
    unit: str
    """What the axis is of."""
    better: str = ""
    """Which way on it is the better one."""
    heading: str = ""
    """What `parts` are."""
    higher: bool = True
    """Whether the better end is at the right."""
    baselines: Sequence[tuple[str, float]] = ()
    """Names, their numbers in them, and where they stand."""
    whole: tuple[float, float] = (0.0, 1.0)
    """What the axis covers as long as there is nothing on it."""


class Distances(NamedTuple):
    """Lines over distances."""

    lines: Sequence[Line]
    """A median each."""
    unit: str
    levels: Sequence[tuple[str, float]]
    """Names and accuracies drawn across."""
    ends: tuple[float, float]
    """The first and the last distance."""
    spread: tuple[str, Sequence[tuple[float, float]], Sequence[tuple[float, float]]] | None = None
    """The name, the lowest and the highest of one of them."""
    solved: Sequence[str] = ()
    """The longest distance that each solves; as many as lines."""


def strip(
    shown: Strip,
    width: int,
    height: int,
    look: Look,
    *,
    chosen: int = 0,
    said: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """The dots, as `height` rows of `width` cells.

    Args:
        shown: what is drawn.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        chosen: the model that is pointed at.
        said: parts of the line beneath, in the order of their weight.
        focused: whether the keys come here: the model that is pointed at is then underlined.
    """
    return _Strip(shown, width, look, chosen, focused).rows(height, said)


def runner_at(row: int, shown: Strip, width: int, height: int, look: Look, *, chosen: int, said: bool) -> int | None:
    """The model in a row of the same drawing, for the mouse; None beside the lanes."""
    room = _Strip(shown, width, look, chosen, False).room(height, said)
    at = row - room.heading - len(room.above)
    return room.first + at // room.lane if 0 <= at < min(room.shown, len(shown.runners)) * room.lane else None


class _Room(NamedTuple):
    """How the rows of a strip are shared out."""

    heading: bool
    above: list[Row]
    """The baselines' names."""
    first: int
    """The model in the first lane."""
    shown: int
    """Lanes."""
    lane: int
    """Rows of each."""
    axis: bool
    said: bool


class _Strip:
    """A strip in a width, before its rows are shared out."""

    def __init__(self, shown: Strip, width: int, look: Look, chosen: int, focused: bool) -> None:
        self.shown, self.width, self.look = shown, width, look
        self.chosen, self.focused = chosen, focused
        names = max((width_of(runner.name) for runner in shown.runners), default=0)
        # A pointer, a marker and a space stand before a name.
        self.names = min(names + 4, max(width // 4, 6)) if width >= 2 * _LEAST_TRACK else min(names + 4, width // 3)
        least = max(_LEAST_TRACK, width * 2 // 5)
        wanted = max((width_of("  ".join(r.parts)) for r in shown.runners), default=0)
        notes = max((width_of(self._joined(r.notes)) for r in shown.runners), default=0)
        room = width - self.names - 2 - 2
        # The numbers weigh more than a long track, and a long track more than the notes.
        self.beside = min(wanted, max(room - least, 0))
        self.beside = max(self.beside, min(notes, room - max(least, width // 2)))
        if not any(self._parts(runner) for runner in shown.runners):
            self.beside = 0
        self.columns = max(room - self.beside, 1)
        self.low, self.high = self._ends()

    def rows(self, height: int, said: Sequence[str]) -> list[Row]:
        """The whole."""
        room = self.room(height, bool(said))
        rows = [self._heading()] if room.heading else []
        rows += room.above
        lanes, counted = self._lanes(room)
        rows += lanes
        if room.said:
            digits = [_("2, 3: so many in one place")] if counted else []
            rows.append(saying([*said, *digits], self.width, self.look))
        return [*rows, *[fit((), self.width)] * (height - len(rows))][:height]

    def room(self, height: int, said: bool) -> _Room:
        """Who gets which rows: lanes, the line beneath, the axis, the baselines' names, the heading, higher lanes."""
        count = max(len(self.shown.runners), 1)
        spare = height - count
        said = said and spare >= 1
        spare -= said
        axis = spare >= 2
        spare -= 2 * axis
        above = self._labels(max(spare, 0))
        spare -= len(above)
        heading = spare >= 1
        spare -= heading
        shown = min(count, height)
        lane = min(1 + max(spare, 0) // count, _MOST_LANE)
        return _Room(heading, above, window(self.chosen, count, shown), shown, lane, axis, said)

    # The scale

    def _ends(self) -> tuple[float, float]:
        """What the axis covers: whole ticks around all that stands on it."""
        values = [score for runner in self.shown.runners for score in runner.scores if abs(score) < _LARGEST]
        if not values:
            values = [end for end in self.shown.whole if abs(end) < _LARGEST] or [0.0]
        values += [level for _name, level in self.shown.baselines if abs(level) < _LARGEST]
        low, high = min(values), max(values)
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            # Dots in one place stand on an axis that is as long as they are large.
            low, high = min(low, 0.0), max(high, 0.0)
        if high - low < 1e-290:
            high = low + 1.0
        step = next(step for step in nice_steps((high - low) * 10) if (high - low) / step <= _MOST_TICKS)
        return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step

    def _column(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return min(max(round(share * (self.columns - 1)), 0), self.columns - 1)

    def _ticks(self) -> tuple[Tick, ...]:
        # Scores between two whole numbers still have places between them.
        return x_ticks(self.low, self.high + (self.high - self.low) * 1e-9, self.columns)

    # Above the lanes

    def _heading(self) -> Row:
        parts = self.shown.heading if self.beside >= width_of(self.shown.heading) else ""
        right = (Span(pad(parts, self.beside), self.look.muted),) if parts else ()
        whole = _between(self.look).join(filter(None, (self.shown.unit, self.shown.better)))
        if width_of(whole) + row_width(right) + 2 > self.width:
            right = ()
        left = fitting([self.shown.unit, self.shown.better], self.width - row_width(right), _between(self.look))
        return title(left or self.shown.unit, right, self.width, self.look)

    def _labels(self, most: int) -> list[Row]:
        """The baselines' names over their lines, the leftmost on top; or where rows are few, one after another."""
        levels = [(name, level) for name, level in self.shown.baselines if abs(level) < _LARGEST]
        levels.sort(key=lambda item: item[1])
        if not levels or not most:
            return []
        # Nothing stands beside them: a name may go on over the numbers' columns.
        margin, room = Span(" " * (self.names + 2), PLAIN), max(self.width - self.names - 2, 1)
        rows: list[list[tuple[int, int, str]]] = [[]]
        listed = False
        for name, level in levels:
            at = self._column(level)
            text = crop(name, max(room - 2, 1), ascii=self.look.ascii)
            beyond = at + 2 + width_of(text) > room
            start = max(at - 1 - width_of(text), 0) if beyond else at + 2
            # A name that would cover the line that it is of stands in a list.
            listed = listed or (beyond and start + width_of(text) > at)
            before = rows[-1][-1] if rows[-1] else None
            if before is not None and min(start, at) <= before[1] + width_of(before[2]):
                rows.append([])
            rows[-1].append((at, start, text))
        if listed or len(rows) > most:
            entries = [Entry(_rule(self.look), self.look.muted, name, 0.0) for name, _level in levels]
            return legend(entries, self.width, self.look)[:most]
        drawn: list[Row] = []
        lines: list[int] = []
        for names in rows:
            raster = Raster(room, 1)
            lines += [at for at, _start, _text in names]
            for at in lines:
                raster.put(at, 0, _rule(self.look), self.look.muted)
            cells = raster.row(0)
            for _at, start, text in names:
                cells = _over(cells, start, text, self.look.muted)
            drawn.append(fit((margin, *cells), self.width))
        return drawn

    # The lanes

    def _lanes(self, room: _Room) -> tuple[list[Row], bool]:
        """The rows of the lanes and of the axis; and whether a digit stands in them for several networks."""
        lane = room.lane
        raster = Raster(self.columns, max(room.shown * lane, 1))
        for _name, level in self.shown.baselines:
            if abs(level) < _LARGEST:
                for row in range(raster.rows):
                    raster.put(self._column(level), row, _rule(self.look), self.look.muted, line=True)
        runners = self.shown.runners[room.first : room.first + room.shown]
        counted = False
        for place, runner in enumerate(runners):
            cells, several = self._lane(runner, room.first + place, lane)
            counted = counted or several
            for (column, row), (sign, style) in cells.items():
                raster.put(column, place * lane + row, sign, style)
        plot = frame(
            raster,
            {},
            self._ticks(),
            # The last tick's name reaches into the gap before the numbers.
            self.columns + 4,
            self.look,
            gutter={},
            axis=room.axis,
            x_label="",
        )
        rows = []
        for at, drawn in enumerate(plot):
            place, row = divmod(at, lane)
            if place >= len(runners):
                rows.append(fit((Span(" " * self.names, PLAIN), *drawn), self.width))
                continue
            named = row == max(self._dots(lane) - 1, 0)
            head = self._name(runners[place], room.first + place) if named else ()
            tail = Span(self._tail(runners[place], row, lane), PLAIN)
            rows.append(fit((*fit(head, self.names), *drawn, tail), self.width))
        return rows, counted

    def _dots(self, lane: int) -> int:
        """Rows of a lane that dots stand in: under them is the bar, and under that in a high one a row of air."""
        return lane - 1 if lane < 4 else lane - 2

    def _lane(self, runner: Runner, index: int, lane: int) -> tuple[Mapping[tuple[int, int], tuple[str, Style]], bool]:
        """The signs of a model by column and row; and whether some of them are counts."""
        style, sign = palettes.series(index, self.look), palettes.marker(index, self.look)
        scores = [score for score in runner.scores if not math.isnan(score)]
        inside = [score for score in scores if abs(score) < _LARGEST]
        bottom = max(self._dots(lane) - 1, 0)
        cells: dict[tuple[int, int], tuple[str, Style]] = {}
        if len(inside) > 1:
            cells |= self._bar(inside, runner.median, bottom + (lane > 1), style)
        several = False
        # In one row the median is the network that stands there, or so many of them: no sign covers one.
        marked = (
            self._column(runner.median) if lane == 1 and len(inside) > 1 and abs(runner.median) < _LARGEST else None
        )
        for column, count in Counter(map(self._column, inside)).items():
            middle = column == marked
            if count > max(self._dots(lane), 1):
                several = True
                text, its = str(count), style._replace(bold=True, reverse=middle)
                start = min(column, self.columns - len(text))
                cells |= {(start + i, bottom): (char, its) for i, char in enumerate(text)}
            else:
                its = style._replace(bold=style.bold or middle, reverse=middle)
                cells |= {(column, bottom - up): (sign, its) for up in range(count)}
        for score in scores:
            if abs(score) >= _LARGEST:
                signs = "<>" if self.look.ascii else "‹›"
                cells[self.columns - 1 if score > 0 else 0, bottom] = (signs[score > 0], style)
        lost = ("!" if self.look.ascii else "×", self.look.bad)
        ends = range(self.columns) if self.shown.higher else range(self.columns - 1, -1, -1)
        free = [column for column in ends if (column, bottom) not in cells]
        cells |= {(column, bottom): lost for column in free[: len(runner.scores) - len(scores)]}
        return cells, several

    def _bar(
        self, scores: Sequence[float], median: float, row: int, style: Style
    ) -> dict[tuple[int, int], tuple[str, Style]]:
        """From the lowest to the highest."""
        start, end = self._column(min(scores)), self._column(max(scores))
        left, line, right = "[-]" if self.look.ascii else "├─┤"
        cells = {(column, row): (line, style) for column in range(start, end + 1)}
        if start < end:
            cells[start, row], cells[end, row] = (left, style), (right, style)
        if abs(median) < _LARGEST:
            cells[self._column(median), row] = (_MEDIAN[self.look.ascii], style._replace(bold=True))
        return cells

    def _name(self, runner: Runner, index: int) -> Row:
        look, here = self.look, index == self.chosen
        style = palettes.series(index, look)
        pointer = (">" if look.ascii else "▸") if here else " "
        name = crop(runner.name, max(self.names - 4, 0), ascii=look.ascii)
        return (
            Span(f"{pointer}{palettes.marker(index, look)} ", style),
            Span(name, style._replace(bold=style.bold or here, underline=here and self.focused)),
        )

    def _parts(self, runner: Runner) -> str:
        return fitting(runner.parts, self.beside, "  ")

    def _joined(self, parts: Sequence[str]) -> str:
        return (_between(self.look)).join(parts)

    def _tail(self, runner: Runner, row: int, lane: int) -> str:
        at = max(self._dots(lane) - 1, 0)
        if row == at:
            if lane == 1:
                return fitting([*runner.parts, *runner.notes], self.beside, "  ")
            return self._parts(runner)
        if row == at + 1:
            return fitting(runner.notes, self.beside, _between(self.look))
        return ""


_MEDIAN = {True: "|", False: "┃"}


def distances(
    shown: Distances,
    width: int,
    height: int,
    look: Look,
    *,
    cursor: float | None = None,
    chosen: int = 0,
    said: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """The lines, how far each comes, and the line beneath, as `height` rows of `width` cells.

    Args:
        shown: what is drawn.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        cursor: the distance at which a line stands.
        chosen: the model that is pointed at.
        said: parts of the line beneath, in the order of their weight.
        focused: whether the keys come here: the model that is pointed at is then underlined.
    """
    chart, solved = _parts_of(shown, width, height, look, chosen, focused, bool(said))
    rows = line_chart(
        shown.lines,
        width,
        chart,
        look,
        x_label=_("distance"),
        y_label=shown.unit,
        baselines=shown.levels,
        x_range=shown.ends,
        y_range=(0.0, 1.0),
        guides=_guides(shown),
        cursor=cursor,
    )
    rows = [*rows[:chart], *solved]
    if said and len(rows) < height:
        rows.append(saying(said, width, look))
    return rows


def distance_at(column: int, shown: Distances, width: int, height: int, look: Look, *, said: bool) -> float | None:
    """The distance under a column of the same drawing, for the mouse; None beside the plot."""
    chart, _solved = _parts_of(shown, width, height, look, 0, False, said)
    return line_chart_x(
        column,
        shown.lines,
        width,
        chart,
        look,
        y_label=shown.unit,
        baselines=shown.levels,
        x_range=shown.ends,
        y_range=(0.0, 1.0),
        guides=_guides(shown),
    )


def _guides(shown: Distances) -> list[Line]:
    if shown.spread is None:
        return []
    name, low, high = shown.spread
    return [Line(name, low), Line("", high)]


def _parts_of(
    shown: Distances, width: int, height: int, look: Look, chosen: int, focused: bool, said: bool
) -> tuple[int, list[Row]]:
    """Rows of the chart, and the rows of how far each comes."""
    spare = max(height - _LEAST_CHART - said, 0)
    solved = _solved(shown, width, look, chosen, focused)[:spare]
    return max(height - len(solved) - (said and height > 1), 1), solved


def _solved(shown: Distances, width: int, look: Look, chosen: int, focused: bool) -> list[Row]:
    """How far each model comes, one after another in as many rows as they need."""
    if not shown.solved:
        return []
    head = _("solves up to")
    margin = width_of(head) + 1
    lines: list[list[Span]] = [[Span(head + " ", look.muted)]]
    used = margin
    for index, (line, text) in enumerate(zip(shown.lines, shown.solved, strict=True)):
        style, here = palettes.series(index, look), index == chosen
        sign = ((">" if look.ascii else "▸") if here else " ") + palettes.marker(index, look) + " "
        words = crop(f"{line.label} {text}", max(width - margin - width_of(sign), 1), ascii=look.ascii)
        size = width_of(sign) + width_of(words)
        if used > margin and used + 1 + size > width:
            lines.append([Span(" " * margin, PLAIN)])
            used = margin
        name = style._replace(bold=style.bold or here, underline=here and focused)
        lines[-1] += [Span(" " * (used > margin) + sign, style), Span(words, name)]
        used += (used > margin) + size
    return [fit(tuple(span for span in line if span.text), width) for line in lines]


class Column(NamedTuple):
    """A column of a table."""

    name: str
    cells: Sequence[str]
    of: int | None = None
    """The model that it is of, where the columns are models."""


def table(
    columns: Sequence[Column],
    width: int,
    height: int,
    look: Look,
    *,
    chosen: int = 0,
    series: bool = True,
    heading: str = "",
    said: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """Columns as far as they fit whole, the first of them the rows' names, as `height` rows of `width` cells.

    Args:
        columns: what stands in them; all have as many cells.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        chosen: the row that is pointed at; it stays in sight.
        series: whether the rows are models, with a marker each.
        heading: what the numbers are.
        said: parts of the line beneath, in the order of their weight.
        focused: whether the keys come here: the row that is pointed at is then underlined.
    """
    count = len(columns[0].cells)
    line = bool(said) and height >= 3
    top = bool(heading) and height - line >= 4
    shown = max(min(height - line - top - 1, count), 0)
    first = window(chosen, count, shown)
    rooms = [max(width_of(column.name), *map(width_of, column.cells), 0) for column in columns]
    rooms[0] = min(rooms[0], max(width // 3, 1))
    used, fitted = rooms[0] + 3, 1
    while fitted < len(columns) and used + 2 + rooms[fitted] <= width:
        used += 2 + rooms[fitted]
        fitted += 1
    more = ("~" if look.ascii else "…") if fitted < len(columns) else ""
    head = [Span("   " + pad(columns[0].name, rooms[0], ascii=look.ascii), look.muted)]
    for index in range(1, fitted):
        of = columns[index].of
        style = look.muted if of is None else palettes.series(of, look)
        head.append(Span("  " + pad(columns[index].name, rooms[index], "right"), style))
    rows = [fit((Span(crop(heading, width, ascii=look.ascii), look.muted),), width)] if top else []
    rows.append(fit((*head, Span(" " + more, look.muted)), width))
    for at in range(first, first + shown):
        here = at == chosen
        style = palettes.series(at, look) if series else PLAIN
        sign = palettes.marker(at, look) if series else " "
        name = pad(columns[0].cells[at], rooms[0], "left" if series else "right", ascii=look.ascii)
        spans = [
            Span(((">" if look.ascii else "▸") if here else " ") + sign + " ", style),
            Span(name, style._replace(bold=style.bold or here, underline=here and focused)),
        ]
        for column, room in zip(columns[1:fitted], rooms[1:fitted], strict=True):
            spans.append(Span("  " + pad(column.cells[at], room, "right"), Style(bold=here)))
        rows.append(fit(tuple(spans), width))
    if line:
        rows.append(saying(said, width, look))
    return [*rows, *[fit((), width)] * (height - len(rows))][:height]


def saying(said: Sequence[str], width: int, look: Look) -> Row:
    """As many parts as fit whole, and the first of them whatever it takes."""
    text = fitting(said, width, _between(look)) or crop(said[0], width, ascii=look.ascii)
    return fit((Span(text, look.muted),), width)


def _between(look: Look) -> str:
    return " - " if look.ascii else " · "


def _rule(look: Look) -> str:
    """A piece of a baseline's line."""
    return ":" if look.ascii else "╎"


def _over(row: Row, start: int, text: str, style: Style) -> Row:
    """A row with a text over it."""
    size = width_of(text)
    whole = sum(width_of(span.text) for span in row)
    return (*fit(row, start), Span(text, style), *_after(row, start + size, max(whole - start - size, 0)))


def _after(row: Row, start: int, count: int) -> Row:
    """`count` cells of a row, all of one cell each, from a column on."""
    left: list[Span] = []
    for span in row:
        text = span.text[start:] if start else span.text
        start = max(start - len(span.text), 0)
        if text:
            left.append(Span(text, span.style))
    return fit(tuple(left), count)
