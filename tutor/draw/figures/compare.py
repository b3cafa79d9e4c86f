"""Runs side by side in step: their cells, and after them how far apart they are.

A row is a step of each run that has one there. Tokens that differ are marked ≠, the first difference ▸; the bars are on
one scale from 0 to the largest distance, so that the eye finds where the runs part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, pad, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.figures.gates import Values, head, scaled, token_room
from tutor.draw.figures.next import probability
from tutor.draw.figures.why import number
from tutor.draw.heatmap import heat_row
from tutor.draw.window import row_at, window
from tutor.draw.wording import phrase, shown_token
from tutor.i18n import _

_TOKEN = 10
_LEAST_TOKEN = 4
_WIDEST_CELL = 3
_NUMBER = 6
"""Cells of an amount: `2.9e-4`."""
_LIKELY = 5
"""Cells of a probability."""
_LEAST = 0.005
"""What two decimals would round to nothing."""
_LEAST_BAR = 4
_BAR = 8
"""Cells of a bar before the heat cells grow wider."""
_WIDEST_BAR = 20
_LEAST_ROWS = 4
"""Steps in sight before anything is said under them."""
_LEAST_TITLE = 8
"""Cells of a run's title before the units in view are named beside it."""


class Side(NamedTuple):
    """A run."""

    name: str
    title: str
    tokens: Sequence[str]
    values: Values
    """(T, H)"""
    start: Values | None = None
    """(H,): what stands before the first step."""

    def at(self, step: int | None) -> Values | None:
        """The values of a step, from 0; −1 is before the first."""
        return None if step is None else self.start if step < 0 else self.values[step]


class Amount(NamedTuple):
    """A number for each row, such as a distance."""

    name: str
    values: Values
    """(rows + 1,)"""
    sides: tuple[int, ...]
    """The runs that it is of: where one has no step, there is none."""
    first: int | None = None
    """The row on which it is first more than nothing."""


