"""Whatever the values, the labels and the size: nothing raises, and every row is as wide as was asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, row_width, text_of, width
from tutor.draw.chart import Line, line_chart, log_chart
from tutor.draw.diagram import unrolled
from tutor.draw.heatmap import heat_row, legend, value_cell
from tutor.draw.slider import fraction, slider, value_at

# No deadline: how fast this machine is today is nobody's bug.
some = settings(deadline=None, max_examples=60, database=None)
many = settings(deadline=None, max_examples=150, database=None)

looks = st.builds(Look, st.sampled_from(["truecolor", "256", "none"]), st.booleans(), st.booleans())
widths = st.integers(1, 130)
heights = st.integers(1, 30)
# Any float at all, and often the ones that charts trip over.
numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1.7e308, -1.7e308, math.inf, -math.inf, math.nan]),
    st.floats(),
    st.floats(-2, 2),
)
# Letters that take two cells or none, that join, that break a line or a terminal, and that are none.
LETTERS = (
    *("a", "Z", " ", "[/b]", "é", "e\u0301", "\u0301", "永", "한", "ᄒ", "ｱ", "ﷺ", "क्षि", "का", "\xad"),
    *("👩\u200d👩\u200d👧", "👍🏽", "🏽", "❤\ufe0f", "\ufe0f", "1\ufe0f\u20e3", "🇩🇪", "🇩"),
    *("\u200d", "\u200b", "\x00", "\x1b[31m", "\n", "\t", "\x9b", "\u2028", "\u202e", "\ud800"),
)
letters = st.sampled_from(LETTERS)
labels = st.one_of(st.lists(letters, max_size=12).map("".join), st.text(max_size=30))
points = st.lists(st.tuples(numbers, numbers), max_size=40)
lines = st.lists(st.builds(Line, labels, points), max_size=8)
calm_points = st.lists(st.floats(-400, 10), max_size=60).map(lambda ys: [(float(i), y) for i, y in enumerate(ys)])
calm_lines = st.lists(st.builds(Line, labels, calm_points), max_size=7)


def check(rows: list[Row], columns: int, *, count: int | None = None) -> None:
    """Rows as wide as they say, of spans that hold no control character and no lone surrogate."""
    assert count is None or len(rows) == count
    for row in rows:
        assert row_width(row) == columns
        for text, style in row:
            assert isinstance(style, Style)
            assert text
            assert all(wcwidth(char) >= 0 and char not in "\u2028\u2029\u202e" for char in text)
            text.encode()


@many
@given(labels, st.integers(-3, 40), st.sampled_from(["left", "right", "center"]), st.booleans())
def test_text(text: str, columns: int, align: str, ascii: bool) -> None:
    cropped = crop(text, columns, ascii=ascii)
    assert width(cropped) <= max(columns, 0)
    assert width(pad(text, columns, align, ascii=ascii)) == max(columns, 0)  # type: ignore[arg-type]
    if width(text) <= columns:
        assert width(cropped) == width(text)
        # What is shown once is shown the same a second time.
        assert crop(cropped, columns, ascii=ascii) == cropped


@many
@given(
    st.lists(st.builds(Span, labels, st.sampled_from([PLAIN, Style(bold=True)])), max_size=6),
    st.integers(0, 60),
)
def test_fit(spans: list[Span], columns: int) -> None:
    row = fit(tuple(spans), columns)
    check([row], columns)
    assert fit(row, columns) == row
    assert isinstance(text_of([row]), str)


@many
@given(
    st.lists(numbers, max_size=70),
    looks,
    numbers,
    st.integers(1, 6),
    st.booleans(),
    st.one_of(st.none(), st.integers(-2, 80)),
)
def test_heat_row(values: list[float], look: Look, limit: float, each: int, bright: bool, cursor: int | None) -> None:
    row = heat_row(values, look, limit=limit, width=each, bright=bright, cursor=cursor)
    check([row], len(values) * each)
    for index, value in enumerate(values):
        one = value_cell(value, look, limit=limit, width=each, bright=bright, cursor=index == cursor)
        assert row[index] == one


@some
@given(looks, widths)
def test_legend(look: Look, columns: int) -> None:
    check([legend(look, columns)], columns)


@many
@given(
    st.lists(st.tuples(labels, st.one_of(st.none(), numbers)), max_size=8),
    widths,
    looks,
    st.one_of(st.none(), numbers),
    st.sampled_from(["{:.2f}", "{:g}", "{:.0%}", str]),
    st.one_of(st.none(), st.integers(-1, 200)),
    st.dictionaries(labels, numbers, max_size=3),
    st.one_of(st.none(), labels),
    st.booleans(),
)
def test_bars(items, columns, look, limit, format, label_width, marks, bright, mark_all):  # type: ignore[no-untyped-def]
    if mark_all:
        marks = dict(zip([label for label, _ in items], [0.3, -7.0, math.inf], strict=False))
    rows = bars(items, columns, look, limit=limit, format=format, label_width=label_width, marks=marks, bright=bright)
    check(rows, columns, count=len(items))


@many
@given(
    lines,
    widths,
    heights,
    looks,
    labels,
    labels,
    st.lists(st.tuples(labels, numbers), max_size=3),
    st.booleans(),
)
def test_line_chart(series, columns, rows, look, x_label, y_label, baselines, ranged):  # type: ignore[no-untyped-def]
    drawn = line_chart(
        series,
        columns,
        rows,
        look,
        x_label=x_label,
        y_label=y_label,
        baselines=baselines,
        x_range=(0.0, 300.0) if ranged else None,
    )
    check(drawn, columns, count=rows)


@many
@given(st.one_of(lines, calm_lines), widths, heights, looks, labels, labels, st.one_of(st.none(), numbers))
def test_log_chart(series, columns, rows, look, x_label, y_label, floor):  # type: ignore[no-untyped-def]
    drawn = log_chart(series, columns, rows, look, x_label=x_label, y_label=y_label, floor=floor)
    check(drawn, columns, count=rows)


@some
@given(numbers, numbers, widths, looks)
def test_x_range(low: float, high: float, columns: int, look: Look) -> None:
    check(line_chart([Line("a", [(0.0, 1.0)])], columns, 8, look, x_range=(low, high)), columns, count=8)


@many
@given(
    st.lists(labels, max_size=20),
    st.integers(-2, 24),
    widths,
    looks,
    st.one_of(st.none(), st.lists(labels, max_size=20)),
    st.booleans(),
    labels,
)
def test_unrolled(tokens, position, columns, look, outputs, compact, note):  # type: ignore[no-untyped-def]
    rows = unrolled(tokens, position, columns, look, outputs=outputs, compact=compact, note=note)
    check(rows, columns, count=3 if compact else 4 if outputs is None else 5)


@many
@given(
    numbers,
    numbers,
    numbers,
    widths,
    looks,
    st.sampled_from(["linear", "log"]),
    st.booleans(),
    st.sampled_from(["{:.2f}", "{:g}", str]),
)
def test_slider(value, low, high, columns, look, scale, focused, format):  # type: ignore[no-untyped-def]
    row = slider(value, low, high, columns, look, scale=scale, focused=focused, format=format)
    check([row], columns)
    share = fraction(value, low, high, scale)
    assert math.isnan(share) or 0 <= share <= 1
    for column in range(-1, columns + 1, 7):
        value_at(column, low, high, columns, look, scale=scale, format=format)


@some
@given(st.floats(0, 1), st.integers(20, 120), looks, st.sampled_from(["linear", "log"]))
def test_the_mouse_finds_the_knob_where_it_is_drawn(share, columns, look, scale):  # type: ignore[no-untyped-def]
    value = 0.01 + share * 9.99
    row = slider(value, 0.01, 10.0, columns, look, scale=scale, focused=True)
    column = text_of([row]).index("O" if look.ascii else "●")
    found = value_at(column, 0.01, 10.0, columns, look, scale=scale)
    assert found is not None
    again = slider(found, 0.01, 10.0, columns, look, scale=scale, focused=True)
    assert text_of([again]).index("O" if look.ascii else "●") == column


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), Look("none"), Look("none", ascii=True)])
def test_ascii_means_ascii(look: Look) -> None:
    """With ASCII labels, an ASCII look is ASCII alone; the others are not."""
    values = [-1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, math.nan, math.inf, -math.inf]
    series = [
        Line("a", [(float(i), -i * 3.0) for i in range(20)]),
        Line("b", [(0.0, -math.inf), (5.0, math.inf)]),
    ]
    rows = [
        heat_row(values, look, width=3, cursor=2),
        legend(look, 30),
        *bars([("a", 0.3), ("b", -9.0), ("c", None), ("d", math.nan)], 40, look, limit=1.0, marks={"a": 0.1}),
        *line_chart(series, 60, 9, look, x_label="x", y_label="y", baselines=[("base", -4.0)]),
        *log_chart(series, 60, 12, look, x_label="x", y_label="y"),
        *unrolled(["never", "too", "late"] * 9, 12, 60, look, outputs=["a"] * 27),
        slider(0.3, 0, 1, 40, look, focused=True),
        slider(math.nan, 0, math.inf, 40, look),
    ]
    assert text_of(rows).isascii() == look.ascii
