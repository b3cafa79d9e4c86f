"""Named amounts as horizontal bars on one scale.

A bar that is too long says so, a number that is none draws nothing and is named, and more than nothing always
shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Format, Look, Row, Span, Style, fit, formatted, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import bar, bar_leftwards

_LEAST_TRACK, _AMPLE_TRACK = 4, 24
"""Cells of a track without which there is no bar, and with which it is long enough."""


def bars(
    items: Sequence[tuple[str, float | None]],
    width: int,
    look: Look,
    *,
    limit: float | None = None,
    format: Format = "{:.2f}",
    label_width: int | None = None,
    marks: Mapping[str, float] | None = None,
    bright: str | None = None,
) -> list[Row]:
    """A row for each item: its label, its bar and its value.

    Args:
        items: label and value; None is not known yet and draws `?`.
        width: cells of each row.
        look: what the terminal can show.
        limit: the value of a full bar; by default the largest there is. Bars of negative values grow to the
            left of a zero line, on the same scale.
        format: how a value is written.
        label_width: cells for the labels; by default what the longest needs, up to a third of the width, or as much as
            leaves room for a bar that can be read.
        marks: label → a value marked on that label's track, such as what the learner said.
        bright: the label of the bar that is brightest; without one they all are.
    """
    marks = marks or {}
    texts = ["" if value is None else formatted(value, format, ascii=look.ascii) for _, value in items]
    value_room = max(map(width_of, texts), default=0)
    spare = width - 2 - (value_room + 2 if value_room else 0) - _AMPLE_TRACK
    label_room = min(max((width_of(label) for label, _ in items), default=0), max(width // 3, spare, 1))
    if label_width is not None:
        label_room = min(max(label_width, 0), width)
    track = width - label_room - 2 - (value_room + 2 if value_room else 0)
    if track < _LEAST_TRACK:
        # No room for a picture: the words and the numbers are what matters.
        return [_narrow(label, value, text, width, look) for (label, value), text in zip(items, texts, strict=True)]
    scale = _Scale(items, marks, limit, track)
    rows = []
    for (label, value), text in zip(items, texts, strict=True):
        is_bright = bright is None or label == bright
        name = Span(pad(label, label_room, ascii=look.ascii) + "  ", Style(bold=is_bright and bright is not None))
        drawn = scale.row(value, marks.get(label), look, is_bright)
        end = Span("  " + pad(text, value_room, "right"), Style(bold=is_bright and bright is not None))
        rows.append(fit((name, *drawn, end), width))
    return rows


def _narrow(label: str, value: float | None, text: str, width: int, look: Look) -> Row:
    said = "?" if value is None else text
    room = max(width - width_of(said) - 1, 0)
    name = pad(label, room, ascii=look.ascii) + " " if room else ""
    return fit((Span(name, PLAIN), Span(said, PLAIN)), width)


class _Scale:
    """Where values fall on a track: `left` cells below zero, a zero line if there are any, `right` cells."""

    def __init__(
        self,
        items: Sequence[tuple[str, float | None]],
        marks: Mapping[str, float],
        limit: float | None,
        cells: int,
    ) -> None:
        shown = {label for label, _ in items}
        values = [v for _, v in items if v is not None and not math.isnan(v)]
        values += [v for label, v in marks.items() if label in shown and not math.isnan(v)]
        sizes = [abs(v) for v in values if math.isfinite(v) and v]
        wanted = limit if limit is not None and 0 < limit < math.inf else None
        self.limit = wanted or max(sizes, default=1.0)
        below = any(v < 0 for v in values)
        above = any(v > 0 for v in values) or not below
        self.zero_line = below
        room = cells - 1 if below else cells
        self.left = 0 if not below else room if not above else room // 2
        self.right = room - self.left

    def row(self, value: float | None, mark: float | None, look: Look, bright: bool) -> Row:
        """One bar with its mark, exactly as wide as the track."""
        empty = "." if look.ascii else "·"
        line = "|" if look.ascii else "│"
        fill = _fill(value or 0.0, look, bright, self.zero_line)
        if value is None:
            cells = [(" ", PLAIN)] * (self.left + self.zero_line + self.right)
            cells[self.left + self.zero_line if self.right else 0] = ("?", look.muted)
        else:
            left, right = self._bars(value, look)
            cells = [(empty, look.muted)] * (self.left - len(left)) + [(c, fill) for c in left]
            if self.zero_line:
                cells.append((":" if look.ascii else "┊", look.muted))
            cells += [(c, fill) for c in right] + [(empty, look.muted)] * (self.right - len(right))
        if mark is not None and not math.isnan(mark):
            at = self._column(mark)
            under = cells[at]
            filled = under[0] in "█#"
            style = Style(bold=True)
            if filled and look.depth != "none" and fill.color:
                style = Style(color=palettes.on(fill.color), background=fill.color, bold=True)
            beyond = abs(mark) > self.limit
            sign = line if not beyond else (">" if look.ascii else "›") if mark > 0 else ("<" if look.ascii else "‹")
            cells[at] = (sign, style)
        return merged(cells)

    def _bars(self, value: float, look: Look) -> tuple[str, str]:
        if math.isnan(value) or not value:
            return "", ""
        share = min(abs(value) / self.limit, 1.0)
        beyond = abs(value) > self.limit
        if value < 0:
            text = bar_leftwards(share * self.left, ascii=look.ascii)
            return ((("<" if look.ascii else "◀") + text[1:]) if beyond and text else text), ""
        text = bar(share * self.right, ascii=look.ascii)
        return "", (text[:-1] + (">" if look.ascii else "▶")) if beyond and text else text

    def _column(self, value: float) -> int:
        """The cell that holds `value`; what lies beyond is at the end."""
        share = max(min(value / self.limit, 1.0), -1.0)
        if share < 0:
            return max(self.left - 1 - int(-share * self.left), 0) if self.left else 0
        start = self.left + self.zero_line
        if not self.right:
            return self.left
        return start + min(int(share * self.right), self.right - 1)


def _fill(value: float, look: Look, bright: bool, signed: bool) -> Style:
    """A bar's style: the accent, or where there are signs, the colours that they have in a heatmap."""
    if look.depth == "none":
        return Style(bold=bright)
    if signed:
        return Style(palettes.color(0.7 if value > 0 else -0.7, look, toned=not bright))
    return look.accent if bright else palettes.soft(look)
