"""Time against length on two logarithmic axes, and beneath it what the lines mean.

A straight line of slope 1 says: twice as long a text takes twice the time. How many steps have to wait for one another
is a second picture, of counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit
from tutor.draw.cells import width as width_of
from tutor.draw.chart import Line, log_chart
from tutor.i18n import _

_LEAST_CHART = 6


class Timed(NamedTuple):
    """One network: its points, and what they say together."""

    name: str
    points: Sequence[tuple[int, float]]
    """(T, median seconds)"""
    slope: float
    """NaN before there are two points."""
    per_step: float
    """Seconds a step, at the longest length; NaN before there is one."""
    spread: tuple[float, float]
    """The first and third quartile of the same."""
    waits: int
    """Steps that have to wait for one another at the longest length."""


def timing(
    networks: Sequence[Timed],
    lengths: tuple[int, int],
    width: int,
    height: int,
    look: Look,
    *,
    words: Sequence[str],
) -> list[Row]:
    """The chart, the sentences, and the bars of what has to wait.

    Args:
        networks: what is compared.
        lengths: the shortest and the longest T, measured or not.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        words: where the measuring stands, and which key starts it; the first weighs most.
    """
    word = fitting(words, width, " - " if look.ascii else " · ") or crop("".join(words[:1]), width, ascii=look.ascii)
    said = [fit((Span(word, look.accent),), width)]
    measured = any(network.points for network in networks)
    sentences = [_sentence(n, i, width, look) for i, n in enumerate(networks)] if measured else []
    counts = _counts(networks, lengths[1], width, look)
    # The picture, then what it means, then what has to wait.
    spare = height - 1 - (_LEAST_CHART if measured else 0)
    sentences = sentences[: max(spare, 0)]
    counts = counts if spare - len(sentences) >= len(counts) else []
    room = height - len(said) - len(sentences) - len(counts)
    if not measured:
        return (_nothing_yet(said, counts, width, height))[:height]
    return [*_chart(networks, lengths, width, room, look), *sentences, *counts, *said][-height:]


def _nothing_yet(said: list[Row], counts: list[Row], width: int, height: int) -> list[Row]:
    """Before anything is measured there is no axis: only what is known without a clock."""
    rows = [*said, *([fit((), width)] if counts and height > len(counts) + 1 else []), *counts]
    return rows + [fit((), width)] * (height - len(rows))


def _chart(networks: Sequence[Timed], lengths: tuple[int, int], width: int, height: int, look: Look) -> list[Row]:
    if height < 1:
        return []
    lines = [
        Line(n.name, [(math.log2(t), math.log10(s) if s > 0 else -math.inf) for t, s in n.points if t > 0])
        for n in networks
    ]
    low, high = (math.log2(max(t, 1)) for t in lengths)
    return log_chart(
        lines,
        width,
        height,
        look,
        x_label=_("T, steps"),
        y_label=_("seconds a forward pass, median"),
        x_range=(low, high),
        x_text=lambda x: f"{2**x:.0f}",
    )


def _sentence(network: Timed, index: int, width: int, look: Look) -> Row:
    """What a line means: what doubling costs, and what a step costs."""
    head = f"{palettes.marker(index, look)} {crop(network.name, width, ascii=look.ascii)}  "
    parts = []
    if not math.isnan(network.slope):
        times = 2.0 ** max(min(network.slope, 99.0), -99.0)
        parts.append(_("twice T: {times:.1f} times as long").format(times=times))
        parts.append(_("(slope {slope:.2f})").format(slope=network.slope))
    if not math.isnan(network.per_step):
        step, first, third = (duration(v, ascii=look.ascii) for v in (network.per_step, *network.spread))
        parts.append(_("{time} a step").format(time=step))
        parts.append(_("(quartiles {first}, {third})").format(first=first, third=third))
    text = fitting(parts, width - width_of(head), "  ")
    return fit((Span(head, palettes.series(index, look)), Span(text, PLAIN)), width)


def fitting(parts: Sequence[str], width: int, between: str) -> str:
    """As many parts as fit whole, the first that does not ends it."""
    text = ""
    for part in parts:
        longer = text + between + part if text else part
        if width_of(longer) > width:
            break
        text = longer
    return text


def _counts(networks: Sequence[Timed], longest: int, width: int, look: Look) -> list[Row]:
    """How many steps have to wait for one another, as bars."""
    title = _("steps one after another at T = {T}").format(T=longest)
    drawn = bars(
        [(n.name, float(n.waits)) for n in networks], width, look, format="{:.0f}", limit=float(max(longest, 1))
    )
    return [fit((Span(crop(title, width, ascii=look.ascii), Style(bold=True)),), width), *drawn]


def duration(seconds: float, *, ascii: bool = False) -> str:
    """Seconds in the unit that needs the fewest digits: `1.3 µs`."""
    if math.isnan(seconds):
        return "NaN"
    if math.isinf(seconds):
        return "inf" if ascii else "∞"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us" if ascii else "µs")):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
