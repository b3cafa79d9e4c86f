"""The gradient chart with what it says in numbers: every series at one distance, and ρᵏ beside what was measured.

Values come as log10. Where a computer's number would be 0 they are drawn to scale, under a rule that says it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Look, Row, Span, crop, fit, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.chart import Line, log_chart, log_chart_x
from tutor.i18n import _, ngettext

_LEAST_CHART = 6
"""Rows that the chart keeps before a line of numbers gets one."""
_SAME = 0.02
"""Decades that a series may be off its guide, and the guide is still hidden by it."""


class Curve(NamedTuple):
    """A series: `log10[k]` at k steps back."""

    label: str
    log10: Sequence[float]
    radius: float | None = None
    """ρ, where the series is held against ρᵏ."""


def gradient(
    curves: Sequence[Curve],
    width: int,
    height: int,
    look: Look,
    *,
    y_label: str,
    cursor: int | None = None,
    focused: bool = False,
    nothing: Sequence[tuple[str, float]] = (),
) -> list[Row]:
    """The chart, and under it a line of readings and a line of arithmetic where there is room.

    Args:
        curves: what to draw; the first is what a lesson is about.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        y_label: the name of the y axis.
        cursor: the distance whose values are read out; the farthest by default.
        focused: whether keys move the cursor.
        nothing: names and log10 of levels from which down a computer's number is 0.
    """
    farthest = max((len(curve.log10) - 1 for curve in curves if curve.log10), default=0)
    at = farthest if cursor is None else min(max(cursor, 0), farthest)
    said = [_readings(curves, at, width, look, focused)] if curves else []
    if (sum_ := _arithmetic(curves, at, look)) is not None:
        said.append(fit((Span(crop(sum_, width, ascii=look.ascii), look.muted),), width))
    said = said[: max(height - _LEAST_CHART, 0)]
    chart = log_chart(
        _lines(curves),
        width,
        height - len(said),
        look,
        x_label=_("steps back"),
        y_label=y_label,
        baselines=nothing,
        guides=_guides(curves, look),
        cursor=float(at) if focused or at != farthest else None,
    )
    return [*chart, *said]


def gradient_at(
    column: int,
    curves: Sequence[Curve],
    width: int,
    height: int,
    look: Look,
    *,
    y_label: str,
    nothing: Sequence[tuple[str, float]] = (),
) -> int | None:
    """The distance under a column of the same picture, for the mouse; None beside the plot."""
    lines = min(1 + (_arithmetic(curves, 0, look) is not None), max(height - _LEAST_CHART, 0)) if curves else 0
    guides = _guides(curves, look)
    x = log_chart_x(
        column, _lines(curves), width, height - lines, look, y_label=y_label, baselines=nothing, guides=guides
    )
    return None if x is None else round(x)


def number(log10: float, *, ascii: bool = False) -> str:
    """A number from its log10, which a float64 may not hold: `0.042`, `3.2e-412`."""
    if math.isnan(log10):
        return "NaN"
    if math.isinf(log10):
        return "0" if log10 < 0 else "inf" if ascii else "∞"
    exponent = math.floor(log10)
    if -3 <= log10 < 4:
        return f"{10**log10:.{max(1 - exponent, 0)}f}"
    return scientific(log10)


def scientific(log10: float) -> str:
    """A number from its finite log10, as mantissa and exponent: `3.2e-412`."""
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    return f"1.0e{exponent + 1}" if mantissa == "10.0" else f"{mantissa}e{exponent}"


def _lines(curves: Sequence[Curve]) -> list[Line]:
    return [Line(curve.label, [(float(k), value) for k, value in enumerate(curve.log10)]) for curve in curves]


def _held(curves: Sequence[Curve]) -> tuple[Curve, float] | None:
    """The first curve that is held against ρᵏ, and log10 ρ."""
    return next(((c, math.log10(c.radius)) for c in curves if c.radius is not None and 0 < c.radius < math.inf), None)


def _guides(curves: Sequence[Curve], look: Look) -> list[Line]:
    """ρᵏ, where the series that it belongs to is anywhere else."""
    held = _held(curves)
    if held is None or len(held[0].log10) < 2:
        return []
    curve, log_radius = held
    if all(abs(value - k * log_radius) <= _SAME for k, value in enumerate(curve.log10)):
        return []
    last = len(curve.log10) - 1
    name = f"r^k, r={curve.radius:g}" if look.ascii else f"ρᵏ, ρ={curve.radius:g}"
    return [Line(name, [(0.0, 0.0), (float(last), last * log_radius)])]


def _readings(curves: Sequence[Curve], at: int, width: int, look: Look, focused: bool) -> Row:
    """Every series at one distance, each by its marker; those that do not fit are counted."""
    head = ngettext("{n} step back", "{n} steps back", at).format(n=at)
    row: Row = (Span(crop(head, width, ascii=look.ascii), look.accent if focused else look.muted),)
    for index, curve in enumerate(curves):
        value = number(curve.log10[at], ascii=look.ascii) if at < len(curve.log10) else "-"
        text = f"   {palettes.marker(index, look)} {value}"
        more = f"   +{len(curves) - index}"
        room = width - row_width(row) - (width_of(more) if index + 1 < len(curves) else 0)
        if width_of(text) > room:
            row = (*row, Span(more, look.muted))
            break
        row = (*row, Span(text, palettes.series(index, look)))
    return fit((*row, Span("", PLAIN)), width)


def _arithmetic(curves: Sequence[Curve], at: int, look: Look) -> str | None:
    """`○ ρ alone: 0.9³⁰ = 0.042, measured 0.042`, of the first curve that has a ρ."""
    held = _held(curves)
    if held is None or not held[0].log10:
        return None
    curve, log_radius = held
    k = min(at, len(curve.log10) - 1)
    power = f"{curve.radius:g}^{k}" if look.ascii else f"{curve.radius:g}{str(k).translate(_SUPERSCRIPTS)}"
    return palettes.marker(curves.index(curve), look) + _(
        " {rho} alone: {power} = {alone}, measured {measured}"
    ).format(
        rho="r" if look.ascii else "ρ",
        power=power,
        alone=number(k * log_radius, ascii=look.ascii),
        measured=number(curve.log10[k], ascii=look.ascii),
    )


_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
