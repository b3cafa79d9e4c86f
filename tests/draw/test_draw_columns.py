"""A table of words, by exact strings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.draw.cells import Look, Span, row_width, text_of
from tutor.draw.columns import columns, columns_width
from tutor.draw.wording import paragraph

LOOK = Look("none")
ROWS = [[Span("distance"), Span("you"), Span("lstm")], [Span("3"), Span("C right"), Span("C 0.98")], [Span("12")]]


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert columns_width(ROWS) == 8 + 2 + 7 + 2 + 6
    assert text_of(columns(ROWS, 40, LOOK)) == "distance  you      lstm\n3         C right  C 0.98\n12"


def test_where_there_is_no_room_the_widest_is_cut_first() -> None:
    assert text_of(columns(ROWS, 23, LOOK)) == "dista…  you      lstm\n3       C right  C 0.98\n12"


@given(
    rows=st.lists(st.lists(st.builds(Span, st.text(max_size=12)), max_size=4), max_size=4),
    width=st.integers(0, 50),
    ascii=st.booleans(),
)
def test_every_row_is_exactly_as_wide(rows: list[list[Span]], width: int, ascii: bool) -> None:
    drawn = columns(rows, width, Look("none", ascii=ascii))
    assert [row_width(row) for row in drawn] == [width] * len(rows)


@given(text=st.text(max_size=60), width=st.integers(2, 30), indent=st.integers(0, 3))
def test_a_paragraph_is_exactly_as_wide(text: str, width: int, indent: int) -> None:
    assert {row_width(row) for row in paragraph(text, width, LOOK, indent=indent)} == {width}


def test_a_paragraph_is_wrapped_under_its_indent() -> None:
    assert text_of(paragraph("one two three", 9, LOOK, indent=2)) == "  one two\n  three"