class Plan(NamedTuple):
    """What stands where."""

    gutter: int
    token: int
    columns: tuple[int, ...]
    """Where the heat cells of each block begin."""
    each: int
    """Cells of a unit; 0 where there is no room for any."""
    units: range
    """Those that are shown."""
    amounts: int
    """Those that there is room for."""
    bar: int
    heads: int
    first: int
    rows: int
    said: int
    """Rows of what is said below."""

    def row_at(self, y: int) -> int | None:
        """The row of the alignment in a row of the picture; 0 is before the first step."""
        return row_at(y, self.heads, self.first, self.rows)

    def unit_at(self, x: int) -> int | None:
        """The unit in a column of the picture."""
        for start in self.columns:
            if self.each and start <= x < start + len(self.units) * self.each:
                return self.units[(x - start) // self.each]
        return None


def plan(
    sides: Sequence[Side],
    count: int,
    amounts: int,
    position: int,
    unit: int,
    width: int,
    height: int,
    *,
    said: int = 0,
    difference: bool = False,
) -> Plan:
    """What stands where; the arguments are those of `compare`, with how many rows, amounts and sayings there are."""
    gutter = 3 + len(str(count))
    blocks = max(len(sides) - difference, 1)
    units = max((side.values.shape[1] for side in sides), default=0)
    wanted = min(max(token_room(*(side.tokens for side in sides)), _LEAST_TOKEN), _TOKEN)
    # A number is shown whole or not at all; the space after the last one may be missing.
    amounts = max(min(amounts, (width + 1 - gutter - len(sides) * (_LEAST_TOKEN + 3)) // (2 + _NUMBER)), 0)
    least = amounts * (2 + _NUMBER)

    def room(token: int) -> int:
        """Cells for all the heat cells and bars."""
        return width - gutter - len(sides) * (token + 3) - difference * blocks - least

    token = wanted if room(wanted) >= blocks * units else min(wanted, _LEAST_TOKEN)
    shown, each = units, 0
    if units and room(token) >= blocks * units:
        each = min(max((room(token) - amounts * _BAR) // (blocks * units), 1), _WIDEST_CELL)
    elif units and room(token) >= blocks:
        each, shown = 1, room(token) // blocks
    else:
        shown = 0
    spare = (room(token) - blocks * shown * each) // max(amounts, 1) if amounts else 0
    bar = min(spare, _WIDEST_BAR) if spare >= _LEAST_BAR else 0
    start = window(unit, units, shown)
    columns, at = [], gutter
    if difference:
        at += len(sides) * (token + 3)
    for _block in range(blocks):
        at += 0 if difference else token + 2
        columns.append(at)
        at += shown * each + 1
    total = count + 1
    heads = 1 if height > 2 else 0
    rest = height - heads
    under = min(said, max(rest - min(total, _LEAST_ROWS), 1 if rest > 1 else 0))
    rows = min(rest - under, total)
    return Plan(
        gutter,
        token,
        tuple(columns),
        each,
        range(start, start + shown),
        amounts,
        bar,
        heads,
        window(position, total, rows),
        rows,
        under,
    )


def compare(
    sides: Sequence[Side],
    rows: Sequence[Sequence[int | None]],
    amounts: Sequence[Amount],
    position: int,
    unit: int,
    width: int,
    height: int,
    look: Look,
    *,
    letter: str = "h",
    limit: float = 1.0,
    said: Sequence[str] = (),
    difference: bool = False,
    focused: bool = False,
) -> list[Row]:
    """The runs beside each other, and how far apart they are.

    Args:
        sides: two or three runs; the first is what the others are held against.
        rows: of each row the step of each run, from 0; None where a run has none.
        amounts: what stands behind the cells.
        position: rows taken: 0 is before the first.
        unit: the one under the cursor, from 0.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        letter: what the cells are of.
        limit: the size that is drawn as full.
        said: lines below, the most important first.
        difference: whether the cells are the first run's minus another's, not the runs' own.
        focused: whether the cursor has the keys.
    """
    where = plan(sides, len(rows), len(amounts), position, unit, width, height, said=len(said), difference=difference)
    amounts = amounts[: where.amounts]
    largest = [_largest(amount.values) for amount in amounts]
    drawn = [_heading(sides, amounts, where, width, look, letter, limit, difference)] if where.heads else []
    for row in range(where.first, where.first + where.rows):
        steps = rows[row - 1] if row else [-1] * len(sides)
        here = row == position
        spans = list(head(row, "", where.gutter - 3, -1, here, Style(bold=here), look))
        spans.append(Span(" " * (where.gutter - row_width(tuple(spans))), PLAIN))
        tokens = [
            _token(side, step, sides[0], steps[0], where, here, row > position, look)
            for side, step in zip(sides, steps, strict=True)
        ]
        cells = _cells(sides, steps if row <= position else [None] * len(sides), difference)
        if difference:
            for one in tokens:
                spans += [*one, Span(" ", PLAIN)]
        for index, values in enumerate(cells):
            if not difference:
                spans += tokens[index]
            block = len(where.units) * where.each
            heat: Row = ()
            if values is not None and where.each:
                part = values[where.units.start : where.units.stop]
                cursor = unit - where.units.start if here and focused else None
                heat = heat_row(part, look, limit=limit, width=where.each, bright=here, cursor=cursor)
            # A row that is as wide as its block already is most of a frame: it is not measured again.
            spans += heat if len(heat) * where.each == block else fit(heat, block)
            spans.append(Span(" ", PLAIN))
        for amount, most in zip(amounts, largest, strict=True):
            there = all(side.at(step) is not None for side, step in ((sides[i], steps[i]) for i in amount.sides))
            value = float(amount.values[row]) if there and row <= position else None
            first = row == amount.first and row <= position
            spans += _amount(value, first, most, where.bar, look, here)
        drawn.append(tuple(spans))
    under = [phrase((line,), width, look, PLAIN if index == 0 else look.muted) for index, line in enumerate(said)]
    gap = where.said and where.heads + where.rows + where.said < height
    drawn += [*([()] if gap else []), *under[: where.said]]
    drawn += [()] * (height - len(drawn))
    return [fit(tuple(s for s in row if s.text), width) for row in drawn[:height]]


def _largest(values: Values) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max(initial=0.0)) or 1.0


def told(value: float, look: Look, *, sign: bool = True) -> str:
    """A number as in equations; what is more than nothing is never 0.00: `2.9e-4`."""
    if not 0 < abs(value) < _LEAST:
        return number(value, look, sign=sign)
    mantissa, _e, exponent = f"{value:{'+' if sign else ''}.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def spelled(name: str, look: Look) -> str:
    """`‖a−b‖`, or in ASCII `|a-b|`."""
    return name.replace("‖", "|").replace("−", "-") if look.ascii else name


def _heading(
    sides: Sequence[Side],
    amounts: Sequence[Amount],
    where: Plan,
    width: int,
    look: Look,
    letter: str,
    limit: float,
    difference: bool,
) -> Row:
    block = len(where.units) * where.each
    bold = Style(bold=True)
    spans = [Span(pad(f"  {letter}", where.gutter, ascii=look.ascii), look.accent)]
    if difference:
        for side in sides:
            spans += [Span(" ", PLAIN), *_named(side, "", where.token + 1, look), Span(" ", PLAIN)]
        scale = ("+-" if look.ascii else "±") + formatted(limit, "{:.2g}", ascii=look.ascii)
        for side in sides[1:]:
            name = spelled(f"{sides[0].name}−{side.name}", look)
            text = f"{name} {scale}" if width_of(name) + 1 + width_of(scale) <= block else name
            spans += [Span(pad(text if width_of(text) <= block else "", block), bold), Span(" ", PLAIN)]
    else:
        for side in sides:
            part = f"{letter}{where.units.start + 1}"
            if len(where.units) > 1:
                part += f"{'..' if look.ascii else '…'}{where.units.stop}"
            whole = len(where.units) >= side.values.shape[1] or not where.each
            spans += [
                Span(" ", PLAIN),
                *_named(side, "" if whole else part, where.token + 1 + block, look),
                Span(" ", PLAIN),
            ]
    for amount in amounts:
        name = pad(spelled(amount.name, look), _NUMBER, "right", ascii=look.ascii) + " " * where.bar
        spans.append(Span(f" {name} ", bold))
    return tuple(spans)


def _named(side: Side, part: str, room: int, look: Look) -> Row:
    """`a  RNN  h1…12`: whose a run is, and where there is room for both, which of its units are shown."""
    gap = " " if room <= _LEAST_TITLE else "  "
    left = room - width_of(side.name) - width_of(gap)
    title = crop(side.title, left, ascii=look.ascii)
    if part:
        beside = left - 2 - width_of(part)
        if beside >= min(width_of(side.title), _LEAST_TITLE):
            title = f"{crop(side.title, beside, ascii=look.ascii)}  {part}"
    # A name that fills its room leaves none for the rest.
    name = crop(side.name, room, ascii=look.ascii)
    rest = pad(gap + title, max(room - width_of(name), 0), ascii=look.ascii)
    return Span(name, Style(bold=True)), Span(rest, look.muted)


def _token(
    side: Side, step: int | None, first: Side, its: int | None, where: Plan, here: bool, ahead: bool, look: Look
) -> list[Span]:
    """A run's token on a row, after a sign where the first run has another one there."""
    if step == -1:
        return [Span(f" {pad(_('start'), where.token, ascii=look.ascii)} ", look.muted)]
    missing = "-" if look.ascii else "–"
    token = missing if step is None else shown_token(side.tokens[step], ascii=look.ascii)
    other = None if its is None else first.tokens[its]
    odd = side is not first and (step is None or side.tokens[step] != other)
    sign = ("!" if look.ascii else "≠") if odd else " "
    style = look.muted if ahead or step is None else Style(bold=True) if here else PLAIN
    return [
        Span(sign, look.accent if not ahead else look.muted),
        Span(pad(token, where.token, ascii=look.ascii), style),
        Span(" ", PLAIN),
    ]


def _cells(sides: Sequence[Side], steps: Sequence[int | None], difference: bool) -> list[Values | None]:
    """What the heat cells of a row are of."""
    values = [side.at(step) for side, step in zip(sides, steps, strict=True)]
    if not difference:
        return values
    a = values[0]
    with np.errstate(all="ignore"):
        return [None if a is None or b is None else a.astype(np.float64) - b for b in values[1:]]


def _amount(value: float | None, first: bool, most: float, bar: int, look: Look, here: bool) -> list[Span]:
    """A number and its bar, after the sign of a first difference; None is not there."""
    mark = (">" if look.ascii else "▸") if first else " "
    text = ""
    if value is not None:
        text = told(value, look, sign=False) if abs(value) < 100 else formatted(value, "{:.0e}", ascii=look.ascii)
        text = text if width_of(text) <= _NUMBER else f"{value:.0e}"
    # What is short leaves a space before the sign, too.
    air = " " * (width_of(text) < _NUMBER)
    spans = [
        Span(air, PLAIN),
        Span(mark, look.accent),
        Span(pad(text, _NUMBER - len(air), "right", ascii=look.ascii), Style(bold=here)),
        Span(" ", PLAIN),
    ]
    if bar:
        spans += fit((), bar) if value is None else scaled(value, math.nan, 0.0, most, bar, look, here)
    return spans


# What comes next


def beside(
    items: Sequence[tuple[str, Sequence[float]]],
    heads: Sequence[tuple[str, str | None]],
    width: int,
    height: int,
    look: Look,
    *,
    titles: Sequence[str] = (),
    said: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """Labels with a bar for each run, from 0 to 1.

    Args:
        items: each label, and how likely each run holds it; NaN where it has none.
        heads: of each run its name, and the token that it has just read; None where it has none on this row.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        titles: whose each run is, said where there is room behind its token.
        said: lines below, the most important first.
        focused: whether it has the keys.
    """
    runs = max(len(heads), 1)
    label = min(max((width_of(item[0]) for item in items), default=0), 14, max(width // 4, 1))
    # A bar, its number, and what keeps it from the next.
    room = max((width - label) // runs, 1)
    bar = room - 2 - _LIKELY - 1
    first = [Span(pad("", label), PLAIN)]
    for index, (name, token) in enumerate(heads):
        text = crop(
            f"  {name}  " + (token if token is not None else "-" if look.ascii else "–"), room, ascii=look.ascii
        )
        first.append(Span(text, Style(bold=True, underline=focused)))
        title = f"  ({titles[index]}" if index < len(titles) and titles[index] else ""
        left = room - width_of(text)
        # The last cell closes what is shortened, too.
        said_of = crop(title, left - 1, ascii=look.ascii) + ")" if title and left > _LEAST_TITLE else ""
        first.append(Span(pad(said_of, left), look.muted))
    drawn: list[Row] = [tuple(first)] if height > 1 else []
    under = min(len(said), max(height - len(drawn) - min(len(items), 3), 0))
    best = [max((p[i] for _label, p in items if not math.isnan(p[i])), default=math.nan) for i in range(len(heads))]
    for name, likely in items[: max(height - len(drawn) - under, 0)]:
        spans = [Span(pad(name, label, ascii=look.ascii), PLAIN)]
        for p, most in zip(likely, best, strict=True):
            here = p == most
            text = ("-" if look.ascii else "–") if math.isnan(p) else probability(p)
            track = scaled(p, math.nan, 0.0, 1.0, bar, look, here) if bar >= _LEAST_BAR and not math.isnan(p) else ()
            spans += [Span("  ", PLAIN), *fit(track, max(bar, 0) if bar >= _LEAST_BAR else 0)]
            shown = pad(text, min(_LIKELY, max(room - 2, 1)), "right")
            spans += [Span(" " if bar >= _LEAST_BAR else "", PLAIN), Span(shown, Style(bold=here))]
        drawn.append(tuple(spans))
    drawn += [
        phrase((line,), width, look, PLAIN if index == 0 else look.muted) for index, line in enumerate(said[:under])
    ]
    drawn += [()] * (height - len(drawn))
    return [fit(tuple(s for s in row if s.text), width) for row in drawn[:height]]
