"""Time against length: exact pictures, and something true of any values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.timing import Timed, duration, fitting, timing

NONE = Look("none")
ASCII = Look("none", ascii=True)
T = (64, 4096)
WORDS = ("g measures again", "7 passes")
NAN = math.nan

MEASURED = [
    Timed("RNN", [(2**k, 2**k * 1e-6) for k in range(6, 13)], 1.0, 1e-6, (0.9e-6, 1.25e-6), 4096),
    Timed("convolution", [(2**k, 2**k * 1e-7) for k in range(6, 13)], 0.9, 1e-7, (0.9e-7, 1.1e-7), 1),
]
UNKNOWN = [m._replace(points=[], slope=NAN, per_step=NAN, spread=(NAN, NAN)) for m in MEASURED]
BEGUN = [MEASURED[0]._replace(points=MEASURED[0].points[:1], slope=NAN), UNKNOWN[1]]

# Pictures keep their own lines.
# fmt: off


def test_before_anything_is_measured_it_says_which_key_measures(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(timing(UNKNOWN, T, 60, 7, NONE, words=("g measures", "nothing is known"))) == """
    |g measures · nothing is known
    |
    |steps one after another at T = 4096
    |RNN          █████████████████████████████████████████  4096
    |convolution  ▏········································     1
    |
    |
    """
    assert shown(timing(UNKNOWN, T, 60, 2, NONE, words=("g measures", "nothing is known"))) == """
    |g measures · nothing is known
    |
    """


def test_measured(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(timing(MEASURED, T, 78, 15, NONE, words=WORDS)) == """
    |seconds a forward pass, median
    |1e-2 ┤
    |     │                                   ⣀⣀○⣀⣀⣀⣀⠤⠤⠤⠤⠤○⠤⠔⠒⠒⠒⠒⠉⠉○  ○ RNN
    |     │                 ⣀⣀○⣀⡠⠤⠤⠤⠤⠒⠒○⠒⠊⠉⠉⠉⠉              ⢀⣀⣀⣀⣀⠤⠤●  ● convolution
    |1e-4 ┤○⣀⡠⠤⠤⠤⠤⠒⠒○⠒⠊⠉⠉⠉⠉⠉         ⣀⣀●⣀⡠⠤⠤⠤⠤⠒⠒●⠒⠒⠒⠒⠉⠉⠉⠉⠉●⠉⠁
    |     │       ⣀⣀●⣀⡠⠤⠤⠤⠤⠤⠒⠒●⠒⠊⠉⠉⠉⠉
    |     │●⠒⠊⠉⠉⠉⠉
    |     └┬────────┬─────────┬────────┬────────┬─────────┬────────┬
    |     64       128       256      512     1024      2048     4096      T, steps
    |○ RNN  twice T: 2.0 times as long  (slope 1.00)  1 µs a step
    |● convolution  twice T: 1.9 times as long  (slope 0.90)  100 ns a step
    |steps one after another at T = 4096
    |RNN          ███████████████████████████████████████████████████████████  4096
    |convolution  ▏··························································     1
    |g measures again · 7 passes
    """
    assert shown(timing(MEASURED, T, 78, 15, ASCII, words=WORDS)) == """
    |seconds a forward pass, median
    |1e-2 +
    |     |                                     o.........o........o  o RNN
    |     |                 ..o........o........           ........x  x convolution
    |1e-4 +o........o.......          .x........x.........x
    |     |      ...x.........x.......
    |     |x.....
    |     ++--------+---------+--------+--------+---------+--------+
    |     64       128       256      512     1024      2048     4096      T, steps
    |o RNN  twice T: 2.0 times as long  (slope 1.00)  1 us a step
    |x convolution  twice T: 1.9 times as long  (slope 0.90)  100 ns a step
    |steps one after another at T = 4096
    |RNN          ###########################################################  4096
    |convolution  -..........................................................     1
    |g measures again - 7 passes
    """
    assert shown(timing(MEASURED, T, 58, 9, NONE, words=WORDS)) == """
    |seconds a forward pass, median
    |1e-2 ┤                     ⢀⣀⣀○⣀⣀⣀⣀⣀○⣀⣀⠤⠤⠤○  ○ RNN
    |1e-4 ┤○⠤⠤⢔⣒⣒○⣒⣒⣒⣒⣒○⣒⣒⠭⠭⠭○⠭⠭⠕⠒⠒●⠒⠒⠒⠒⠒●⠒⠒⠉⠉⠉●  ● convolution
    |1e-6 ┤●⠉⠉⠁
    |     └┬───────────┬───────────┬───────────┬
    |     64          256        1024        4096      T, steps
    |○ RNN  twice T: 2.0 times as long  (slope 1.00)
    |● convolution  twice T: 1.9 times as long  (slope 0.90)
    |g measures again · 7 passes
    """


def test_the_first_point_alone(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(timing(BEGUN, T, 60, 10, NONE, words=WORDS)) == """
    |seconds a forward pass, median
    |1e-4 ┤○                                        ● convolution
    |     │                                         ○ RNN
    |1e-5 ┤
    |     │
    |     └┬────────────┬───────────┬────────────┬
    |     64           256        1024         4096      T, steps
    |○ RNN  1 µs a step  (quartiles 900 ns, 1.25 µs)
    |● convolution
    |g measures again · 7 passes
    """


def test_a_clock_that_saw_nothing_is_an_underflow(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(timing([MEASURED[0]._replace(points=[(64, 0.0), (128, 1e-3)])], T, 60, 9, NONE, words=WORDS)) == """
    |seconds a forward pass, median                   ▽ underflow
    |1e-3 ┤        ○                                        ○ RNN
    |     │
    |1e-4 ┤
    |   0 ┤▽
    |     └┬──────────────┬───────────────┬──────────────┬
    |     64             256  T, steps  1024           4096
    |○ RNN  twice T: 2.0 times as long  (slope 1.00)  1 µs a step
    |g measures again · 7 passes
    """


# fmt: on


def test_a_sentence_is_never_cut_in_a_part() -> None:
    for width in range(1, 120):
        rows = text_of(timing(MEASURED, T, width, 15, NONE, words=WORDS)).split("\n")
        for row in rows:
            assert "slope" not in row or "(slope 1.00)" in row or "(slope 0.90)" in row
            assert "quartiles" not in row or row.rstrip().endswith(")")


def test_what_there_is_no_room_for_is_given_up_from_the_end() -> None:
    def text(height: int) -> str:
        return text_of(timing(MEASURED, T, 78, height, NONE, words=WORDS))

    assert "one after another" in text(12)
    assert "one after another" not in text(11)
    assert "twice T" in text(9)
    assert "twice T" not in text(7)
    assert "g measures again" in text(2)


def test_the_lines_are_told_apart_by_marker_name_and_colour() -> None:
    rows = timing(MEASURED, T, 78, 15, Look(), words=WORDS)
    sentences = [row for row in rows if "twice T" in text_of([row])]
    assert [row[0].text for row in sentences] == ["○ RNN  ", "● convolution  "]
    assert len({row[0].style for row in sentences}) == 2


def test_what_doubling_costs() -> None:
    for slope, said in ((0.0, "1.0"), (1.0, "2.0"), (2.0, "4.0"), (-1.0, "0.5")):
        rows = timing([MEASURED[0]._replace(slope=slope)], T, 78, 15, NONE, words=WORDS)
        assert f"twice T: {said} times as long  (slope {slope:.2f})" in text_of(rows)


def test_a_duration() -> None:
    said = {2.0: "2 s", 0.0123: "12.3 ms", 1.25e-6: "1.25 µs", 9e-8: "90 ns", 0.0: "0 ns", math.inf: "∞"}
    assert {seconds: duration(seconds) for seconds in said} == said
    assert duration(1e-6, ascii=True) == "1 us"
    assert duration(NAN) == "NaN"


def test_as_many_parts_as_fit_whole() -> None:
    assert fitting(["one", "two"], 7, " ") == "one two"
    assert fitting(["one", "two"], 6, " ") == "one"
    assert fitting(["永远", "b"], 4, " ") == "永远"
    assert fitting(["one"], 2, " ") == ""


timed = st.builds(
    Timed,
    labels,
    st.lists(st.tuples(st.integers(-2, 70_000), numbers), max_size=9),
    numbers,
    numbers,
    st.tuples(numbers, numbers),
    st.integers(0, 70_000),
)


@many
@given(
    st.lists(timed, max_size=3),
    st.tuples(st.integers(0, 70_000), st.integers(0, 70_000)),
    widths,
    heights,
    looks,
    st.lists(labels, max_size=3),
)
def test_any_values(networks, lengths, columns, rows, look, words):  # type: ignore[no-untyped-def]
    check(timing(networks, lengths, columns, rows, look, words=words), columns, count=rows)


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
def test_ascii_means_ascii(look: Look) -> None:
    for networks in (MEASURED, UNKNOWN, BEGUN):
        assert text_of(timing(networks, T, 78, 15, look, words=WORDS)).isascii() == look.ascii
