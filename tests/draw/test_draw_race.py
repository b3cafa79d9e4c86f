"""Models over seeds, drawn: exact pictures, and something true of any values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, lines, looks, numbers, points, some, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.chart import Line
from tutor.draw.figures.race import (
    Column,
    Distances,
    Runner,
    Strip,
    distance_at,
    distances,
    runner_at,
    strip,
    table,
)

NONE = Look("none")
ASCII = Look("none", ascii=True)
NAN = math.nan

RNN = Runner("RNN", (0.62, 0.7, 0.71, 0.8, 0.71), 0.71, ("0.71", "0.62 … 0.80"), ("1,234 parameters", "0.8 s"))
GRU = Runner("GRU", (0.8, 0.9, NAN), 0.8, ("0.80", "0.80 … 0.90", "1 diverged"), ("2,234 parameters",))
LSTM = Runner("LSTM", (0.9,), 0.9, ("0.90", "one seed"))
STRIP = Strip(
    [RNN, GRU, LSTM, Runner("to come")],
    "share that is right, held out",
    "higher is better",
    "median  lowest … highest",
    True,
    [("always the commonest 0.52", 0.52), ("words without order 0.84", 0.84)],
)
PLAIN_ASCII = STRIP._replace(
    runners=[RNN._replace(parts=("0.71", "0.62 - 0.80")), LSTM], heading="median  lowest - highest"
)
EMPTY = Strip([Runner("RNN"), Runner("GRU")], "share that is right", "higher is better")
OVER = Distances(
    [
        Line("RNN", [(1.0, 1.0), (5.0, 0.9), (10.0, 0.5), (20.0, 0.3)]),
        Line("GRU", [(1.0, 1.0), (5.0, 0.97), (10.0, 0.9), (20.0, 0.6)]),
    ],
    "share that is right",
    [("solved", 0.9), ("chance", 0.25)],
    (1.0, 20.0),
    ("spread of GRU", [(1.0, 1.0), (5.0, 0.9), (10.0, 0.8), (20.0, 0.4)], [(1.0, 1.0), (10.0, 1.0), (20.0, 0.8)]),
    ["5", "10"],
)
SAID = ["distance 10", "GRU 0.90 (0.80 … 1.00)", "RNN 0.50"]
COLUMNS = [
    Column("model", ["RNN", "GRU", "LSTM"]),
    Column("median", ["0.71", "0.80", ""]),
    Column("spread", ["0.62 … 0.80", "one seed", ""]),
]

# Pictures keep their own lines.
# fmt: off


def test_a_dot_a_network_and_a_bar_a_model(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(strip(STRIP, 84, 16, NONE, chosen=1, said=["GRU 0.80", "median of 3 seeds"])) == """
    |share that is right, held out · higher is better       median  lowest … highest
    |               ╎ always the commonest 0.52    ╎ words without order 0.84
    | ○ RNN      │  ╎         ○      ○2        ○   ╎        0.71  0.62 … 0.80
    |            │  ╎         ├───────┃────────┤   ╎        1,234 parameters · 0.8 s
    |▸● GRU      │× ╎                          ●   ╎     ●  0.80  0.80 … 0.90  1 diverged
    |            │  ╎                          ┃─────────┤  2,234 parameters
    | ◇ LSTM     │  ╎                              ╎     ◇  0.90  one seed
    |            │  ╎                              ╎
    | ◆ to come  │  ╎                              ╎
    |            │  ╎                              ╎
    |            └┬─────────┬────────┬─────────┬─────────┬
    |            0.5       0.6      0.7       0.8       0.9
    |GRU 0.80 · median of 3 seeds · 2, 3: so many in one place
    |
    |
    |
    """


def test_where_rows_are_few_dots_are_counted_on_the_bar(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(strip(STRIP, 66, 7, NONE, said=["RNN 0.71"])) == """
    |▸○ RNN      │ ╎      ○───○2─────○ ╎      0.71  0.62 … 0.80
    | ● GRU      │×╎                 ●─────●  0.80  0.80 … 0.90
    | ◇ LSTM     │ ╎                   ╎   ◇  0.90  one seed
    | ◆ to come  │ ╎                   ╎
    |            └──────┬────────────┬──────
    |                  0.6          0.8
    |RNN 0.71 · 2, 3: so many in one place
    """
    assert shown(strip(PLAIN_ASCII, 60, 8, ASCII, chosen=1, said=["LSTM 0.90", "one seed"])) == """
    |share that is right, held out - higher is better
    |           : always the commonest 0.52
    |          words without order 0.84 :
    | o RNN   | :       o----o2------o  :      0.71  0.62 - 0.80
    |>x LSTM  | :                       :   x  0.90  one seed
    |         +-------+--------------+-------
    |                0.6            0.8
    |LSTM 0.90 - one seed - 2, 3: so many in one place
    """


def test_in_one_row_no_sign_covers_a_network(shown) -> None:  # type: ignore[no-untyped-def]
    equal = Runner("equal", (1.0,) * 5, 1.0, ("1.00",))
    apart = Runner("apart", (0.1, 0.1, 0.5, 0.9, 1.0), 0.5, ("0.50",))
    two = Runner("two", (0.1, 0.9), 0.5, ("0.50",))
    ten = Runner("ten", (0.5,) * 10, 0.5, ("0.50",))
    one = Strip([equal, apart, two, ten], "u", baselines=[("a guess 0.125", 0.125)])
    assert shown(strip(one, 48, 8, NONE, said=["equal 1.00"])) == """
    |               ╎ a guess 0.125
    |▸○ equal  │    ╎                         5  1.00
    | ● apart  │   2───────────●───────────●──●  0.50
    | ◇ two    │   ◇───────────┃───────────◇     0.50
    | ◆ ten    │    ╎          10                0.50
    |          └┬──────────────┬──────────────┬
    |           0             0.5            1.0
    |equal 1.00 · 2, 3: so many in one place
    """
    # The median is turned to the other colours instead, and there alone.
    for look in (NONE, Look(), Look(dark=False)):
        turned = [[s.text for s in row if s.style.reverse] for row in strip(one, 48, 6, look)[:4]]
        assert turned == [["5"], ["●"], [], ["10"]]
    assert not any(s.style.reverse for row in strip(one, 48, 16, NONE) for s in row)


def test_before_a_network_is_there_the_axis_is(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(strip(EMPTY, 50, 6, NONE, said=["training RNN, seed 1 of 5"])) == """
    |share that is right · higher is better
    |▸○ RNN  │
    | ● GRU  │
    |        └┬──────────────────┬──────────────────┬
    |         0                 0.5                1.0
    |training RNN, seed 1 of 5
    """


def test_over_distances(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(distances(OVER, 66, 14, NONE, cursor=10.0, chosen=1, said=SAID)) == """
    |share that is right
    |1.00 ┤○⠤⠤⣤⡀⠤·⠤·●·⣀·⣀· · · · · · ·
    |     │╌╌╌╌⠈⠉·⠉·○·⡀·╌·⠉·⠉·⠒●⠢⠤⠤⣀⣀⡀╌·╌·╌·╌·╌·╌·╌·╌╌  ╌ solved
    |0.75 ┤           ⠈⠒⠤⡀     · · · ·⠉⠉⠒⠒⠤⠤⢄⣀⣀      ·
    |     │              ⠈⠑⠢⢄  │       · · ·   ⠉⠉⠑⠒⠒⠤●  ● GRU
    |0.50 ┤                  ⠉⠒○⠤⣀⣀⣀⡀        · · ·
    |     │                    │    ⠈⠉⠉⠉⠑⠒⠒⠒⠤⠤⠤⠤⣀⣀⣀· ·  · spread of GRU
    |0.25 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈│┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⠈⠉○  ○ RNN
    |     │                    │                        ┈ chance
    |   0 ┤                    │
    |     └─────────┬──────────┬──────────┬──────────┬
    |               5         10         15         20         distance
    |solves up to  ○ RNN 5 ▸● GRU 10
    |distance 10 · GRU 0.90 (0.80 … 1.00) · RNN 0.50
    """


def test_a_table(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(table(COLUMNS, 40, 6, NONE, chosen=1, heading="share that is right", said=["GRU"])) == """
    |share that is right
    |   model  median       spread
    | ○ RNN      0.71  0.62 … 0.80
    |▸● GRU      0.80     one seed
    | ◇ LSTM
    |GRU
    """
    assert shown(table(COLUMNS, 24, 3, NONE, chosen=2, series=False)) == """
    |   model  median …
    |     GRU    0.80
    |▸   LSTM
    """


# fmt: on


def test_names_of_baselines_that_do_not_fit_stand_in_a_list() -> None:
    narrow = text_of(strip(STRIP, 34, 16, NONE))
    assert "╎ always the commonest 0.52\n╎ words without order 0.84" in narrow
    assert "╎ always the commonest 0.52   ╎ words without order 0.84" in text_of(strip(STRIP, 70, 7, NONE))


def test_the_axis_keeps_all_that_stands_on_it_in_sight() -> None:
    one = Strip([Runner("a", (0.5, 0.5), 0.5)], "u")
    assert "2" in text_of(strip(one, 40, 3, NONE)) or "○" in text_of(strip(one, 40, 3, NONE))
    beyond = Strip([Runner("a", (1.0, math.inf, -math.inf, 2.0), 1.5)], "u")
    drawn = text_of(strip(beyond, 40, 4, NONE))
    assert "›" in drawn
    assert "‹" in drawn


@pytest.mark.parametrize("look", [NONE, Look(), Look(dark=False)])
def test_the_model_that_is_pointed_at_is_underlined_where_the_keys_are(look: Look) -> None:
    for rows in (
        strip(STRIP, 84, 16, look, chosen=1, focused=True),
        distances(OVER, 66, 14, look, chosen=1, focused=True),
        table(COLUMNS, 40, 6, look, chosen=1, focused=True),
    ):
        found = [span.text.strip() for row in rows for span in row if span.style.underline]
        assert [text.split(" ")[0] for text in found] == ["GRU"]
    assert not any(span.style.underline for row in strip(STRIP, 84, 16, look, chosen=1) for span in row)


def test_each_model_has_a_colour_and_a_marker_of_its_own() -> None:
    rows = strip(STRIP, 84, 16, Look())
    styles = {span.text.strip(): span.style.color for row in rows for span in row if span.text.strip() in "○●◇◆"}
    assert {"○", "●", "◇"} <= set(styles)
    assert len(set(styles.values())) >= 3


def test_a_column_of_a_model_has_its_colour() -> None:
    columns = [Column("distance", ["1"]), Column("a", ["0.5"], 0), Column("b", ["0.6"], 1), Column("a's", ["x"], 0)]
    head = table(columns, 60, 3, Look(), series=False)[0]
    found = {span.text.strip(): span.style for span in head}
    assert found["a"] == found["a's"] != found["b"]


def test_a_model_is_found_where_it_was_drawn() -> None:
    for width, height in ((84, 16), (66, 7), (40, 3)):
        drawn = text_of(strip(STRIP, width, height, NONE, chosen=1, said=SAID)).split("\n")
        for index, runner in enumerate(STRIP.runners):
            for row in [row for row, line in enumerate(drawn) if f" {runner.name}  " in line[:12]]:
                assert runner_at(row, STRIP, width, height, NONE, chosen=1, said=True) == index
        assert runner_at(height, STRIP, width, height, NONE, chosen=1, said=True) is None
    assert runner_at(0, STRIP, 84, 16, NONE, chosen=1, said=True) is None


def test_a_distance_is_found_where_it_was_drawn() -> None:
    for width, height in ((66, 14), (44, 16)):
        rows = text_of(distances(OVER, width, height, NONE, cursor=10.0, chosen=1, said=SAID)).split("\n")
        (column,) = {line.index("│", 7) for line in rows if "│" in line[7:]}
        found = distance_at(column, OVER, width, height, NONE, said=True)
        assert found is not None
        assert abs(found - 10.0) < 1.0
    assert distance_at(0, OVER, 66, 14, NONE, said=True) is None


runners = st.builds(
    Runner,
    labels,
    st.lists(numbers, max_size=10),
    numbers,
    st.lists(labels, max_size=3),
    st.lists(labels, max_size=3),
)
levels = st.lists(st.tuples(labels, numbers), max_size=4)
strips = st.builds(Strip, st.lists(runners, max_size=6), labels, labels, labels, st.booleans(), levels)
said_parts = st.lists(labels, max_size=4)


@some
@given(strips, widths, heights, looks, st.integers(0, 5), said_parts, st.booleans())
def test_any_strip(shown, columns, height, look, chosen, said, focused) -> None:  # type: ignore[no-untyped-def]
    chosen = min(chosen, max(len(shown.runners) - 1, 0))
    rows = strip(shown, columns, height, look, chosen=chosen, said=said, focused=focused)
    check(rows, columns, count=height)
    runner_at(height // 2, shown, columns, height, look, chosen=chosen, said=bool(said))


@some
@given(lines, labels, levels, st.tuples(labels, points, points), widths, heights, looks, said_parts)
def test_any_distances(drawn, unit, across, spread, columns, height, look, said) -> None:  # type: ignore[no-untyped-def]
    shown = Distances(drawn, unit, across, (1.0, 20.0), spread, ["5"] * len(drawn))
    check(distances(shown, columns, height, look, cursor=5.0, said=said), columns, count=height)
    distance_at(columns // 2, shown, columns, height, look, said=bool(said))


@some
@given(st.lists(labels, min_size=1, max_size=6), widths, heights, looks, st.integers(0, 8), said_parts)
def test_any_table(names, columns, height, look, chosen, said) -> None:  # type: ignore[no-untyped-def]
    shown = [Column(name, names) for name in names]
    rows = table(shown, columns, height, look, chosen=min(chosen, len(names) - 1), heading="a", said=said)
    check(rows, columns, count=height)


@some
@given(st.lists(numbers, max_size=10), widths, heights)
def test_ascii_is_ascii(scores, columns, height) -> None:  # type: ignore[no-untyped-def]
    shown = Strip([Runner("a", scores, 0.5, ("x", "y"), ("z", "w"))], "u", "b", "h", False, [("c", 1.0)])
    over = Distances([Line("a", list(enumerate(scores)))], "u", [("c", 0.5)], (0.0, 9.0), None, ["5"])
    every = [
        *strip(shown, columns, height, ASCII, said=["a", "b"]),
        *distances(over, columns, height, ASCII, cursor=1.0, said=["a", "b"]),
        *table(COLUMNS[:2], columns, height, ASCII, said=["a", "b"]),
    ]
    assert all(span.text.isascii() for row in every for span in row)
