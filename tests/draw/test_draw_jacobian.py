"""The factors of the chain rule as bars: exact pictures, and something true of any values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.jacobian import Limits, StepBack, jacobian, limits, step_at

NONE = Look("none")
ASCII = Look("none", ascii=True)
INF = math.inf

STEPS = [
    StepBack(1, 3, "late", 0.5, math.log10(0.5), math.log10(0.5), 0.6),
    StepBack(2, 2, "too", 2.0, math.log10(0.8), 0.0, 0.9),
    StepBack(3, 1, "never", 0.125, -1.5, math.log10(0.125), 0.2),
]
ODD = [
    StepBack(1, 4, "永远", -0.5, math.log10(0.5), math.log10(0.5), None),
    StepBack(2, 3, "b", 0.0, -INF, -INF, None),
    StepBack(3, 2, "c", math.nan, math.nan, math.nan, None),
    StepBack(4, 1, "d", INF, INF, INF, None),
]
LONG = [StepBack(k, 60 - k, "", 0.9, -0.046 * k, -0.046 * k, None) for k in range(1, 60)]
WIDE = [StepBack(1, 1, "", 1.5, 0.176, 0.176, 0.9)]
# The singular values of each.
STEPS_MADE_OF = [(0.5, 0.25), (2.0, 0.0), (0.125, 0.1)]
ODD_MADE_OF = [(0.5,), (0.0,), (math.nan,), (INF,)]
LONG_MADE_OF = (0.9, 0.1)
WIDE_MADE_OF = tuple(1.5 - 0.1 * i for i in range(12))

# Pictures keep their own lines.
# fmt: off


def test_the_values_of_a_step_stand_beside_the_steps(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian(STEPS, 1, STEPS_MADE_OF[1], 78, 6, NONE)) == """
    |  back  token σ₁ of one step   σ₁ of product        singular values of ∂h₂/∂h₁
    |     1  late    0.50  ··█│···     0.50  ··╎│···     σ₁  ████████│███████  2.00
    |▸    2  too     2.00  ···│█··     0.80  ··▐│···     σ₂  ········│·······  0.00
    |     3  never   0.12  ███│···    0.032  █╎█│···     1 of 2 below 1
    |                                                    mean slope 0.90
    |                                                    condition ∞
    """


def test_or_under_them_where_there_are_rows(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian(STEPS, 1, STEPS_MADE_OF[1], 64, 17, NONE, state="(h, c)")) == """
    |  back  token σ₁ of one step       σ₁ of the product     bound
    |     1  late    0.50  ···▐█│·····     0.50  ····╎│····· ≤ 0.50
    |▸    2  too     2.00  ·····│█▋···     0.80  ····▐│·····  ≤ 1.0
    |     3  never   0.12  █████│·····    0.032  ██╎██│····· ≤ 0.12
    |
    |singular values of ∂(h, c)₂/∂(h, c)₁
    |σ₁  ███████████████████████████│██████████████████████████  2.00
    |σ₂  ···························│··························  0.00
    |1 of 2 below 1   mean slope 0.90   condition ∞
    |
    |
    |
    |
    |
    |
    |
    |
    """
    assert shown(jacobian(WIDE, 0, WIDE_MADE_OF, 64, 17, NONE)) == """
    |  back  σ₁ of one step           σ₁ of the product so far  bound
    |▸    1    1.50  ·······│███████     1.50  ·······│██████╎ ≤ 1.50
    |
    |singular values of ∂h₁/∂h₀
    |σ₁   ███████████████████████████████████│█████████████████  1.50
    |σ₂   ███████████████████████████████████│█████████████▌···  1.40
    |σ₃   ███████████████████████████████████│█████████▉·······  1.30
    |σ₄   ███████████████████████████████████│██████▍··········  1.20
    |σ₅   ███████████████████████████████████│██▉··············  1.10
    |σ₆   ███████████████████████████████████│·················  1.00
    |σ₇   ███████████████████████████████▊···│·················  0.90
    |σ₈   ████████████████████████████▎······│·················  0.80
    |σ₉   ████████████████████████▊··········│·················  0.70
    |σ₁₀  █████████████████████▎·············│·················  0.60
    |σ₁₁  █████████████████▋·················│·················  0.50
    |σ₁₂  ██████████████▏····················│·················  0.40
    |6 of 12 below 1   mean slope 0.90   condition 3.8
    """


def test_or_in_a_line(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, NONE)) == """
    |  back  token σ₁ of one step     σ₁ of the product   bound
    |     1  late    0.50  ··▐█│····     0.50  ···╎│···· ≤ 0.50
    |▸    2  too     2.00  ····│█▍··     0.80  ···▐│····  ≤ 1.0
    |     3  never   0.12  ████│····    0.032  ██╎█│···· ≤ 0.12
    |σ 2.00 … 0.00   1 of 2 below 1   mean slope 0.90
    """
    assert shown(jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, ASCII)) == """
    |  back  token s1 of one step     s1 of the product   bound
    |     1  late    0.50  ...#|....     0.50  ...!|.... <=0.50
    |>    2  too     2.00  ....|#...     0.80  ...-|....  <=1.0
    |     3  never   0.12  ####|....    0.032  ##!#|.... <=0.12
    |s 2.00 .. 0.00   1 of 2 below 1   mean slope 0.90
    """
    assert shown(jacobian(STEPS, 1, STEPS_MADE_OF[1], 24, 4, NONE)) == """
    |  back  σ₁      product
    |     1    0.50     0.50
    |▸    2    2.00     0.80
    |σ 2.00 … 0.00
    """
    assert shown(jacobian(STEPS, 2, STEPS_MADE_OF[2], 60, 1, NONE)) == """
    |▸    3  never   0.12  ████│····    0.032  ██╎█│···· ≤ 0.12
    """


def test_zero_infinity_and_no_number_are_drawn_and_said(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian(ODD, 1, ODD_MADE_OF[1], 64, 6, NONE)) == """
    |  back  token one step             product so far        bound
    |     1  永远   -0.50  █████│·····     0.50  ╎████│····· ≤ 0.50
    |▸    2  b       0.00  ◀████│·····        0  ◀████│·····    ≤ 0
    |     3  c        NaN  ····?│·····      NaN  ····?│·····  ≤ NaN
    |     4  d          ∞  ·····│████▶        ∞  ·····│████▶    ≤ ∞
    |σ 0.00   1 of 1 below 1
    """


def test_the_current_step_stays_in_sight(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian(LONG, 30, LONG_MADE_OF, 60, 6, NONE)) == """
    |  back  σ₁ of one step       σ₁ of the product      bound
    |    29    0.90  █████│·····    0.046  ··▐╎█│····· ≤ 0.046
    |    30    0.90  █████│·····    0.042  ··╎██│····· ≤ 0.042
    |▸   31    0.90  █████│·····    0.037  ··╎██│····· ≤ 0.037
    |    32    0.90  █████│·····    0.034  ··╎██│····· ≤ 0.034
    |σ 0.90 … 0.10   2 of 2 below 1   condition 9.0
    """
    assert shown(jacobian(LONG, 58, LONG_MADE_OF, 60, 6, NONE)) == """
    |  back  σ₁ of one step       σ₁ of the product       bound
    |    56    0.90  █████│·····   0.0027  ╎████│····· ≤ 0.0027
    |    57    0.90  █████│·····   0.0024  ╎████│····· ≤ 0.0024
    |    58    0.90  █████│·····   0.0021  ╎████│····· ≤ 0.0021
    |▸   59    0.90  █████│·····   0.0019  ╎████│····· ≤ 0.0019
    |σ 0.90 … 0.10   2 of 2 below 1   condition 9.0
    """


def test_no_step(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(jacobian([], 0, (), 20, 3, NONE)) == """
    |no step, no factor
    |
    |
    """


# fmt: on


def test_the_current_step_is_the_brightest(painted) -> None:  # type: ignore[no-untyped-def]
    for look in (Look(), Look(dark=False), NONE):
        rows = jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, look, focused=True)
        assert painted(rows[2], look)[0] == "A"
        assert painted(rows[3], look).count("m") > painted(rows[2], look).count("m")
        fills = [{span.style for span in row if set(span.text) & set("█▐▍")} for row in rows[1:4]]
        assert fills[0] != fills[1]
    focus = {span.style.underline for span in jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, Look(), focused=True)[2]}
    assert focus == {False, True}
    assert {span.style.underline for span in jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, Look())[2]} == {False}


def test_below_1_is_blue_and_to_the_left_above_it_orange_and_to_the_right() -> None:
    rows = jacobian(STEPS, 1, STEPS_MADE_OF[1], 60, 5, Look())
    shrinks, grows = (next(s for s in row if "█" in s.text) for row in rows[1:3])
    assert shrinks.style.color != grows.style.color
    assert text_of(rows[1:2]).index("█") < text_of(rows[1:2]).index("│")
    assert text_of(rows[2:3]).index("█") > text_of(rows[2:3]).index("│")


def test_equal_factors_are_equal_bars_whatever_their_size() -> None:
    steps = [s._replace(factor=f) for s, f in zip(STEPS, (0.1, 10.0, 0.01), strict=True)]
    rows = [text_of(jacobian(steps, 0, STEPS_MADE_OF[0], 60, 5, ASCII)[i : i + 1]) for i in (1, 2, 3)]
    sides = [row.split("|")[0].count("#") + row.split("|")[1].split("  ")[0].count("#") for row in rows]
    assert sides[0] == sides[1]
    assert 2 * sides[0] - 1 <= sides[2] <= 2 * sides[0] + 1


def test_a_scale_is_of_all_steps_and_stays_while_they_scroll() -> None:
    found = limits(LONG)
    assert found.product == pytest.approx(0.046 * 59)
    assert found.factor == pytest.approx(-math.log10(0.9))
    assert limits([]) == Limits(1.0, 1.0)
    assert limits([STEPS[0]._replace(factor=1.0, log10_product=0.0, log10_bound=0.0)]) == Limits(1e-3, 1e-3)
    assert limits(ODD).product == pytest.approx(math.log10(2))
    first = jacobian(LONG, 0, LONG_MADE_OF, 60, 6, NONE, scales=found)[1]
    assert first == jacobian(LONG[:9], 0, LONG_MADE_OF, 60, 6, NONE, scales=found)[1]


def test_the_mouse_finds_the_step_that_it_hit() -> None:
    for height, width in ((6, 78), (5, 60), (17, 64), (2, 60), (1, 60)):
        rows = jacobian(LONG, 30, LONG_MADE_OF, width, height, NONE)
        for row in range(height):
            at = step_at(row, len(LONG), 30, width, height, 2)
            said = text_of(rows[row : row + 1]).replace("▸", " ").split()
            number = said[0] if said and said[0].isdigit() and said[1] not in ("of", "more,") else ""
            assert number == ("" if at is None else str(LONG[at].back)), (height, row)
    assert step_at(4, 3, 0, 64, 30, 2) is None


def test_how_many_values_are_below_1_and_what_made_them_small() -> None:
    text = text_of(jacobian(WIDE, 0, WIDE_MADE_OF, 64, 17, NONE))
    assert "6 of 12 below 1" in text
    assert "mean slope 0.90" in text
    assert "condition 3.8" in text
    assert "σ₁₀" in text
    few = text_of(jacobian(WIDE, 0, WIDE_MADE_OF, 78, 7, NONE))
    assert "σ of" in few or "singular values of" in few
    assert "more, down to 0.40" in few
    gated = text_of(jacobian([WIDE[0]._replace(slope=None)], 0, WIDE_MADE_OF, 64, 17, NONE))
    assert "slope" not in gated
    assert "condition" not in text_of(jacobian(ODD, 0, ODD_MADE_OF[0], 64, 6, NONE))


def test_what_is_0_but_for_rounding_is_said_to_be() -> None:
    singular = (2.0, 1.0, 6e-18)
    step = [WIDE[0]._replace(factor=2.0)]
    for look, zero, more in ((NONE, "≈0", "> 1.5e15"), (ASCII, "~0", ">1.5e15")):
        rows = text_of(jacobian(step, 0, singular, 64, 17, look))
        assert f"condition {more}" in rows
        assert any(row.startswith(("σ₃", "s3")) and row.endswith(f"  {zero}") for row in rows.split("\n"))
        assert "e-18" not in rows
        assert f"2.00 {'..' if look.ascii else '…'} {zero} " in text_of(jacobian(step, 0, singular, 60, 5, look))
    small = text_of(jacobian(step, 0, (2.0, 1e-12), 64, 17, NONE))
    assert "1e-12" in small
    assert "condition 2.0e12" in small


def test_the_first_product_is_the_first_factor_in_as_many_digits() -> None:
    for factor, said in ((2.45, "2.45"), (0.0042, "0.0042"), (3.2e-7, "3.2e-7"), (123.4, "123"), (-0.9, "0.90")):
        log = math.log10(abs(factor))
        steps = [StepBack(1, 2, "", factor, log, log, None), StepBack(2, 1, "", 1.0, log, log, None)]
        row = text_of(jacobian(steps, 0, (1.0, 0.5), 60, 6, ASCII)).split("\n")[1].split()
        assert [row[2].lstrip("-"), row[4], row[6]] == [said, said, f"<={said}"]


many_steps = st.lists(
    st.builds(
        StepBack,
        st.integers(1, 9999),
        st.integers(0, 9999),
        labels,
        numbers,
        numbers,
        numbers,
        st.one_of(st.none(), numbers),
    ),
    max_size=12,
)


@many
@given(
    many_steps,
    st.integers(-3, 20),
    st.lists(numbers, max_size=9),
    widths,
    heights,
    looks,
    st.sampled_from(["h", "(h, c)"]),
    st.booleans(),
)
def test_any_values(steps, cursor, singular, columns, rows, look, state, focused):  # type: ignore[no-untyped-def]
    check(jacobian(steps, cursor, singular, columns, rows, look, state=state, focused=focused), columns, count=rows)
    for row in range(rows):
        at = step_at(row, len(steps), max(cursor, 0), columns, rows, 3)
        assert at is None or 0 <= at < len(steps)


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
@pytest.mark.parametrize("size", [(78, 6), (60, 5), (64, 20)])
def test_ascii_means_ascii(look: Look, size: tuple[int, int]) -> None:
    steps = [s._replace(token="t") for s in (*STEPS, *ODD)]
    for cursor in range(len(steps)):
        assert (
            text_of(jacobian(steps, cursor, [*STEPS_MADE_OF, *ODD_MADE_OF][cursor], *size, look)).isascii()
            == look.ascii
        )


def test_ten_thousand_steps_cost_what_is_in_sight() -> None:
    class Counted(list[StepBack]):
        read = 0

        def __getitem__(self, at):  # type: ignore[no-untyped-def]
            found = super().__getitem__(at)
            self.read += len(found) if isinstance(at, slice) else 1
            return found

        def __iter__(self):  # type: ignore[no-untyped-def]
            raise AssertionError("every step was looked at")

    steps = Counted(LONG * 170)
    check(jacobian(steps, 5_000, LONG_MADE_OF, 78, 11, NONE, scales=Limits(1.0, 1.0)), 78, count=11)
    assert steps.read < 30
