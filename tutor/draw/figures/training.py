"""A training as a chart, with a line at the checkpoint that is looked at, and beneath it what is known of it there.

What a network writes is brightest from where it differs from what it wrote a checkpoint before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit
from tutor.draw.cells import width as width_of
from tutor.draw.chart import Line, line_chart, line_chart_x, log_chart, log_chart_x
from tutor.i18n import _

_LEAST_CHART = 12
"""Rows under which a second line of a long text is not worth one of the chart's."""
_LEAST_TITLED = 8
"""Rows under which the name of the y axis is not worth one."""


class View(NamedTuple):
    """One way to look at a training: y against weight updates."""

    lines: Sequence[Line]
    y_label: str
    steps: float
    """Updates when it is done: where the x axis ends."""
    baselines: Sequence[tuple[str, float]] = ()
    y_range: tuple[float, float] | None = None
    """Levels that are in sight whatever is drawn; of a linear view alone."""
    guides: Sequence[Line] = ()
    log: bool = False
    """Whether y is log10 of what is shown."""


class Sample(NamedTuple):
    """What a network wrote."""

    prefix: str
    """Given to it."""
    gap: str
    """Between the two: a space between words."""
    text: str
    before: str
    """What it wrote a checkpoint before; its own text where there is none."""


def training(
    view: View,
    width: int,
    height: int,
    look: Look,
    *,
    cursor: float | None = None,
    said: Sequence[str] = (),
    sample: Sample | None = None,
) -> list[Row]:
    """The chart, a line of words, and the sample, as `height` rows of `width` cells.

    Args:
        view: what is drawn.
        width: cells of each row.
        height: rows, all counted.
        look: what the terminal can show.
        cursor: the updates at which a line stands.
        said: parts of the line of words, in the order of their weight; what does not fit is left out from the end.
        sample: what the network wrote there.
    """
    chart, written = _shared(width, height, look, bool(said), sample)
    rows = _chart(view, width, chart, look, cursor)
    if said and height > chart + len(written):
        rows.append(_line(said, width, look))
    return [*rows, *written]


def updates_at(
    column: int, view: View, width: int, height: int, look: Look, *, said: bool, sample: Sample | None
) -> float | None:
    """The updates under a column of the same drawing, for the mouse; None beside the plot."""
    rows, _written = _shared(width, height, look, said, sample)
    ends = (0.0, view.steps)
    name = _name(view, rows)
    if view.log:
        return log_chart_x(column, view.lines, width, rows, look, y_label=name, x_range=ends, baselines=view.baselines)
    return line_chart_x(
        column,
        view.lines,
        width,
        rows,
        look,
        y_label=name,
        baselines=view.baselines,
        x_range=ends,
        y_range=view.y_range,
        guides=view.guides,
    )


def _shared(width: int, height: int, look: Look, said: bool, sample: Sample | None) -> tuple[int, list[Row]]:
    """Rows of the chart, and the sample's own."""
    words = said and height >= 4
    # A second line is kept where the chart stays high enough.
    most = 2 if height - words - 2 >= _LEAST_CHART else 1
    written = _written(sample, width, look, most) if sample is not None and height >= 5 else []
    return height - words - len(written), written


def _name(view: View, rows: int) -> str:
    """The name of the y axis, where the chart has a row for it."""
    return view.y_label if rows >= _LEAST_TITLED else ""


def _chart(view: View, width: int, height: int, look: Look, cursor: float | None) -> list[Row]:
    ends = (0.0, view.steps)
    across = _("weight updates")
    name = _name(view, height)
    if view.log:
        return log_chart(
            view.lines,
            width,
            height,
            look,
            x_label=across,
            y_label=name,
            x_range=ends,
            baselines=view.baselines,
            cursor=cursor,
        )
    return line_chart(
        view.lines,
        width,
        height,
        look,
        x_label=across,
        y_label=name,
        baselines=view.baselines,
        x_range=ends,
        y_range=view.y_range,
        guides=view.guides,
        cursor=cursor,
    )


def _line(said: Sequence[str], width: int, look: Look) -> Row:
    between = " - " if look.ascii else " · "
    text = crop(said[0], width, ascii=look.ascii)
    for part in said[1:]:
        if width_of(text) + len(between) + width_of(part) > width:
            break
        text += between + part
    return fit((Span(text, look.muted),), width)


def _written(sample: Sample, width: int, look: Look, most: int) -> list[Row]:
    """As many lines as it needs, at most so many: a line ends between words, and the last says where more was left."""
    new = look.accent._replace(bold=True)
    pieces = _pieces(sample.prefix, sample.gap, look.muted)
    if sample.text:
        same = _common(_pieces(sample.text, sample.gap, PLAIN), _pieces(sample.before, sample.gap, PLAIN))
        words = _pieces(sample.text, sample.gap, new)
        pieces += [Span(word.text, PLAIN if at < same else new) for at, word in enumerate(words)]
    else:
        # In brackets: a network may write this word.
        pieces.append(Span(_("(ends here)"), look.muted))
    head = crop(_("writes") + " ", max(width - 1, 0), ascii=look.ascii)
    more = "~" if look.ascii else "…"
    lines, used = [[Span(head, look.muted)]], width_of(head)
    for at, piece in enumerate(pieces):
        size = width_of(sample.gap) + width_of(piece.text)
        spare = len(more) + width_of(sample.gap) if len(lines) == most and at < len(pieces) - 1 else 0
        if used + size + spare > width and (used > width_of(head) or len(lines) == most):
            if len(lines) == most:
                left = width - used - width_of(sample.gap)
                lines[-1] += [Span(sample.gap, PLAIN), Span(crop(more, left, ascii=look.ascii), look.muted)]
                break
            lines.append([Span(" " * width_of(head), PLAIN)])
            used = width_of(head)
        lines[-1] += [Span(sample.gap, PLAIN), piece]
        used += size
    return [fit(tuple(span for span in line if span.text), width) for line in lines]


def _pieces(text: str, gap: str, style: Style) -> list[Span]:
    """What a line may end after: words. Where there are no gaps between them, the whole is one."""
    return [Span(piece, style) for piece in (text.split(gap) if gap else [text]) if piece]


def _common(pieces: Sequence[Span], others: Sequence[Span]) -> int:
    """How many at the start are the same."""
    return next(
        (at for at, (one, other) in enumerate(zip(pieces, others, strict=False)) if one != other),
        min(len(pieces), len(others)),
    )
