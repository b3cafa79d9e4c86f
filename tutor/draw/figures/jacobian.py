"""The factors of the chain rule as bars around 1, beside each the product so far; the singular values of one step.

A factor's size is its spectral norm, which is its largest singular value: σ₁, and of the product likewise. Every bar is
on a log scale and grows from a line at 1: what shrinks goes to the left, what grows to the right. Equal factors are
equal bars. A factor of 0 fills its side and says 0.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.figures.gradient import number
from tutor.draw.glyphs import bar, bar_leftwards, subscript
from tutor.draw.window import row_at, window
from tutor.draw.wording import first_fitting
from tutor.i18n import _

_LEAST_TRACK = 7
"""Cells under which a bar says nothing."""
_MOST_TRACK = 41
_MOST_TOKEN = 10
_STACKED = 17
"""Rows from which on the singular values stand under the steps."""
_BESIDE = 66
"""Columns from which on they stand beside them, where there are too few rows."""
_BESIDE_ROWS = 5
_PANEL = 26
_SMALLEST = 1e-3
"""Decades under which a scale is not stretched further: factors of 1 are no bars."""


class StepBack(NamedTuple):
    """One row: a step's factor, and the product as far as it."""

    back: int
    step: int
    token: str
    factor: float
    """A norm, or of one unit the number with its sign."""
    log10_product: float
    log10_bound: float
    slope: float | None


class Limits(NamedTuple):
    """What the longest bars stand for, in decades; found once for all steps, so that scrolling changes no scale."""

    factor: float
    product: float


def limits(steps: Sequence[StepBack]) -> Limits:
    """The largest distances from 1 that are finite."""
    factors = [abs(_log(s.factor)) for s in steps]
    products = [abs(v) for s in steps for v in (s.log10_product, s.log10_bound)]
    return Limits(_largest(factors), _largest(products))


def jacobian(
    steps: Sequence[StepBack],
    cursor: int,
    singular: Sequence[float],
    width: int,
    height: int,
    look: Look,
    *,
    state: str = "h",
    scales: Limits | None = None,
    focused: bool = False,
) -> list[Row]:
    """The steps around the cursor, and what the one under it is made of.

    Args:
        steps: from the last step back.
        cursor: the index of the current one.
        singular: the singular values of the current one, largest first.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        state: what is differentiated: "h", "(h, c)".
        scales: of all steps; worked out when None.
        focused: whether keys move the cursor.
    """
    if not steps:
        return [fit((Span(crop(_("no step, no factor"), width, ascii=look.ascii), look.muted),), width)] + [
            fit((), width) for _row in range(height - 1)
        ]
    cursor = min(max(cursor, 0), len(steps) - 1)
    here = steps[cursor]
    found = scales or limits(steps)
    # Of one unit the factor is a number with its sign, and no norm.
    alone = len(singular) == 1
    rows = _table_rows(len(steps), width, height, len(singular))
    if height >= _STACKED:
        upper = _table(steps, cursor, width, rows, look, found, focused, alone)
        return [*upper, fit((), width), *_values(here, singular, width, height - rows - 1, look, state)]
    if rows == height and width >= _BESIDE:
        left = _table(steps, cursor, width - _PANEL - 2, height, look, found, focused, alone)
        right = _values(here, singular, _PANEL, height, look, state)
        gap = Span("  ", PLAIN)
        return [fit((*a, gap, *b), width) for a, b in zip(left, right, strict=True)]
    said = [fit((Span(crop(_summary(here, singular, width, look), width, ascii=look.ascii), PLAIN),), width)]
    return [*_table(steps, cursor, width, rows, look, found, focused, alone), *said[: height - rows]]


def step_at(row: int, steps: int, cursor: int, width: int, height: int, units: int) -> int | None:
    """The index of the step in a row of the same picture, for the mouse; None where there is none."""
    rows = _table_rows(steps, width, height, units)
    headed = rows >= 2
    room = rows - headed
    index = row_at(row, headed, window(cursor, steps, room), room)
    return index if index is not None and index < steps else None


