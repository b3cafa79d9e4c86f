"""The map of a loss: what it draws, and that it draws something true of any values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, numbers, some, widths

from tutor.draw.cells import Look, Span, text_of
from tutor.draw.figures.landscape import Map, Way, arrow, direction, landscape, layout
from tutor.draw.palettes import level_color

NONE = Look("none")
ASCII = Look("none", ascii=True)
COLORS = Look()
INF, NAN = math.inf, math.nan

VALLEY = np.array([[10.0 ** abs(x - y) for x in range(5)] for y in range(5)])
GRID = Map(VALLEY, (0.0, 4.0), (0.0, 4.0), ("w", "b"))
LEFT = Way("unclipped", [(4.0, 4.0), (2.0, 2.0), (1.0, 3.0), (1.5, 40.0)])
STAYED = Way("clipped", [(4.0, 4.0), (3.0, 3.0), (3.0, 1.0)], 1)
SAID = [(Span("first"),), (Span("second"),), (Span("third"),)]

# Pictures keep their own lines.
# fmt: off


def test_a_map_with_its_ways(shown) -> None:  # type: ignore[no-untyped-def]
    drawn = landscape(GRID, [LEFT, STAYED], 60, 16, NONE, said=SAID, cursor=(1, 1), focused=True)
    assert shown(drawn) == """
    |b   loss 1 ·░▒▓█ 1e+04   ○ unclipped   ● clipped   ◇ start
    |4 ┤████████▓▓▓▓▓▓↑▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░····───◇
    |  │████████▓▓▓▓▓▓│▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░──────····
    |  │▓▓▓▓▓▓▓▓▒▒▒▒▒▒◦─▒▒▒▒▒░░░░░░░░░░░░░░░·····─•────··░░░░░░░░
    |  │▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒──────░░░░░░░░░░░░░──────·│······░░░░░░░░
    |2 ┤▒▒▒▒▒▒▒▒░░░░░░░░░░░░░·──────◦──────·░░░░░░│░░░░░░▒▒▒▒▒▒▒▒
    |  │▒▒▒▒▒▒▒▒░░░░░░░░░░░░░···············░░░░░░│░░░░░░▒▒▒▒▒▒▒▒
    |  │░░░░░░░░·············░░░░░░░░░░░░░░░▒▒▒▒▒▒│▒▒▒▒▒▒▓▓▓▓▓▓▓▓
    |  │░░░░░░░░·····[·]·····░░░░░░░░░░░░░░░▒▒▒▒▒▒●▒▒▒▒▒▒▓▓▓▓▓▓▓▓
    |  │········░░░░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓▓████████
    |0 ┤········░░░░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓▓████████
    |  └┬─────────────┬─────────────┬─────────────┬─────────────┬
    |   0             1             2             3      w      4
    |first
    |second
    |third
    """
    assert shown(landscape(GRID, [LEFT, STAYED], 40, 7, ASCII, said=SAID, cursor=(1, 1))) == """
    |4 +#####****^****+++++++++:::::::::.---S
    |  |*****++++o-+++:::::::::...-x-----::::
    |2 ++++++::::::-------o-------:|::::+++++
    |  |+++++:::::::::.........::::|::::+++++
    |  |:::::...[.]...:::::::::++++X++++*****
    |0 +.....:::::::::+++++++++*********#####
    |first
    """


def test_what_is_no_number_is_marked(shown) -> None:  # type: ignore[no-untyped-def]
    odd = VALLEY.copy()
    odd[0, 0], odd[4, 0], odd[0, 4] = NAN, INF, 0.0
    assert shown(landscape(GRID._replace(losses=odd), [], 40, 12, NONE)) == """
    |b   loss ≤1 ·░▒▓█ 1e+03  ↑ ? not finite
    |4 ┤↑↑↑↑↑█████████▓▓▓▓▓▓▓▓▓░░░░░░░░░·····
    |  │↑↑↑↑↑█████████▓▓▓▓▓▓▓▓▓░░░░░░░░░·····
    |  │█████▓▓▓▓▓▓▓▓▓░░░░░░░░░·········░░░░░
    |  │▓▓▓▓▓░░░░░░░░░·········░░░░░░░░░▓▓▓▓▓
    |2 ┤▓▓▓▓▓░░░░░░░░░·········░░░░░░░░░▓▓▓▓▓
    |  │▓▓▓▓▓░░░░░░░░░·········░░░░░░░░░▓▓▓▓▓
    |  │░░░░░·········░░░░░░░░░▓▓▓▓▓▓▓▓▓█████
    |  │?????░░░░░░░░░▓▓▓▓▓▓▓▓▓█████████·····
    |0 ┤?????░░░░░░░░░▓▓▓▓▓▓▓▓▓█████████·····
    |  └┬────────┬────────┬────────┬────────┬
    |   0        1        2        3   w    4
    """


# fmt: on


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        (np.full((3, 3), 2.0), "loss 2 everywhere"),
        (np.full((3, 3), NAN), "no loss to draw"),
        (np.full((3, 3), INF), "no loss to draw"),
        (np.zeros((3, 3)), "no loss to draw"),
        (np.array([[7.0]]), "loss 7 everywhere"),
        (np.array([[1.7976931348623157e308]]), "loss 1.78e+308 everywhere"),
    ],
)
def test_what_has_no_ramp_says_so(losses: np.ndarray, says: str) -> None:
    assert says in text_of(landscape(GRID._replace(losses=losses), [], 50, 12, NONE)).split("\n")[0]


def test_the_lowest_losses_share_a_band_that_says_so() -> None:
    deep = np.logspace(-3, 2, 900).reshape(30, 30)
    deep[0, 0] = 1e-200
    first = text_of(landscape(GRID._replace(losses=deep), [], 60, 12, NONE)).split("\n")[0]
    assert first.startswith("b   loss ≤0.00141 ")


def test_bands_are_of_one_hue_and_grow_with_the_loss() -> None:
    rows = landscape(GRID, [], 32, 12, COLORS)
    colors = [span.style.background for span in rows[-3] if span.style.background]
    assert list(dict.fromkeys(colors)) == [level_color(round(b / 8 * 50), COLORS) for b in (0, 2, 4, 6, 8)]


def test_a_sign_on_a_colour_keeps_it_and_can_be_read() -> None:
    rows = landscape(GRID, [STAYED], 60, 16, COLORS)
    (end,) = [span for row in rows[1:-2] for span in row if "●" in span.text]
    assert end.style.bold
    assert end.style.background in {level_color(n, COLORS) for n in range(51)}
    assert end.style.color in ("#080808", "#eeeeee")


def test_a_way_that_begins_beyond_the_map_shows_what_is_on_it() -> None:
    _legend, *rows = landscape(GRID, [Way("", [(9.0, 9.0), (2.0, 2.0)])], 40, 7, NONE)
    drawn = text_of(rows)
    assert "○" in drawn
    assert "◇" not in drawn
    nowhere = [Way("", [(INF, 1.0), (NAN, NAN)]), Way("", [])]
    assert text_of(landscape(GRID, nowhere, 40, 7, NONE)[1:]) == text_of(landscape(GRID, [], 40, 7, NONE)[1:])


def test_a_way_that_ends_at_the_end_of_all_numbers_points_there() -> None:
    for end, sign in (((1.7e308, 2.0), "→"), ((2.0, -1.7e308), "↓"), ((-1.7e308, -1.7e308), "←")):
        assert sign in text_of(landscape(GRID, [Way("", [(2.0, 2.0), end])], 40, 6, NONE))
        # Of a plane a millionth of a float wide, in a map of one cell, it is infinitely far away.
        tiny = GRID._replace(x=(0.0, 1e-270), y=(0.0, 1e-270))
        check(landscape(tiny, [Way("", [(0.0, 0.0), end])], 1, 1, NONE), 1, count=1)


def test_arrows() -> None:
    assert [arrow(x, y) for x, y in ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))] == [
        *"→↗↑↖←↙↓↘"
    ]
    assert (arrow(0, 0), arrow(NAN, 1), arrow(INF, 1), arrow(0, 0, ascii=True)) == ("·", "·", "·", ".")
    assert direction(1, -0.01) == 0
    assert arrow(0, -1, ascii=True) == "v"


def test_a_click_finds_the_point_that_is_drawn_there() -> None:
    place = layout(GRID, 60, 16)
    shape = VALLEY.shape
    assert place.point(place.left, 1, shape) == (4, 0)
    assert place.point(59, 10, shape) == (0, 4)
    assert place.point(place.left - 1, 1, shape) is None
    assert place.point(place.left, 0, shape) is None
    assert place.point(place.left, 11, shape) is None
    low = layout(GRID, 60, 4)
    assert (low.rows, low.axis, low.legend, low.said) == (4, False, False, 0)


def test_room_is_given_up_in_order() -> None:
    told = {height: layout(GRID, 60, height, 4) for height in range(1, 19)}
    assert [told[h].said for h in (4, 5, 7, 8, 9, 10, 14, 15)] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert [told[h].axis for h in (12, 13)] == [False, True]
    # Which side is the valley is told before anything but the words.
    assert [told[h].legend for h in (8, 9)] == [False, True]
    # In the least window a map of six rows and two lines, in a usual one of seven and three.
    assert [told[h].rows for h in (4, 5, 8, 11, 13, 18)] == [4, 4, 6, 7, 7, 11]
    bare = layout(GRID, 60, 11, 0)
    assert (bare.rows, bare.axis, bare.legend, bare.said) == (8, True, True, 0)
    assert layout(GRID, 8, 12).left == 2


grids = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(numbers, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda values: np.array(values, np.float64).reshape(shape)
    )
)
ways = st.lists(st.builds(Way, labels, st.lists(st.tuples(numbers, numbers), max_size=8)), max_size=4)
ends = st.one_of(st.just((0.0, 4.0)), st.tuples(numbers, numbers))


@some
@given(
    grids,
    ends,
    ends,
    ways,
    widths,
    heights,
    looks,
    st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    st.booleans(),
)
def test_any_map(losses, x, y, walks, columns, height, look, cursor, focused) -> None:  # type: ignore[no-untyped-def]
    grid = Map(losses, x, y, ("w", "b"))
    rows = landscape(grid, walks, columns, height, look, cursor=cursor, focused=focused, said=SAID)
    check(rows, columns, count=height)
    if look.ascii and all(walk.label.isascii() and walk.label.isprintable() for walk in walks):
        assert all(span.text.isascii() for row in rows for span in row)
