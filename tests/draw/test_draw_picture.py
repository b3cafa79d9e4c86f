"""An image, what convolutions make of it and its caption: exact pictures, and any input at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.picture import Written, grey, lay_out, picture, probability, step_at
from tutor.draw.palettes import BACKGROUND, color, contrast

NONE, ASCII = Look("none"), Look("none", True)

IMAGE = np.zeros((4, 4))
IMAGE[1] = 1.0
IMAGE[2, 1] = 1.0
IMAGE[3, 3] = 0.6
PLANES = np.zeros((2, 4, 4))
PLANES[0, 1] = 1.0
PLANES[1, 2] = -0.5
KERNELS = np.array([np.eye(3), -np.eye(3)])
WORDS = [
    Written("a", 0.9, (("the", 0.05), ("one", 0.03)), (0.5, -0.5)),
    Written("ring", 0.5, (("line", 0.4),), (1.0, 0.0)),
    Written("<end>", 1.0, (), (0.0, 0.0)),
]
H_0 = (1.0, -1.0)


def drawn(width, height, look, *, position=3, truth=("a", "ring"), image=IMAGE, kernels=None, words=WORDS, **how):  # type: ignore[no-untyped-def]
    return picture(image, "responses", PLANES, kernels, H_0, words, truth, position, width, height, look, **how)


def test_the_whole_picture(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(60, 16, NONE))
        == """
    | image     responses, 2 of 2, at most 1
    | ········  ········ ········
    | ████████  ████████ ········
    | ··██····  ········ --------
    | ······▒▒  ········ ········
    |     h₀ of the image   ██≡≡
    |   1 a     0.90 █████▍ ▒▒--
    |   2 ring  0.50 ███    ██··
    |▸  3 <end> 1.00 ██████ ····
    |
    |nothing else could be
    |✓ it shows a ring
    |
    |
    |
    |
    """
    )


def test_a_word_is_written_a_step_in_ascii_too(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(60, 16, ASCII, position=2, cursor=(2, 1)))
        == """
    |   v       responses, 2 of 2, at most 1
    | ........  ........ ........
    | ########  ######## ........
    |>..[#....  ........ --------
    | ......++  ........ ........
    |     h0 of the image   ##~~
    |   1 a     0.90 #####  ++--
    |>  2 ring  0.50 ###    ##..
    |   3
    |
    |or line 0.40
    |
    |
    |
    |
    |
    """
    )


def test_in_less_room_two_pixels_share_a_cell(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(60, 6, NONE, truth=("a", "line"), cursor=(2, 1)))
        == """
    |  ▾    responses, 2 of 2, at most 1
    | ▄▄▄▄  ████ ····
    |▀·▀·▄  ···· ----
    |a    ring <end>  ✗ it shows a line
    |0.90 0.50 1.00   nothing else could be
    |h₀ █≡  h₃ ··
    """
    )
    assert (
        shown(drawn(40, 6, ASCII, position=1, cursor=(1, 1)))
        == """
    |  v    responses, 2 of 2, at most 1
    |_____  #### ....
    | ."._  .... ----
    |a
    |0.90  or the 0.05, one 0.03
    |h0 #~  h1 +-
    """
    )


def test_in_the_least_room_the_words_stay(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(40, 3, NONE, position=0))
        == """
    | ima…  Nothing is written yet: step, an…
    | ▄▄▄▄   nothing yet
    | ·▀·▄  h₀ █≡
    """
    )
    assert (
        shown(drawn(12, 2, NONE))
        == """
    |ring <end>
    |0.50 1.00
    """
    )


def test_the_sentence_that_was_never_written() -> None:
    assert "It writes nothing." in text_of(drawn(60, 6, NONE, words=[], position=0, truth=None))


def test_the_truth_is_told_after_the_last_word_and_not_before() -> None:
    assert "it shows" not in text_of(drawn(60, 16, NONE, position=2))
    assert "✗ it shows a line" in text_of(drawn(60, 16, NONE, truth=("a", "line")))
    assert "✗ it shows a ring there" in text_of(drawn(60, 16, NONE, truth=("a", "ring", "there")))
    assert "✗ it shows a" in text_of(drawn(60, 16, NONE, truth=("a",)))
    assert "No one has said" in text_of(drawn(60, 16, NONE, truth=None))
    right, wrong = drawn(60, 16, Look())[11], drawn(60, 16, Look(), truth=("a",))[11]
    assert (right[0].style, wrong[0].style) == (Look().good, Look().bad)


def test_kernels_stand_above_their_responses_where_there_is_room(shown) -> None:  # type: ignore[no-untyped-def]
    image, planes = np.zeros((8, 8)), np.ones((2, 8, 8))
    rows = picture(image, "responses", planes, KERNELS, H_0, WORDS, None, 3, 40, 20, NONE)
    assert (
        shown(rows[:9])
        == """
    | image             responses, 2 of 2
    | ················  ██·      ≡≡·
    | ················  ··█      ··≡
    | ················  ████████ ████████
    | ················  ████████ ████████
    | ················  ████████ ████████
    | ················  ████████ ████████
    | ················
    | ················
    """
    )


def test_what_has_no_room_is_said(shown) -> None:  # type: ignore[no-untyped-def]
    rows = picture(np.zeros((12, 12)), "maps", np.zeros((8, 12, 12)), None, H_0, WORDS, None, 3, 58, 7, NONE)
    assert "maps: no room for 12 × 12" in text_of(rows)
    rows = picture(np.zeros((12, 12)), "maps", np.zeros((8, 12, 12)), None, H_0, WORDS, None, 3, 78, 10, NONE)
    assert "maps, 4 of 8, at most 0" in text_of(rows)


def test_grey_reads_on_both_themes() -> None:
    for depth in ("truecolor", "256"):
        for dark in (True, False):
            look = Look(depth, False, dark)
            paper, ink = grey(0, look), grey(20, look)
            assert contrast(paper, ink) > 10
            assert contrast(ink, BACKGROUND[dark]) > 10
            steps = [contrast(grey(level, look), BACKGROUND[dark]) for level in range(21)]
            assert steps == sorted(steps)
            # The paper is not the screen's own background: the image has an edge.
            assert paper != BACKGROUND[dark]


def test_half_blocks_hold_the_upper_and_the_lower_pixel() -> None:
    look = Look()
    image = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.0], [2.0, -1.0]])
    rows = picture(image, "s", PLANES, None, H_0, WORDS, None, 3, 60, 6, look)
    (first, second), (third, fourth) = rows[1][1:3], rows[2][1:3]
    assert (first.text, first.style.color, first.style.background) == ("▀", grey(20, look), grey(0, look))
    assert (second.style.color, second.style.background) == (grey(0, look), grey(20, look))
    # What is beyond ink is ink.
    assert (third.style.color, third.style.background) == (grey(10, look), grey(20, look))
    assert (fourth.style.color, fourth.style.background) == (grey(0, look), grey(0, look))


def test_planes_are_signed_and_on_one_scale() -> None:
    look = Look()
    planes = np.array([[[2.0], [-1.0]], [[1.0], [0.0]]])
    rows = picture(np.zeros((4, 4)), "s", planes, None, H_0, WORDS, None, 3, 60, 6, look)
    assert "at most 2" in text_of(rows)
    cells = [style for text, style in rows[1] if text == "  " and style.background]
    assert [style.background for style in cells[:2]] == [color(1.0, look), color(0.5, look)]
    assert next(s.background for t, s in rows[2] if t == "  " and s.background) == color(-0.5, look)


def test_the_cursor_is_in_the_image_and_at_its_border() -> None:
    for look in (Look(), Look("256"), NONE, ASCII):
        for height in (16, 6):
            plain, marked = drawn(60, height, look), drawn(60, height, look, cursor=(2, 1))
            changed = [y for y, (a, b) in enumerate(zip(plain, marked, strict=True)) if a != b]
            assert changed == ([0, 3] if height == 16 else [0, 2])
        assert text_of(drawn(60, 6, look, cursor=(3, 1)))[0] == " "
    low = drawn(60, 6, Look(), cursor=(3, 1))[2]
    assert low[0].text == "▄"
    assert low[0].style.color == Look().accent.color


def test_pixels_under_the_mouse() -> None:
    large = lay_out((4, 4), 60, 16)
    assert large.scale == 2
    assert large.pixels(1, 1, (4, 4)) == large.pixels(2, 1, (4, 4)) == [(0, 0)]
    assert large.pixels(8, 4, (4, 4)) == [(3, 3)]
    assert large.pixels(0, 1, (4, 4)) == large.pixels(9, 1, (4, 4)) == large.pixels(1, 5, (4, 4)) == []
    small = lay_out((5, 4), 60, 7)
    assert small.scale == 1
    # Where the terminal does not say which half, the whole cell is meant.
    assert small.pixels(1, 1, (5, 4)) == [(0, 0), (1, 0)]
    assert small.pixels(1.5, 1.2, (5, 4)) == [(0, 0)]
    assert small.pixels(1.5, 1.7, (5, 4)) == [(1, 0)]
    assert small.pixels(4, 3, (5, 4)) == [(4, 3)]


def test_words_under_the_mouse() -> None:
    box = lay_out((4, 4), 60, 16).caption
    assert [step_at(WORDS, 3, box, 4, box.top + y) for y in range(6)] == [0, 1, 2, 3, None, None]
    line = lay_out((4, 4), 60, 6).caption
    assert [step_at(WORDS, 3, line, x, line.top) for x in (0, 4, 5, 10, 14, 15)] == [1, None, 2, 3, 3, None]
    assert step_at(WORDS, 3, line, 5, line.top + 1) == 2
    assert step_at(WORDS, 3, line, 5, line.top + 2) is None
    assert step_at(WORDS, 3, line, 5, line.top - 1) is None


def test_states_beyond_one_have_a_scale_that_is_said() -> None:
    state = tuple(float(i) for i in range(-9, 10))
    words = [Written("a", 1.0, (), state)]
    look = Look()
    for height in (20, 7):
        rows = picture(IMAGE, "s", PLANES, None, state, words, None, 1, 78, height, look)
        said = text_of(rows)
        assert "±5 full" in said
        assert " full" not in text_of(drawn(78, height, look))
        backs = {style.background for row in rows for _text, style in row}
        assert {color(1.0, look), color(4 / 5, look), color(-1.0, look)} <= backs
    # One value far from all others does not pale them.
    far = (*([0.5] * 30), 1000.0)
    rows = picture(IMAGE, "s", PLANES, None, far, [Written("a", 1.0, (), far)], None, 1, 78, 20, look)
    assert " full" not in text_of(rows)
    assert color(0.5, look) in {style.background for row in rows for _text, style in row}
    assert "+-5 full" in text_of(picture(IMAGE, "s", PLANES, None, state, words, None, 1, 78, 20, ASCII))


def test_a_long_caption_is_shown_around_its_step() -> None:
    words = [Written(f"w{i}", 0.5, (), (0.0,)) for i in range(24)]
    table = text_of(drawn(60, 20, NONE, words=words, position=12))
    assert "w11" in table
    assert "12 w11" in table
    assert "w0 " not in table
    line = text_of(drawn(40, 6, NONE, words=words, position=12))
    assert line.split("\n")[3].split()[-1] == "w11"


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "1.00"),
        (0.999, ">.99"),
        (0.5, "0.50"),
        (0.004, "<.01"),
        (0.0, "0.00"),
        (math.nan, "NaN"),
        (1.5, "?"),
        (-0.1, "?"),
    ],
)
def test_probability(p: float, said: str) -> None:
    assert probability(p) == said


def test_what_is_no_number_is_named() -> None:
    image = IMAGE.copy()
    image[0, 0] = math.nan
    for height in (16, 6):
        rows = text_of(drawn(60, height, NONE, image=image))
        assert "NaN" in rows
        assert "?" in rows
    planes = PLANES.copy()
    planes[0, 0, 0] = math.inf
    rows = text_of(picture(IMAGE, "s", planes, None, H_0, WORDS, None, 3, 60, 16, NONE))
    assert "not all of it numbers" in rows


pictures = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(lambda s: arrays(np.float64, s, elements=numbers))
planes_ = st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 8)).flatmap(
    lambda s: arrays(np.float64, s, elements=numbers, fill=numbers)
)
written = st.lists(
    st.builds(
        Written, labels, numbers, st.lists(st.tuples(labels, numbers), max_size=3), st.lists(numbers, max_size=9)
    ),
    max_size=9,
)


@many
@given(
    pictures,
    labels,
    planes_,
    st.booleans(),
    st.lists(numbers, max_size=9),
    written,
    st.one_of(st.none(), st.lists(labels, max_size=4)),
    st.integers(-1, 10),
    widths,
    heights,
    looks,
    st.booleans(),
)
def test_any_input(image, name, planes, above, h_0, words, truth, position, columns, rows, look, focused):  # type: ignore[no-untyped-def]
    kernels = np.ones((len(planes), 3, 3)) if above else None
    cursor = (image.shape[0] - 1, image.shape[1] - 1) if focused else None
    args = (image, name, planes, kernels, h_0, words, truth, position, columns, rows, look)
    check(picture(*args, cursor=cursor), columns, count=rows)
    layout = lay_out(image.shape, columns, rows)
    for y in range(rows):
        for pixel in layout.pixels(columns // 3, y, image.shape):
            assert 0 <= pixel[0] < image.shape[0]
            assert 0 <= pixel[1] < image.shape[1]


@many
@given(pictures, planes_, st.integers(0, 3), widths, heights, st.sampled_from(["none", "256"]), st.booleans())
def test_ascii_is_ascii(image, planes, position, columns, rows, depth, focused) -> None:  # type: ignore[no-untyped-def]
    cursor = (0, 0) if focused else None
    look = Look(depth, True)
    found = picture(image, "s", planes, None, H_0, WORDS, ("a",), position, columns, rows, look, cursor=cursor)
    assert text_of(found).isascii()
