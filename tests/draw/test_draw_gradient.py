"""The gradient chart with its numbers: exact pictures, and something true of any values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.chart import Line, log_chart, log_chart_x
from tutor.draw.figures.gradient import Curve, gradient, gradient_at, number

NONE = Look("none")
ASCII = Look("none", ascii=True)
INF = math.inf
NOTHING = [("0 in float32", -45.15), ("0 in float64", -323.6)]


def curve(label: str, rate: float, steps: int = 50, radius: float | None = None) -> Curve:
    """A constant factor of 10^rate a step."""
    return Curve(label, [k * rate for k in range(steps + 1)], radius)


CURVES = [curve("ρ=0.9", math.log10(0.9), radius=0.9), curve("ρ=0.5", math.log10(0.5))]
SQUEEZED = [curve("ρ=0.9", -0.2, radius=0.9), curve("LSTM", -0.1)]
DEEP = [curve("ρ=0.001", -3.0, 120, radius=0.001)]
SHORT = [curve("long", -0.1, 8), Curve("short", [0.0, -1.0]), Curve("none", [])]

# Pictures keep their own lines.
# fmt: off


def test_a_linear_cell_is_its_own_guide(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gradient(CURVES, 60, 12, NONE, y_label="norm", nothing=NOTHING)) == """
    |norm
    | 1e+0 ┤⠤⠤⠤⡤○⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀○⣀⣀⣀⣀⣀⣀⣀⣀⡀
    |      │   ⠈⠉⠉⠒⠢⠤●⣀⡀             ⠈⠉⠉○⠉⠉⠉⠉⠉⠉⠉⠉⠉⠒⠒○⠒⠒○  ○ ρ=0.9
    |      │           ⠈⠉⠉⠒⠦⠤⣀⣀⡀
    | 1e-8 ┤                   ⠈⠉●⠢⠤⠤⣀⣀⡀
    |      │                           ⠈⠉⠒⠢⠤⠤●⡀
    |      │                                  ⠉⠉⠉⠒⠢⠤⣄⡀
    |1e-16 ┤                                         ⠈⠉●  ● ρ=0.5
    |      └┬────────────────┬────────────────┬─────────
    |       0               20               40        steps back
    |50 steps back   ○ 0.0052   ● 8.9e-16
    |○ ρ alone: 0.9⁵⁰ = 0.0052, measured 0.0052
    """
    assert shown(gradient(CURVES, 44, 8, NONE, y_label="norm")) == """
    |norm
    | 1e+0 ┤⠤⠤⠤⠤○⣤⡤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○⠤⠤⠤⠤⣄⣀⣀⣀⣀○  ○ ρ=0.9
    |      │      ⠈⠉●⠉⠓⠒⠒⠢⠤⠤⠤⣄⣀⣀⡀
    |1e-15 ┤                    ⠈●⠉⠉⠒⠒⠢●  ● ρ=0.5
    |      └┬──────────┬──────────┬─────
    |       0         20         40    steps back
    |50 steps back   ○ 0.0052   ● 8.9e-16
    |○ ρ alone: 0.9⁵⁰ = 0.0052, measured 0.0052
    """


def test_what_a_cell_takes_away_stands_off_its_guide(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gradient(SQUEEZED, 60, 11, NONE, y_label="norm", cursor=20, focused=True)) == """
    |norm
    |1e+0 ┤·⠤⠤⡤·⣀·⡀· · · · ·
    |     │   ⠈○⠉⠓⠪●⠭⣍⡉⠒⠒⠒⠢●⠤·⠤●⣀·⡀· · · · · · · · ·  · ρᵏ, ρ=0.9
    |     │           ⠈⠉⠉⠓⠢○⠤⣄⡀   ⠈⠉⠉⠉⠉⠒⠒⠒⠢●⠤⠤⠤⣀⣀⣀⡀   ● LSTM
    |1e-6 ┤                │  ⠈⠉⠉⠓⠢⠤⠤⣄⡀           ⠈●
    |     │                │          ⠈○⠉⠓⠢⠤⠤⣄⡀
    |     │                │                  ⠈⠉⠉⠓⠢○  ○ ρ=0.9
    |     └┬───────────────┬───────────────┬────────
    |      0              20              40           steps back
    |20 steps back   ○ 1.0e-4   ● 0.010
    |○ ρ alone: 0.9²⁰ = 0.12, measured 1.0e-4
    """
    assert shown(gradient(SQUEEZED, 60, 11, ASCII, y_label="norm", cursor=20, focused=True)) == """
    |norm
    |1e+0 +oxoxoxxxx . . . .
    |     |     ooooxoxxxxxxxxxxxxx. . . . . . . .   . r^k, r=0.9
    |     |            ooooooooo  xxxxxxxxxxxxxxxxx  x LSTM
    |1e-6 +                |   oooooooo
    |     |                |          ooooooooo
    |     |                |                   oooo  o ρ=0.9
    |     ++---------------+--------------+--------
    |      0              20             40            steps back
    |20 steps back   o 1.0e-4   x 0.010
    |o r alone: 0.9^20 = 0.12, measured 1.0e-4
    """


def test_where_a_computer_s_number_would_be_0_is_ruled(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gradient(DEEP, 60, 14, NONE, y_label="norm", nothing=NOTHING)) == """
    |norm
    |  1e+0 ┤⠤⣄⡀
    |       │╌╌⠈⠉⠓⠦⣄⡀╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ╌ 0 in float32
    |1e-100 ┤       ⠉⠉⠒⠦⣄⡀
    |       │            ⠉⠓⠢⠤⣄⡀
    |1e-200 ┤                 ⠉⠓⠢⠤⣀⡀
    |       │                      ⠉⠓⠦⠤⣀⡀
    |1e-300 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⠉⠓⠦⠤⣀⡀┈┈┈  ┈ 0 in float64
    |       │                                ⠉⠓⠦○  ○ ρ=0.001
    |1e-400 ┤
    |       └┬──────────────┬─────────────┬──────
    |        0             50            100           steps back
    |120 steps back   ○ 1.0e-360
    |○ ρ alone: 0.001¹²⁰ = 1.0e-360, measured 1.0e-360
    """


def test_a_series_that_has_ended_reads_as_a_dash(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gradient(SHORT, 60, 8, NONE, y_label="norm", cursor=5)) == """
    |norm
    |1e+0 ┤○⠤⠤⢄⣀⣀○⣀⡀                   │                  ◇ none
    |     │ ⠑⢄     ⠈⠉⠉○⠉⠉⠒⠒○⠒⠒⠤⠤⠤○⠤⣀⣀⡀ │
    |     │   ⠑⢄                     ⠈⠉○⠉⠉⠒⠒○⠒⠢⠤⠤○⠤⠤⢄⣀⣀○  ○ long
    |1e-1 ┤     ⠑●                     │                  ● short
    |     └┬──────────┬──────────┬──────────┬──────────┬
    |      0          2          4     steps back      8
    |5 steps back   ○ 0.32   ● -   ◇ -
    """


def test_no_series_is_an_empty_chart(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gradient([], 30, 6, NONE, y_label="norm")) == """
    |norm
    |1e+0 ┤
    |     │
    |1e-1 ┤
    |     └┬───────────────────────
    |      0             steps back
    """


def test_lines_that_are_apart_stay_apart_in_three_rows(shown) -> None:  # type: ignore[no-untyped-def]
    grows = [curve(f"ρ={radius:g}", math.log10(radius)) for radius in (1.5, 1.0, 0.5)]
    assert shown(gradient(grows, 58, 7, NONE, y_label="norm")) == """
    |norm
    |1e+12 ┤                             ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀○○  ○ ρ=1.5
    | 1e+0 ┤⠤⠶⠶○⠶⠶⠶●⣶◇⣶⣶⣶⣶⣮⣭○⠭⠭●⠭⠭⠭⠭⠭⠭⠭⠭○⠤⠤●⠤⠤⠤⠤⠤⠤⠤⠤⠤●  ● ρ=1
    |1e-12 ┤                ⠉⠉⠉⠉⠉◇⠉⠉⠉⠒⠒⠒⠒⠒⠒⠒⠢⠤◇⠤⠤⠤⠤⠤⠤◇  ◇ ρ=0.5
    |      └┬───────────────┬────────────────┬────────
    |       0              20               40       steps back
    |50 steps back   ○ 6.4e8   ● 1.0   ◇ 8.9e-16
    """


# fmt: on


def test_the_chart_keeps_six_rows_before_numbers_get_any() -> None:
    def last(height: int) -> str:
        return text_of(gradient(CURVES, 60, height, NONE, y_label="norm")[-1:])

    assert last(6).endswith("  steps back")
    assert last(7).startswith("50 steps back")
    assert last(8).startswith("○ ρ alone")


def test_the_guide_is_drawn_only_where_it_says_something() -> None:
    assert "ρᵏ" not in text_of(gradient(CURVES, 60, 12, NONE, y_label=""))
    assert "ρᵏ" in text_of(gradient(SQUEEZED, 60, 12, NONE, y_label=""))
    assert "ρᵏ" not in text_of(gradient([curve("LSTM", -0.1)], 60, 12, NONE, y_label=""))
    assert "alone" not in text_of(gradient([curve("LSTM", -0.1)], 60, 12, NONE, y_label=""))


def test_the_arithmetic_is_of_the_series_that_has_a_radius() -> None:
    rows = gradient([curve("LSTM", -0.1), curve("ρ=0.5", -0.5, radius=0.5)], 60, 12, NONE, y_label="", cursor=3)
    assert text_of(rows[-1:]) == "● ρ alone: 0.5³ = 0.12, measured 0.032"
    assert text_of(rows[-2:-1]) == "3 steps back   ○ 0.50   ● 0.032"


def test_readings_that_do_not_fit_are_counted() -> None:
    many_curves = [curve(f"c{i}", -0.1 * i) for i in range(6)]
    row = text_of(gradient(many_curves, 46, 12, NONE, y_label="", cursor=1)[-1:])
    assert row == "1 step back   ○ 1.0   ● 0.79   ◇ 0.63   +3"


def test_the_cursor_stands_where_it_is_read() -> None:
    rows = gradient(SQUEEZED, 60, 11, Look(), y_label="", cursor=20, focused=True)
    assert rows[-2][0].style == Look().accent
    column = text_of(rows[5:6]).index("│", 8)
    found = gradient_at(column, SQUEEZED, 60, 11, Look(), y_label="")
    assert found is not None
    assert abs(found - 20) <= 1
    # The farthest is read when nobody has the keys, and no line stands there.
    far = text_of(gradient(SQUEEZED, 60, 11, NONE, y_label="")[3:4])
    assert "│" not in far[8:]


def test_the_mouse_finds_every_distance_and_nothing_beside_the_plot() -> None:
    def at(column: int) -> int | None:
        return gradient_at(column, SQUEEZED, 60, 11, NONE, y_label="norm")

    found = [at(column) for column in range(60)]
    inside = [x for x in found if x is not None]
    assert found[:6] == [None] * 6
    assert (inside[0], inside[-1]) == (0, 50)
    assert inside == sorted(inside)
    assert found[-1] is None
    assert [gradient_at(column, [], 60, 11, NONE, y_label="") for column in (5, 7)] == [None, 0]


def test_a_number_from_its_logarithm() -> None:
    said = {
        0.0: "1.0",
        -0.1: "0.79",
        math.log10(0.042): "0.042",
        -3.0: "0.0010",
        -3.01: "9.8e-4",
        2.5: "316",
        3.999: "9977",
        4.0: "1.0e4",
        -412.5: "3.2e-413",
        -9.001e3: "1.0e-9001",
        4.9999999: "1.0e5",
        -INF: "0",
        INF: "∞",
    }
    assert {value: number(value) for value in said} == said
    assert number(math.nan) == "NaN"
    assert number(INF, ascii=True) == "inf"


def test_levels_that_no_series_comes_near_are_left_out() -> None:
    assert "float" not in text_of(gradient(CURVES, 60, 12, NONE, y_label="", nothing=NOTHING))
    deep = text_of(gradient(DEEP, 70, 14, NONE, y_label="", nothing=NOTHING))
    assert "╌ 0 in float32" in deep
    assert "┈ 0 in float64" in deep


def test_an_x_is_written_as_it_is_told() -> None:
    rows = log_chart([Line("a", [(6.0, 0.0), (12.0, -2.0)])], 60, 8, NONE, x_text=lambda x: f"{2**x:.0f}")
    assert text_of(rows[-1:]).split() == ["64", "256", "1024", "4096"]


@many
@given(
    st.lists(st.builds(Curve, labels, st.lists(numbers, max_size=30), st.one_of(st.none(), numbers)), max_size=7),
    widths,
    heights,
    looks,
    labels,
    st.one_of(st.none(), st.integers(-5, 60)),
    st.booleans(),
    st.lists(st.tuples(labels, numbers), max_size=2),
)
def test_any_values(curves, columns, rows, look, y_label, cursor, focused, nothing):  # type: ignore[no-untyped-def]
    drawn = gradient(curves, columns, rows, look, y_label=y_label, cursor=cursor, focused=focused, nothing=nothing)
    check(drawn, columns, count=rows)
    for column in range(0, columns, 9):
        gradient_at(column, curves, columns, rows, look, y_label=y_label, nothing=nothing)


@many
@given(st.lists(st.builds(Line, labels, st.lists(st.tuples(numbers, numbers), max_size=9)), max_size=3), looks, numbers)
def test_any_guide_and_cursor(guides, look, cursor):  # type: ignore[no-untyped-def]
    lines = [Line("a", [(0.0, 0.0), (9.0, -3.0)])]
    drawn = log_chart(lines, 50, 9, look, guides=guides, cursor=cursor, baselines=[("b", cursor)])
    check(drawn, 50, count=9)
    log_chart_x(20, lines, 50, 9, look, guides=guides, baselines=[("b", cursor)])


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
def test_ascii_means_ascii(look: Look) -> None:
    named = [Curve("r", c.log10, c.radius) for c in (*SQUEEZED, *DEEP)]
    rows = gradient(named, 60, 14, look, y_label="norm", cursor=3, focused=True, nothing=NOTHING)
    assert text_of(rows).isascii() == look.ascii


def test_ten_thousand_steps_cost_what_their_points_do() -> None:
    rows = gradient([curve("a", -0.01, 10_000, radius=0.9)], 78, 12, NONE, y_label="", cursor=9_999)
    assert text_of(rows[-2:-1]) == "9999 steps back   ○ 1.0e-100"