def _table_rows(steps: int, width: int, height: int, units: int) -> int:
    """Rows of the steps and their heading: all where the values stand beside them, else what those leave."""
    if height >= _STACKED:
        spare = height - 1 - (steps + 1)
        return min(height - 1 - min(max(height // 3, 5, spare), units + 2), steps + 1)
    return height if (width >= _BESIDE and height >= _BESIDE_ROWS) or height < 3 else height - 1


class _Columns(NamedTuple):
    """The cells of each column of the table; 0 is not there."""

    back: int
    token: int
    factor: int
    track: int
    number: int
    product: int
    bound: int

    @classmethod
    def of(cls, seen: Sequence[StepBack], last: int, width: int, look: Look) -> _Columns:
        """What fits: numbers first, then the bars, then tokens and bounds."""
        back = max(len(str(last)), width_of(_("back")))
        token = min(max((width_of(s.token) for s in seen), default=0), _MOST_TOKEN)
        token = max(token, width_of(_("token"))) if token else 0
        factor = max((width_of(_text(s.factor, look)) for s in seen), default=4)
        product = max((width_of(_so_far(s, s.log10_product, look)) for s in seen), default=4)
        bound = max((width_of(_so_far(s, s.log10_bound, look)) for s in seen), default=4) + 2
        factor, product = max(factor, 6), max(product, 7)
        base = 2 + back + 2 + factor + 2 + product
        for its_token, its_bound in ((token, bound), (token, 0), (0, 0)):
            spare = width - base - (its_token + 1 if its_token else 0) - (its_bound + 1 if its_bound else 0) - 4
            track = min(spare // 2, _MOST_TRACK)
            if track >= _LEAST_TRACK:
                track -= track % 2 == 0  # the line at 1 stands in the middle
                return cls(back, its_token, factor, track, product, track, its_bound)
        spare = width - base - 2
        track = min(spare, _MOST_TRACK) if spare >= _LEAST_TRACK else 0
        return cls(back, 0, factor, 0, product, max(track - (track % 2 == 0), 0), 0)


def _table(
    steps: Sequence[StepBack],
    cursor: int,
    width: int,
    height: int,
    look: Look,
    scales: Limits,
    focused: bool,
    alone: bool,
) -> list[Row]:
    """A heading, and the steps around the cursor: time runs down, from the last step back."""
    headed = height >= 2
    room = height - headed
    first = window(cursor, len(steps), room)
    seen = steps[first : first + room]
    columns = _Columns.of(seen, steps[-1].back, width, look)
    rows = [_heading(columns, width, look, alone)] if headed else []
    rows += [_row(s, first + i - cursor, columns, width, look, scales, focused) for i, s in enumerate(seen)]
    return rows + [fit((), width)] * (height - len(rows))


def _heading(columns: _Columns, width: int, look: Look, alone: bool) -> Row:
    wide = columns.factor + (columns.track + 2 if columns.track else 0)
    room = columns.number + (columns.product + 2 if columns.product else 0)
    steps: tuple[str, ...]
    products: tuple[str, ...]
    if alone:
        steps, products = (_("one step"), _("step")), (_("product so far"), _("product"))
    else:
        sigma = subscript("s" if look.ascii else "σ", 1, ascii=look.ascii)
        steps = (_("{sigma} of one step").format(sigma=sigma), sigma)
        whole = (_("{sigma} of the product so far"), _("{sigma} of the product"), _("{sigma} of product"))
        products = (*(words.format(sigma=sigma) for words in whole), _("product"))
    factor = pad(first_fitting(steps, wide), wide, ascii=look.ascii)
    product = first_fitting(products, room)
    text = "  " + pad(_("back"), columns.back, ascii=look.ascii) + "  "
    text += pad(_("token"), columns.token, ascii=look.ascii) + " " if columns.token else ""
    text += factor + "  " + pad(product, room, ascii=look.ascii)
    text += " " + pad(_("bound"), columns.bound, "right", ascii=look.ascii) if columns.bound else ""
    return fit((Span(text, look.muted),), width)


def _row(step: StepBack, offset: int, columns: _Columns, width: int, look: Look, scales: Limits, focused: bool) -> Row:
    """One step: how far back, its factor, the product so far and its bound."""
    here = offset == 0
    bright = Style(bold=True) if here else PLAIN if offset < 0 else look.muted
    sign = (">" if look.ascii else "▸") if here else " "
    head = pad(str(step.back), columns.back, "right") + "  "
    spans = [
        Span(sign + " ", look.accent if here else PLAIN),
        Span(head, look.accent._replace(bold=True, underline=focused) if here and focused else bright),
    ]
    if columns.token:
        spans.append(Span(pad(step.token, columns.token, ascii=look.ascii) + " ", bright))
    spans.append(Span(pad(_text(step.factor, look), columns.factor, "right"), bright))
    if columns.track:
        spans.append(Span("  ", PLAIN))
        spans += _track(_log(step.factor), None, scales.factor, columns.track, look, here)
    spans.append(Span("  " + pad(_so_far(step, step.log10_product, look), columns.number, "right"), bright))
    if columns.product:
        spans.append(Span("  ", PLAIN))
        spans += _track(step.log10_product, step.log10_bound, scales.product, columns.product, look, here)
    if columns.bound:
        below = ("<=" if look.ascii else "≤ ") + _so_far(step, step.log10_bound, look)
        spans.append(Span(" " + pad(below, columns.bound, "right", ascii=look.ascii), look.muted))
    return fit(tuple(spans), width)


def _track(log10: float, mark: float | None, limit: float, cells: int, look: Look, here: bool) -> Row:
    """A bar from the line at 1 in the middle: to the left below 1, to the right above it; `mark` as a sign on it."""
    half = cells // 2
    line, empty = ("|", ".") if look.ascii else ("│", "·")
    left = right = ""
    if not math.isnan(log10):
        share = min(abs(log10) / limit, 1.0)
        if log10 < 0:
            left = bar_leftwards(share * half, ascii=look.ascii)
            left = ("<" if look.ascii else "◀") + left[1:] if math.isinf(log10) else left
        else:
            right = bar(share * half, ascii=look.ascii)
            right = right[:-1] + (">" if look.ascii else "▶") if math.isinf(log10) else right
    if math.isnan(log10):
        left = "?"
    fill = _fill(log10, look, here)
    drawn: list[tuple[str, Style]] = [(empty, look.muted)] * (half - len(left)) + [(sign, fill) for sign in left]
    drawn.append((line, Style(bold=here)))
    drawn += [(sign, fill) for sign in right] + [(empty, look.muted)] * (half - len(right))
    if mark is not None and not math.isnan(mark) and not math.isinf(mark):
        at = half + round(max(min(mark / limit, 1.0), -1.0) * half)
        if at != half:
            under = drawn[at]
            filled = under[1] is fill and look.depth != "none" and fill.color is not None
            style = Style(palettes.on(fill.color), fill.color, bold=True) if filled and fill.color else Style(bold=here)
            drawn[at] = ("!" if look.ascii else "╎", style)
    return merged(drawn)


def _fill(log10: float, look: Look, here: bool) -> Style:
    """Blue shrinks and orange grows, as signed values do everywhere."""
    if look.depth == "none":
        return Style(bold=here)
    return Style(palettes.color(0.75 if log10 > 0 else -0.75, look, toned=not here))


def _values(step: StepBack, values: Sequence[float], width: int, height: int, look: Look, state: str) -> list[Row]:
    """The singular values of one step as bars, and what made them small."""
    rows = [fit((Span(crop(_named(step, width, look, state), width, ascii=look.ascii), Style(bold=True)),), width)]
    notes = [crop(note, width, ascii=look.ascii) for note in _notes(step, values, look)]
    foot = [fit((Span(note, look.muted),), width) for note in _packed(notes, width)]
    foot = foot[: max(height - 2, 0)]
    room = height - len(rows) - len(foot)
    shown = values if len(values) <= room else values[: max(room - 1, 0)]
    items = [(subscript("s" if look.ascii else "σ", i + 1, ascii=look.ascii), v) for i, v in enumerate(shown)]
    size = width_of(subscript("s", len(values), ascii=look.ascii))
    largest = max((v for v in values if math.isfinite(v)), default=1.0)
    rows += bars(
        items,
        width,
        look,
        format=lambda value: _singular(value, values, look),
        label_width=size,
        limit=max(largest, 1.0),
        marks=dict.fromkeys((label for label, _value in items), 1.0),
    )
    if len(shown) < len(values) and room > 0:
        least = _("{n} more, down to {least}").format(
            n=len(values) - len(shown), least=_singular(values[-1], values, look)
        )
        rows.append(fit((Span(crop(least, width, ascii=look.ascii), look.muted),), width))
    rows += foot
    rows += [fit((), width)] * (height - len(rows))
    return rows[:height]


def _packed(notes: Sequence[str], width: int) -> list[str]:
    """Notes side by side while they fit."""
    lines: list[str] = []
    for note in notes:
        if lines and width_of(lines[-1]) + 3 + width_of(note) <= width:
            lines[-1] += "   " + note
        else:
            lines.append(note)
    return lines


def _notes(step: StepBack, singular: Sequence[float], look: Look) -> list[str]:
    if not singular:
        return []
    largest, least = singular[0], singular[-1]
    condition = largest / least if least else math.inf if largest else math.nan
    said = number(_log(condition), ascii=look.ascii)
    if 0 < least <= _rounding(singular):
        said = ("> " if not look.ascii else ">") + number(_log(largest / _rounding(singular)), ascii=look.ascii)
    below = sum(value < 1 for value in singular)
    notes = [_("{n} of {all} below 1").format(n=below, all=len(singular))]
    if step.slope is not None:
        notes.append(_("mean slope {slope:.2f}").format(slope=step.slope))
    if len(singular) > 1:
        notes.append(_("condition {ratio}").format(ratio=said))
    return notes


def _named(step: StepBack, width: int, look: Look, state: str) -> str:
    """`∂h₈/∂h₇`, the Jacobian of a step."""
    d = "d" if look.ascii else "∂"
    after, before = (subscript(state, n, ascii=look.ascii) for n in (step.step, step.step - 1))
    name = f"{d}{after}/{d}{before}"
    whole = _("singular values of {name}").format(name=name)
    return (
        whole
        if width_of(whole) <= width
        else _("{sigma} of {name}").format(sigma="s" if look.ascii else "σ", name=name)
    )


def _summary(step: StepBack, singular: Sequence[float], width: int, look: Look) -> str:
    """The ends of the singular values, and as many of the notes as fit whole."""
    sigma = "s" if look.ascii else "σ"
    ends = f"{sigma} {_singular(singular[0], singular, look)}" if singular else ""
    if len(singular) > 1:
        ends += f" {'..' if look.ascii else '…'} {_singular(singular[-1], singular, look)}"
    return _packed([ends, *_notes(step, singular, look)], width)[0]


def _rounding(singular: Sequence[float]) -> float:
    """What float64 leaves of a singular value that is 0: n·ε·σ₁, by which NumPy counts a rank, too."""
    found = len(singular) * sys.float_info.epsilon * singular[0]
    return found if math.isfinite(found) else 0.0


def _singular(value: float, singular: Sequence[float], look: Look) -> str:
    """One of them; `≈0` where rounding alone has made it more than nothing."""
    if 0 < value <= _rounding(singular):
        return "~0" if look.ascii else "≈0"
    return _short(value)


def _short(value: float) -> str:
    return f"{value:.2f}" if value == 0 or 0.005 <= abs(value) < 100 else f"{value:.0e}"


def _text(value: float, look: Look) -> str:
    """A factor in a few letters, with its sign."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return ("-" if value < 0 else "") + ("inf" if look.ascii else "∞")
    if value == 0 or 0.005 <= abs(value) < 100:
        return f"{value:.2f}"
    return ("-" if value < 0 else "") + number(_log(value), ascii=look.ascii)


def _so_far(step: StepBack, log10: float, look: Look) -> str:
    """A product, or its bound. The first is the first factor: the same number has the same digits."""
    alone = step.back == 1 and step.factor and math.isfinite(step.factor)
    return _text(abs(step.factor), look) if alone else number(log10, ascii=look.ascii)


def _log(factor: float) -> float:
    """log10 of its size."""
    return math.nan if math.isnan(factor) else -math.inf if factor == 0 else math.log10(abs(factor))


def _largest(decades: Sequence[float]) -> float:
    return max(max((v for v in decades if math.isfinite(v)), default=1.0), _SMALLEST)
