"""A training drawn: its chart, the line at a checkpoint, and what the network writes there."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, lines, looks, numbers, some, widths

from tutor.draw.cells import PLAIN, Look, text_of
from tutor.draw.chart import Line
from tutor.draw.figures.training import Sample, View, training, updates_at

NONE = Look("none")
ASCII = Look("none", ascii=True)

LOSS = [(float(s), 4.7 * 0.98**s + 0.4) for s in range(0, 205, 5)]
FALLS = View([Line("the network", LOSS)], "bits per token", 300.0, [("a blind guess", 4.7)], (0.0, 5.1))
NORMS = View([Line("gradient norm", [(s, math.log10(y)) for s, y in LOSS])], "norm", 300.0, [("clip", 0.0)], log=True)
WROTE = Sample("never too late to", " ", "read a good book", "read a bad one")
SAID = ["update 100 of 300", "1.02 bits", "norm 3"]

# Pictures keep their own lines.
# fmt: off


def test_a_training(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(training(FALLS, 60, 14, NONE, cursor=100.0, said=SAID, sample=WROTE)) == """
    |bits per token
    |  │⡀            │
    |  │⠘⡄╌╌╌╌╌╌╌╌╌╌╌│╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ╌ a blind guess
    |4 ┤ ⠑⢄          │
    |  │   ⢇         │
    |  │    ⠉⡆       │
    |2 ┤     ⠈⠣⠤⡀    │
    |  │        ⠉⠉⠢⠤⣀○
    |  │             ⠈⠉⠉⠒⠒⠢⠤⠤⠤⠤⠤⠤⣄○               ○ the network
    |0 ┤             │
    |  └┬────────────┬────────────┬────────────┬
    |   0           100          200          300  weight updates
    |update 100 of 300 · 1.02 bits · norm 3
    |writes  never too late to read a good book
    """
    assert shown(training(FALLS, 40, 8, ASCII, cursor=100.0, said=SAID, sample=WROTE)) == """
    |o the network   - a blind guess
    |10 +            |
    |   |ooooo-------|-----------------------
    | 0 +     ooooooooooooooooooo
    |   ++-----------+----------+-----------+
    |    0          100  weight updates   300
    |update 100 of 300 - 1.02 bits - norm 3
    |writes  never too late to read a good ~
    """


# fmt: on


def test_a_small_chart_gives_its_rows_to_the_curve() -> None:
    assert "bits per token" in text_of(training(FALLS, 60, 10, NONE, said=SAID, sample=WROTE))
    assert "bits per token" not in text_of(training(FALLS, 60, 9, NONE, said=SAID, sample=WROTE))


def test_what_does_not_fit_is_left_out_whole() -> None:
    rows = training(FALLS, 30, 8, NONE, said=SAID)
    assert text_of(rows[-1:]) == "update 100 of 300 · 1.02 bits"
    assert text_of(training(FALLS, 12, 8, NONE, said=SAID)[-1:]) == "update 100 …"


def test_a_long_text_takes_a_second_line_where_the_chart_stays_high() -> None:
    high = training(FALLS, 30, 18, NONE, said=SAID, sample=WROTE)
    assert text_of(high[-2:]) == "writes  never too late to read\n        a good book"
    low = training(FALLS, 30, 14, NONE, said=SAID, sample=WROTE)
    assert text_of(low[-2:]) == "update 100 of 300 · 1.02 bits\nwrites  never too late to …"


def test_words_that_are_new_are_the_brightest() -> None:
    row = training(FALLS, 60, 8, NONE, sample=WROTE)[-1]
    styles = {span.text.strip(): span.style for span in row}
    assert styles["never"] == NONE.muted
    assert styles["read"] == styles["a"] == PLAIN
    assert styles["good"] == styles["book"] == NONE.accent._replace(bold=True)
    same = training(FALLS, 60, 8, NONE, sample=WROTE._replace(before=WROTE.text))[-1]
    assert not [span for span in same if span.style.bold]


def test_letters_follow_each_other_without_a_gap() -> None:
    sample = Sample("abc", "", "def", "dxx")
    assert text_of(training(FALLS, 60, 8, NONE, sample=sample)[-1:]) == "writes abcdef"


def test_a_network_that_writes_nothing_says_so() -> None:
    row = training(FALLS, 60, 8, NONE, sample=WROTE._replace(text=""))[-1:]
    assert text_of(row) == "writes  never too late to (ends here)"


def test_the_gradient_norm_stands_on_decades_with_its_clip() -> None:
    drawn = text_of(training(NORMS, 60, 14, NONE, said=SAID))
    assert "1e+0 ┤" in drawn
    assert "╌ clip" in drawn


def test_a_column_is_found_where_it_was_drawn() -> None:
    for view in (FALLS, NORMS):
        for width, height in ((60, 14), (40, 9)):
            rows = training(view, width, height, NONE, cursor=100.0, said=SAID, sample=WROTE)
            columns = {line.index("│", 6) for line in text_of(rows).split("\n") if "│" in line[6:]}
            (column,) = columns
            found = updates_at(column, view, width, height, NONE, said=True, sample=WROTE)
            assert found is not None
            assert abs(found - 100.0) < 300 / 25
    assert updates_at(0, FALLS, 60, 14, NONE, said=True, sample=None) is None


views = st.builds(
    View, lines, labels, numbers, st.lists(st.tuples(labels, numbers), max_size=3), st.none(), lines, st.booleans()
)
samples = st.one_of(st.none(), st.builds(Sample, labels, st.sampled_from(["", " "]), labels, labels))


@some
@given(views, widths, heights, looks, st.one_of(st.none(), numbers), st.lists(labels, max_size=4), samples)
def test_any_training(view, columns, height, look, cursor, said, sample) -> None:  # type: ignore[no-untyped-def]
    check(training(view, columns, height, look, cursor=cursor, said=said, sample=sample), columns, count=height)
    updates_at(columns // 2, view, columns, height, look, said=bool(said), sample=sample)


@some
@given(st.lists(st.tuples(numbers, numbers), max_size=20), widths, heights)
def test_ascii_is_ascii(points, columns, height) -> None:  # type: ignore[no-untyped-def]
    view = View([Line("a", points)], "y", 300.0, [("b", 1.0)], (0.0, 5.0), [Line("c", points)])
    rows = training(view, columns, height, ASCII, cursor=100.0, said=SAID, sample=WROTE)
    assert all(span.text.isascii() for row in rows for span in row)
