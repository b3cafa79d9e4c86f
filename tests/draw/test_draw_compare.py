"""Runs side by side: pictures, odd values, odd room."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.compare import Amount, Side, beside, compare, plan, told

NONE = Look("none")
ASCII = Look("none", ascii=True)
ROWS = [(0, 0), (1, 1), (2, 2)]
SAID = ["‖a−b‖ = 0.75 at the end.", "largest", "unit"]


def wave(k: int, steps: int = 3, units: int = 4) -> np.ndarray:
    return np.sin(1.7 * np.arange(steps)[:, None] + np.arange(units)[None] + k)


def sides(count: int = 2) -> list[Side]:
    return [
        Side("a", "dog bites man", ["dog", "bites", "man"], wave(0), np.zeros(4)),
        Side("b", "man bites dog", ["man", "bites", "dog"], wave(1), np.zeros(4)),
        Side("c", "dog ran", ["dog", "ran"], wave(0, 2), np.zeros(4)),
    ][:count]


APART = [Amount("‖a−b‖", np.array([0, 1.5, 0.25, 0.75]), (0, 1), 1)]
UNEVEN = [(0, 0, 0), (None, 1, 1), (1, 2, None)]
BOTH = [*APART, Amount("‖a−c‖", np.array([0, 0, math.nan, math.nan]), (0, 2), 2)]


# Pictures keep their own lines.
# fmt: off


def test_the_runs_beside_each_other_and_how_far_apart_they_are(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(compare(sides(), ROWS, APART, 3, 1, 76, 10, NONE, said=SAID)) == """
    |  h  a  dog bites man    b  man bites dog     ‖a−b‖
    |     start ············  start ············    0.00 ····················
    |  1  dog   ···▓▓▓███░░░ ≠man   ▓▓▓███░░░═══  ▸ 1.50 ████████████████████
    |  2  bites ███▒▒▒---≡≡≡  bites ▒▒▒---≡≡≡---    0.25 ███▍················
    |▶ 3  man   ╌╌╌≡≡≡═══··· ≠dog   ≡≡≡═══···███    0.75 ██████████··········
    |
    |‖a−b‖ = 0.75 at the end.
    |largest
    |unit
    |
    """


def test_what_is_ahead_is_muted_and_empty(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(compare(sides(), ROWS, APART, 2, 1, 48, 6, NONE, said=SAID)) == """
    |  h  a  dog bi…  b  man bi…   ‖a−b‖
    |     start ····  start ····    0.00 ············
    |  1  dog   ·▓█░ ≠man   ▓█░═  ▸ 1.50 ████████████
    |▶ 2  bites █▒-≡  bites ▒-≡-    0.25 ██··········
    |  3  man        ≠dog
    |‖a−b‖ = 0.75 at the end.
    """


def test_the_difference_unit_by_unit_in_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    drawn = compare(sides(), ROWS, APART, 2, 1, 60, 8, ASCII, said=["x"], difference=True, limit=1.9)
    assert shown(drawn) == """
    |  h  a dog~  b man~ a-b +-1.9      |a-b|
    |     start   start  ............    0.00 ...................
    |  1  dog    !man    ---...++++++  > 1.50 ###################
    |> 2  bites   bites  :::+++:::,,,    0.25 ###................
    |  3  man    !dog
    |
    |x
    |
    """


def test_what_is_small_is_not_nothing(shown) -> None:  # type: ignore[no-untyped-def]
    fading = [Amount("‖a−b‖", np.array([0, 1.5, 2.94e-4, 3.21e-11]), (0, 1), 2)]
    assert shown(compare(sides(), ROWS, fading, 3, 1, 50, 5, NONE, difference=True)) == """
    |  h  a dog…  b man… a−b ±1         ‖a−b‖
    |     start   start  ············    0.00 ·········
    |  1  dog    ≠man    ═══···▓▓▓███    1.50 █████████
    |  2  bites   bites  ▒▒▒███▒▒▒--- ▸2.9e-4 ▏········
    |▶ 3  man    ≠dog    ▓▓▓╌╌╌≡≡≡═══   3e-11 ▏········
    """


def test_a_step_that_a_run_does_not_have(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(compare(sides(3), UNEVEN, BOTH, 3, 1, 76, 8, NONE, said=SAID)) == """
    |  h  a  dog bi…  b  man bi…  c  dog ran   ‖a−b‖             ‖a−c‖
    |     start ····  start ····  start ····    0.00 ··········   0.00 ··········
    |  1  dog   ·▓█░ ≠man   ▓█░═  dog   ·▓█░  ▸ 1.50 ██████████   0.00 ··········
    |  2  –          ≠bites ▒-≡- ≠ran   █▒-≡                    ▸
    |▶ 3  bites █▒-≡ ≠dog   ≡═·█ ≠–             0.75 █████·····
    |‖a−b‖ = 0.75 at the end.
    |largest
    |unit
    """


def test_where_not_all_units_fit_those_around_the_cursor_are_shown_and_named(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(compare(sides(3), UNEVEN, BOTH, 3, 3, 46, 5, NONE, said=SAID)) == """
    |  h  a dog…  b man…  c dog…   ‖a−b‖   ‖a−c‖
    |  1  dog  ░ ≠man  ═  dog  ░  ▸ 1.50    0.00
    |  2  –      ≠bit… - ≠ran  ≡          ▸
    |▶ 3  bit… ≡ ≠dog  █ ≠–         0.75
    |‖a−b‖ = 0.75 at the end.
    """


@pytest.mark.parametrize(
    ("height", "picture"),
    [
        (1, """
    |▶ 3  man   ╌╌╌≡≡≡═══··· ≠dog   ≡≡≡═══···███    0.75 ████····
    """),
        (2, """
    |▶ 3  man   ╌╌╌≡≡≡═══··· ≠dog   ≡≡≡═══···███    0.75 ████····
    |‖a−b‖ = 0.75 at the end.
    """),
        (3, """
    |  h  a  dog bites man    b  man bites dog     ‖a−b‖
    |▶ 3  man   ╌╌╌≡≡≡═══··· ≠dog   ≡≡≡═══···███    0.75 ████····
    |‖a−b‖ = 0.75 at the end.
    """),
    ],
)
def test_what_goes_first(shown, height: int, picture: str) -> None:  # type: ignore[no-untyped-def]
    assert shown(compare(sides(), ROWS, APART, 3, 1, 60, height, NONE, said=SAID)) == picture


def test_labels_with_a_bar_for_each(shown) -> None:  # type: ignore[no-untyped-def]
    items = [("code", (0.6, 0.1)), ("read", (0.3, math.nan)), ("x", (0.0004, 0.8))]
    assert shown(beside(items, [("a", "to"), ("b", None)], 60, 6, NONE, said=["moved"])) == """
    |      a  to                       b  –
    |code  ████████████········  0.60  ██··················  0.10
    |read  ██████··············  0.30                           –
    |x     ▏··················· <.001  ████████████████····  0.80
    |moved
    |
    """
    assert shown(beside(items[:2], [("a", "to"), ("b", None)], 26, 3, ASCII, said=["moved"])) == """
    |      a  to      b  -
    |code   0.60   0.10
    |read   0.30      -
    """


def test_a_run_is_named_before_its_units_are_and_is_shortened_at_its_end(shown) -> None:  # type: ignore[no-untyped-def]
    three = [
        Side(name, title, ["to"], wave(k, 1, 16), np.zeros(16))
        for k, (name, title) in enumerate((("a", "by hand"), ("b", "as it was"), ("c", "it is never too late to mend")))
    ]

    def heading(columns: int, difference: bool = False, count: int = 3) -> str:
        rows = [(0,) * count]
        return shown(compare(three[:count], rows, [], 1, 0, columns, 3, NONE, difference=difference)[:1])

    assert heading(70) == """
    |  h  a  by hand  h1…15     b  as it was  h1…15   c  it is nev…  h1…15
    """
    assert heading(60) == """
    |  h  a  by hand        b  as it was      c  it is never …
    """
    assert heading(40) == """
    |  h  a  by hand  b  as it …  c  it is …
    """
    assert heading(40, difference=True, count=2) == """
    |  h  a by…  b as… a−b ±1
    """
    with_titles = beside([("x", (0.5, 0.5))], [("a", "to"), ("b", "to")], 60, 2, NONE, titles=["RNN", "as it was once"])
    assert shown(with_titles[:1]) == """
    |   a  to  (RNN)                 b  to  (as it was once)
    """
    narrow = beside([("x", (0.5, 0.5))], [("a", "to"), ("b", "to")], 44, 2, NONE, titles=["RNN", "as it was once"])
    assert shown(narrow[:1]) == """
    |   a  to  (RNN)         b  to  (as it was…)
    """


# fmt: on


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
@pytest.mark.parametrize("difference", [False, True])
def test_ascii_means_ascii(look: Look, difference: bool) -> None:
    rows = compare(sides(3), UNEVEN, BOTH, 3, 1, 100, 12, look, said=["x"], difference=difference, focused=True)
    rows += compare(sides(3), UNEVEN, BOTH, 3, 1, 40, 12, look, difference=difference)
    rows += beside([("x", (0.5, math.nan))], [("a", "x"), ("b", None)], 60, 4, look)
    assert text_of(rows).isascii() == look.ascii


def test_the_current_row_is_the_brightest_and_the_longest_bar_the_largest() -> None:
    look = Look()
    rows = compare(sides(), ROWS, APART, 2, 1, 76, 10, look)
    accented = [
        [text for text, style in row if style == look.accent and ("█" in text or "▍" in text)] for row in rows[1:5]
    ]
    assert [bool(found) for found in accented] == [False, False, True, False]
    bars = [text_of([row]).count("█") for row in compare(sides(), ROWS, APART, 3, 1, 76, 10, look)[1:5]]
    assert bars[0] == 0
    assert bars[1] == max(bars) == 20
    assert bars[3] > bars[2] > 0


def test_a_difference_is_the_first_less_the_other() -> None:
    one = [
        Side("a", "", ["x"], np.array([[0.5, -0.5]])),
        Side("b", "", ["x"], np.array([[-0.5, -0.5]])),
    ]
    rows = compare(one, [(0, 0)], [], 1, 0, 40, 1, ASCII, difference=True)
    # Full plus where a is larger by 1, nothing where they agree.
    assert text_of(rows).split()[-1].strip("#") in (".", "..", "...")
    assert "#" in text_of(rows)


def test_nothing_is_said_of_what_is_ahead() -> None:
    assert "▸" not in text_of(compare(sides(), ROWS, APART, 0, 1, 76, 10, NONE))
    assert "1.50" not in text_of(compare(sides(), ROWS, APART, 0, 1, 76, 10, NONE))
    assert "▸" in text_of(compare(sides(), ROWS, APART, 1, 1, 76, 10, NONE))


def test_the_cursor_is_on_its_unit_where_not_all_fit() -> None:
    for unit in range(4):
        rows = compare(sides(3), UNEVEN, BOTH, 1, unit, 52, 6, Look(), focused=True)
        line = text_of([rows[2]])
        where = plan(sides(3), 3, 2, 1, unit, 52, 6)
        assert 0 < len(where.units) < 4
        assert [where.unit_at(x) for x, char in enumerate(line) if char == "•"] == [unit] * 3


def test_the_likeliest_of_each_is_the_brightest() -> None:
    rows = beside([("x", (0.6, 0.1)), ("y", (0.3, 0.8))], [("a", "t"), ("b", "t")], 60, 4, NONE)
    bold = [[text.strip() for text, style in row if style.bold and text.strip()[:1] in "0."] for row in rows[1:3]]
    assert bold == [["0.60"], ["0.80"]]


def test_amounts_that_are_no_numbers_say_so() -> None:
    odd = [Amount("‖a−b‖", np.array([0, math.nan, math.inf, 1234.0]), (0, 1))]
    lines = text_of(compare(sides(), ROWS, odd, 3, 1, 76, 8, NONE)).split("\n")
    assert "NaN" in lines[2]
    assert "+∞" in lines[3]
    assert "1e+03" in lines[4]
    nothing = [Amount("‖a−b‖", np.zeros(4), (0, 1))]
    assert "█" not in text_of(row[-1:] for row in compare(sides(), ROWS, nothing, 3, 1, 76, 8, NONE))


def test_a_number_is_shown_whole_or_not_at_all() -> None:
    for columns in range(10, 80):
        heading = text_of(compare(sides(3), UNEVEN, BOTH, 3, 1, columns, 6, NONE)).split("\n")[0]
        assert heading.count("‖") == 2 * heading.count("a−")
        shown = plan(sides(3), 3, 2, 3, 1, columns, 6).amounts
        assert heading.count("‖a−b‖") + heading.count("‖a−c‖") == shown
    assert shown == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *((0.0, "+0.00"), (0.005, "+0.01"), (0.00499, "+5.0e-3"), (-2.9e-4, "-2.9e-4"), (1e-300, "+1.0e-300")),
        *((0.5, "+0.50"), (1234.5, "+1.23e+03"), (math.nan, "NaN"), (-math.inf, "-∞")),
    ],
)
def test_a_number_that_is_never_rounded_to_nothing(value: float, said: str) -> None:
    assert told(value, NONE) == said


def test_what_has_no_start_has_no_amount_there() -> None:
    gate = [side._replace(start=None) for side in sides()]
    lines = text_of(compare(gate, ROWS, [APART[0]._replace(values=np.array([math.nan, 1, 1, 1]))], 3, 0, 76, 8, NONE))
    assert "NaN" not in lines


def test_the_mouse_finds_what_is_drawn() -> None:
    where = plan(sides(), 3, 1, 3, 1, 76, 10, said=3)
    rows = compare(sides(), ROWS, APART, 3, 1, 76, 10, Look(), said=SAID, focused=True)
    y = next(y for y, row in enumerate(rows) if text_of([row]).startswith("▶"))
    assert where.row_at(y) == 3
    cursors = [x for x, char in enumerate(text_of([rows[y]])) if char == "["]
    assert len(cursors) == 2
    assert [where.unit_at(x) for x in cursors] == [1, 1]
    assert where.unit_at(cursors[0] + 3) == 2
    assert where.unit_at(3) is None
    assert where.row_at(0) is None
    assert where.row_at(9) is None
    part = plan(sides(3), 3, 2, 3, 3, 46, 5)
    assert part.unit_at(part.columns[1]) == 3


def test_a_long_text_is_shown_around_the_current_step() -> None:
    count = 10_000
    long = [Side(name, "", ["t"] * count, np.zeros((count, 2)), np.zeros(2)) for name in "ab"]
    rows = [(k, k) for k in range(count)]
    apart = [Amount("‖a−b‖", np.zeros(count + 1), (0, 1))]
    text = text_of(compare(long, rows, apart, 5000, 0, 60, 12, NONE))
    assert "▶  5000" in text
    where = plan(long, count, 1, count, 0, 60, 12)
    assert where.first + where.rows == count + 1


shapes = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda size: st.lists(numbers, min_size=size[0] * size[1], max_size=size[0] * size[1]).map(
        lambda values: np.array(values, np.float64).reshape(size)
    )
)


@many
@given(
    st.lists(st.tuples(shapes, labels, st.booleans()), min_size=2, max_size=3),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.lists(numbers, min_size=6, max_size=6),
    st.integers(0, 5),
    st.integers(0, 5),
    widths,
    heights,
    looks,
    numbers,
    st.booleans(),
)
def test_any_values_and_room(made, there, far, position, unit, columns, height, look, limit, focused):  # type: ignore[no-untyped-def]
    runs = [
        Side(name, token, [token] * len(values), values, values[0] if start else None)
        for name, (values, token, start) in zip("abc", made, strict=False)
    ]
    longest = max(len(run.tokens) for run in runs)
    rows = [tuple(k if k < len(run.tokens) and there[k] else None for run in runs) for k in range(longest)]
    values = np.array(far[: longest + 1])
    amounts = [Amount("‖a−b‖", values, (0, i), position) for i in range(1, len(runs))]
    even = len({run.values.shape[1] for run in runs}) == 1
    for difference in (False, True)[: 1 + even]:
        drawn = compare(
            runs,
            rows,
            amounts,
            min(position, longest),
            unit,
            columns,
            height,
            look,
            limit=limit,
            said=[made[0][1], "x"][: unit % 3],
            difference=difference,
            focused=focused,
        )
        check(drawn, columns, count=height)


@many
@given(
    st.lists(st.tuples(labels, st.tuples(numbers, numbers)), max_size=6),
    st.tuples(labels, st.one_of(st.none(), labels)),
    widths,
    heights,
    looks,
    st.lists(labels, max_size=3),
)
def test_any_labels_and_room(items, head, columns, height, look, said):  # type: ignore[no-untyped-def]
    check(beside(items, [head, head], columns, height, look, said=said), columns, count=height)
