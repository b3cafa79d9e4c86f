"""A text with its weights: exact pictures, and any text, any numbers at any size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw import palettes
from tutor.draw.cells import Look, Row, text_of
from tutor.draw.figures.attribution import Method, Score, Weights, attribution, lay_out, share

TOKENS = ["the", "movie", "was", "not", "very", "good"]
WEIGHTS = Weights((-0.1, 0.02, 0.0, -0.8, 0.3, 0.4), 5, 0.8, (3, 4, 0), 0.9)
SCORE = Score("bad", 1.234, 0.77, False, 1, 2)
PRODUCT = Method("gradient × input", True)


def drawn(
    width: int = 60,
    height: int = 8,
    look: Look = Look(),  # noqa: B008
    *,
    tokens: list[str] = TOKENS,
    weights: Weights | None = WEIGHTS,
    position: int = 5,
    cursor: int = 3,
    score: Score | None = SCORE,
    method: Method = PRODUCT,
    characters: bool = False,
    focused: bool = False,
    note: str = "",
) -> list[Row]:
    return attribution(
        tokens,
        weights,
        position,
        cursor,
        width,
        height,
        look,
        score=score,
        method=method,
        characters=characters,
        focused=focused,
        note=note,
    )


def test_the_whole_picture(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn())
        == """
    |score of “bad”: +1.23, p 0.77               gradient × input
    |the  movie was  not  very good
    |-.12 +.02  .00  -1.0 +.37
    |
    |gradient × input, deletion: ρ = +0.90 (1: the same order)
    |“not” (token 4): -0.8, the largest
    |1.0 stands for 0.8, the largest: “not”, then “very”, “the”
    |
    """
    )


def test_without_colours_in_ascii_signs_and_sizes_stay(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(40, 7, Look("none", True)))
        == """
    |"bad": +1.23            gradient x input
    | the  movie  was   not  very  good
    |.-.12 .+.02 ..00  ~-1.0 :+.37
    |
    |order as by deletion: rho = +0.90
    |"not" (token 4): -0.8, the largest
    |
    """
    )


def test_without_room_for_numbers_there_are_signs_and_the_cursor_has_its_number(shown) -> None:  # type: ignore[no-untyped-def]
    weights = Weights(WEIGHTS.values * 9, 50, 0.8, (3,), 0.1)
    assert (
        shown(drawn(40, 6, tokens=TOKENS * 9, weights=weights, position=50, cursor=49))
        == """
    |“bad”: +1.23            gradient × input
    |the movie was not very good            …
    |··· +.02
    |
    |order as by deletion: ρ = +0.10
    |“movie”: +0.02
    """
    )
    assert (
        shown(drawn(40, 10, tokens=TOKENS * 9, weights=weights, position=50, cursor=46)[1:7])
        == """
    |was not very good the movie was not    …
    |··· ≡≡≡ ░░░░ ▒▒▒▒ ··· ····· ··· ≡≡≡
    |very good the movie was not very good
    |░░░░ ▒▒▒▒ ··· ····· ··· ≡≡≡ +.37 ▒▒▒▒
    |the movie was not very good
    |··· ·····
    """
    )


def test_characters_stand_side_by_side_and_a_space_is_seen() -> None:
    weights = Weights([0.1] * 14, 14, 0.1, (0,), None)
    rows = drawn(30, 6, tokens=list("never too late"), weights=weights, position=14, cursor=13, characters=True)
    assert text_of(rows[1:3]) == "never␣too␣late\n██████████████"
    ascii_ = drawn(30, 6, Look(ascii=True), tokens=list("to be"), weights=None, characters=True)
    assert "to_be" in text_of(ascii_).replace(" ", "")


def test_colours_are_of_the_share_and_what_is_not_seen_is_dim() -> None:
    look = Look()
    row = {span.text.strip(): span.style for span in drawn()[1] if span.text.strip()}
    assert row["not"].background == palettes.color(-1.0, look)
    assert row["very"].background == palettes.color(0.375, look)
    assert row["was"].background == palettes.color(0.0, look)
    assert row["good"] == look.muted
    assert row["not"].bold
    assert not row["the"].bold


def test_the_focus_underlines_the_cursor() -> None:
    for look in (Look(), Look("none")):
        for focused in (False, True):
            row = {span.text.strip(): span.style for span in drawn(look=look, focused=focused)[1]}
            assert row["not"].underline is focused
            assert not row["the"].underline


def test_norms_have_no_sign() -> None:
    weights = Weights((0.1, 0.4), 2, 0.4, (1, 0), 0.5)
    rows = drawn(tokens=["a", "b"], weights=weights, method=Method("‖gradient‖", False), cursor=1)
    assert text_of(rows[2:3]).split() == [".25", "1.0"]
    assert "“b” (token 2): 0.4, the largest" in text_of(rows)
    assert "|gradient|" in text_of(drawn(look=Look(ascii=True), method=Method("‖gradient‖", False)))


def test_the_foot_is_plain_to_one_who_has_read_nothing() -> None:
    for columns, said in (
        (
            145,
            "order the tokens alike by ρ = +0.90 (1 is the same order, 0 no relation): a slope and a whole step need",
        ),
        (110, "deletion order the tokens alike by ρ = +0.90 (1 is the same order, 0 no relation)"),
        (78, "gradient × input, deletion: ρ = +0.90 (1 is the same order, 0 no relation)"),
        (58, "gradient × input, deletion: ρ = +0.90 (1: the same order)"),
    ):
        assert said in text_of(drawn(columns))
    for cursor, said in ((3, "-0.8, the largest"), (4, "+0.3, 37 % of the largest"), (2, ", 0 % of the largest")):
        assert said in text_of(drawn(100, cursor=cursor))
    near = Weights((1.0, -0.9999, 1e-3), 3, 1.0, (0,), None)
    for cursor, said in ((1, "-1, 99 % of the largest"), (2, "+0.001, under 1 % of the largest")):
        assert said in text_of(drawn(100, tokens=["a", "b", "c"], weights=near, cursor=cursor))


def test_what_is_odd_is_said() -> None:
    zero = text_of(drawn(120, weights=Weights((0.0,) * 6, 6, 0.0, (), None)))
    assert "every weight is 0" in zero
    assert "cannot be compared" in zero
    nan = text_of(drawn(120, weights=Weights((math.nan,) * 6, 6, math.nan, (), None)))
    assert "no weight is a number" in nan
    assert "NaN" in nan
    mixed = text_of(drawn(120, weights=Weights((math.inf, -math.inf, 1.0, 0.5, 0.5, 0.5), 6, 1.0, (2,), None)))
    assert "+inf" in mixed
    assert "-inf" in mixed
    assert "1.0 stands for 1, the largest: “was”" in mixed
    long = text_of(drawn(120, weights=WEIGHTS._replace(compared=False, agreement=None)))
    assert "too long to delete" in long
    ahead = text_of(drawn(cursor=5, width=120))
    assert "“good” (token 6) comes after this step: the score cannot depend on it" in ahead
    whole = text_of(drawn(120, note="read from both ends"))
    assert "“the”; read from both ends" in whole


def test_before_there_is_anything() -> None:
    waiting = text_of(drawn(weights=None, note="being measured"))
    assert "being measured" in waiting
    assert "1 is" not in waiting
    assert "Nothing is read yet" in text_of(drawn(weights=None, score=None, position=0))
    assert text_of(drawn(tokens=[], weights=None, score=None, position=0)).startswith("Nothing")


def test_what_came_is_said() -> None:
    assert "p 0.77, which came   (output 1 of 2)" in text_of(drawn(90, score=SCORE._replace(came=True)))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, ".00"), (-0.001, ".00"), (-1.0, "-1.0"), (1.0, "+1.0"), (0.375, "+.38"), (-0.999, "-1.0")],
)
def test_shares_in_four_cells(value: float, said: str) -> None:
    assert share(value, True) == said
    assert share(abs(value), False) == said.lstrip("+-")


@many
@given(st.lists(labels, max_size=60), st.integers(1, 90), st.integers(1, 20), looks, st.booleans(), st.integers(0, 60))
def test_the_mouse_and_the_arrows_find_what_is_drawn(tokens, columns, rows, look, characters, cursor):  # type: ignore[no-untyped-def]
    layout = lay_out(tokens, cursor, columns, rows, look, characters=characters)
    for at, line in enumerate(layout.lines):
        column = 0
        for index, slot in enumerate(line.slots, line.start):
            assert layout.token(column, layout.top + at * layout.pitch) == index
            column += slot + layout.gap
        room = columns if layout.numbered else columns - 2
        assert len(line.slots) == 1 or column - layout.gap <= room
        above = layout.beside(line.start, -1)
        assert above == (layout.lines[at - 1].start if at else None)
    if cursor < len(tokens):
        assert any(line.start <= cursor < line.stop for line in layout.lines)
    # Nothing is told twice, and nothing between two lines is left out.
    for one, other in zip(layout.lines, layout.lines[1:], strict=False):
        assert one.stop == other.start
    assert layout.token(0, 0) is None


@many
@given(
    st.lists(st.tuples(labels, numbers), max_size=40),
    widths,
    heights,
    looks,
    st.integers(0, 41),
    st.integers(0, 41),
    numbers,
    st.one_of(st.none(), st.builds(Score, labels, numbers, numbers, st.booleans(), st.just(1), st.just(2))),
    st.booleans(),
    labels,
)
def test_anything_at_any_size(pairs, columns, rows, look, position, cursor, largest, score, measured, note):  # type: ignore[no-untyped-def]
    tokens = [token for token, _value in pairs]
    weights = Weights([v for _t, v in pairs], min(position, len(pairs)), largest, tuple(range(len(pairs)))[:3], 0.5)
    found = attribution(
        tokens,
        weights if measured else None,
        position,
        cursor,
        columns,
        rows,
        look,
        score=score,
        method=Method("‖gradient‖", note != ""),
        characters=note == "a",
        note=note,
    )
    check(found, columns, count=rows)


@pytest.mark.parametrize("look", [Look(ascii=True), Look("256", True, False), Look("none", True)])
def test_ascii_means_ascii(look: Look) -> None:
    for width, height in ((100, 9), (24, 5)):
        for method in (PRODUCT, Method("‖gradient‖", False)):
            for score in (SCORE, SCORE._replace(value=math.inf), None):
                rows = drawn(width, height, look, tokens=TOKENS * 9, method=method, score=score, cursor=2)
                assert text_of(rows).isascii()


def test_a_long_text_costs_no_more_than_a_short_one() -> None:
    """What is looked at is counted, not timed."""

    class Counted(list[str]):
        looked = 0

        def __getitem__(self, at):  # type: ignore[no-untyped-def]
            self.looked += 1
            return super().__getitem__(at)

    found = []
    for count in (2_000, 100_000):
        tokens = Counted(TOKENS * (count // 6))
        weights = Weights(np.zeros(len(tokens)), len(tokens), 1.0, (0,), 0.1)
        rows = drawn(78, 11, tokens=tokens, weights=weights, position=900, cursor=899)
        assert len(rows) == 11
        found.append(tokens.looked)
    assert found[0] == found[1] < 2_000
