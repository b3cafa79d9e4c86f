"""Which steps stand beside each other: every step once, and as many equal tokens as can meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.course.figures import alignment
from tutor.course.figures.alignment import aligned


def test_by_number_and_from_the_end() -> None:
    texts = (tuple("abc"), tuple("bc"))
    assert aligned(texts, "step") == ((0, 0), (1, 1), (2, None))
    assert aligned(texts, "end") == ((0, None), (1, 0), (2, 1))


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        (("ace", "abce"), ((0, 0), (None, 1), (1, 2), (2, 3))),
        (("abce", "ace"), ((0, 0), (1, None), (2, 1), (3, 2))),
        # One in the place of another stands beside it.
        (("axc", "ayc"), ((0, 0), (1, 1), (2, 2))),
        (("axc", "ayzc"), ((0, 0), (1, 1), (None, 2), (2, 3))),
        (("ac", "acd"), ((0, 0), (1, 1), (None, 2))),
        (("axyc", "azc"), ((0, 0), (1, 1), (2, None), (3, 2))),
        # As many equal ones as can meet, and not the longest run: the dog bites the man, the man bites the dog.
        (("tdbtm", "tmbtd"), ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4))),
        (("tooxa", "ayzoo"), ((0, 0), (None, 1), (None, 2), (1, 3), (2, 4), (3, None), (4, None))),
        (("ac", "bac", "acd"), ((None, 0, None), (0, 1, 0), (1, 2, 1), (None, None, 2))),
    ],
)
def test_by_an_edit_script(texts: tuple[str, ...], rows: object) -> None:
    assert aligned(tuple(tuple(text) for text in texts), "edit") == rows


@settings(deadline=None, max_examples=60, database=None)
@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=9).map(tuple), min_size=2, max_size=3).map(tuple),
    st.sampled_from(["step", "end", "edit"]),
)
def test_every_step_once_and_in_order(texts, align) -> None:  # type: ignore[no-untyped-def]
    rows = aligned(texts, align)
    for index, text in enumerate(texts):
        assert [row[index] for row in rows if row[index] is not None] == list(range(len(text)))
    assert all(any(step is not None for step in row) for row in rows)
    if align == "edit" and len(texts) == 2 and set(texts[0]) & set(texts[1]):
        assert any(None not in row and texts[0][row[0]] == texts[1][row[1]] for row in rows)


def best(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, int]:
    """The most equal tokens that can meet, and then the fewest rows, as (equal, −rows), by trying everything."""
    if not one or not other:
        return 0, -len(one) - len(other)
    ways = ((one[1:], other, 0), (one, other[1:], 0), (one[1:], other[1:], one[0] == other[0]))
    return max((equal + met, less - 1) for a, b, met in ways for equal, less in [best(a, b)])


short = st.lists(st.sampled_from("abc"), max_size=6).map(tuple)


@settings(deadline=None, max_examples=150, database=None)
@given(short, short)
def test_as_many_equal_tokens_meet_as_can_on_as_few_rows(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    rows = aligned((one, other), "edit")
    assert (sum(None not in row and one[row[0]] == other[row[1]] for row in rows), -len(rows)) == best(one, other)


def test_long_texts_that_share_no_end_meet_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST_MOVES", 8)
    assert aligned((tuple("abcd"), tuple("xayz")), "edit") == tuple((i, i) for i in range(4))
    assert aligned((tuple("sabcde"), tuple("sxaze")), "edit") == ((0, 0), (1, 1), (2, 2), (3, 3), (4, None), (5, 4))
    assert aligned((tuple("ab"), tuple("xayz")), "edit") == ((None, 0), (0, 1), (1, 2), (None, 3))
