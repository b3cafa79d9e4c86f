"""Days measured and forecast: what is drawn, and that it is true of any values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.series import Reading, Scene, series, x_at

NONE = Look("none")
ASCII = Look("none", ascii=True)
NAN = math.nan

WAVE = [10 + 6 * math.sin(0.5 * day) for day in range(24)]
LATE = [NAN, *WAVE[:-1]]
NEAR = [NAN, NAN, *(value + 0.4 for value in WAVE[2:])]


def days(**changes: object) -> Scene:
    readings = (
        Reading("measured", WAVE, measured=True),
        Reading("network", NEAR, error=0.4, spread=(0.3, 0.5)),
        Reading("last value", LATE, error=1.85, shown=False, spread=(1.0, 2.75)),
    )
    whole = Scene(readings, 40, 52, "mm", "day", "day 52", "mean |error|, mm", "held out from 48 on", (), 48)
    return whole._replace(**changes)


def distances(**changes: object) -> Scene:
    readings = (Reading("network", (0.4, 0.9, 1.5), error=0.9), Reading("last value", (1.85, 3.6, 5.0), error=3.6))
    label = "mean |error|, mm"
    whole = Scene(readings, 1, 2, "error", "steps ahead", "2 ahead", label, "24 days", zero=True, apart=False)
    return whole._replace(**changes)


# Pictures keep their own lines.
# fmt: off


def test_days(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(series(days(), 60, 16, NONE)) == """
    |mm                                       held out from 48 on
    |20 ┤                 ┊           │
    |   │       ⣀⡀        ┊           │       ⢀○
    |15 ┤   ⢀⠤▲⠉⠉⠉⠛○⢤⡀    ┊           │   ▲⠤⠊⠉⠉⠉⠛⠳⢦⡀
    |   │ ⡠⠊⠁        ⠙⢆   ┊           │ ⡠⠊         ⠙⢦⡀
    |10 ┤⠔⠁            ⠑⠦⣀┊           ⢀⠎             ⠑⢄⡀
    |   │                ⠈⠳⣄       ⢀⡠⠒⠁                ⠉⠲▲
    | 5 ┤                 ┊⠈▲⠶⢦⣤⣤○⠞⠁  │                  ⠈⠙⠶⠦⣤○⠴○
    |   │                 ┊           │
    | 0 ┤                 ┊           │
    |   └┬───────────┬───────────┬───────────┬───────────┬───────
    |   40          45          50          55          60    day
    |day 52                    off  mean |error|, mm  half within
    |▲ measured       8.32
    |○ network        8.72   +0.40  ██▏·······  0.40  0.30 … 0.50
    |● last value     5.77   -2.56  ██████████  1.85  1.00 … 2.75
    """
    assert shown(series(days(), 58, 8, NONE)) == """
    |mm          held out from 48 on  day 52
    |20 ┤        ┊     │              ▲ measured    8.32
    |   │ ⡠⠚⠛⠓▲⣄ ┊     │⢀⠤▲⠫⢦⡀        ○ network     8.72  +0.40
    |10 ┤⠜     ⠈⠢⡀     ⡰⠁    ⠙○⡀      ● last value  5.77  -2.56
    |   │        ⠈○⠤⠤⠊⠉│       ⠈⠙⠦⠤▲  mean |error|, mm
    | 0 ┤        ┊     │              ○  ███▌············  0.40
    |   └┬──────────┬───────────┬───  ●  ████████████████  1.85
    |   40         50   day    60
    """
    assert shown(series(days(), 58, 9, ASCII)) == """
    |mm          held out from 48 on  day 52
    |   |  @o@o  :     |  o@o         @ measured    8.32
    |   | @    @ :     |o@  @@        o network     8.72  +0.40
    |10 +@      o:     o@     oo      x last value  5.77  -2.56
    |   |        @o  @o@       @oo o  mean |error|, mm
    |   |        : @o  |         @o@  o  ###.............  0.40
    | 0 +        :     |              x  ################  1.85
    |   ++----------+-----------+---
    |   40         50   day    60
    """
    assert shown(series(days(), 36, 6, NONE)) == """
    |mm               held out from 48 on
    |20 ┤          ┊     │
    |   │⢀⠤⠊⠉▲⠉⠑⠢○ ┊     │⡠⡤⠊○⠉⠉⠳⠤⡀
    |   │⠁       ⠈⠒⠤⠤⣀⣀⠤⠴▲⠉       ⠈⠉⠢▲⣄⣠○
    | 0 ┤          ┊     │
    |day 52  ▲ 8.32  ○ 8.72  ● 5.77
    """


def test_errors_by_distance(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(series(distances(), 60, 9, NONE)) == """
    |error                     24 days  2 ahead
    |  │              │          ⣀⣀⡠⠤●  mean |error|, mm
    |4 ┤             ⢀●⡠⠤⠤⠤⠒⠒⠊⠉⠉⠉       ○ network     █▎···  0.90
    |  │     ⢀⣀⠤⠤⠔⠒⠉⠉⠁│                 ● last value  █████  3.60
    |2 ┤●⠔⠒⠉⠉⠁        │
    |  │    ⣀⣀⣀⣀⣀⣀⡠⠤⠤⠤○⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠊⠉⠉⠉○
    |0 ┤○⠉⠉⠉          │
    |  └┬─────────────┬──────────────┬
    |   1        steps ahead         3
    """
    assert shown(series(distances(), 50, 15, ASCII)) == """
    |error                                      24 days
    |  |                       |                      x
    |  |                       |            ..........
    |4 +                       | ...........
    |  |                .......x.
    |  |       .........       |
    |2 +x......                |
    |  |                       |   ...................o
    |  |o......................o...
    |0 +                       |
    |  ++----------------------+----------------------+
    |   1                      2     steps ahead      3
    |2 ahead        mean |error|, mm
    |o network      #######......................  0.90
    |x last value   #############################  3.60
    """


def test_a_missing_value_is_a_gap_and_said(shown) -> None:  # type: ignore[no-untyped-def]
    broken = [NAN if 8 <= day < 12 else value for day, value in enumerate(WAVE)]
    alone = days(readings=(Reading("measured", broken, measured=True),), note="", boundary=None)
    assert shown(series(alone, 40, 7, NONE)) == """
    |mm                  4 values are missing
    |20 ┤                  │
    |   │  ⡠⠒⠒⠒⠢⠤⡀         │ ⢀⠤⠔⠒⠒⠤⢄
    |10 ┤⠔⠉      ⠈⠢⠤⡀      ⡠⠔⠁      ⠉⠢⢄
    |   │                  │           ⠉⠢⠤⠤⠤▲
    | 0 ┤                  │
    |day 52  ▲ 8.32
    """
    assert shown(series(alone, 40, 7, ASCII)) == """
    |mm                  4 values are missing
    |20 +                  |
    |   |  @@@@@@@         |  @@@@@@
    |10 +@@       @@@      @@@      @@@
    |   |                  |           @@@@@@
    | 0 +                  |
    |day 52  @ 8.32
    """


def test_one_value_a_constant_and_none(shown) -> None:  # type: ignore[no-untyped-def]
    bare = {"first": 0, "cursor": 0, "said": "day 0", "note": "", "boundary": None}
    one = days(readings=(Reading("measured", [3.0], measured=True),), **bare)
    assert shown(series(one, 36, 5, NONE)) == """
    |mm
    |5 ┤│
    |  │▲
    |0 ┤│
    |day 0  ▲ 3.00
    """
    flat = days(readings=(Reading("measured", [3.0] * 9, measured=True),), **bare)
    assert shown(series(flat, 36, 5, NONE)) == """
    |mm
    |5 ┤│
    |  │▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲⠒⠒⠒▲
    |0 ┤│
    |day 0  ▲ 3.00
    """
    none = days(readings=(Reading("measured", [], measured=True),), **bare)
    assert shown(series(none, 36, 3, NONE)) == """
    |There is nothing to draw.
    |day 0  ▲ –
    |
    """


# fmt: on


def test_days_have_their_names_when_they_are_known() -> None:
    names = [f"2015-01-{day + 1:02}" for day in range(24)]
    axis = text_of(series(days(names=names), 70, 16, NONE)).split("\n")[11]
    assert axis.split()[0] == "2015-01-01"
    assert [label for label in axis.split() if label not in names] == ["day"]
    assert len(axis.split()) >= 4


def test_a_forecast_that_is_not_drawn_is_in_the_table() -> None:
    text = text_of(series(days(), 60, 16, NONE))
    row = next(line for line in text.split("\n") if "last value" in line)
    here, truth = LATE[12], WAVE[12]
    assert row.split()[3:5] == [f"{here:.2f}", f"{here - truth:+.2f}"]
    assert "1.85" in row
    assert "1.00 … 2.75" in row
    assert "●" not in text.replace(row, "")
    assert "●" in text_of(
        series(days(readings=(*days().readings[:2], days().readings[2]._replace(shown=True))), 60, 16, NONE)
    ).replace(row, "")


def test_what_is_not_known_has_a_dash() -> None:
    first = days(cursor=40, said="day 40")
    row = next(line for line in text_of(series(first, 60, 16, NONE)).split("\n") if "network" in line)
    assert row.split()[2:4] == ["–", "–"]
    assert row.split()[-1] == "0.50"
    assert text_of(series(first, 60, 16, ASCII)).isascii()


def test_in_a_narrow_table_the_numbers_are_whole() -> None:
    wide, narrow = (text_of(series(days(cursor=50), width, 20, NONE)).split("\n")[-3:] for width in (60, 26))
    for whole, cut in zip(wide, narrow, strict=True):
        numbers = [word for word in whole.split() if word[-1].isdigit()]
        numbers = numbers[: 2 if numbers[1:] and numbers[1][0] in "+-" else 1]
        assert cut.split()[-len(numbers) :] == numbers
    assert "off" in text_of(series(days(), 26, 20, NONE))


def test_the_boundary_stands_before_the_first_day_that_was_held_out() -> None:
    rows = text_of(series(days(boundary=48, cursor=41), 60, 16, NONE)).split("\n")
    column = rows[1].index("┊")
    assert x_at(days(), column, 3, 60, 16, NONE) in (47, 48)
    for outside in (40, 64, 70, None):
        assert "┊" not in text_of(series(days(boundary=outside), 60, 16, NONE)).split("\n", 1)[1]


def test_the_cursor_stands_on_its_day() -> None:
    for cursor in (41, 47, 55, 62):
        rows = text_of(series(days(cursor=cursor, boundary=None), 60, 16, NONE)).split("\n")
        columns = [row.index("│", 5) for row in rows[1:11] if "│" in row[5:]]
        assert len(set(columns)) == 1
        assert x_at(days(), columns[0], 3, 60, 16, NONE) == cursor
    assert x_at(days(), 0, 3, 60, 16, NONE) is None
    assert x_at(days(), 30, 14, 60, 16, NONE) is None
    assert x_at(days(), 57, 3, 58, 8, NONE) is None
    assert x_at(days(readings=()), 10, 3, 60, 16, NONE) is None
    for edge, day in ((5, 40), (59, 63)):
        assert x_at(days(), edge, 3, 60, 16, NONE) == day


def test_the_focus_is_a_brighter_cursor() -> None:
    look = Look()
    for focused in (False, True):
        rows = series(days(), 60, 16, look, focused=focused)
        styles = {style for row in rows[1:11] for text, style in row[1:] if text.strip() == "│"}
        assert styles == {look.accent._replace(bold=focused)}


def test_errors_start_at_zero_and_levels_need_not() -> None:
    high = tuple(Reading("network", (90.0, 95.0, 99.0), error=90.0) for _ in range(1))
    assert "\n   0 ┤" in text_of(series(distances(readings=high), 60, 15, NONE)).replace(" 0 ┤", "  0 ┤")[:2000]
    level = text_of(series(days(readings=(Reading("measured", [90.0, 95.0, 99.0] * 8, measured=True),)), 60, 15, NONE))
    assert " 0 ┤" not in level


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1.7e308])
def test_what_has_no_place_is_counted(value: float) -> None:
    broken = days(readings=(Reading("measured", [1.0, value, 2.0] * 8, measured=True),))
    assert "8 values are missing" in text_of(series(broken, 76, 16, NONE))
    once = days(readings=(Reading("measured", [1.0] * 23 + [value], measured=True),))
    assert "1 value is missing" in text_of(series(once, 76, 16, NONE))


readings = st.lists(
    st.builds(
        Reading,
        labels,
        st.lists(numbers, max_size=20),
        st.booleans(),
        st.one_of(st.none(), numbers),
        st.booleans(),
        st.one_of(st.none(), st.tuples(numbers, numbers)),
    ),
    max_size=5,
)


@many
@given(readings, st.data(), widths, heights, looks)
def test_any_series(found, data, width, height, look) -> None:  # type: ignore[no-untyped-def]
    most = max((len(one.values) for one in found), default=0)
    words = [data.draw(labels) for _ in range(5)]
    scene = Scene(
        found,
        data.draw(st.integers(0, 100_000)),
        data.draw(st.integers(-3, 100_030)),
        *words,
        names=[f"day{i}" for i in range(most)] if data.draw(st.booleans()) else (),
        boundary=data.draw(st.one_of(st.none(), st.integers(0, 100_020))),
        zero=data.draw(st.booleans()),
        apart=data.draw(st.booleans()),
    )
    drawn = series(scene, width, height, look, focused=data.draw(st.booleans()))
    check(drawn, width, count=height)
    said = "".join([*words, *(one.name for one in found)])
    if look.ascii and said.isascii() and said.isprintable():
        assert text_of(drawn).isascii()
    hit = x_at(scene, data.draw(st.integers(-2, 130)), data.draw(st.integers(-2, 30)), width, height, look)
    assert hit is None or scene.first <= hit < scene.first + most
